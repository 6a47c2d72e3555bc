"""Training runs: what they reach, what they promise, how they fail."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch

from kan.errors import TrainingDiverged
from kan.losses import FAMILIES, FamilyName
from kan.network import EdgeId, Network
from kan.regularization import Penalties
from kan.symbolic.library import SymbolicForm
from kan.training import trainer
from kan.training.history import History
from kan.training.rows import Rows, weighted_rows
from kan.training.settings import Optimizer, Progress
from kan.training.trainer import chosen_optimizer, start, train
from tests.kan.training.runs import settings, started

GENERATOR = torch.Generator().manual_seed(0)
X = 6 * torch.rand(400, 2, generator=GENERATOR, dtype=torch.float64) + 100
Y = (torch.sin(X[:, :1]) + 0.1 * (X[:, 1:] - 103) ** 2) * 1e4 - 5e6
ROWS = weighted_rows(X, Y)
FIRST_ORDER = {
    "adam": {"optimizer": "adam", "steps": 300, "penalties": Penalties(1e-4, 0.0, 1e-5)},
    "lbfgs": {"optimizer": "lbfgs", "steps": 60, "penalties": Penalties(0.0, 0.0, 1e-5)},
}
OPTIMIZERS: dict[str, dict[str, Any]] = {"gauss_newton": {"optimizer": "gauss_newton", "steps": 60}, **FIRST_ORDER}


def trained(hidden: tuple[int, ...] = (), rows: Rows = ROWS, **changes: Any) -> tuple[Network, History]:
    changes.setdefault("grid_sizes", (5,) * (len(hidden) + 1))
    return train([started(rows, hidden=hidden, **changes)], rows, "gaussian", settings(**changes))


def unexplained(network: Network) -> float:
    return float((network(X) - Y).square().mean().detach() / Y.var())


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_additive_function_is_learned_in_its_own_unit(optimizer: str) -> None:
    network, history = trained(**OPTIMIZERS[optimizer])
    assert unexplained(network) < 1e-3
    assert history.optimizer == optimizer


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_hidden_rows_stay_in_domain_and_edges_are_centred(optimizer: str) -> None:
    network, _ = trained((3,), **(OPTIMIZERS[optimizer] | {"steps": 60 if optimizer != "adam" else 120}))
    trace = network.trace(X)
    lower, upper = network.layer(1).domain
    assert bool(((trace.inputs[1] >= lower) & (trace.inputs[1] <= upper)).all())
    scale = float(Y.std())
    for activations in trace.activations:
        assert float(activations.mean(dim=0).detach().abs().max()) < 1e-9 * scale
    assert unexplained(network) < 0.1


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_network_that_is_trained_on_stays_as_it_was(optimizer: str) -> None:
    changes = OPTIMIZERS[optimizer] | {"steps": 5}
    original = started(ROWS, **changes)
    before = original(X)
    train([original], ROWS, "gaussian", settings(**changes))
    assert torch.equal(original(X), before)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_same_seed_gives_the_same_bits_on_any_number_of_threads(optimizer: str) -> None:
    threads = torch.get_num_threads()
    changes = OPTIMIZERS[optimizer] | {"steps": 25, "validation_fraction": 0.2}
    try:
        torch.set_num_threads(2)
        first, _ = trained((2,), **changes)
        torch.set_num_threads(1)
        second, _ = trained((2,), weighted_rows(X.clone(), Y.clone()), **changes)
    finally:
        torch.set_num_threads(threads)
    assert torch.equal(first(X), second(X))
    assert torch.get_num_threads() == threads


def test_another_seed_holds_out_other_rows() -> None:
    first, _ = trained((2,), steps=10, validation_fraction=0.2, seed=0)
    second, _ = trained((2,), steps=10, validation_fraction=0.2, seed=1)
    assert not torch.equal(first(X), second(X))


@pytest.mark.parametrize("optimizer", ["gauss_newton", "adam"])
def test_removed_and_symbolic_edges_stay_what_they_are(optimizer: str) -> None:
    form, changes = SymbolicForm("sin", 1.0, 0.0, 8e3, 0.0, fixed=("a", "b")), OPTIMIZERS[optimizer]
    edited = started(ROWS, **changes).with_zero(EdgeId(0, 1, 0)).with_symbolic(EdgeId(0, 0, 0), form)
    result, _ = train([edited], ROWS, "gaussian", settings(**changes))
    assert (result.form(EdgeId(0, 1, 0)), result.form(EdgeId(0, 0, 0))) == ("zero", "symbolic")
    refitted = result.symbolic_form(EdgeId(0, 0, 0))
    assert refitted is not None
    assert (refitted.a, refitted.b) == (1.0, 0.0)
    assert refitted.c == pytest.approx(1e4, rel=0.05)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_constant_target_is_answered_with_the_constant(optimizer: str) -> None:
    constant = weighted_rows(X, torch.full_like(Y, 42.0))
    network, _ = trained(rows=constant, **OPTIMIZERS[optimizer])
    assert torch.allclose(network(X), constant.target, atol=0.05)


def test_start_is_the_best_constant_for_every_family() -> None:
    weights = torch.rand(400, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    classes = torch.nn.functional.one_hot((X[:, 0] % 3).long(), 3).double()
    cases: list[tuple[FamilyName, torch.Tensor, Callable[[torch.Tensor], torch.Tensor]]] = [
        ("gaussian", Y, lambda link: link),
        ("binomial", (Y > -5e6).double(), torch.sigmoid),
        ("poisson", (X[:, :1] % 4).round(), torch.exp),
        ("gamma", X[:, 1:], torch.exp),
        ("multinomial", classes, lambda link: torch.softmax(link, dim=-1)),
    ]
    for family, target, mean in cases:
        rows = weighted_rows(X, target, weights)
        link = started(rows, family)(X).detach()
        expected = (weights @ target) / weights.sum()
        torch.testing.assert_close(mean(link[0]), expected, rtol=1e-9, atol=1e-9)
        assert float((link - link[0]).abs().max()) <= 1e-9 * float(link.abs().max())


def many_inputs(seed: int) -> torch.Tensor:
    return 2 * torch.rand(200, 10, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) - 1


@pytest.mark.parametrize("hidden", [(3,), (2, 2)])
def test_hidden_nodes_vary_at_the_start_also_without_a_base(hidden: tuple[int, ...]) -> None:
    x = many_inputs(0)
    network = started(weighted_rows(x, x[:, :1]), hidden=hidden, base="zero")
    for nodes in network.trace(x).inputs[1:-1]:
        assert bool((nodes.detach().std(dim=0) > 0.02).all())


@pytest.mark.parametrize("optimizer", FIRST_ORDER)
@pytest.mark.parametrize("family", ["poisson", "gamma"])
def test_log_link_without_a_base_is_learned_from_every_start(family: FamilyName, optimizer: str) -> None:
    for seed in range(5):
        x = many_inputs(seed)
        rate, uniform = torch.exp(2 * torch.sin(3 * x[:, :1]) + 4), many_inputs(seed + 5)[:, :1].abs()
        target = rate.round() if family == "poisson" else rate * (0.9 + 0.2 * uniform)
        rows, loss = weighted_rows(x, target), FAMILIES[family].loss
        changes: dict[str, Any] = {"optimizer": optimizer, "steps": 60, "seed": seed, "grid_sizes": (5, 5)}
        network, _ = train([started(rows, family, (3,), base="zero", **changes)], rows, family, settings(**changes))
        constant = target.mean().log().expand_as(target)
        assert float(loss(network(x).detach(), target).mean()) < 0.7 * float(loss(constant, target).mean())


@pytest.mark.usefixtures("no_shape_checks")
@pytest.mark.parametrize("optimizer", ["gauss_newton", "adam"])
@pytest.mark.parametrize("family", ["gaussian", "binomial", "poisson", "gamma"])
def test_held_out_rows_never_find_a_network_worse_than_a_constant(family: FamilyName, optimizer: Optimizer) -> None:
    for seed in range(6):
        generator = torch.Generator().manual_seed(seed)
        x = 2 * torch.rand(120, 3, generator=generator, dtype=torch.float64) - 1
        noise = -torch.rand(120, 1, generator=generator, dtype=torch.float64).log()
        target = {"poisson": noise.round(), "binomial": (noise > 0.7).double()}.get(family, noise**2)
        rows, unseen = weighted_rows(x[:80], target[:80]), weighted_rows(x[80:], target[80:])
        changes: dict[str, Any] = {"optimizer": optimizer, "steps": 40, "seed": seed, "grid_sizes": (6, 6)}
        begun = started(rows, family, (3,), **changes)
        network, _ = train([begun], rows, family, settings(**changes), held_out=unseen)
        constant = FAMILIES[family].start(rows.target, rows.weights, rows.offset).expand(40, -1)
        limit = float(unseen.loss(FAMILIES[family], constant))
        assert unseen.loss_of(FAMILIES[family], network) <= limit * (1 + 1e-6)


def test_start_leaves_the_random_network_alone() -> None:
    network = started(ROWS, hidden=(2,))
    before = network(X)
    start(network, ROWS, "gaussian", settings(grid_sizes=(5, 5)))
    assert torch.equal(network(X), before)


def test_progress_is_reported_step_by_step() -> None:
    seen: list[Progress] = []
    changes = {"steps": 12, "validation_fraction": 0.2}
    train([started(ROWS)], ROWS, "gaussian", settings(**changes), stage="x", callback=seen.append)
    assert all((one.stage, one.steps, one.optimizer, one.grid_size) == ("x", 12, "gauss_newton", 5) for one in seen)
    steps = [one.step for one in seen]
    assert steps == sorted(steps)
    assert steps[0] == 1
    assert seen[0].validation_loss is not None
    assert all(one.active_edges == 2 and one.damping > 0 for one in seen)


def test_progress_of_first_order_steps_ends_at_the_last_step() -> None:
    seen: list[Progress] = []
    changes: dict[str, Any] = FIRST_ORDER["adam"] | {"steps": 50, "validation_fraction": 0.2}
    train([started(ROWS, **changes)], ROWS, "gaussian", settings(**changes), stage="x", callback=seen.append)
    assert [(one.stage, one.step, one.steps) for one in seen] == [("x", 20, 50), ("x", 40, 50), ("x", 50, 50)]
    assert all(one.validation_loss is not None and one.active_edges == 2 for one in seen)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_exception_of_the_callback_passes_through(optimizer: str) -> None:
    class Cancelled(Exception):
        pass

    def cancel(_progress: Progress) -> None:
        raise Cancelled

    threads, changes = torch.get_num_threads(), OPTIMIZERS[optimizer]
    with pytest.raises(Cancelled):
        train([started(ROWS, **changes)], ROWS, "gaussian", settings(**changes), callback=cancel)
    assert torch.get_num_threads() == threads


@pytest.mark.parametrize("optimizer", FIRST_ORDER)
def test_best_step_by_validation_loss_is_kept(optimizer: str) -> None:
    changes: dict[str, Any] = FIRST_ORDER[optimizer] | {"validation_fraction": 0.25, "steps": 100}
    noise = torch.randn(Y.shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    _, history = trained(rows=weighted_rows(X, noise), **changes)
    held_out = {step: loss for step, _, loss in history.losses if loss is not None}
    assert all(loss >= held_out.get(history.kept_step, loss) for loss in held_out.values())


def test_rows_held_out_choose_the_step_and_are_not_learned_from() -> None:
    other = weighted_rows(X[:100], 2 * Y.mean() - Y[:100])
    start = started(ROWS)
    found, history = train([start], ROWS, "gaussian", settings(steps=20), is_refit=True, held_out=other)
    plain, _ = train([start], ROWS, "gaussian", settings(steps=20), is_refit=True)
    losses = [loss for _, _, loss in history.losses if loss is not None]
    assert history.kept_step == 1 + losses.index(min(losses)) < len(losses)
    assert unexplained(plain) < unexplained(found)


def test_table_beyond_second_order_goes_to_adam(monkeypatch: pytest.MonkeyPatch) -> None:
    network = started(ROWS)
    automatic = settings(optimizer="auto")
    assert chosen_optimizer(network, ROWS, automatic) == "gauss_newton"
    assert chosen_optimizer(network, ROWS, settings(optimizer="lbfgs")) == "lbfgs"
    monkeypatch.setattr(trainer, "LARGEST_STEP", 400 * 19**2 - 1)  # two edges of 9 weights, one bias
    assert chosen_optimizer(network, ROWS, automatic) == "adam"


def test_network_beyond_second_order_on_its_last_grid_goes_to_adam() -> None:
    network = started(ROWS, hidden=(5,))
    assert chosen_optimizer(network, ROWS, settings(optimizer="auto", grid_sizes=(192, 3))) == "gauss_newton"
    assert chosen_optimizer(network, ROWS, settings(optimizer="auto", grid_sizes=(384, 3))) == "adam"


def test_divergence_is_an_error_with_advice() -> None:
    changes: dict[str, Any] = FIRST_ORDER["adam"] | {"learning_rate": 1e200}
    with pytest.raises(TrainingDiverged, match="learning_rate"):
        trained(**changes)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_target_that_is_not_a_number_is_never_a_model(optimizer: str) -> None:
    broken = Y.clone()
    broken[7] = torch.nan
    network = started(ROWS)
    with pytest.raises(TrainingDiverged):
        train([network], weighted_rows(X, broken), "gaussian", settings(**OPTIMIZERS[optimizer]))


def test_dispersion_is_told_in_the_unit_of_the_target() -> None:
    noise = 500 * torch.randn(Y.shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    _, history = trained(rows=weighted_rows(X, Y + noise))
    assert history.regularization is not None
    assert history.regularization.dispersion**0.5 == pytest.approx(500, rel=0.1)


def test_weight_zero_takes_a_row_out() -> None:
    weights = torch.ones(400, dtype=torch.float64)
    weights[:50] = 0.0
    spoiled = Y.clone()
    spoiled[:50] += 1e5
    network, _ = trained(rows=weighted_rows(X, spoiled, weights))
    assert float((network(X) - Y)[50:].square().mean().detach() / Y.var()) < 1e-3
    halves, _ = trained(rows=replace(ROWS, weights=0 * ROWS.weights + 1))
    assert unexplained(halves) < 1e-3
