"""A model as a graph of ONNX.

The input `x` has one row per answer and one column per feature: numbers, NaN for a missing one, the code of a category
(its position; NaN for a missing one, any other number for one that is not listed). The outputs are `link`, `response`,
`contributions` (columns in the order of the metadata), `features` and `base_value`.

Symbols of shapes: R rows, M reference rows, I inputs and J outputs of a layer.
"""

import json
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from onnx import helper
from torch import Tensor

from kan.explanation.multipliers import ROUNDING
from kan.export.onnx_layers import LayerGraph
from kan.export.onnx_operations import Operations, sigmoid
from kan.export.pieces import Pieces
from kan.features import CategoricalFeature, Feature

OPSET, IR_VERSION = 17, 8  # ONNX 1.12 and all later runtimes


def onnx_model(pieces: Pieces, element: int) -> bytes:
    """Return the graph, whose input and outputs are of an element type of `TensorProto`: DOUBLE or FLOAT.

    It computes in float64 in any case: contributions are differences of numbers that may be much larger.
    """
    graph = Operations()
    x = graph.cast("x")
    layers = []
    for position in range(len(pieces.shape) - 1):
        layers.append(LayerGraph(graph, pieces, position, x))
        x = layers[-1].outputs
    contributions, features = _flow(graph, pieces, layers)
    results = {
        "link": x,
        "response": _response(graph, pieces.response, x),
        "contributions": contributions,
        "features": features,
        "base_value": graph.numbers([pieces.base_value]),
    }
    for name, result in results.items():
        graph.apply("Cast", result, result=name, to=element)
    return _serialized(graph, pieces, element)


def _serialized(graph: Operations, pieces: Pieces, element: int) -> bytes:
    sizes: dict[str, list[str | int | None]] = {
        "link": ["rows", len(pieces.output_names)],
        "response": ["rows", len(pieces.output_names)],
        "contributions": ["rows", len(pieces.explained)],
        "features": ["rows", len(pieces.features)],
        "base_value": [1],
    }
    inputs = [helper.make_tensor_value_info("x", element, sizes["features"])]
    outputs = [helper.make_tensor_value_info(name, element, size) for name, size in sizes.items()]
    body = helper.make_graph(graph.nodes, "kan", inputs, outputs, graph.initializers)
    model = helper.make_model(
        body, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION, producer_name="edgewise"
    )
    helper.set_model_props(
        model,
        {
            "digest": pieces.digest or "",
            "features": json.dumps([_described(feature) for feature in pieces.features]),
            "outputs": json.dumps(pieces.output_names),
            "explained_output": str(pieces.output),
            "contributions": json.dumps([str(edge.edge) for edge in pieces.explained]),
        },
    )
    return bytes(model.SerializeToString(deterministic=True))


def _described(feature: Feature) -> dict[str, Any]:
    if isinstance(feature, CategoricalFeature):
        return {"name": feature.name, "categories": feature.categories}
    return {"name": feature.name, "unit": feature.unit, "has_missing": feature.has_missing}


def _response(graph: Operations, response: str, link: str) -> str:
    match response:
        case "sigmoid":
            return sigmoid(graph, link)
        case "softmax":
            return graph.apply("Softmax", link, axis=1)
        case "exp":
            return graph.apply("Exp", link)
    return link


def _flow(graph: Operations, pieces: Pieces, layers: list[LayerGraph]) -> tuple[str, str]:
    """Return the contributions of edges and of features, from the outputs backwards."""
    contributions: list[str] = []
    multipliers = None
    for layer in reversed(layers):
        reference = _LayerReference(pieces, layer)
        contributions.insert(0, _contributions(graph, layer, reference, multipliers))
        if layer.position > 0:
            multipliers = _multipliers(graph, layer, reference, multipliers)
    columns = []
    for layer, found in zip(layers, contributions, strict=True):
        flat = graph.apply("Flatten", found, axis=1)
        own = [one.edge for one in layer.edges if one.is_explained]
        places = [edge.source * layer.shape[1] + edge.target for edge in own]
        columns.append(graph.apply("Gather", flat, graph.indices(places), axis=1))
    return graph.apply("Concat", *columns, axis=1), graph.sum(contributions[0], 2)


