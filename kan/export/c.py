"""A model as one file of C99 that needs nothing but the standard library.

The functions are the text of `engine.c`; in front of them stand the model's numbers and a comment that says what they
mean. Names of users appear in this comment only, as JSON without the signs that could end it.
"""

import json
import math
from collections.abc import Iterable
from pathlib import Path

from kan.export.pieces import CategoricalNode, Edge, Node, NumericNode, Pieces, SplineCurve
from kan.features import CategoricalFeature, Feature
from kan.symbolic.evaluation import derivative
from kan.symbolic.library import SymbolicForm
from kan.symbolic.writing import code

ENGINE = Path(__file__).with_name("engine.c")
_BASES = {"zero": "0", "identity": "1", "silu": "2"}  # as in the enumeration of engine.c
_LINKS = {"identity": "0", "sigmoid": "1", "softmax": "2", "exp": "3"}
_TYPES = """
struct kan_node {
    int categories, missing; /* missing: has a value for missing numbers; of a category: the code of a missing one */
    double lower, upper, lowest, highest, centre, half_width;
    int first, intervals; /* in kan_breaks, kan_middles, kan_half_lengths */
};

struct kan_edge {
    int source, target, kind, numbers, order, base; /* numbers: place in kan_numbers, or number of the formula */
    double base_scale, missing, lower_slope, upper_slope;
};
"""


def c_file(pieces: Pieces) -> str:
    """Return the text of the file."""
    head = [_comment(pieces), "#include <math.h>\n", _sizes(pieces), _TYPES]
    numbers = [_node_arrays(pieces), _edge_arrays(pieces), _reference_arrays(pieces), _formulas(pieces)]
    return "\n".join([*head, *numbers, ENGINE.read_text(encoding="utf-8")])


def _comment(pieces: Pieces) -> str:
    lines = [
        f"A Kolmogorov-Arnold network; digest {pieces.digest or 'not given'}.",
        "",
        "    void kan_predict(const double *x, double *link, double *response, double *contributions);",
        "    void kan_feature_contributions(const double *contributions, double *features);",
        "",
        "x holds the features in the order below, NAN for a missing number or category, the code of a category, and",
        "any other number for a category that is not listed. The functions write KAN_OUTPUTS, KAN_OUTPUTS,",
        "KAN_CONTRIBUTIONS and KAN_FEATURES numbers. The contributions add up to the link of output KAN_OUTPUT minus",
        "KAN_BASE_VALUE. An answer that is not defined is NAN.",
        "",
        "Features:",
        *(f"    {position}  {_feature(feature)}" for position, feature in enumerate(pieces.features)),
        "Outputs:",
        *(f"    {position}  {_safe(name)}" for position, name in enumerate(pieces.output_names)),
        "Contributions, as layer.source.target:",
        *(f"    {position}  {edge.edge}" for position, edge in enumerate(pieces.explained)),
    ]
    return "/*\n" + "".join(f" * {line}".rstrip() + "\n" for line in lines) + " */\n"


def _feature(feature: Feature) -> str:
    if isinstance(feature, CategoricalFeature):
        codes = ", ".join(f"{code} {_safe(category)}" for code, category in enumerate(feature.categories))
        return f"{_safe(feature.name)}, a category: {codes}"
    unit = f" in {_safe(feature.unit)}" if feature.unit else ""
    return f"{_safe(feature.name)}, a number{unit}{', may be missing' if feature.has_missing else ''}"


def _safe(name: str) -> str:
    return json.dumps(name).replace("/", "\\u002f").replace("?", "\\u003f")


def _sizes(pieces: Pieces) -> str:
    sizes = {
        "FEATURES": str(len(pieces.features)),
        "OUTPUTS": str(len(pieces.output_names)),
        "OUTPUT": str(pieces.output),
        "NODES": str(sum(pieces.shape)),
        "EDGES": str(len(pieces.edges)),
        "CONTRIBUTIONS": str(len(pieces.explained)),
        "REFERENCE_ROWS": str(len(pieces.reference.activations)),
        "LINK": _LINKS[pieces.response],
        "BASE_VALUE": _number(pieces.base_value),
        "ROUNDING": _number(pieces.reference.rounding),
    }
    return "".join(f"#define KAN_{name} {value}\n" for name, value in sizes.items())


