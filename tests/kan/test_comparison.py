"""Changed networks compared on rows that they were not refitted to."""

import math
from dataclasses import replace

import pytest
import torch

from kan.comparison import Judge, is_no_worse
from kan.losses import FAMILIES
from kan.network import EdgeId
from kan.regularization import Penalties
from kan.symbolic.library import SymbolicForm
from kan.training.rows import Rows, weighted_rows
from kan.training.settings import Progress, ProgressCallback, TrainingSettings
from tests.kan.random_models import numeric_features, random_network, random_rows

FEATURES = numeric_features(2)
NETWORK = random_network(FEATURES, (1,), seed=3)
SETTINGS = TrainingSettings(
    penalties=Penalties(0.0, 0.0, None), optimizer="auto", steps=20, learning_rate=0.03, grid_sizes=(4,), grid_eps=0.6,
    validation_fraction=0.3, batch_size=512, memory=2**24, device="cpu", precision="float64", seed=7,
)  # fmt: skip  # a table


def rows(count: int = 200) -> Rows:
    x = random_rows(FEATURES, count, seed=1)
    weights = 0.5 + torch.arange(count, dtype=torch.float64) % 3
    return weighted_rows(x, x[:, :1].sin() + x[:, 1:] ** 2, weights, 0.1 * x[:, 1])


def judge(
    count: int = 200, fraction: float = 0.25, limit: int = 10_000, callback: ProgressCallback | None = None
) -> Judge:
    return Judge.of(rows(count), "gaussian", SETTINGS, callback, fraction=fraction, limit=limit)


def test_held_out_rows_are_no_training_rows_and_the_same_every_time() -> None:
    one, other = judge(), judge()
    assert (len(one.training), len(one.compared)) == (150, 50)
    assert torch.equal(one.compared.x, other.compared.x)
    assert not {tuple(row) for row in one.compared.x.tolist()} & {tuple(row) for row in one.training.x.tolist()}


def test_no_more_rows_than_the_limit_are_looked_at() -> None:
    limited = judge(limit=100)
    assert len(limited.training) + len(limited.compared) == 100


def test_few_rows_are_compared_as_they_are_trained_on() -> None:
    small = judge(count=40)
    assert len(small.training) == len(small.compared) == 40


def test_a_refit_that_will_not_come_near_a_limit_ends_early() -> None:
    line = NETWORK.with_symbolic(EdgeId(0, 0, 0), SymbolicForm("linear", 1.0, 0.0, 1.0, 0.0))
    line = line.with_symbolic(EdgeId(0, 1, 0), SymbolicForm("linear", 1.0, 0.0, 1.0, 0.0))
    whole, short, near = (judge().refitted(line, 20, limit) for limit in (math.inf, 1e-6, 1.0))
    assert whole is not None
    assert short is not None
    assert near is not None
    assert short.history is not None
    assert whole.history is not None
    assert len(short.history.losses) < len(whole.history.losses)
    assert near.loss == whole.loss
    assert short.loss > 2e-6


def test_a_refit_whose_loss_is_low_enough_ends_early() -> None:
    whole, short = (judge().refitted(NETWORK, 20, enough=enough) for enough in (-math.inf, 1e-2))
    assert whole is not None
    assert whole.history is not None
    assert short is not None
    assert short.history is not None
    assert len(short.history.losses) < len(whole.history.losses)
    assert whole.loss < short.loss <= 1e-2


def test_mean_of_the_losses_is_the_weighted_loss_of_the_rows() -> None:
    one = judge()
    trial, family = one.trial(NETWORK), FAMILIES["gaussian"]
    assert trial.loss == pytest.approx(one.compared.loss_of(family, NETWORK), rel=1e-12)
    assert float(trial.losses.mean()) == pytest.approx(one.everything.loss_of(family, NETWORK), rel=1e-12)


def test_constant_loss_is_that_of_the_weighted_mean_of_the_training_rows_beside_their_offsets() -> None:
    one = judge()
    weights, offset = one.training.weights, one.training.offset[:, 0]
    target, compared = one.training.target[:, 0], one.compared
    found, constant = one.constant_loss(), (weights * (target - offset)).sum() / weights.sum()
    error = (compared.target[:, 0] - compared.offset[:, 0] - constant) ** 2 / 2
    assert found == pytest.approx(float((compared.weights * error).sum() / compared.weights.sum()), rel=1e-12)
    assert float(offset.abs().max()) > 0


def test_refit_leaves_the_network_alone_looks_at_the_held_out_rows_and_lowers_the_loss() -> None:
    seen: list[Progress] = []
    before = [parameter.clone() for parameter in NETWORK.parameters()]
    trial = judge(callback=seen.append).refitted(NETWORK, 5)
    assert trial is not None
    assert trial.loss < judge().trial(NETWORK).loss
    assert all(torch.equal(*pair) for pair in zip(before, NETWORK.parameters(), strict=True))
    assert {one.stage for one in seen} == {"compare"}
    assert all(one.validation_loss is not None for one in seen)
    assert max(one.step for one in seen) <= 5


def test_network_whose_refit_has_no_finite_loss_is_no_trial() -> None:
    one = judge()
    spoiled = replace(one, training=replace(one.training, target=one.training.target * math.inf))
    assert spoiled.refitted(NETWORK, 3) is None
    undefined = NETWORK.with_symbolic(EdgeId(0, 0, 0), SymbolicForm("log", 1.0, -9.0, 1.0, 0.0, fixed=("b", "c")))
    assert one.refitted(undefined, 3) is None


def test_losses_within_one_standard_error_of_the_difference_are_no_worse() -> None:
    better = torch.tensor([1.0, 2.0, 3.0, 4.0], dtype=torch.float64)
    noisy = better + torch.tensor([0.5, -0.4, 0.5, -0.4], dtype=torch.float64)
    assert is_no_worse(better, better, 0.0)
    assert is_no_worse(noisy, better, 0.0)
    assert is_no_worse(better - 0.1, better, 0.0)
    assert not is_no_worse(better + 0.01, better, 1.0)
    assert not is_no_worse(better + math.nan, better, 1.0)


def test_losses_within_two_standard_errors_are_no_worse_where_the_difference_does_not_matter() -> None:
    better = torch.zeros(4, dtype=torch.float64)
    worse = torch.tensor([0.5, -0.1, 0.5, -0.1], dtype=torch.float64)  # mean 0.2, standard error 0.15
    assert not is_no_worse(worse, better, 0.0)
    assert not is_no_worse(worse, better, 0.19)
    assert is_no_worse(worse, better, 0.21)
    assert not is_no_worse(worse + 0.2, better, 1.0)
