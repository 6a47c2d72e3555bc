"""Second-order steps: where they lead, what they never do."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.linear_model import GammaRegressor, LogisticRegression, PoissonRegressor

from kan.errors import TrainingDiverged
from kan.feature_maps import Base
from kan.losses import FAMILIES, FamilyName
from kan.network import Network
from kan.regularization import Penalties, edge_sizes, network_costs, penalty
from kan.training.gauss_newton import GaussNewton, Past, Regularization, StepResult
from kan.training.parameters import Parameters
from kan.training.rows import Rows, weighted_rows
from tests.kan.training.runs import started

GENERATOR = torch.Generator().manual_seed(0)
X = 2 * torch.rand(300, 3, generator=GENERATOR, dtype=torch.float64) - 1
LINK = torch.sin(3 * X[:, :1]) + X[:, 1:2] * X[:, 2:]
NOISE = torch.randn(300, 1, generator=GENERATOR, dtype=torch.float64)
UNIFORM = torch.rand(300, 1, generator=GENERATOR, dtype=torch.float64)
TARGETS: dict[FamilyName, torch.Tensor] = {
    "gaussian": LINK + 0.3 * NOISE,
    "binomial": (torch.sigmoid(2 * LINK) > UNIFORM).double(),
    "poisson": torch.poisson(torch.exp(LINK), generator=GENERATOR),
    "gamma": torch.exp(LINK) * -torch.log(UNIFORM),
    "multinomial": torch.nn.functional.one_hot((LINK[:, 0] + NOISE[:, 0] > 0).long() + (X[:, 0] > 0.3), 3).double(),
}
WEIGHTS = torch.linspace(0.2, 2, 300, dtype=torch.float64)
FREE = Penalties(0.0, 0.0, 0.0)


def rows_of(family: FamilyName) -> Rows:
    return weighted_rows(X, TARGETS[family], WEIGHTS)


def engine(network: Network, rows: Rows, family: FamilyName, penalties: Penalties, **more: Any) -> GaussNewton:
    return GaussNewton(network, rows, FAMILIES[family], penalties, Regularization(), memory=2**28, **more)


def steps(one: GaussNewton, count: int, *, estimate: bool = False) -> list[StepResult]:
    return [one.step(estimate=estimate) for _ in range(count)]


def minimum(family: FamilyName) -> tuple[Network, Rows]:
    """Return an additive network at the minimum of its loss, and its rows."""
    rows = rows_of(family)
    network = started(rows, family, base="zero")
    steps(engine(network, rows, family, FREE), 30)
    return network, rows


def design(network: Network) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return the B-splines of all edges side by side."""
    layer = network.layer(0)
    return layer.features(X)[:, :, 1 : layer.functions + 1].flatten(1).numpy()


def test_unpenalised_gaussian_model_is_least_squares() -> None:
    network, rows = minimum("gaussian")
    root = rows.weights.sqrt().numpy()
    columns = np.column_stack([design(network), np.ones(300)])
    solution = np.linalg.lstsq(columns * root[:, None], rows.target[:, 0].numpy() * root, rcond=None)[0]
    found = network.evaluate(X)[:, 0].detach().numpy()
    np.testing.assert_allclose(found, columns @ solution, atol=1e-7)


@pytest.mark.parametrize(
    ("family", "oracle"),
    [
        ("binomial", LogisticRegression(C=np.inf, tol=1e-12, max_iter=1000, solver="newton-cholesky")),
        ("poisson", PoissonRegressor(alpha=1e-12, tol=1e-12, max_iter=1000, solver="newton-cholesky")),
        ("gamma", GammaRegressor(alpha=1e-12, tol=1e-12, max_iter=1000, solver="newton-cholesky")),
    ],
)
def test_unpenalised_model_of_another_family_is_the_one_of_scikit_learn(family: FamilyName, oracle: Any) -> None:
    network, rows = minimum(family)
    columns = np.delete(design(network), [0, 8, 16], axis=1)  # each input's B-splines sum to 1, as the intercept does
    oracle.fit(columns, rows.target[:, 0].numpy(), sample_weight=WEIGHTS.numpy())
    expected = oracle.intercept_ + columns @ oracle.coef_.ravel()
    link = torch.from_numpy(expected).unsqueeze(1)
    best = float(rows.loss(FAMILIES[family], link))
    assert float(rows.loss(FAMILIES[family], network.evaluate(X).detach())) == pytest.approx(best, rel=1e-6)


