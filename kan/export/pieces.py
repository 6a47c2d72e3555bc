"""A fitted model taken to pieces: plain numbers from which every export is written.

Nodes are counted through the network: the features first, then layer by layer, the outputs last. Edges are in the
order of their layers, so that one pass over them computes every node, and one pass backwards the edge flow
(`kan.explanation.edge_flow`).

A node that edges start from knows where they are given by numbers. With x its value in its own unit,

    near = x within [lower, upper],   beyond = x - near,   u = (near - centre) / half_width,
    t = (u - middle) / half_length    of the interval between two breaks that x lies in,

and one edge is

    spline      Σ_n coefficients[interval][n] · tⁿ + base_scale · base(u) + slope · beyond
    symbolic    expression(near) + slope · beyond
    table       values[code], the last one for a category that training never saw

with the slope of φ at the border on the side of x. Where x is missing, φ is `missing` for every form.
"""

import hashlib
import json
import math
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from kan.errors import InvalidSetting
from kan.explanation.multipliers import ROUNDING
from kan.feature_maps import Base
from kan.features import CategoricalFeature, Feature
from kan.layer import BORDER_ROUNDING, Layer
from kan.model import FittedModel, output_names
from kan.network import EdgeId, Network
from kan.prepared.polynomials import intervals_of, polynomial_basis
from kan.symbolic.library import SymbolicForm

RESPONSES = {"identity": "identity", "logit": "sigmoid", "softmax": "softmax", "log": "exp"}  # link → its inverse


@dataclass(frozen=True)
class NumericNode:
    """Where the edges that start at a number are given; `lowest` and `highest` are its borders up to rounding.

    `breaks` are the borders between intervals, in the node's own unit; `middles` and `half_lengths` of the intervals
    are on the u scale.
    """

    has_missing: bool
    centre: float
    half_width: float
    lower: float
    upper: float
    lowest: float
    highest: float
    breaks: tuple[float, ...]
    middles: tuple[float, ...]
    half_lengths: tuple[float, ...]

    @property
    def intervals(self) -> list[tuple[float, float, float, float]]:
        """Begin, end, middle and half length of every interval in the node's own unit."""
        ends = (self.lower, *self.breaks, self.upper)
        middles = [self.centre + self.half_width * middle for middle in self.middles]
        halves = [self.half_width * half_length for half_length in self.half_lengths]
        return list(zip(ends[:-1], ends[1:], middles, halves, strict=True))


@dataclass(frozen=True)
class CategoricalNode:
    """A feature with so many categories; `missing` is the code that stands for no category."""

    categories: int
    missing: int


Node = NumericNode | CategoricalNode


@dataclass(frozen=True)
class SplineCurve:
    """One polynomial in t per interval, rising powers, and a base."""

    coefficients: tuple[tuple[float, ...], ...]
    base: Base
    base_scale: float


Curve = SplineCurve | SymbolicForm | tuple[float, ...]  # a table has one value per category, last the unseen one


@dataclass(frozen=True)
class Edge:
    """One edge; `source` and `target` are nodes counted through the network, `slopes` those at both borders.

    `is_explained` says whether a path leads to the explained output: other contributions are 0.
    """

    edge: EdgeId
    source: int
    target: int
    curve: Curve
    missing: float
    slopes: tuple[float, float]
    is_explained: bool

    @property
    def is_first(self) -> bool:
        """Whether it starts at a feature."""
        return self.edge.layer == 0


@dataclass(frozen=True, eq=False)
class Reference:
    """The reference rows traced through the explained edges, one column per edge.

    `starts` and `slopes` are the value of the edge's source and dφ/dx there, 0 in the first layer, which needs none.
    `rounding` is the error of an edge's value per unit of its size, `digest` that of the rows as JSON.
    """

    activations: Float[Tensor, "reference edges"]
    starts: Float[Tensor, "reference edges"]
    slopes: Float[Tensor, "reference edges"]
    largest: Float[Tensor, " edges"]
    means: Float[Tensor, " edges"]
    digest: str
    rounding: float = ROUNDING

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """Everything about the rows, in order."""
        return self.activations, self.starts, self.slopes, self.largest, self.means


@dataclass(frozen=True, eq=False)
class Pieces:
    """Everything that the exports of one model and one explained output are written from.

    `nodes` are those that edges start from; `biases` belong to the nodes behind the features.
    """

    features: tuple[Feature, ...]
    target: str
    output_names: tuple[str, ...]
    shape: tuple[int, ...]
    nodes: tuple[Node, ...]
    biases: tuple[float, ...]
    edges: tuple[Edge, ...]
    response: str
    output: int
    base_value: float
    reference: Reference
    digest: str | None

    @property
    def explained(self) -> tuple[Edge, ...]:
        """The edges that contribute."""
        return tuple(edge for edge in self.edges if edge.is_explained)

    @property
    def outputs(self) -> range:
        """The nodes that are outputs."""
        return range(sum(self.shape[:-1]), sum(self.shape))

    def nodes_of(self, layer: int) -> range:
        """Return the nodes of one layer; layer 0 are the features."""
        first = sum(self.shape[:layer])
        return range(first, first + self.shape[layer])

    def edges_of(self, layer: int) -> tuple[Edge, ...]:
        """Return the edges that start in one layer."""
        return tuple(edge for edge in self.edges if edge.edge.layer == layer)


