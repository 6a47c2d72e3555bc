"""Edge flow: the exact share of every edge in the difference between an answer and a reference.

For a row x and a reference row x′, both traced through the network, from the output o back to the inputs:

    m[L,o] = 1,    C[l,j,i] = m[l+1,j] · Δφ[l,j,i],    m[l,i] = Σ_j m[l+1,j] · Δφ[l,j,i] / Δx[l,i]

Every edge is a function of one variable and every node a sum, so Σ_{i,j} C[l,j,i] = f(x) − f(x′) in every
layer l; averaged over reference rows, f(x) minus the base value. On the response scale m[L] are the multipliers of the
response function (`kan.explanation.multipliers`), and f is the response.
The mean over the reference rows is taken as

    C[l,j,i] = M[j] · (φ(x) − mean φ) − mean m · (φ(x′) − mean φ),    M[j] = mean m[l+1,j],

so that a layer needs as many products as it has edges and reference rows, and one subtraction less.

Symbols: Δ a difference between x and x′, m the multiplier of a node (mean slope of the answer in it), C the
contribution of an edge. Arrays are (edges or nodes, rows, reference rows).

Every number of a row is computed by elementwise operations and sums over the reference rows in a fixed order, so that a
row has the same bits whatever rows it is explained with.
"""

import itertools
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from kan.elementary import RESPONSES
from kan.errors import IdentityViolated, InvalidSetting, MissingValueNotSeen, NoRows
from kan.explanation.flow_loops import add_up, contribute, step_back
from kan.explanation.multipliers import ROUNDING, Response, mean_slope, response_multipliers
from kan.network import Network
from kan.prepared.network import PreparedNetwork, PreparedTrace

TOLERANCE = 1e-9  # largest relative residual of an answer
BLOCK = 2**15  # numbers in one intermediate array, which stays in the cache of a processor


@dataclass(frozen=True, eq=False)
class EdgeFlow:
    """The contributions of all edges for some rows and one output, on the link scale or that of the response.

    `contributions` and `activations` hold one tensor per layer (zero for pruned edges); `feature_contributions`
    sums the first layer per input. `residuals` is the largest |Σ C − Δf| / max(1, |Δf|) per layer, where
    Δf = f(x) − `base_value`. `nodes` are the values of the nodes of every hidden layer.
    """

    outputs: Float[Tensor, " rows"]
    base_value: float
    contributions: list[Float[Tensor, "rows _ _"]]
    feature_contributions: Float[Tensor, "rows features"]
    residuals: Float[Tensor, " layers"]
    activations: list[Float[Tensor, "rows _ _"]]
    nodes: list[Float[Tensor, "rows _"]]

    @cached_property
    def node_contributions(self) -> list[Float[Tensor, "rows _"]]:
        """The share of every node, hidden layer by hidden layer: what its incoming edges contribute together."""
        nodes = []
        for layer in self.contributions[:-1]:
            total = torch.zeros_like(layer[:, :, 0])
            for source in range(layer.shape[2]):
                total = total + layer[:, :, source]
            nodes.append(total)
        return nodes


@dataclass(frozen=True, eq=False)
class EdgeShares:
    """The contributions of the active edges alone, layer by layer, for some rows and one output.

    `features` sums the first layer per input, and `totals` every layer, in the order of its edges.
    """

    outputs: Float[np.ndarray, " rows"]
    base_value: float
    contributions: list[Float[np.ndarray, "_ rows"]]
    features: Float[np.ndarray, "features rows"]
    totals: list[Float[np.ndarray, " rows"]]

    @cached_property
    def residuals(self) -> list[float]:
        """The largest |Σ C − Δf| / max(1, |Δf|) of every layer."""
        difference = self.outputs - self.base_value
        scale = np.maximum(np.abs(difference), 1.0)
        return [float((np.abs(total - difference) / scale).max(initial=0.0)) for total in self.totals]


@dataclass(frozen=True, eq=False)
class TracedReference:
    """Reference rows traced through one network, so that many calls can share the work; made by
    `trace_reference`.

    Of every edge, layer by layer: `means` over the rows, values `centred` by them, `largest` absolute value.
    """

    network: Network
    prepared: PreparedNetwork
    traced: PreparedTrace
    means: list[Float[np.ndarray, " _"]]
    centred: list[Float[np.ndarray, "reference _"]]
    largest: list[Float[np.ndarray, " _"]]

    @property
    def count(self) -> int:
        """How many rows there are."""
        return int(self.traced.outputs.shape[1])

    def mean_output(self, output: int) -> float:
        """Return the mean of an output over the rows on the link scale, which is the `base_value` there."""
        return float(np.add.reduce(self.traced.outputs[output])) / self.count


