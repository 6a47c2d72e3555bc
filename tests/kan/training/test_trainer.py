"""Training runs: what they reach, what they promise, how they fail."""

from dataclasses import replace

import pytest
import torch

from kan.errors import InvalidSetting, TrainingDiverged
from kan.features import infer_features
from kan.losses import FAMILIES
from kan.network import EdgeId, Network, initial_network
from kan.regularization import Penalties
from kan.symbolic.library import SymbolicForm
from kan.training.first_order import Rows, split
from kan.training.settings import Progress, TrainingSettings
from kan.training.trainer import start, train

SETTINGS = TrainingSettings(
    penalties=Penalties(1e-4, 0.0, 1e-5),
    steps=300,
    learning_rate=0.03,
    grid_eps=0.3,
    validation_fraction=0.0,
    batch_size=8192,
    seed=0,
)
GENERATOR = torch.Generator().manual_seed(0)
X = 6 * torch.rand(400, 2, generator=GENERATOR, dtype=torch.float64) + 100
Y = (torch.sin(X[:, :1]) + 0.1 * (X[:, 1:] - 103) ** 2) * 1e4 - 5e6


def network(hidden: tuple[int, ...] = (), outputs: int = 1) -> Network:
    features = infer_features({"a": X[:, 0].numpy(), "b": X[:, 1].numpy()})
    generator = torch.Generator().manual_seed(0)
    return initial_network(features, hidden, outputs, grid_size=5, degree=3, base="silu", generator=generator)


def started(hidden: tuple[int, ...] = ()) -> Network:
    return start(network(hidden), X, Y, "gaussian", SETTINGS)


def unexplained(trained: Network) -> float:
    return float((trained(X) - Y).square().mean().detach() / Y.var())


def test_additive_function_is_learned_in_its_own_unit() -> None:
    trained, _ = train(started(), X, Y, "gaussian", SETTINGS)
    assert unexplained(trained) < 1e-3


def test_hidden_rows_stay_in_domain_and_edges_are_centred() -> None:
    trained, _ = train(started((3,)), X, Y, "gaussian", replace(SETTINGS, steps=120))
    trace = trained.trace(X)
    lower, upper = trained.layer(1).domain
    assert bool(((trace.inputs[1] >= lower) & (trace.inputs[1] <= upper)).all())
    scale = float(Y.std())
    for activations in trace.activations:
        assert float(activations.mean(dim=0).detach().abs().max()) < 1e-9 * scale
    assert unexplained(trained) < 0.1


def test_network_that_is_trained_on_stays_as_it_was() -> None:
    original = started()
    before = original(X)
    train(original, X, Y, "gaussian", replace(SETTINGS, steps=5))
    assert torch.equal(original(X), before)


def test_same_seed_gives_the_same_bits_on_any_number_of_threads() -> None:
    threads = torch.get_num_threads()
    settings = replace(SETTINGS, steps=60, validation_fraction=0.2)
    try:
        torch.set_num_threads(2)
        first, _ = train(started((2,)), X, Y, "gaussian", settings)
        torch.set_num_threads(1)
        second, _ = train(started((2,)), X.clone(), Y.clone(), "gaussian", settings)
    finally:
        torch.set_num_threads(threads)
    assert torch.equal(first(X), second(X))
    assert torch.get_num_threads() == threads


def test_parts_of_a_large_table_train_too() -> None:
    trained, _ = train(started(), X, Y, "gaussian", replace(SETTINGS, batch_size=128))
    assert unexplained(trained) < 1e-2


def test_removed_and_symbolic_edges_stay_what_they_are() -> None:
    form = SymbolicForm("sin", 1.0, 0.0, 8e3, 0.0)
    edited = started().with_zero(EdgeId(0, 1, 0)).with_symbolic(EdgeId(0, 0, 0), form)
    trained, _ = train(edited, X, Y, "gaussian", replace(SETTINGS, steps=600))
    assert (trained.form(EdgeId(0, 1, 0)), trained.form(EdgeId(0, 0, 0))) == ("zero", "symbolic")
    refitted = trained.symbolic_form(EdgeId(0, 0, 0))
    assert refitted is not None
    assert (refitted.a, refitted.b) == (1.0, 0.0)
    assert refitted.c == pytest.approx(1e4, rel=0.05)


def test_constant_target_is_answered_with_the_constant() -> None:
    constant = torch.full_like(Y, 42.0)
    initial = start(network(), X, constant, "gaussian", SETTINGS)
    trained, _ = train(initial, X, constant, "gaussian", replace(SETTINGS, steps=200))
    assert torch.allclose(trained(X), constant, atol=0.05)


def test_progress_is_reported_and_ends_at_the_last_step() -> None:
    seen: list[Progress] = []
    train(
        started(),
        X,
        Y,
        "gaussian",
        replace(SETTINGS, steps=50, validation_fraction=0.2),
        stage="x",
        callback=seen.append,
    )
    assert [(one.stage, one.step, one.steps) for one in seen] == [("x", 20, 50), ("x", 40, 50), ("x", 50, 50)]
    assert all(one.validation_loss is not None and one.active_edges == 2 for one in seen)


def test_exception_of_the_callback_passes_through() -> None:
    class Cancelled(Exception):
        pass

    def cancel(_progress: Progress) -> None:
        raise Cancelled

    threads = torch.get_num_threads()
    with pytest.raises(Cancelled):
        train(started(), X, Y, "gaussian", SETTINGS, callback=cancel)
    assert torch.get_num_threads() == threads


def test_best_step_by_validation_loss_is_kept() -> None:
    settings = replace(SETTINGS, validation_fraction=0.25, steps=100)
    noise = torch.randn(Y.shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    _, history = train(start(network(), X, noise, "gaussian", settings), X, noise, "gaussian", settings)
    best = min(history.losses, key=lambda point: point[2] if point[2] is not None else 0.0)
    assert history.kept_step == best[0]


def test_divergence_is_an_error_with_advice() -> None:
    with pytest.raises(TrainingDiverged, match="Lower learning_rate"):
        train(started(), X, Y, "gaussian", replace(SETTINGS, learning_rate=1e200))


def test_rows_are_held_out_class_by_class() -> None:
    target = torch.zeros(200, 1, dtype=torch.float64)
    target[:40] = 1.0
    rows = Rows(torch.arange(200.0, dtype=torch.float64).unsqueeze(1), target)
    training, validation = split(rows, FAMILIES["binomial"], 0.25, torch.Generator().manual_seed(0))
    assert validation is not None
    assert (len(validation.x), float(validation.target.sum())) == (50, 10.0)
    assert sorted(torch.cat([training.x, validation.x])[:, 0].tolist()) == [float(row) for row in range(200)]


def test_too_few_rows_are_not_held_out() -> None:
    rows = Rows(X[:50], Y[:50])
    assert split(rows, FAMILIES["gaussian"], 0.2, torch.Generator().manual_seed(0))[1] is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("steps", 0),
        ("learning_rate", 0.0),
        ("learning_rate", float("nan")),
        ("grid_eps", 1.5),
        ("validation_fraction", 1.0),
        ("validation_fraction", -0.1),
        ("batch_size", 0),
        ("penalties", Penalties(-1.0, 0.0, 0.0)),
        ("penalties", Penalties(0.0, float("nan"), 0.0)),
    ],
)
def test_settings_out_of_range_are_refused(name: str, value: object) -> None:
    with pytest.raises(InvalidSetting, match=r"l1|entropy" if name == "penalties" else name):
        replace(SETTINGS, **{name: value})  # type: ignore[arg-type]  # one value of each type
