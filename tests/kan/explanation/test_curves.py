"""Curves show the function that is served, with the data it was learned from."""

from dataclasses import replace

import pytest
import torch

from kan.errors import InvalidEdge, InvalidSetting
from kan.explanation.curves import edge_curve, edge_spreads, node_names
from kan.explanation.edge_flow import edge_flow
from kan.network import EdgeId
from kan.symbolic.library import SymbolicForm
from tests.kan.random_models import random_model

MODEL = random_model()
AGE, INCOME, PURPOSE, HIDDEN = EdgeId(0, 0, 1), EdgeId(0, 1, 2), EdgeId(0, 2, 0), EdgeId(1, 1, 0)


def test_nodes_are_named_by_features_position_and_target() -> None:
    assert node_names(MODEL) == [["age", "income", "purpose"], ["h1.0", "h1.1", "h1.2"], ["limit"]]
    classes = random_model(sizes=(2, 2, 3), classes=("low", "mid", "high"))
    assert node_names(classes)[1:] == [["h1.0", "h1.1"], ["h2.0", "h2.1"], ["low", "mid", "high"]]


@torch.no_grad()
def test_curve_is_what_the_network_adds_to_its_target() -> None:
    curve = edge_curve(MODEL, AGE, points=37)
    rows = MODEL.reference[:1].repeat(37, 1)
    rows[:, 0] = torch.tensor(curve.x, dtype=torch.float64)
    served = MODEL.network.trace(rows).activations[0][:, 1, 0]
    assert curve.y == tuple(served.tolist())
    assert (curve.source, curve.target, curve.unit, curve.form) == ("age", "h1.1", "years", "spline")


def test_curve_covers_the_domain_in_the_features_unit_and_a_margin() -> None:
    curve = edge_curve(MODEL, AGE)
    assert curve.domain == pytest.approx((18.0, 90.0))
    assert (curve.x[0], curve.x[-1]) == pytest.approx((10.8, 97.2))
    assert len(curve.x) == 200


def test_density_counts_every_reference_row_with_a_value() -> None:
    curve = edge_curve(MODEL, INCOME)
    present = MODEL.reference[:, 1][~MODEL.reference[:, 1].isnan()]
    borders = torch.tensor(curve.density_edges, dtype=torch.float64)
    assert sum(curve.density_counts) == len(present) < len(MODEL.reference)
    assert curve.density_counts[3] == int(((present >= borders[3]) & (present < borders[4])).sum())


@torch.no_grad()
def test_value_at_a_missing_input_is_shown_where_training_had_gaps() -> None:
    row = MODEL.reference[:1].clone()
    row[0, 1] = torch.nan
    assert edge_curve(MODEL, INCOME).missing_value == float(MODEL.network.trace(row).activations[0][0, 2, 1])
    assert edge_curve(MODEL, AGE).missing_value is None
    assert edge_curve(MODEL, HIDDEN).missing_value is None


@torch.no_grad()
def test_table_has_a_value_and_a_count_for_every_category() -> None:
    curve = edge_curve(MODEL, PURPOSE)
    assert curve.categories == ("missing", "car", "house", "unseen")
    assert (curve.form, curve.x, curve.density_edges) == ("table", (0.0, 1.0, 2.0, 3.0), ())
    counts = [int((MODEL.reference[:, 2] == code).sum()) for code in range(4)]
    assert list(curve.density_counts) == counts
    rows = MODEL.reference[:4].clone()
    rows[:, 2] = torch.arange(4)
    assert curve.y == tuple(MODEL.network.trace(rows).activations[0][:, 0, 2].tolist())


def test_hidden_edge_is_named_by_its_nodes() -> None:
    curve = edge_curve(MODEL, HIDDEN)
    assert (curve.source, curve.target, curve.unit) == ("h1.1", "limit", None)
    assert sum(curve.density_counts) == len(MODEL.reference)


def test_symbolic_and_pruned_edges_are_drawn_too() -> None:
    form = SymbolicForm("sin", 0.1, 0.0, 2.0, 1.0)
    snapped = replace(MODEL, network=MODEL.network.with_symbolic(AGE, form).with_zero(INCOME))
    curve = edge_curve(snapped, AGE, points=11)
    inside = [k for k, x in enumerate(curve.x) if 18 <= x <= 90]
    expected = form.evaluate(torch.tensor(curve.x, dtype=torch.float64)).tolist()
    assert [curve.y[k] for k in inside] == pytest.approx([expected[k] for k in inside], rel=1e-12)
    assert curve.form == "symbolic"
    assert set(edge_curve(snapped, INCOME).y) == {0.0}


def test_unknown_edge_and_useless_number_of_points_are_refused() -> None:
    with pytest.raises(InvalidEdge, match=r"7\.0\.0"):
        edge_curve(MODEL, EdgeId(7, 0, 0))
    with pytest.raises(InvalidEdge, match=r"0\.9\.0"):
        edge_curve(MODEL, EdgeId(0, 9, 0))
    with pytest.raises(InvalidSetting, match="points = 1"):
        edge_curve(MODEL, AGE, points=1)


@pytest.mark.parametrize("classes", [(), ("low", "high", "none")])
def test_spread_is_the_deviation_of_contributions_over_the_reference(classes: tuple[str, ...]) -> None:
    model = random_model(seed=3, sizes=(3, max(1, len(classes))), classes=classes)
    pruned = replace(model, network=model.network.with_zero(AGE))
    spreads = edge_spreads(pruned)
    assert list(spreads) == pruned.network.edges()
    assert spreads[AGE] == 0.0
    flows = [
        edge_flow(pruned.network, pruned.reference, pruned.reference, output=output)
        for output in range(pruned.network.shape[-1])
    ]
    squares = [float(flow.contributions[0][:, 2, 1].std(correction=0)) ** 2 for flow in flows]
    assert spreads[INCOME] == pytest.approx((sum(squares) / len(squares)) ** 0.5, rel=1e-12)
    assert spreads[INCOME] > 0
