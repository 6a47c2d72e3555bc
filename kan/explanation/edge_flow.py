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

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from kan.elementary import RESPONSES
from kan.errors import IdentityViolated, InvalidSetting, MissingValueNotSeen, NoRows
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
class TracedReference:
    """Reference rows traced through one network, so that many calls can share the work; made by
    `trace_reference`.

    Of every edge, layer by layer: `means` over the rows, `centred` values without it, `largest` absolute value.
    """

    network: Network
    prepared: PreparedNetwork
    traced: PreparedTrace
    means: list[Float[np.ndarray, "_ 1"]]
    centred: list[Float[np.ndarray, "_ reference"]]
    largest: list[Float[np.ndarray, "_ 1"]]

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
    means = [np.add.reduce(values, axis=1, keepdims=True) / len(rows) for values in traced.values]
    centred = [values - mean for values, mean in zip(traced.values, means, strict=True)]
    largest = [np.abs(values).max(axis=1, keepdims=True) for values in traced.values]
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
    flow = _Flow(background, output, response, len(x))
    with np.errstate(all="ignore"):
        for start, stop, block in background.prepared.blocks(x.detach().double().numpy()):
            flow.add(start, background.prepared.trace_block(block).rows(0, stop - start))
    return flow.result()


def traced_flow(
    background: TracedReference, traced: PreparedTrace, *, output: int = 0, response: Response | None = None
) -> EdgeFlow:
    """Return what `edge_flow` returns for rows that were traced through the prepared network of the reference.

    Raises InvalidSetting (no such output), IdentityViolated.
    """
    _require_output(background.network, output)
    flow = _Flow(background, output, response, traced.outputs.shape[1])
    with np.errstate(all="ignore"):
        flow.add(0, traced)
    return flow.result()


def _require_output(network: Network, output: int) -> None:
    if not 0 <= output < network.shape[-1]:
        raise InvalidSetting("output", output, f"a whole number from 0 to {network.shape[-1] - 1}")