def pieces_of(model: FittedModel, output: int = 0, digest: str | None = None) -> Pieces:
    """Return a model in pieces, with contributions to one output; raises InvalidSetting for another output."""
    network = model.network
    if output not in range(network.shape[-1]):
        raise InvalidSetting("output", output, f"a whole number from 0 to {network.shape[-1] - 1}")
    nodes: list[Node] = []
    biases: list[float] = []
    edges: list[Edge] = []
    for position in range(len(network.layers)):
        layer = network.layer(position)
        features = model.features if position == 0 else [None] * layer.in_features
        nodes += [_node(layer, source, feature) for source, feature in enumerate(features)]
        biases += layer.bias.tolist()
    explained = _explained(network, output)
    for position in range(len(network.layers)):
        edges += _edges(network, position, nodes, explained)
    reference, base_value = _traced(model, [edge.edge for edge in edges if edge.is_explained], output)
    return Pieces(
        features=model.features,
        target=model.target,
        output_names=tuple(output_names(model)),
        shape=network.shape,
        nodes=tuple(nodes),
        biases=tuple(biases),
        edges=tuple(edges),
        response=RESPONSES[model.link],
        output=output,
        base_value=base_value,
        reference=reference,
        digest=digest,
    )


def _explained(network: Network, output: int) -> set[EdgeId]:
    """Return the edges from which a path leads to the output."""
    reached, found = {(len(network.layers), output)}, set()
    for edge in reversed(network.active_edges()):
        if (edge.layer + 1, edge.target) in reached:
            found.add(edge)
            reached.add((edge.layer, edge.source))
    return found


def _node(layer: Layer, source: int, feature: Feature | None) -> Node:
    if isinstance(feature, CategoricalFeature):
        count = len(feature.categories)
        return CategoricalNode(count, feature.categories.index("") if "" in feature.categories else count)
    one = layer.inputs[source]
    intervals = intervals_of(layer, source)
    lower, *breaks, upper = [one.centre + one.half_width * knot for knot in intervals.breaks.tolist()]
    rounding = BORDER_ROUNDING * one.half_width
    return NumericNode(
        has_missing=one.has_missing,
        centre=one.centre,
        half_width=one.half_width,
        lower=lower,
        upper=upper,
        lowest=lower - rounding,
        highest=upper + rounding,
        breaks=tuple(breaks),
        middles=tuple(intervals.middles.tolist()),
        half_lengths=tuple(intervals.half_lengths.tolist()),
    )


def _edges(network: Network, position: int, nodes: list[Node], explained: set[EdgeId]) -> list[Edge]:
    layer, before = network.layer(position), sum(network.shape[:position])
    ends = torch.zeros(2, layer.in_features, dtype=torch.float64)
    for source in layer.numeric:
        node = nodes[before + source]
        assert isinstance(node, NumericNode)  # because the layer calls it numeric  # noqa: S101
        ends[:, source] = torch.tensor([node.lower, node.upper], dtype=torch.float64)
    slopes = layer.derivatives(ends).tolist()
    matrices = {source: polynomial_basis(layer, source).transpose(1, 0, 2) for source in layer.numeric}
    found = []
    for edge in network.active_edges():
        if edge.layer != position:
            continue
        weights = layer.weights[edge.target, edge.source].tolist()
        one = layer.inputs[edge.source]
        found.append(
            Edge(
                edge=edge,
                source=before + edge.source,
                target=before + layer.in_features + edge.target,
                curve=_curve(layer, edge, weights, matrices),
                missing=weights[layer.functions + 1] if one.has_missing else 0.0,
                slopes=(slopes[0][edge.target][edge.source], slopes[1][edge.target][edge.source]),
                is_explained=edge in explained,
            )
        )
    return found


def _curve(layer: Layer, edge: EdgeId, weights: list[float], matrices: dict[int, np.ndarray]) -> Curve:
    form = layer.symbolic_form(edge.target, edge.source)
    if form is not None:
        return form
    categories = layer.inputs[edge.source].categories
    if categories:
        return tuple(weights[: categories + 1])
    polynomials = matrices[edge.source] @ np.array(weights[1 : layer.functions + 1])
    return SplineCurve(
        coefficients=tuple(tuple(one) for one in polynomials.tolist()),
        base=layer.base if weights[0] else "zero",
        base_scale=weights[0] if layer.base != "zero" else 0.0,
    )


@torch.no_grad()
def _traced(model: FittedModel, edges: list[EdgeId], output: int) -> tuple[Reference, float]:
    """Return what the explained edges and the output are at the reference rows."""
    trace = model.network.trace(model.reference)
    columns: dict[str, list[Tensor]] = {"activations": [], "starts": [], "slopes": []}
    for position, (nodes, activations) in enumerate(zip(trace.inputs, trace.activations, strict=False)):
        own = [edge for edge in edges if edge.layer == position]
        targets, sources = [edge.target for edge in own], [edge.source for edge in own]
        columns["activations"].append(activations[:, targets, sources])
        behind = position > 0
        slopes = model.network.layer(position).derivatives(nodes) if behind else torch.zeros_like(activations)
        columns["slopes"].append(slopes[:, targets, sources])
        columns["starts"].append(nodes[:, sources] if behind else torch.zeros_like(nodes[:, sources]))
    stacked = {name: torch.cat(parts, dim=1) for name, parts in columns.items()}
    values = stacked["activations"]
    rows = [[None if math.isnan(value) else value for value in row] for row in model.reference.tolist()]
    digest = f"sha256:{hashlib.sha256(json.dumps(rows).encode()).hexdigest()}"
    reference = Reference(
        activations=values,
        starts=stacked["starts"],
        slopes=stacked["slopes"],
        largest=values.abs().amax(dim=0),
        means=values.mean(dim=0),
        digest=digest,
    )
    return reference, float(trace.inputs[-1][:, output].mean())