def test_offset_moves_the_answer_by_as_much() -> None:
    known = 0.7 * X[:, 0] ** 2
    rows = weighted_rows(X, TARGETS["poisson"], WEIGHTS, known)
    network, (plain, _) = started(rows, "poisson", base="zero"), minimum("poisson")
    steps(engine(network, rows, "poisson", FREE), 40)
    found = network.evaluate(X)[:, 0].detach() + known
    torch.testing.assert_close(found, plain.evaluate(X)[:, 0].detach(), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    "penalties", [Penalties(0.0, 0.0, 1e-3), Penalties(1e-2, 0.0, 1e-4), Penalties(0.0, 1e-2, 0.0)]
)
@pytest.mark.parametrize("hidden", [(), (3,)])
@pytest.mark.parametrize("family", TARGETS)
def test_no_step_ever_raises_the_objective(family: FamilyName, hidden: tuple[int, ...], penalties: Penalties) -> None:
    rows = rows_of(family)
    network = started(rows, family, hidden)
    costs, one = network_costs(network, X), engine(network, rows, family, penalties)

    def objective() -> float:
        with torch.no_grad():
            return float(rows.loss(FAMILIES[family], network.evaluate(X)) + penalty(network, costs, penalties))

    before = first = objective()
    for _ in range(15):
        result = one.step(estimate=False)
        assert result.objective <= before
        assert result.objective == pytest.approx(objective(), rel=1e-12)
        assert result.decrease == pytest.approx(before - result.objective, rel=1e-6, abs=1e-10)
        before = result.objective
    assert before < first


def test_step_that_cannot_gain_anything_is_not_taken() -> None:
    network, rows = minimum("gaussian")
    one, before = engine(network, rows, "gaussian", FREE), Parameters(network).read()
    result = steps(one, 20)[-1]
    assert not result.taken
    assert result.decrease == 0
    assert torch.allclose(Parameters(network).read(), before, atol=1e-4)


def test_base_beside_the_spline_reaches_the_same_minimum() -> None:
    (network, rows), beside = minimum("gaussian"), started(rows_of("gaussian"))
    steps(engine(beside, rows, "gaussian", FREE), 30)
    best = [float(rows.loss(FAMILIES["gaussian"], one.evaluate(X)).detach()) for one in (network, beside)]
    assert best[1] <= best[0] * (1 + 1e-6)
    assert best[1] > 0.9 * best[0]


@pytest.mark.parametrize("penalties", [Penalties(0.05, 0.0, 1e-4), Penalties(0.0, 0.05, 1e-4)])
def test_sparsity_shrinks_edges_and_gathers_the_work(penalties: Penalties) -> None:
    rows, sizes = rows_of("gaussian"), []
    for one in (replace(penalties, l1=0.0, entropy=0.0), penalties):
        network = started(rows, hidden=(4,))
        steps(engine(network, rows, "gaussian", one), 60)
        costs = network_costs(network, X)
        sizes.append([edge_sizes(network.layer(at), costs[at].covariance).detach() for at in (0, 1)])
    shares = [torch.cat([(layer / layer.sum()).flatten() for layer in each]) for each in sizes]
    entropies = [float(-torch.xlogy(each, each).sum()) for each in shares]
    assert entropies[1] < 0.9 * entropies[0]
    if penalties.l1 > 0:
        assert sum(float(layer.sum()) for layer in sizes[1]) < 0.7 * sum(float(layer.sum()) for layer in sizes[0])


