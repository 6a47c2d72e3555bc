"""Candidates and snapping of the edges of a model."""

from dataclasses import replace

import pytest
import torch

from kan.constraints import INCREASING
from kan.edges import edge_domain, edge_inputs
from kan.errors import EdgeFormRefused, InvalidEdge, InvalidFormula, InvalidSetting, UnknownFunction
from kan.features import NumericFeature
from kan.model import FittedModel
from kan.network import EdgeId, Network
from kan.snapping import edge_candidates, fitted_form, remove, snap, unsnap
from kan.symbolic.library import SymbolicForm
from tests.kan.random_models import MIXED, random_model, random_network, random_rows

AGE, INCOME, PURPOSE, HIDDEN = EdgeId(0, 0, 1), EdgeId(0, 1, 2), EdgeId(0, 2, 0), EdgeId(1, 1, 0)
TRUTH = SymbolicForm("tanh", 0.08, -4.0, 2.0, 0.3)


def with_spline(network: Network, edge: EdgeId, form: SymbolicForm, domain: tuple[float, float]) -> Network:
    """Return a network in which the edge's spline is the least-squares fit of a form."""
    x = torch.zeros(400, network.shape[edge.layer], dtype=torch.float64)
    x[:, edge.source] = torch.linspace(*domain, 400, dtype=torch.float64)
    copy = network.copy()
    layer = copy.layer(edge.layer)
    features = layer.features(x)[:, edge.source, :]
    solution = torch.linalg.lstsq(features, form.evaluate(x[:, edge.source : edge.source + 1]), driver="gelsd").solution
    with torch.no_grad():
        layer.weights[edge.target, edge.source] = solution[:, 0]
    return copy


def model_with_known_edge() -> FittedModel:
    network = random_network(MIXED, (3, 1), seed=1, grid_size=12)
    network = with_spline(network, AGE, TRUTH, (18.0, 90.0))
    return replace(random_model(seed=1), network=network)


MODEL = model_with_known_edge()


def test_form_behind_a_spline_is_the_best_candidate_in_the_features_unit() -> None:
    best = edge_candidates(MODEL, AGE)[0]
    assert best.form.function in ("tanh", "sigmoid")
    assert best.r2 > 0.9999
    tanh = next(c.form for c in edge_candidates(MODEL, AGE) if c.form.function == "tanh")
    assert (tanh.a, tanh.b, tanh.c, tanh.d) == pytest.approx((TRUTH.a, TRUTH.b, TRUTH.c, TRUTH.d), rel=0.02)


def test_candidates_depend_on_the_model_alone() -> None:
    first = edge_candidates(MODEL, HIDDEN)
    with torch.no_grad():
        MODEL.network(random_rows(MIXED, 7, seed=9, spread=50.0))
    assert edge_candidates(MODEL, HIDDEN) == first


def test_limit_cuts_the_list_after_the_best() -> None:
    everything = edge_candidates(MODEL, HIDDEN, limit=100)
    assert edge_candidates(MODEL, HIDDEN, limit=3) == everything[:3]
    assert len(edge_candidates(MODEL, HIDDEN)) == 8 < len(everything)
    with pytest.raises(InvalidSetting, match="limit = 0"):
        edge_candidates(MODEL, HIDDEN, limit=0)


def test_tables_and_pruned_edges_have_no_candidates() -> None:
    assert edge_candidates(MODEL, PURPOSE) == []
    assert edge_candidates(replace(MODEL, network=MODEL.network.with_zero(AGE)), AGE) == []
    with pytest.raises(InvalidEdge, match=r"0\.0\.9"):
        edge_candidates(MODEL, EdgeId(0, 0, 9))


def test_source_without_any_value_has_no_candidates() -> None:
    reference = MODEL.reference.clone()
    reference[:, 1] = torch.nan
    assert edge_candidates(replace(MODEL, reference=reference), INCOME) == []


def test_binary_feature_is_joined_by_a_line() -> None:
    features = (NumericFeature("owner", None, 0.0, 1.0),)
    model = FittedModel(
        features=features,
        network=random_network(features, (1,), seed=2),
        family="gaussian",
        target="y",
        classes=(),
        reference=torch.tensor([[0.0], [1.0], [1.0]], dtype=torch.float64),
    )
    (only,) = edge_candidates(model, EdgeId(0, 0, 0))
    assert only.form.function == "linear"
    assert only.r2 == pytest.approx(1.0, abs=1e-12)


def test_named_functions_and_formulas_are_fitted_and_fixed_as_asked() -> None:
    found = edge_candidates(MODEL, AGE, names=["tanh", "x/(1 + abs(x))"])
    assert {one.form.function for one in found} == {"tanh", "x/(1.0 + abs(x))"}
    form = fitted_form(MODEL, AGE, "tanh", fixed=("a",))
    assert form == replace(found[0].form, fixed=("a",))
    assert form.free == ("b", "c")