def trace_reference(
    network: Network, reference: Float[Tensor, "reference features"], prepared: PreparedNetwork | None = None
) -> TracedReference:
    """Return the reference as `edge_flow` needs it; who has the network prepared already hands that in.

    Raises ShapeMismatch, NoRows, MissingValueNotSeen, WrongValueType (a category without a code).
    """
    if len(reference) == 0:
        raise NoRows
    prepared = prepared or PreparedNetwork.of(network)
    rows = reference.detach().double().numpy()
    traced = prepared.trace(rows)
    for source, one in enumerate(network.layer(0).inputs):
        gaps = np.flatnonzero(np.isnan(rows[:, source]))
        if len(gaps) and not one.has_missing:
            raise MissingValueNotSeen(f"input {source}", int(gaps[0]))
    means = [np.add.reduce(values, axis=1) / len(rows) for values in traced.values]
    centred = [
        np.ascontiguousarray((values - mean[:, None]).T) for values, mean in zip(traced.values, means, strict=True)
    ]
    largest = [np.abs(values).max(axis=1) for values in traced.values]
    return TracedReference(network, prepared, traced, means, centred, largest)


def edge_flow(
    network: Network,
    x: Float[Tensor, "rows features"],
    reference: Float[Tensor, "reference features"] | TracedReference,
    *,
    output: int = 0,
    response: Response | None = None,
) -> EdgeFlow:
    """Return the contribution of every edge to one output, measured against the mean over the reference rows.

    With a `response`, named by its link, the contributions are to the response of this output: they sum to the
    difference of responses.

    Raises `ShapeMismatch`, `NoRows` (an empty reference), `MissingValueNotSeen` (a gap in the reference where training
    had none), `InvalidSetting` (no such output, a reference traced through another network), and `IdentityViolated`
    where the contributions of a layer miss the difference or an output is not finite.
    """
    _require_output(network, output)
    background = reference if isinstance(reference, TracedReference) else trace_reference(network, reference)
    if background.network is not network:
        raise InvalidSetting("reference", "TracedReference", "rows, or a reference traced through this network")
    whole = _Whole(background.prepared.shape, len(x))
    for start, stop, block in background.prepared.blocks(x.detach().double().numpy()):
        traced = background.prepared.trace_block(block)
        whole.add(slice(start, stop), background, traced, edge_shares(background, traced, output, response))
    return whole.flow(base_value(background, output, response))


