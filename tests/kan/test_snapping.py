"""Candidates and snapping of the edges of a model."""

from dataclasses import replace

import pytest
import torch

from kan.edges import edge_domain, edge_inputs
from kan.errors import EdgeFormRefused, InvalidEdge, InvalidSetting
from kan.features import NumericFeature
from kan.model import FittedModel
from kan.network import EdgeId, Network
from kan.snapping import edge_candidates, symbolify
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


def test_edges_with_a_good_form_are_snapped_and_the_others_stay() -> None:
    snapped = symbolify(MODEL, minimum_r2=0.9995)
    assert snapped.network.form(AGE) == "symbolic"
    assert snapped.network.form(PURPOSE) == "table"
    kept = [edge for edge in MODEL.network.active_edges() if snapped.network.form(edge) == "spline"]
    assert kept
    for edge in kept:
        assert edge_candidates(MODEL, edge, limit=1)[0].r2 < 0.9995
    assert MODEL.network.form(AGE) == "spline"


@torch.no_grad()
def test_snapped_model_answers_nearly_as_before() -> None:
    snapped = symbolify(MODEL, minimum_r2=0.9995)
    assert len([edge for edge in snapped.network.edges() if snapped.network.form(edge) == "symbolic"]) >= 1
    difference = snapped.predict_link(MODEL.reference) - MODEL.predict_link(MODEL.reference)
    assert float(difference.std()) < 0.05 * float(MODEL.predict_link(MODEL.reference).std())


def test_tolerance_refuses_a_form_that_goes_astray_somewhere() -> None:
    loose = symbolify(MODEL, minimum_r2=0.5, tolerance=10.0)
    strict = symbolify(MODEL, minimum_r2=0.5, tolerance=1e-3)
    count = {id(m): sum(m.network.form(e) == "symbolic" for e in m.network.edges()) for m in (loose, strict)}
    assert count[id(loose)] > count[id(strict)]


@pytest.mark.parametrize(("name", "value"), [("minimum_r2", 1.5), ("minimum_r2", float("nan")), ("tolerance", 0.0)])
def test_impossible_settings_are_refused_by_name(name: str, value: float) -> None:
    with pytest.raises(InvalidSetting, match=name):
        symbolify(MODEL, **{name: value})


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