def _node_arrays(pieces: Pieces) -> str:
    breaks: list[float] = []
    middles: list[float] = []
    half_lengths: list[float] = []
    rows = []
    for node in pieces.nodes:
        rows.append(_node(node, len(middles)))
        if isinstance(node, NumericNode):
            breaks += [*node.breaks, node.upper]
            middles += node.middles
            half_lengths += node.half_lengths
    return "\n".join(
        (
            _array("struct kan_node", "nodes", rows),
            _array("double", "breaks", map(_number, breaks)),
            _array("double", "middles", map(_number, middles)),
            _array("double", "half_lengths", map(_number, half_lengths)),
            _array("double", "biases", map(_number, pieces.biases)),
        )
    )


def _node(node: Node, first: int) -> str:
    if isinstance(node, CategoricalNode):
        return f"{{{node.categories}, {node.missing}, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0, 0}}"
    numbers = (node.lower, node.upper, node.lowest, node.highest, node.centre, node.half_width)
    return f"{{0, {int(node.has_missing)}, {', '.join(map(_number, numbers))}, {first}, {len(node.middles)}}}"


def _edge_arrays(pieces: Pieces) -> str:
    numbers: list[float] = []
    rows, formulas = [], 0
    for edge in pieces.edges:
        match edge.curve:
            case SplineCurve(coefficients, base, base_scale):
                rows.append(_edge(edge, f"0, {len(numbers)}, {len(coefficients[0])}, {_BASES[base]}", base_scale))
                numbers += [number for interval in coefficients for number in interval]
            case SymbolicForm():
                rows.append(_edge(edge, f"1, {formulas}, 0, 0", 0.0))
                formulas += 1
            case table:
                rows.append(_edge(edge, f"2, {len(numbers)}, 0, 0", 0.0))
                numbers += table
    explained = (str(position) for position, edge in enumerate(pieces.edges) if edge.is_explained)
    return "\n".join(
        (
            _array("double", "numbers", map(_number, numbers)),
            _array("struct kan_edge", "edges", rows),
            _array("int", "explained", explained),
        )
    )


def _edge(edge: Edge, kind: str, base_scale: float) -> str:
    numbers = (base_scale, edge.missing, *edge.slopes)
    return f"{{{edge.source}, {edge.target}, {kind}, {', '.join(map(_number, numbers))}}}"


def _reference_arrays(pieces: Pieces) -> str:
    reference = pieces.reference
    columns = (reference.activations, reference.starts, reference.slopes)
    rows = zip(*(column.flatten().tolist() for column in columns), strict=True)
    return "\n".join(
        (
            _array("double", "largest", map(_number, reference.largest.tolist())),
            "/* of every reference row and contribution: value of the edge, where it starts, its slope */",
            _array("double", "reference", (f"{{{', '.join(map(_number, row))}}}" for row in rows), "[3]"),
        )
    )


def _formulas(pieces: Pieces) -> str:
    expressions = [edge.curve.expression for edge in pieces.edges if isinstance(edge.curve, SymbolicForm)]
    functions = []
    for name, parts in (("formula", expressions), ("formula_slope", [derivative(one) for one in expressions])):
        cases = "".join(f"    case {number}: return {code(one, 'x', 'c')};\n" for number, one in enumerate(parts))
        functions.append(
            f"static double kan_{name}(int number, double x)\n{{\n    switch (number) {{\n{cases}"
            f"    default: return x;\n    }}\n}}\n"
        )
    return "\n".join(functions)


def _array(kind: str, name: str, items: Iterable[str], dimension: str = "") -> str:
    """Return a constant array; an empty one, which C does not know, has one zero."""
    lines = (
        "".join(f"    {item},\n" for item in items)
        or f"    {'0' if kind in ('int', 'double') and not dimension else '{0}'},\n"
    )
    return f"static const {kind} kan_{name}[]{dimension} = {{\n{lines}}};\n"


def _number(value: float) -> str:
    if math.isnan(value):
        return "NAN"
    return repr(value) if math.isfinite(value) else ("INFINITY" if value > 0 else "-INFINITY")