def edge_shares(
    background: TracedReference, traced: PreparedTrace, output: int = 0, response: Response | None = None
) -> EdgeShares:
    """Return what `edge_flow` finds for rows that were traced through the prepared network of the reference.

    Raises InvalidSetting (no such output), IdentityViolated.
    """
    _require_output(background.network, output)
    layers, rows = background.prepared.layers, traced.outputs.shape[1]
    contributions = [np.empty_like(values) for values in traced.values]
    size = max(1, BLOCK // (max(background.prepared.shape[1:]) * background.count))
    with np.errstate(all="ignore"):
        for start in range(0, rows, size):
            part = slice(start, min(start + size, rows))
            _contribute(
                background, traced.rows(part.start, part.stop), output, response, [c[:, part] for c in contributions]
            )
        outputs = _answers(traced.outputs, output, response)
    features = np.zeros((background.prepared.shape[0], rows))
    add_up(contributions[0], layers[0].edges.sources, features)
    totals = np.zeros((len(layers), rows))
    for position, values in enumerate(contributions):
        add_up(values, np.full(len(values), position), totals)
    shares = EdgeShares(outputs, base_value(background, output, response), contributions, features, [*totals])
    for layer, residual in enumerate(shares.residuals):
        if not residual <= TOLERANCE:
            raise IdentityViolated(layer, residual, TOLERANCE)
    return shares


def base_value(background: TracedReference, output: int, response: Response | None = None) -> float:
    """Return the mean answer over the reference rows."""
    return float(np.add.reduce(_answers(background.traced.outputs, output, response))) / background.count


def _require_output(network: Network, output: int) -> None:
    if not 0 <= output < network.shape[-1]:
        raise InvalidSetting("output", output, f"a whole number from 0 to {network.shape[-1] - 1}")


def _answers(
    outputs: Float[np.ndarray, "outputs rows"], output: int, response: Response | None
) -> Float[np.ndarray, " rows"]:
    scaled = outputs if response is None else RESPONSES[response](outputs.T).T
    answers: Float[np.ndarray, " rows"] = scaled[output]
    return answers


def _contribute(
    background: TracedReference,
    rows: PreparedTrace,
    output: int,
    response: Response | None,
    contributions: list[Float[np.ndarray, "_ rows"]],
) -> None:
    """Fill in the mean of C over the reference rows, from the last layer to the first."""
    other, count = background.traced, rows.outputs.shape[1]
    above = response_multipliers(response or "identity", rows.outputs, other.outputs, output)
    explained = np.ones(len(above), dtype=bool) if response == "softmax" else np.arange(len(above)) == output
    for position in reversed(range(len(background.prepared.layers))):
        layer = background.prepared.layers[position]
        edges, values = layer.edges, rows.values[position]
        contribute(
            above, values, background.means[position], background.centred[position], edges.targets,
            contributions[position],
        )  # fmt: skip
        if position:
            below = np.zeros((layer.in_features, count, background.count))
            step_back(
                above, explained, values, rows.slopes[position - 1], rows.nodes[position], other.values[position],
                other.slopes[position - 1], other.nodes[position], background.largest[position], edges.sources,
                edges.targets, below,
            )  # fmt: skip
            above, explained = below, np.ones(len(below), dtype=bool)


class _Whole:
    """Everything of `EdgeFlow`, filled in block by block of rows."""

    def __init__(self, shape: tuple[int, ...], rows: int) -> None:
        edges = [(targets, sources, rows) for sources, targets in itertools.pairwise(shape)]
        self.contributions, self.activations = ([np.zeros(one) for one in edges] for _ in range(2))
        self.nodes = [np.zeros((size, rows)) for size in shape[1:-1]]
        self.features, self.outputs, self.residuals = np.zeros((shape[0], rows)), np.zeros(rows), np.zeros(len(edges))

    def add(self, rows: slice, background: TracedReference, traced: PreparedTrace, shares: EdgeShares) -> None:
        """Fill in the rows of a block."""
        self.outputs[rows], self.features[:, rows] = shares.outputs, shares.features
        self.residuals = np.maximum(self.residuals, shares.residuals)
        for whole, nodes in zip(self.nodes, traced.nodes[1:-1], strict=True):
            whole[:, rows] = nodes
        for position, layer in enumerate(background.prepared.layers):
            places = layer.edges.targets, layer.edges.sources
            self.contributions[position][*places, rows] = shares.contributions[position]
            self.activations[position][*places, rows] = traced.values[position]

    def flow(self, base: float) -> EdgeFlow:
        """Return everything as tensors."""
        return EdgeFlow(
            outputs=torch.from_numpy(self.outputs),
            base_value=base,
            contributions=[torch.from_numpy(one).permute(2, 0, 1) for one in self.contributions],
            feature_contributions=torch.from_numpy(self.features).T,
            residuals=torch.from_numpy(self.residuals),
            activations=[torch.from_numpy(one).permute(2, 0, 1) for one in self.activations],
            nodes=[torch.from_numpy(one).T for one in self.nodes],
        )


def mean_slopes(
    background: TracedReference, rows: PreparedTrace, layer: int, edges: slice, part: slice
) -> Float[np.ndarray, "edges rows reference"]:
    """Return Δφ/Δx of some edges behind the first layer, between rows and a part of the reference."""
    traced, sources = background.traced, background.prepared.layers[layer].edges.sources[edges]
    values, slopes, nodes = rows.values[layer][edges], rows.slopes[layer - 1][edges], rows.nodes[layer][sources]
    change = values[:, :, None] - traced.values[layer][edges, None, part]
    step = nodes[:, :, None] - traced.nodes[layer][sources, None, part]
    slope = (slopes[:, :, None] + traced.slopes[layer - 1][edges, None, part]) / 2
    rounding = ROUNDING * (np.abs(values) + background.largest[layer][edges, None])
    return mean_slope(change, step, slope, rounding[:, :, None])
