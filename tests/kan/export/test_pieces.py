"""The pieces themselves: polynomials as exact as the splines, and the edges that contribute."""

import pytest
import torch

from kan.export.pieces import NumericNode, SplineCurve, pieces_of
from kan.network import EdgeId
from tests.kan.export.models import MODELS, constant, deep, model_of, multinomial
from tests.kan.random_models import numeric_features, random_network


@pytest.mark.parametrize("degree", [1, 2, 3, 4, 5])
def test_polynomials_are_as_exact_as_the_splines(degree: int) -> None:
    features = numeric_features(1)
    model = model_of(features, random_network(features, (1,), degree, degree, grid_size=7))
    pieces = pieces_of(model)
    (edge,), (node,) = pieces.edges, pieces.nodes
    assert isinstance(node, NumericNode)
    assert isinstance(edge.curve, SplineCurve)
    weights = model.network.layer(0).weights.detach()[0, 0]
    for (begin, end, middle, half_length), coefficients in zip(node.intervals, edge.curve.coefficients, strict=True):
        x = torch.linspace(begin, end, 20, dtype=torch.float64)
        spline = model.network.layer(0).features(x[:, None])[:, 0, 1:] @ weights[1:]
        t = (x - middle) / half_length
        found = sum(c * t**n for n, c in enumerate(coefficients))
        assert float((spline - found).abs().max()) <= 1e-12


def test_edges_without_a_path_to_the_output_do_not_contribute() -> None:
    model = multinomial()
    explained = {edge.edge for edge in pieces_of(model, 2).explained}
    assert all(edge.layer == 0 or edge.target == 2 for edge in explained)
    assert EdgeId(0, 0, 0) not in explained  # its node leads to the other outputs alone
    assert EdgeId(0, 0, 1) in explained


def test_a_model_without_edges_is_its_biases() -> None:
    pieces = pieces_of(constant())
    assert pieces.edges == ()
    assert pieces.base_value == pytest.approx(pieces.biases[0], abs=1e-15)


@pytest.mark.parametrize("name", MODELS)
def test_edges_are_in_the_order_of_their_layers(name: str) -> None:
    pieces = pieces_of(MODELS[name]())
    sources = [edge.edge for edge in pieces.edges]
    assert sources == sorted(sources)
    assert all(edge.source < edge.target for edge in pieces.edges)


def test_the_digest_of_the_reference_changes_with_its_rows() -> None:
    model = deep()
    first = pieces_of(model).reference.digest
    assert pieces_of(model).reference.digest == first
    model.reference[0, 0] += 1.0
    assert pieces_of(model).reference.digest != first
