"""First-order steps: batches, held-out rows, knots, shapes."""

import itertools
from typing import Any

import pytest
import torch

from kan.constraints import INCREASING
from kan.errors import InvalidSetting, TrainingDiverged
from kan.layer import Layer
from kan.losses import FAMILIES, FamilyName
from kan.network import Network
from kan.regularization import Penalties
from kan.training.first_order import batch_of, batches
from kan.training.history import History
from kan.training.rows import Rows, split, weighted_rows
from kan.training.trainer import train
from tests.kan.random_models import MIXED, network_with_every_form, random_rows
from tests.kan.training.runs import settings, started

GENERATOR = torch.Generator().manual_seed(0)
X = 2 * torch.rand(400, 2, generator=GENERATOR, dtype=torch.float64) - 1
CURVES = torch.sin(3 * X[:, :1]) + X[:, 1:] ** 2
NOISE = torch.randn(400, 1, generator=GENERATOR, dtype=torch.float64)
ROWS = weighted_rows(X, CURVES)


def trained(
    rows: Rows = ROWS, family: FamilyName = "gaussian", hidden: tuple[int, ...] = (), **changes: Any
) -> tuple[Network, History]:
    defaults: dict[str, Any] = {"optimizer": "adam", "steps": 200, "grid_sizes": (5,) * (len(hidden) + 1)}
    changes = defaults | changes
    return train([started(rows, family, hidden, **changes)], rows, family, settings(**changes))


def unexplained(network: Network) -> float:
    with torch.no_grad():
        return float((network(X) - CURVES).square().mean() / CURVES.var())


def test_batch_path_gives_the_outputs_of_the_network() -> None:
    network = network_with_every_form(hidden=(3, 2), outputs=2)
    rows = weighted_rows(random_rows(MIXED, 50, 1), torch.zeros(50, 2, dtype=torch.float64))
    batch = batch_of(network, rows)
    assert torch.allclose(network.evaluate(batch.rows.x, batch.features), network(rows.x), atol=1e-10)


@pytest.mark.parametrize("batch_size", [64, 128, 399, 400])
def test_parts_of_a_large_table_train_too(batch_size: int) -> None:
    assert unexplained(trained(batch_size=batch_size)[0]) < 1e-2


