"""Layers of edges in sequence, and the pure editing functions on them.

Source: Z. Liu et al., "KAN: Kolmogorov-Arnold Networks" (2024), equation 2.7; initialisation by the power law of
S. Rigas et al., "Initialization Schemes for Kolmogorov-Arnold Networks" (2025).

Symbols: x[l] the nodes of layer l (x[0] the inputs, x[L] the outputs on the link scale), φ[l,j,i] the edge from
node i to node j. `shape` lists the number of nodes per layer.
"""

import copy
import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from kan.bspline import greville
from kan.constraints import CONCAVE, CONVEX, DECREASING, INCREASING
from kan.errors import InvalidEdge, InvalidSetting, ShapeMismatch, UnknownFeature
from kan.feature_maps import Base
from kan.features import CategoricalFeature, Feature, NumericFeature
from kan.layer import ZERO, Form, Layer, LayerInput
from kan.symbolic.library import SymbolicForm

SMALLEST_FIRST_GRID = 3


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


def combined(layer: Layer, x: Float[Tensor, "rows inputs"]) -> Float[Tensor, "rows outputs"]:
    """Return the nodes of a layer by its features and one matrix product."""
    return layer.combine(layer.features(x) if layer.has_weights else None, x)


Combine = Callable[[Layer, Tensor], Tensor]


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
        self._sequence = tuple(layers)  # a ModuleList is slow to index, and forgets the type

    def layer(self, position: int) -> Layer:
        """Return one layer."""
        return self._sequence[position]

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

    @property
    def grid_sizes(self) -> list[int]:
        """Number of knot intervals of every layer."""
        return [self.layer(position).grid_size for position in range(len(self.layers))]

    @property
    def parameter_count(self) -> int:
        """Number of weights, biases and free coefficients of formulas that are in use."""
        layers = [self.layer(position) for position in range(len(self.layers))]
        return sum(int(one.mask.sum()) + one.out_features + int(one.free_coefficients().sum()) for one in layers)

    def evaluate(
        self,
        x: Float[Tensor, "rows inputs"],
        features: Float[Tensor, "rows inputs width"] | None = None,
        combine: Combine = combined,
    ) -> Float[Tensor, "rows outputs"]:
        """Return the outputs by matrix products: the fast way of training, whose last bits may depend on other rows.

        `features` are those of the first layer where they are known, `combine` computes the nodes of any other.
        """
        for position in range(len(self.layers)):
            layer = self.layer(position)
            x = layer.combine(features, x) if position == 0 and features is not None else combine(layer, x)
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

    def frozen(self, edges: Iterable[EdgeId]) -> "Network":
        """Return a copy of which training leaves these edges, and only these, as they are; raises InvalidEdge.

        A constant may still move from a frozen edge into the bias of its target, where its mean is not zero.
        """
        held = self.copy()
        for position in range(len(held.layers)):
            held.layer(position).frozen.fill_(False)
        for edge in edges:
            held.require(edge)
            held.layer(edge.layer).frozen[edge.target, edge.source] = True
        return held

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
    grid_sizes: Sequence[int],
    degree: int,
    base: Base,
    generator: torch.Generator,
    shapes: Sequence[int] = (),
) -> Network:
    """Return a random network on uniform grids; edges from constant features are zero.

    Standard deviations are n ** -0.25 for the base and n ** -1.75 for the splines, n = (G + k + 1) · inputs.
    `grid_sizes` has one number per layer. `shapes` has one flag per feature (`kan.constraints`): if a feature has a
    direction, every edge behind the first layer rises, so that the output has that direction for all parameters.
    """
    sizes = [*hidden, out_features]
    inputs = [layer_input(feature) for feature in features]
    directed = any(shape & (INCREASING | DECREASING) for shape in shapes)
    layers = []
    for position, (size, grid_size) in enumerate(zip(sizes, grid_sizes, strict=True)):
        layer = Layer(inputs, size, grid_size=grid_size, degree=degree, base=base)
        if position == 0 and shapes:
            layer.shapes.copy_(torch.tensor(shapes, dtype=torch.int8).expand(size, -1))
        elif position > 0 and directed:
            layer.shapes.fill_(INCREASING)
        for source, feature in enumerate(features if position == 0 else ()):
            if feature.is_constant:
                layer.kinds[:, source] = ZERO
        layer.refresh_mask()
        with torch.no_grad():
            layer.weights.copy_(_random_weights(layer, generator))
            _give_shapes(layer)
        layers.append(layer)
        inputs = [LayerInput()] * size
    return Network(layers)