@pytest.mark.parametrize(("edge", "function"), [(PURPOSE, "sin"), (AGE, "1/(x - x)"), (AGE, "log(0*x)")])
def test_form_that_cannot_be_fitted_is_refused(edge: EdgeId, function: str) -> None:
    with pytest.raises(EdgeFormRefused, match=str(edge)):
        fitted_form(MODEL, edge, function)


@pytest.mark.parametrize("function", ["", "cosh", "1/0"])
def test_text_that_is_no_function_is_not_fitted(function: str) -> None:
    with pytest.raises((InvalidFormula, UnknownFunction)):
        fitted_form(MODEL, AGE, function)


@torch.no_grad()
def test_snapped_edge_is_the_formula_and_no_other_edge_changes() -> None:
    snapped = snap(MODEL, AGE, TRUTH)
    ages = torch.linspace(18.0, 90.0, 50, dtype=torch.float64)
    torch.testing.assert_close(snapped.network.edge_activation(AGE, ages), TRUTH.evaluate(ages))
    assert MODEL.network.form(AGE) == "spline"
    before, after = (one.network.trace(MODEL.reference).activations[0] for one in (MODEL, snapped))
    before[:, AGE.target, AGE.source] = after[:, AGE.target, AGE.source]
    assert torch.equal(before, after)


@pytest.mark.parametrize(
    ("edge", "form"),
    [
        (AGE, SymbolicForm("log", 1.0, -30.0, 1.0, 0.0)),
        (AGE, SymbolicForm("exp", 9.0, 0.0, 1.0, 0.0)),
        (AGE, SymbolicForm("linear", 1.0, 0.0, 1e307, 0.0)),
        (PURPOSE, TRUTH),
    ],
)
def test_form_without_a_finite_value_somewhere_in_the_domain_is_refused(edge: EdgeId, form: SymbolicForm) -> None:
    with pytest.raises(EdgeFormRefused, match=str(edge)):
        snap(MODEL, edge, form)


def test_form_that_leaves_the_shape_of_its_edge_is_refused() -> None:
    network = MODEL.network.copy()
    network.layer(0).shapes[AGE.target, AGE.source] = INCREASING
    held = replace(MODEL, network=network)
    assert snap(held, AGE, TRUTH).network.form(AGE) == "symbolic"
    with pytest.raises(EdgeFormRefused, match="held to rise"):
        snap(held, AGE, replace(TRUTH, c=-2.0))


@torch.no_grad()
def test_formula_made_a_spline_again_is_nearly_the_same_function() -> None:
    again = unsnap(snap(MODEL, AGE, TRUTH), AGE)
    ages = torch.linspace(18.0, 90.0, 300, dtype=torch.float64)
    assert again.network.form(AGE) == "spline"
    assert float((again.network.edge_activation(AGE, ages) - TRUTH.evaluate(ages)).abs().max()) < 1e-2
    for edge in (AGE, PURPOSE):
        with pytest.raises(EdgeFormRefused, match="no formula"):
            unsnap(MODEL, edge)


@torch.no_grad()
def test_removed_edge_leaves_its_mean_behind() -> None:
    smaller = remove(MODEL, AGE)
    assert smaller.network.form(AGE) == "zero"
    mean = MODEL.network.edge_activation(AGE, MODEL.reference[:, 0]).mean()
    before, after = (one.network.layer(0)(MODEL.reference)[:, AGE.target] for one in (MODEL, smaller))
    difference = before - after - MODEL.network.edge_activation(AGE, MODEL.reference[:, 0]) + mean
    assert float(difference.abs().max()) < 1e-12
    with pytest.raises(InvalidEdge):
        remove(MODEL, EdgeId(0, 0, 9))


def test_domain_of_an_edge_is_in_the_unit_of_its_source() -> None:
    assert edge_domain(MODEL, AGE) == pytest.approx((18.0, 90.0))
    assert edge_domain(MODEL, HIDDEN) == (-1.0, 1.0)
    with pytest.raises(InvalidEdge):
        edge_domain(MODEL, EdgeId(2, 0, 0))
    with pytest.raises(EdgeFormRefused, match=r"0\.2\.0 .*no domain"):
        edge_domain(MODEL, PURPOSE)


@torch.no_grad()
def test_inputs_of_an_edge_are_the_reference_without_gaps() -> None:
    income = MODEL.reference[:, 1]
    assert torch.equal(edge_inputs(MODEL, INCOME), income[~income.isnan()])
    assert torch.equal(edge_inputs(MODEL, HIDDEN), MODEL.network.trace(MODEL.reference).inputs[1][:, 1])
