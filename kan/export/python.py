"""A model as one module of Python that needs nothing but the standard library.

The program is the text of `kan.export.engine`, with the model's numbers in place of its empty constants.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kan.export.pieces import CategoricalNode, Edge, Node, Pieces, SplineCurve
from kan.features import CategoricalFeature, Feature
from kan.symbolic.evaluation import derivative
from kan.symbolic.library import SymbolicForm
from kan.symbolic.writing import code

ENGINE = Path(__file__).with_name("engine.py")
_NO_MODEL = "MODEL: dict[str, Any] = {}\n"
_NO_FORMULAS = "FORMULAS: dict[str, tuple[Callable[[float], float], Callable[[float], float]]] = {}\n"


def python_module(pieces: Pieces) -> str:
    """Return the text of the module."""
    model = {
        "digest": pieces.digest,
        "features": [_feature(feature) for feature in pieces.features],
        "outputs": list(pieces.output_names),
        "output": pieces.output,
        "response": pieces.response,
        "base_value": pieces.base_value,
        "rounding": pieces.reference.rounding,
        "nodes": [_node(node) for node in pieces.nodes],
        "biases": list(pieces.biases),
        "edges": [_edge(edge) for edge in pieces.edges],
        "largest": pieces.reference.largest.tolist(),
        "reference": _reference(pieces),
    }
    numbers = f"nan, inf = math.nan, math.inf\n{_NO_MODEL.replace('{}', _literal(model))}"
    program = ENGINE.read_text(encoding="utf-8")
    return program.replace(_NO_MODEL, numbers).replace(_NO_FORMULAS, _NO_FORMULAS.replace("{}", _formulas(pieces)))


def _literal(value: Mapping[str, Any]) -> str:
    """Return a mapping as a literal of ASCII letters, with one line for every item of its lists."""
    lines = []
    for name, one in value.items():
        if isinstance(one, list) and one:
            items = "".join(f"        {item!a},\n" for item in one)
            lines.append(f"    {name!r}: [\n{items}    ],\n")
        else:
            lines.append(f"    {name!r}: {one!a},\n")
    return "{\n" + "".join(lines) + "}"


def _feature(feature: Feature) -> dict[str, Any]:
    if isinstance(feature, CategoricalFeature):
        return {"name": feature.name, "categories": list(feature.categories)}
    return {"name": feature.name, "unit": feature.unit, "categories": None, "has_missing": feature.has_missing}


def _node(node: Node) -> dict[str, Any] | None:
    if isinstance(node, CategoricalNode):
        return None
    names = ("lower", "upper", "lowest", "highest", "centre", "half_width", "breaks", "middles", "half_lengths")
    return {name: getattr(node, name) for name in names}


def _edge(edge: Edge) -> dict[str, Any]:
    name = str(edge.edge)
    found = {"id": name, "source": edge.source, "target": edge.target, "is_explained": edge.is_explained}
    match edge.curve:
        case SplineCurve(coefficients, base, base_scale):
            found |= {"spline": coefficients, "base": base, "base_scale": base_scale}
        case SymbolicForm():
            found |= {"formula": name}
        case table:
            return found | {"table": table}
    return found | {"missing": edge.missing, "slopes": edge.slopes}


def _formulas(pieces: Pieces) -> str:
    """Return the mapping from edges to their formulas and their slopes."""
    lines = []
    for edge in pieces.edges:
        if isinstance(edge.curve, SymbolicForm):
            expression = edge.curve.expression
            value, slope = (code(one, "x", "python") for one in (expression, derivative(expression)))
            lines.append(
                f"    {json.dumps(str(edge.edge))}: (\n        lambda x: {value},\n        lambda x: {slope},\n    ),\n"
            )
    return "{\n" + "".join(lines) + "}" if lines else "{}"


def _reference(pieces: Pieces) -> list[list[tuple[float, float, float]]]:
    """Return for every reference row and explained edge its value, where it starts, and its slope."""
    reference = pieces.reference
    columns = (reference.activations.tolist(), reference.starts.tolist(), reference.slopes.tolist())
    return [list(zip(*row, strict=True)) for row in zip(*columns, strict=True)]