class _LayerReference:
    """The traced reference rows of one layer, with 0 for edges that do not contribute."""

    def __init__(self, pieces: Pieces, layer: LayerGraph) -> None:
        """Spread the columns of the explained edges over (M, I, J)."""
        self.columns = [k for k, edge in enumerate(pieces.explained) if edge.edge.layer == layer.position]
        self.edges = [pieces.explained[k].edge for k in self.columns]
        self.shape = layer.shape
        self.activations, self.starts, self.slopes, largest, means = (
            self._spread(values) for values in pieces.reference.tensors
        )
        self.largest, self.means = largest[0], means[0]
        self.is_explained = self._spread(torch.ones(len(pieces.explained), dtype=torch.float64))[0] > 0

    def _spread(self, values: Tensor) -> Float[np.ndarray, "reference inputs outputs"]:
        rows = np.atleast_2d(values.numpy())
        found = np.zeros((len(rows), *self.shape))
        for column, edge in zip(self.columns, self.edges, strict=True):
            found[:, edge.source, edge.target] = rows[:, column]
        return found


def _contributions(graph: Operations, layer: LayerGraph, reference: _LayerReference, multipliers: str | None) -> str:
    """Return the mean over M of multiplier · (φ − φ′) (R, I, J), the multipliers (R, M, J) being 1 at the output.

    With φ̄ the mean of φ′ it is mean(multiplier) · (φ − φ̄) − mean(multiplier · (φ′ − φ̄)): nothing is as large as
    (R, M, I, J).
    """
    explained, zero = graph.booleans(reference.is_explained), graph.numbers(0.0)
    found = graph.apply("Sub", layer.values, graph.numbers(reference.means))
    if multipliers is not None:
        rows = len(reference.activations)
        centred = (reference.activations - reference.means).transpose(2, 0, 1) / rows
        products = graph.apply("MatMul", graph.apply("Transpose", multipliers, perm=[2, 0, 1]), graph.numbers(centred))
        mean = graph.apply("Div", graph.sum(multipliers, 1), graph.numbers(rows))
        scaled = graph.multiply(found, graph.with_axis(mean, 1))
        found = graph.apply("Sub", scaled, graph.apply("Transpose", products, perm=[1, 2, 0]))
    return graph.apply("Where", explained, found, zero)


def _multipliers(graph: Operations, layer: LayerGraph, reference: _LayerReference, above: str | None) -> str:
    """Return the multipliers of the nodes that a hidden layer starts from (R, M, I), by the rule of `edge_flow`."""
    values, zero = graph.with_axis(layer.values, 1), graph.numbers(0.0)
    change = graph.apply("Sub", values, graph.numbers(reference.activations))
    step = graph.apply("Sub", graph.with_axis(layer.x, 1, 3), graph.numbers(reference.starts))
    both = graph.add(graph.with_axis(layer.slopes(), 1), graph.numbers(reference.slopes))
    mean = graph.multiply(both, graph.numbers(0.5))
    size = graph.add(graph.apply("Abs", values), graph.numbers(reference.largest))
    error = graph.apply("Abs", graph.apply("Sub", graph.multiply(mean, step), change))
    smooth = graph.apply("LessOrEqual", error, graph.multiply(size, graph.numbers(ROUNDING)))
    quotient = graph.apply("Div", change, graph.apply("Where", smooth, graph.numbers(1.0), step))
    share = graph.apply("Where", smooth, mean, quotient)
    if above is not None:
        share = graph.multiply(share, graph.with_axis(above, 2))
    return graph.sum(graph.apply("Where", graph.booleans(reference.is_explained), share, zero), 3)
