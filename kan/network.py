"""Layers of edges in sequence, and the pure editing functions on them.

Source: Z. Liu et al., "KAN: Kolmogorov-Arnold Networks" (2024), equation 2.7; initialisation by the power law of
S. Rigas et al., "Initialization Schemes for Kolmogorov-Arnold Networks" (2025).

Symbols: x[l] the nodes of layer l (x[0] the inputs, x[L] the outputs on the link scale), φ[l,j,i] the edge from
node i to node j. `shape` lists the number of nodes per layer.
"""

import copy
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from kan.errors import InvalidEdge, ShapeMismatch
from kan.features import CategoricalFeature, Feature
from kan.layer import ZERO, Base, Form, Layer, LayerInput
from kan.symbolic.library import SymbolicForm


@dataclass(frozen=True, order=True)
class EdgeId:
    """The place of an edge: layer, node it starts at, node it ends at, all zero-based."""

    layer: int
    source: int
    target: int

    def __str__(self) -> str:
        """Return "layer.source.target"."""
        return f"{self.layer}.{self.source}.{self.target}"

    @classmethod
    def parse(cls, text: str) -> "EdgeId":
        """Return the edge named by "layer.source.target"; raises InvalidEdge for any other text."""
        parts = text.split(".")
        if len(parts) != 3 or not all(part.isascii() and part.isdecimal() and len(part) <= 9 for part in parts):
            raise InvalidEdge(text, 'expected "layer.source.target" with three whole numbers, for example "0.3.1"')
        return cls(*(int(part) for part in parts))


@dataclass(frozen=True)
class Trace:
    """Everything a network computes for some rows: node values per layer (outputs last) and the value of every edge."""

    inputs: list[Tensor]
    activations: list[Tensor]


class Network(nn.Module):
    """A Kolmogorov-Arnold network: every edge a function of one variable, every node a sum."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        """Chain the layers; raises ShapeMismatch where one does not fit the next."""
        super().__init__()
        for before, after in itertools.pairwise(layers):
            if before.out_features != after.in_features:
                found = (after.in_features, after.out_features)
                raise ShapeMismatch("Next layer", f"({before.out_features}, …)", found)
        self.layers = nn.ModuleList(layers)

    def layer(self, position: int) -> Layer:
        """Return one layer."""
        found = self.layers[position]
        assert isinstance(found, Layer)  # ModuleList forgets the type  # noqa: S101
        return found

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of nodes from the inputs to the outputs."""
        return (self.layer(0).in_features, *(self.layer(position).out_features for position in range(len(self.layers))))

    def forward(self, x: Float[Tensor, "rows inputs"]) -> Float[Tensor, "rows outputs"]:
        """Return the outputs on the link scale, equal to the last bit to those of `trace`."""
        self._check(x)
        for position in range(len(self.layers)):
            x = self.layer(position)(x)
        return x

    def trace(self, x: Float[Tensor, "rows inputs"]) -> Trace:
        """Return the value of every node (outputs on the link scale last) and of every edge."""
        self._check(x)
        inputs, activations = [x], []
        for position in range(len(self.layers)):
            layer = self.layer(position)
            activations.append(layer.activations(inputs[-1]))
            inputs.append(layer.node_values(activations[-1]))
        return Trace(inputs, activations)

    def edge_activation(self, edge: EdgeId, x: Float[Tensor, " rows"]) -> Float[Tensor, " rows"]:
        """Return φ of one edge, x in its source's unit (a category's code, NaN for missing); raises InvalidEdge."""
        layer, inputs = self._edge_input(edge, x)
        return layer.activations(inputs)[:, edge.target, edge.source]

    def edge_derivative(self, edge: EdgeId, x: Float[Tensor, " rows"]) -> Float[Tensor, " rows"]:
        """Return dφ/dx of one edge, x in the unit of its source; raises InvalidEdge."""
        layer, inputs = self._edge_input(edge, x)
        return layer.derivatives(inputs)[:, edge.target, edge.source]

    def edges(self) -> list[EdgeId]:
        """Return every edge in order."""
        shape = self.shape
        return [
            EdgeId(position, source, target)
            for position in range(len(self.layers))
            for source in range(shape[position])
            for target in range(shape[position + 1])
        ]

    def active_edges(self) -> list[EdgeId]:
        """Return the edges that are not zero, in order."""
        return [edge for edge in self.edges() if int(self.layer(edge.layer).kinds[edge.target, edge.source]) != ZERO]

    def form(self, edge: EdgeId) -> Form:
        """Return "spline", "symbolic", "table" or "zero"; raises InvalidEdge."""
        self.require(edge)
        return self.layer(edge.layer).form(edge.target, edge.source)

    def symbolic_form(self, edge: EdgeId) -> SymbolicForm | None:
        """Return the formula of an edge, None where it is not symbolic; raises InvalidEdge."""
        self.require(edge)
        return self.layer(edge.layer).symbolic_form(edge.target, edge.source)

    def require(self, edge: EdgeId) -> None:
        """Raise InvalidEdge where the network has no such edge."""
        shape = self.shape
        if not 0 <= edge.layer < len(self.layers):
            raise InvalidEdge(str(edge), f"the network has {len(self.layers)} layers")
        if not (0 <= edge.source < shape[edge.layer] and 0 <= edge.target < shape[edge.layer + 1]):
            size = f"{shape[edge.layer]} source and {shape[edge.layer + 1]} target nodes"
            raise InvalidEdge(str(edge), f"layer {edge.layer} has {size}")

    def copy(self) -> "Network":
        """Return an independent copy."""
        return copy.deepcopy(self)

    def with_symbolic(self, edge: EdgeId, form: SymbolicForm) -> "Network":
        """Return a network in which one edge is a formula; raises InvalidEdge, EdgeFormRefused (a table)."""
        self.require(edge)
        edited = self.copy()
        edited.layer(edge.layer).set_symbolic(edge.target, edge.source, form)
        return edited

    def with_zero(self, edge: EdgeId) -> "Network":
        """Return a network without one edge; raises InvalidEdge."""
        self.require(edge)
        edited = self.copy()
        edited.layer(edge.layer).set_zero(edge.target, edge.source)
        return edited

    def _check(self, x: Tensor) -> None:
        if x.shape[1] != self.shape[0]:
            raise ShapeMismatch("Network input", f"(rows, {self.shape[0]})", x.shape)

    def _edge_input(self, edge: EdgeId, x: Tensor) -> tuple[Layer, Float[Tensor, "rows inputs"]]:
        self.require(edge)
        layer = self.layer(edge.layer)
        inputs = x.new_zeros(len(x), layer.in_features)
        inputs[:, edge.source] = x
        return layer, inputs


