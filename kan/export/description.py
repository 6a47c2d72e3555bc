"""A model as JSON: every number of the function, in the units of the features, and how to compute with them."""

import json
import math
from typing import Any

from kan.export.pieces import Edge, NumericNode, Pieces, SplineCurve
from kan.features import CategoricalFeature, Feature
from kan.symbolic.formula import edge_text
from kan.symbolic.library import SymbolicForm

VERSION = 1
MEANING = {
    "nodes": "A node is its bias plus the values of the edges that end at it; features have no bias.",
    "edges": "An edge is named layer.source.target. `domain` is where it was trained. With x the source in its own "
    "unit and near the point of the domain that is nearest to x, its value is inside(near) + slope * (x - near), with "
    "slopes[0] below the domain and slopes[1] above; null is a slope that is not finite, and beyond it there is no "
    "answer. Where x is missing, the value is `missing`; null means that training saw no gap.",
    "spline": "inside(x) = sum of coefficients[n] * t^n + base_scale * base(u) with t = (x - middle) / half_length in "
    "the piece with from <= x < to (the last one includes its end), u = (x - centre) / half_width, and base one of "
    "silu (u / (1 + exp(-u))), identity (u), zero.",
    "symbolic": "inside(x) = c * function(a * x + b) + d; `text` writes it out.",
    "table": 'The value of the category; `unseen` for any other text. A missing category is the category "".',
    "response": "identity, sigmoid, softmax or exp of the outputs, which are on the link scale.",
    "base_value": "Mean of the explained output over the reference rows. The digest of these rows is the SHA-256 of "
    "their JSON: a list of lists of numbers, codes of categories (len(categories) for unseen ones) and null.",
}


def json_description(pieces: Pieces) -> str:
    """Return the text of the JSON document, with null for what is no finite number."""
    description = {
        "format": "edgewise-function",
        "version": VERSION,
        "digest": pieces.digest,
        "meaning": MEANING,
        "features": [_feature(feature) for feature in pieces.features],
        "target": pieces.target,
        "outputs": pieces.output_names,
        "response": pieces.response,
        "shape": pieces.shape,
        "biases": _biases(pieces),
        "edges": [_edge(pieces, edge) for edge in pieces.edges],
        "explained_output": pieces.output,
        "base_value": pieces.base_value,
        "reference": {"rows": len(pieces.reference.activations), "digest": pieces.reference.digest},
    }
    return json.dumps(description, indent=1, allow_nan=False) + "\n"


def _biases(pieces: Pieces) -> list[list[float]]:
    """Return the biases layer by layer, those of the outputs last."""
    first = len(pieces.features)
    return [[pieces.biases[n - first] for n in pieces.nodes_of(layer)] for layer in range(1, len(pieces.shape))]


def _feature(feature: Feature) -> dict[str, Any]:
    if isinstance(feature, CategoricalFeature):
        return {"name": feature.name, "kind": "category", "categories": feature.categories}
    return {
        "name": feature.name,
        "kind": "number",
        "unit": feature.unit,
        "domain": (feature.lower, feature.upper),
        "has_missing": feature.has_missing,
    }


def _edge(pieces: Pieces, edge: Edge) -> dict[str, Any]:
    node = pieces.nodes[edge.source]
    if isinstance(edge.curve, tuple):
        return {"edge": str(edge.edge), "form": "table", **_table(pieces, edge, edge.curve)}
    assert isinstance(node, NumericNode)  # only tables start at categories  # noqa: S101
    numbers = {
        "domain": (node.lower, node.upper),
        "slopes": [slope if math.isfinite(slope) else None for slope in edge.slopes],
        "missing": edge.missing if node.has_missing else None,
    }
    if isinstance(edge.curve, SymbolicForm):
        return {"edge": str(edge.edge), "form": "symbolic", **_formula(edge.curve), **numbers}
    return {"edge": str(edge.edge), "form": "spline", **_spline(edge.curve, node), **numbers}


def _table(pieces: Pieces, edge: Edge, values: tuple[float, ...]) -> dict[str, Any]:
    feature = pieces.features[edge.source]
    assert isinstance(feature, CategoricalFeature)  # as the node is one  # noqa: S101
    *known, unseen = values
    return {"values": dict(zip(feature.categories, known, strict=True)), "unseen": unseen}


def _formula(form: SymbolicForm) -> dict[str, Any]:
    numbers = {name: getattr(form, name) for name in ("a", "b", "c", "d")}
    return {"function": form.function, **numbers, "text": edge_text(form, "x")}


def _spline(curve: SplineCurve, node: NumericNode) -> dict[str, Any]:
    names = ("from", "to", "middle", "half_length", "coefficients")
    return {
        "base": curve.base,
        "base_scale": curve.base_scale,
        "centre": node.centre,
        "half_width": node.half_width,
        "pieces": [
            dict(zip(names, (*interval, coefficients), strict=True))
            for interval, coefficients in zip(node.intervals, curve.coefficients, strict=True)
        ],
    }