class _Flow:
    """The contributions to one output, filled in block by block of rows."""

    def __init__(self, background: TracedReference, output: int, response: Response | None, rows: int) -> None:
        self.background, self.output, self.response = background, output, response
        self.prepared = background.prepared
        shape = self.prepared.shape
        self.explained = range(shape[-1]) if response == "softmax" else (output,)
        edges = [(shape[layer + 1], shape[layer], rows) for layer in range(len(self.prepared.layers))]
        self.contributions = [np.zeros(one) for one in edges]
        self.activations = [np.zeros(one) for one in edges]
        self.nodes = [np.zeros((size, rows)) for size in shape[1:-1]]
        self.features = np.zeros((shape[0], rows))
        self.outputs = np.zeros(rows)
        self.residuals = np.zeros(len(edges))
        reference = self._answers(background.traced.outputs)
        self.base_value = float(np.add.reduce(reference)) / background.count

    def add(self, start: int, block: PreparedTrace) -> None:
        """Fill in the rows of a block."""
        count, (row_count, _) = block.outputs.shape[1], self.block_sizes
        self.outputs[start : start + count] = self._answers(block.outputs)
        for whole, nodes in zip(self.nodes, block.nodes[1:-1], strict=True):
            whole[:, start : start + count] = nodes
        for position, values in enumerate(block.values):
            self._write(self.activations[position], position, start, values)
        for first in range(0, count, row_count):
            part = block.rows(first, min(first + row_count, count))
            contributions = self._contributions(part)
            self._check(start + first, contributions)
            for position, values in enumerate(contributions):
                self._write(self.contributions[position], position, start + first, values)
            inputs = self.features[:, start + first : start + first + part.outputs.shape[1]]
            sources = self.prepared.layers[0].edges.sources
            for _, edges in self.prepared.layers[0].groups:
                inputs[sources[edges]] += contributions[0][edges]

    def result(self) -> EdgeFlow:
        """Return everything as tensors."""
        return EdgeFlow(
            outputs=torch.from_numpy(self.outputs),
            base_value=self.base_value,
            contributions=[torch.from_numpy(one).permute(2, 0, 1) for one in self.contributions],
            feature_contributions=torch.from_numpy(self.features).T,
            residuals=torch.from_numpy(self.residuals),
            activations=[torch.from_numpy(one).permute(2, 0, 1) for one in self.activations],
            nodes=[torch.from_numpy(one).T for one in self.nodes],
        )

    @cached_property
    def block_sizes(self) -> tuple[int, int]:
        """How many rows and reference rows are paired at once; the second does not depend on the rows."""
        groups = [edges.stop - edges.start for layer in self.prepared.layers for _, edges in layer.groups]
        widest = max([*groups, *self.prepared.shape[1:]])
        reference_count = min(self.background.count, max(1, BLOCK // widest))
        return max(1, BLOCK // (widest * reference_count)), reference_count

    def _answers(self, outputs: Float[np.ndarray, "outputs rows"]) -> Float[np.ndarray, " rows"]:
        scaled = outputs if self.response is None else RESPONSES[self.response](outputs.T).T
        answers: Float[np.ndarray, " rows"] = scaled[self.output]
        return answers

    def _write(self, whole: np.ndarray, position: int, start: int, values: Float[np.ndarray, "edges rows"]) -> None:
        """Write the edges of a layer where they belong."""
        edges, rows = self.prepared.layers[position].edges, slice(start, start + values.shape[1])
        flat = whole.reshape(-1, whole.shape[2])
        if len(flat) == len(values):
            flat[:, rows] = values
        else:
            flat[edges.targets * whole.shape[1] + edges.sources, rows] = values

    def _check(self, start: int, contributions: list[Float[np.ndarray, "_ rows"]]) -> None:
        """Note the largest relative residual per layer; raises IdentityViolated."""
        difference = self.outputs[start : start + contributions[0].shape[1]] - self.base_value
        scale = np.maximum(np.abs(difference), 1.0)
        for layer, values in enumerate(contributions):
            residual = float((np.abs(np.add.reduce(values, axis=0) - difference) / scale).max())
            if not residual <= TOLERANCE:
                raise IdentityViolated(layer, residual, TOLERANCE)
            self.residuals[layer] = max(self.residuals[layer], residual)

    def _contributions(self, rows: PreparedTrace) -> list[Float[np.ndarray, "_ rows"]]:
        """Return the mean of C over the reference rows, per layer."""
        background, count = self.background, rows.outputs.shape[1]
        spread = [np.zeros_like(values) for values in rows.values]  # sums of m · (φ(x′) − mean φ)
        sums = [np.zeros((size, count)) for size in self.prepared.shape[1:]]  # of m
        for first in range(0, background.count, self.block_sizes[1]):
            part = slice(first, min(first + self.block_sizes[1], background.count))
            for layer, multipliers in self._multipliers(rows, part):
                np.add(sums[layer], np.add.reduce(multipliers, axis=2), out=sums[layer])
                if background.count > 1:  # a single row has no spread
                    for target, edges in self.prepared.layers[layer].groups:
                        products = multipliers[target] * background.centred[layer][edges, None, part]
                        spread[layer][edges] += np.add.reduce(products, axis=2)
        contributions = []
        for layer, values in enumerate(rows.values):
            above = sums[layer][self.prepared.layers[layer].edges.targets]
            total = above * (values - background.means[layer]) - spread[layer]
            contributions.append(total / background.count)
        return contributions

    def _multipliers(
        self, rows: PreparedTrace, part: slice
    ) -> Iterator[tuple[int, Float[np.ndarray, "nodes rows reference"]]]:
        """Give the multipliers of the nodes behind every layer, from the last layer to the first."""
        reference = self.background.traced.outputs[:, part]
        multipliers = response_multipliers(self.response or "identity", rows.outputs, reference, self.output)
        for layer in reversed(range(len(self.prepared.layers))):
            yield layer, multipliers
            if layer:
                multipliers = self._behind(layer, rows, part, multipliers)

    def _behind(
        self, layer: int, rows: PreparedTrace, part: slice, above: Float[np.ndarray, "nodes rows reference"]
    ) -> Float[np.ndarray, "sources rows reference"]:
        """Return the multipliers of the nodes that a layer starts from."""
        prepared = self.prepared.layers[layer]
        below = np.zeros((prepared.in_features, *above.shape[1:]))
        for target, edges in prepared.groups:
            if layer == len(self.prepared.layers) - 1 and target not in self.explained:
                continue
            slopes = mean_slopes(self.background, rows, layer, edges, part)
            below[prepared.edges.sources[edges]] += above[target] * slopes
        return below


def mean_slopes(
    background: TracedReference, rows: PreparedTrace, layer: int, edges: slice, part: slice
) -> Float[np.ndarray, "edges rows reference"]:
    """Return Δφ/Δx of some edges behind the first layer, between rows and a part of the reference."""
    traced, sources = background.traced, background.prepared.layers[layer].edges.sources[edges]
    values, slopes, nodes = rows.values[layer][edges], rows.slopes[layer - 1][edges], rows.nodes[layer][sources]
    change = values[:, :, None] - traced.values[layer][edges, None, part]
    step = nodes[:, :, None] - traced.nodes[layer][sources, None, part]
    slope = (slopes[:, :, None] + traced.slopes[layer - 1][edges, None, part]) / 2
    rounding = ROUNDING * (np.abs(values) + background.largest[layer][edges])
    return mean_slope(change, step, slope, rounding[:, :, None])