def test_every_row_is_seen_once_in_a_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[float] = []
    original = FAMILIES["gaussian"].loss

    def watched(link: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        seen.extend(target[:, 0].tolist())
        return original(link, target)

    numbered = weighted_rows(X, torch.arange(400, dtype=torch.float64).unsqueeze(1))
    network = started(numbered)
    monkeypatch.setitem(vars(FAMILIES["gaussian"]), "loss", watched)
    train([network], numbered, "gaussian", settings(optimizer="adam", steps=8, batch_size=100))
    first, second = seen[:400], seen[400:800]
    assert len(set(first)) == len(set(second)) == 400
    assert first != second


def features_computed(monkeypatch: pytest.MonkeyPatch, network: Network, rows: Rows, memory: int) -> list[int]:
    """Return for how many rows features were computed, call by call, in five steps of 16 rows."""
    calls: list[int] = []
    original = Layer.features

    def watched(layer: Layer, x: torch.Tensor) -> torch.Tensor:
        calls.append(len(x))
        return original(layer, x)

    with monkeypatch.context() as patch:
        patch.setattr(Layer, "features", watched)
        list(itertools.islice(batches(network, rows, size=16, memory=memory, seed=0), 5))
    return calls


def test_features_are_kept_for_all_rows_where_the_memory_allows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    network = network_with_every_form(hidden=(3,), outputs=1)
    rows = weighted_rows(random_rows(MIXED, 50, 1), torch.zeros(50, 1, dtype=torch.float64))
    features = batch_of(network, rows).features
    assert features is not None
    assert features_computed(monkeypatch, network, rows, features.nbytes) == [16, 16, 16, 2]
    assert features_computed(monkeypatch, network, rows, features.nbytes - 1) == []


@pytest.mark.parametrize("first", [1, 5])
def test_batches_from_kept_features_are_those_whose_features_are_computed_anew(first: int) -> None:
    network = network_with_every_form(hidden=(3,), outputs=1)
    rows = weighted_rows(random_rows(MIXED, 50, 1), torch.arange(50, dtype=torch.float64).unsqueeze(1))
    kept_all, none_kept = (
        list(itertools.islice(batches(network, rows, size=16, memory=memory, seed=3, first=first), 7))
        for memory in (2**20, 0)
    )
    for kept, anew in zip(kept_all, none_kept, strict=True):
        assert anew.features is None
        assert kept.features is not None
        assert torch.equal(kept.features, network.layer(0).features(anew.rows.x))
        assert torch.equal(kept.rows.target, anew.rows.target)
        assert torch.equal(kept.rows.x.nan_to_num(), anew.rows.x.nan_to_num())


@pytest.mark.parametrize("family", ["binomial", "poisson", "gamma"])
def test_other_families_are_learned_too(family: FamilyName) -> None:
    uniform = torch.rand(400, 1, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    target = {
        "binomial": (uniform < torch.sigmoid(CURVES)).double(),
        "poisson": torch.poisson(CURVES.exp(), generator=torch.Generator().manual_seed(1)),
        "gamma": CURVES.exp() * -torch.log(uniform),
    }[family]
    rows = weighted_rows(X, target)
    network, _ = trained(rows, family)
    with torch.no_grad():
        losses = [float(rows.loss(FAMILIES[family], link)) for link in (network(X), CURVES)]
    assert losses[0] < losses[1] + 0.01


def test_known_part_of_the_link_is_left_to_the_offset() -> None:
    known = 5 * X[:, 0]
    rows = weighted_rows(X, CURVES + known.unsqueeze(1), offset=known)
    assert unexplained(trained(rows)[0]) < 1e-2


def test_hidden_knots_follow_their_nodes() -> None:
    network, _ = trained(hidden=(3,), steps=100)
    nodes, (lower, upper) = network.trace(X).inputs[1].detach(), network.layer(1).domain
    assert bool(((nodes >= lower) & (nodes <= upper)).all())
    assert bool(((nodes.amax(dim=0) - nodes.amin(dim=0)) > 0.3 * (upper - lower)).all())


def test_edges_that_are_held_to_a_shape_keep_it() -> None:
    rows = weighted_rows(X, torch.sin(3 * X[:, :1]) + X[:, 1:])
    changes: dict[str, Any] = {"optimizer": "adam", "steps": 60, "learning_rate": 0.1}
    network = started(rows, shapes=(INCREASING, INCREASING), **changes)
    result, _ = train([network], rows, "gaussian", settings(**changes))
    layer = result.layer(0)
    assert bool((layer.weights[:, :, 1 : layer.functions + 1].diff(dim=2) >= 0).all())
    assert bool((layer.weights[:, :, 0] == 0).all())
    grid = torch.linspace(-1.5, 1.5, 200, dtype=torch.float64).unsqueeze(1).expand(-1, 2)
    activations = result.trace(grid).activations[0][:, 0].detach()
    assert float(activations.diff(dim=0).min()) > -1e-12
    assert float((activations[-1] - activations[0])[1]) > 1.0


def test_line_search_refuses_edges_that_are_held_to_a_shape() -> None:
    rows = weighted_rows(X, torch.sin(3 * X[:, :1]) + X[:, 1:])
    network = started(rows, shapes=(INCREASING, INCREASING), optimizer="lbfgs")
    with pytest.raises(InvalidSetting, match="optimizer"):
        train([network], rows, "gaussian", settings(optimizer="lbfgs"))


def test_smoothness_shrinks_the_wiggles() -> None:
    bends = []
    for smoothness in (1e-6, 1.0):
        rows = weighted_rows(X, CURVES + NOISE)
        network, _ = trained(rows, grid_sizes=(20,), penalties=Penalties(0.0, 0.0, smoothness))
        grid = torch.linspace(-1, 1, 200, dtype=torch.float64).unsqueeze(1).expand(-1, 2)
        bends.append(float(network.trace(grid).activations[0].detach().diff(n=2, dim=0).square().sum()))
    assert bends[1] < 0.1 * bends[0]


def test_refit_never_ends_worse_on_held_out_rows_than_it_began() -> None:
    rows = weighted_rows(X, CURVES + NOISE)
    first, _ = trained(rows, validation_fraction=0.2)
    changes: dict[str, Any] = {"optimizer": "adam", "steps": 40, "learning_rate": 3.0, "validation_fraction": 0.2}
    second, _ = train([first], rows, "gaussian", settings(**changes))
    _, held_out = split(rows, FAMILIES["gaussian"], 0.2, torch.Generator().manual_seed(0))
    assert held_out is not None
    before, after = (float(held_out.loss(FAMILIES["gaussian"], one(held_out.x)).detach()) for one in (first, second))
    assert after <= before * (1 + 1e-9)


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_loss_that_is_not_finite_names_the_step(optimizer: str) -> None:
    target = CURVES.clone()
    target[5] = torch.nan
    with pytest.raises(TrainingDiverged, match="step 1 "):
        train([started(ROWS)], weighted_rows(X, target), "gaussian", settings(optimizer=optimizer, steps=5))