def layer_input(feature: Feature) -> LayerInput:
    """Return what the first layer must know about a feature."""
    if isinstance(feature, CategoricalFeature):
        return LayerInput(categories=len(feature.categories))
    return LayerInput(has_missing=feature.has_missing, centre=feature.centre, half_width=feature.half_width)


def initial_network(
    features: Sequence[Feature],
    hidden: Sequence[int],
    out_features: int,
    *,
    grid_size: int,
    degree: int,
    base: Base,
    generator: torch.Generator,
) -> Network:
    """Return a random network on uniform grids; edges from constant features are zero.

    Standard deviations are n ** -0.25 for the base and n ** -1.75 for the splines, n = (G + k + 1) · inputs.
    """
    sizes = [*hidden, out_features]
    inputs = [layer_input(feature) for feature in features]
    layers = []
    for size in sizes:
        layer = Layer(inputs, size, grid_size=grid_size, degree=degree, base=base)
        with torch.no_grad():
            layer.weights.copy_(_random_weights(layer, generator))
        layers.append(layer)
        inputs = [LayerInput()] * size
    for source, feature in enumerate(features):
        if feature.is_constant:
            for target in range(sizes[0]):
                layers[0].set_zero(target, source)
    return Network(layers)


def _random_weights(layer: Layer, generator: torch.Generator) -> Float[Tensor, "outputs inputs width"]:
    terms = (layer.functions + 1) * layer.in_features
    noise = torch.randn(layer.weights.shape, generator=generator, dtype=torch.float64)
    deviation = torch.full((layer.in_features, layer.width), terms**-1.75, dtype=torch.float64)
    deviation[list(layer.numeric), 0] = terms**-0.25
    for i in layer.numeric:
        deviation[i, layer.functions + 1] = 0.0
    return noise * deviation * layer.mask