def _random_weights(layer: Layer, generator: torch.Generator) -> Float[Tensor, "outputs inputs width"]:
    terms = (layer.functions + 1) * layer.in_features
    noise = torch.randn(layer.weights.shape, generator=generator, dtype=torch.float64)
    deviation = torch.full((layer.in_features, layer.width), terms**-1.75, dtype=torch.float64)
    deviation[list(layer.numeric), 0] = terms**-0.25
    for i in layer.numeric:
        deviation[i, layer.functions + 1] = 0.0
    return noise * deviation * layer.mask


def _give_shapes(layer: Layer) -> None:
    """Let every edge that is held to a direction begin as a line in this direction, of its own random slope."""
    sites = greville(layer.knots, layer.degree)
    for target, source in layer.shapes.nonzero().tolist():
        shape, own = int(layer.shapes[target, source]), sites[layer.numeric.index(source)]
        spline = layer.weights[target, source, 1 : layer.functions + 1]
        slope = (layer.functions * layer.in_features) ** -0.25 * (0.5 + spline.abs().sum().clamp(max=1.0))
        line = own * slope if shape & INCREASING else -own * slope if shape & DECREASING else 0 * own
        spline.copy_((spline + line) * layer.mask[target, source, 1 : layer.functions + 1])
    layer.hold_shapes()


def constraint_shapes(
    features: Sequence[Feature],
    monotone: Mapping[str, int] | None,
    curvature: Mapping[str, str] | None,
    *,
    hidden: bool,
    outputs: int,
) -> tuple[int, ...]:
    """Return one flag per feature (`kan.constraints`), none where nothing is asked for.

    Raises UnknownFeature, InvalidSetting (a category, a direction that is not 1 or -1, a curvature beside hidden
    layers, several outputs).
    """
    monotone, curvature = monotone or {}, curvature or {}
    found = dict.fromkeys((feature.name for feature in features), 0)
    directions = {1: INCREASING, -1: DECREASING}
    bends = {"convex": CONVEX, "concave": CONCAVE}
    for name, direction in monotone.items():
        found[_numeric(name, features)] |= _known("monotone", name, direction, directions)
    for name, bend in curvature.items():
        found[_numeric(name, features)] |= _known("curvature", name, bend, bends)
    if curvature and hidden:
        raise InvalidSetting(
            "curvature", dict(curvature), "no hidden layers: curvature is kept by additive models only"
        )
    if (monotone or curvature) and outputs > 1:
        raise InvalidSetting(
            "monotone", dict(monotone), "one output: with three classes or more no direction is defined"
        )
    return tuple(found.values()) if monotone or curvature else ()


def _numeric(name: str, features: Sequence[Feature]) -> str:
    names = [feature.name for feature in features]
    if name not in names:
        raise UnknownFeature(name, names)
    if not isinstance(features[names.index(name)], NumericFeature):
        raise InvalidSetting("monotone or curvature", name, "the name of a numeric feature: a category has no order")
    return name


def _known(setting: str, name: str, value: Any, flags: Mapping[Any, int]) -> int:
    if value not in flags:
        raise InvalidSetting(f"{setting}[{name!r}]", value, " or ".join(repr(one) for one in flags))
    return flags[value]


def first_grid(grid_size: int) -> int:
    """Return the grid on which a network with hidden layers begins: halved as long as 3 intervals stay."""
    while grid_size % 2 == 0 and grid_size // 2 >= SMALLEST_FIRST_GRID:
        grid_size //= 2
    return grid_size