@pytest.mark.parametrize("family", ["poisson", "gamma"])
def test_estimated_noise_is_never_above_that_of_a_constant(family: FamilyName) -> None:
    few, state = slice(0, 40), Regularization()
    rows = weighted_rows(X[few], TARGETS[family][few])
    network, mean = started(rows, family, (2, 2), base="identity", grid_sizes=(10, 10, 10)), rows.target.mean()
    deviations = (rows.target - mean).square() / (mean if family == "poisson" else mean.square())
    one = GaussNewton(network, rows, FAMILIES[family], Penalties(0.0, 0.0, None), state, memory=2**28)
    for _ in range(60):
        one.step(estimate=True)
        assert state.dispersion <= max(float(deviations.mean()), 1.0) * (1 + 1e-9)
    constant = FAMILIES[family].loss(mean.log().expand_as(rows.target), rows.target).mean()
    assert one.step(estimate=False).loss < float(constant)


def test_l1_takes_an_edge_that_does_nothing_to_nothing() -> None:
    rows = weighted_rows(X, torch.sin(3 * X[:, :1]) + 0.1 * NOISE)
    network = started(rows)
    steps(engine(network, rows, "gaussian", Penalties(0.1, 0.0, 1e-4)), 60)
    sizes = edge_sizes(network.layer(0), network_costs(network, X)[0].covariance)[0].tolist()
    assert sizes[0] > 0.3
    assert max(sizes[1:]) < 1e-3


@pytest.mark.parametrize("base", ["zero", "identity", "silu"])
def test_given_smoothness_is_the_ridge_solution_of_its_matrices(base: Base) -> None:
    rows, smoothness = rows_of("gaussian"), 0.01
    network = started(rows, base=base)
    one = engine(network, rows, "gaussian", Penalties(0.0, 0.0, smoothness))
    steps(one, 30)
    columns = np.column_stack([network.layer(0).features(X).flatten(1).detach().numpy(), np.ones(300)])
    price = np.zeros((columns.shape[1], columns.shape[1]))
    price[:-1, :-1] = torch.block_diag(*one.costs[0].given).numpy()
    weighted = columns * rows.weights.numpy()[:, None] / 300
    solution = np.linalg.lstsq(
        weighted.T @ columns + smoothness * price, weighted.T @ rows.target[:, 0].numpy(), rcond=1e-13
    )[0]
    np.testing.assert_allclose(network.evaluate(X)[:, 0].detach().numpy(), columns @ solution, atol=1e-6)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_loss_that_is_not_finite_is_an_error(value: float) -> None:
    target = TARGETS["gaussian"].clone()
    network = started(rows_of("gaussian"))
    target[3] = value
    with pytest.raises(TrainingDiverged, match="present parameters"):
        engine(network, weighted_rows(X, target), "gaussian", FREE).step(estimate=False)


def test_memory_of_earlier_rows_is_a_quadratic_around_old_values() -> None:
    root = torch.randn(5, 5, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    pull = torch.arange(5.0, dtype=torch.float64) - 2
    past = Past(root @ root.T, pull, torch.ones(5, dtype=torch.float64))
    moved = torch.arange(5.0, dtype=torch.float64)
    assert float(past.price(past.values)) == 0
    assert float(past.price(moved)) == pytest.approx(
        float((root.T @ (moved - 1)).square().sum() / 2 + pull @ (moved - 1))
    )


def test_strong_memory_of_earlier_rows_keeps_a_network_where_it_was() -> None:
    rows = rows_of("gaussian")
    network = started(rows)
    values, before = Parameters(network).read(), network.evaluate(X).detach()
    for strength, low, high in ((1e8, 0.0, 1e-4), (1e-8, 0.3, 2.0)):
        copy = network.copy()
        past = Past(strength * torch.eye(len(values), dtype=torch.float64), torch.zeros_like(values), values)
        results = steps(engine(copy, rows, "gaussian", FREE, past=past), 10)
        assert results[-1].objective <= results[0].objective
        assert low <= float((copy.evaluate(X) - before).detach().abs().max()) <= high
