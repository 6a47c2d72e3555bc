"""Edge flow: the exact share of every edge in the difference between an answer and a reference.

For a row x and a reference row x′, both traced through the network, from the output o back to the inputs:

    m[L,o] = 1,    C[l,j,i] = m[l+1,j] · Δφ[l,j,i],    m[l,i] = Σ_j m[l+1,j] · Δφ[l,j,i] / Δx[l,i]

Every edge is a function of one variable and every node a sum, so Σ_{i,j} C[l,j,i] = f(x) − f(x′) in every
layer l; averaged over reference rows, f(x) minus the base value. This is the Rescale rule of A. Shrikumar,
P. Greenside and A. Kundaje, "Learning Important Features Through Propagating Activation Differences" (2017),
applied to edges.

Symbols: Δ a difference between x and x′, m the multiplier of a node (mean slope of the output in it), C the
contribution of an edge, E the active edges of a layer, R the reference rows.

Every number of a row is computed by elementwise operations and sums in a fixed order, so that a row has the
same bits whatever rows it is explained with.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from kan.errors import IdentityViolated, InvalidSetting, NoRows
from kan.layer import ZERO
from kan.network import Network

TOLERANCE = 1e-9  # largest relative residual of an answer
BLOCK = 2**18  # numbers in one intermediate tensor (2 MiB)
ROUNDING = 32 * torch.finfo(torch.float64).eps  # error of an edge's value, relative to the largest one


@dataclass(frozen=True, eq=False)
class EdgeFlow:
    """The contributions of all edges for some rows and one output, on the link scale.

    `contributions` and `activations` hold one tensor per layer (zero for pruned edges); `feature_contributions`
    sums the first layer per input. `residuals` is the largest |Σ C − Δf| / max(1, |Δf|) per layer, where
    Δf = f(x) − `base_value`.
    """

    outputs: Float[Tensor, " rows"]
    base_value: float
    contributions: list[Float[Tensor, "rows _ _"]]
    feature_contributions: Float[Tensor, "rows features"]
    residuals: Float[Tensor, " layers"]
    activations: list[Float[Tensor, "rows _ _"]]


@dataclass(frozen=True)
class _Edges:
    """The active edges of one layer."""

    targets: Int[Tensor, " edges"]
    sources: Int[Tensor, " edges"]


@dataclass(frozen=True)
class _Traced:
    """What the flow needs of some rows, per layer: all activations, and values, inputs and slopes of the
    active edges.
    """

    outputs: Float[Tensor, "rows outputs"]
    activations: list[Float[Tensor, "rows _ _"]]
    values: list[Float[Tensor, "rows _"]]
    inputs: list[Float[Tensor, "rows _"]]
    slopes: list[Float[Tensor, "rows _"]]

    def rows(self, start: int, stop: int) -> "_Traced":
        """Return the part between two rows."""
        layers = (self.activations, self.values, self.inputs, self.slopes)
        return _Traced(self.outputs[start:stop], *([one[start:stop] for one in layer] for layer in layers))


@dataclass(frozen=True, eq=False)
class TracedReference:
    """Reference rows traced through one network, so that many calls can share the work; made by
    `trace_reference`.
    """

    network: Network
    edges: list[_Edges]
    traced: _Traced
    largest: list[Float[Tensor, " _"]]


@torch.no_grad()
def trace_reference(network: Network, reference: Float[Tensor, "reference features"]) -> TracedReference:
    """Return the reference as `edge_flow` needs it; raises `ShapeMismatch`, `NoRows`."""
    if len(reference) == 0:
        raise NoRows
    edges = []
    for position in range(len(network.layers)):
        targets, sources = (network.layer(position).kinds != ZERO).nonzero(as_tuple=True)
        edges.append(_Edges(targets, sources))
    traced = _traced(network, reference, edges)
    return TracedReference(network, edges, traced, [values.abs().amax(0) for values in traced.values])


@torch.no_grad()
def edge_flow(
    network: Network,
    x: Float[Tensor, "rows features"],
    reference: Float[Tensor, "reference features"] | TracedReference,
    *,
    output: int = 0,
) -> EdgeFlow:
    """Return the contribution of every edge to one output, measured against the mean over the reference rows.

    Raises `ShapeMismatch`, `NoRows` (an empty reference), `InvalidSetting` (no such output, a reference traced
    through another network), and `IdentityViolated` where the contributions of a layer miss the difference or an
    output is not finite.
    """
    if not 0 <= output < network.shape[-1]:
        raise InvalidSetting("output", output, f"a whole number from 0 to {network.shape[-1] - 1}")
    background = reference if isinstance(reference, TracedReference) else trace_reference(network, reference)
    if background.network is not network:
        raise InvalidSetting("reference", "TracedReference", "rows, or a reference traced through this network")
    edges, references = background.edges, len(background.traced.outputs)
    row_count, reference_count = _block_sizes(background)
    traced = _traced(network, x, edges)
    sums = [
        _summed(traced.rows(start, start + row_count), background, output, reference_count)
        for start in range(0, len(x), row_count)
    ]
    contributions = []
    for layer, activations in enumerate(traced.activations):
        dense = torch.zeros_like(activations)
        for position, part in enumerate(sums):
            rows = slice(position * row_count, position * row_count + row_count)
            dense[rows, edges[layer].targets, edges[layer].sources] = part[layer] / references
        contributions.append(dense)
    outputs = traced.outputs[:, output]
    base_value = float(_ordered_sum(background.traced.outputs[:, output])) / references
    return EdgeFlow(
        outputs=outputs,
        base_value=base_value,
        contributions=contributions,
        feature_contributions=_ordered_sum(contributions[0].transpose(1, 2)),
        residuals=_checked_residuals(contributions, outputs - base_value),
        activations=traced.activations,
    )


def _checked_residuals(
    contributions: list[Float[Tensor, "rows _ _"]], difference: Float[Tensor, " rows"]
) -> Float[Tensor, " layers"]:
    """Return the largest relative residual per layer; raises `IdentityViolated` above the tolerance or where
    undefined.
    """
    scale = difference.abs().clamp(min=1.0)
    residuals = [((layer.flatten(1).sum(1) - difference).abs() / scale) for layer in contributions]
    largest = [float(residual.max()) if len(residual) else 0.0 for residual in residuals]
    for layer, residual in enumerate(largest):
        if not residual <= TOLERANCE:
            raise IdentityViolated(layer, residual, TOLERANCE)
    return torch.tensor(largest, dtype=torch.float64)


def _traced(network: Network, x: Float[Tensor, "rows features"], edges: list[_Edges]) -> _Traced:
    trace = network.trace(x)
    values, inputs, slopes = [], [], []
    for position, (edge, nodes, activations) in enumerate(zip(edges, trace.inputs, trace.activations, strict=False)):
        values.append(activations[:, edge.targets, edge.sources])
        inputs.append(nodes[:, edge.sources])
        # nothing lies before the first layer: its inputs, which may be missing or categories, need no slope
        derivatives = network.layer(position).derivatives(nodes) if position else torch.zeros_like(activations)
        slopes.append(derivatives[:, edge.targets, edge.sources])
    return _Traced(trace.inputs[-1], trace.activations, values, inputs, slopes)


def _block_sizes(background: TracedReference) -> tuple[int, int]:
    """Return how many rows and reference rows are paired at once; the second does not depend on the rows."""
    widest = max(*(len(edge.sources) for edge in background.edges), *background.network.shape)
    reference_count = min(len(background.traced.outputs), max(1, BLOCK // widest))
    return max(1, BLOCK // (widest * reference_count)), reference_count


def _summed(
    rows: _Traced, background: TracedReference, output: int, reference_count: int
) -> list[Float[Tensor, "rows _"]]:
    """Return Σ over the reference rows of C, per layer."""
    shape = background.network.shape
    totals = [torch.zeros_like(values) for values in rows.values]
    rounding = [ROUNDING * (v.abs() + largest) for v, largest in zip(rows.values, background.largest, strict=True)]
    for start in range(0, len(background.traced.outputs), reference_count):
        part = background.traced.rows(start, start + reference_count)
        multipliers = torch.zeros(1, 1, shape[-1], dtype=torch.float64)
        multipliers[..., output] = 1.0
        for layer in reversed(range(len(background.edges))):
            edges = background.edges[layer]
            above = multipliers[..., edges.targets]
            change = rows.values[layer][:, None] - part.values[layer]
            totals[layer] = totals[layer] + _ordered_sum((above * change).transpose(1, 2))
            if layer > 0:
                step = rows.inputs[layer][:, None] - part.inputs[layer]
                slope = (rows.slopes[layer][:, None] + part.slopes[layer]) / 2
                share = above * _mean_slope(change, step, slope, rounding[layer])
                multipliers = share.new_zeros(*share.shape[:2], shape[layer])
                multipliers = multipliers.index_add(2, edges.sources, share)
    return totals


def _mean_slope(
    change: Float[Tensor, "rows reference edges"],
    step: Float[Tensor, "rows reference edges"],
    slope: Float[Tensor, "rows reference edges"],
    rounding: Float[Tensor, "rows edges"],
) -> Float[Tensor, "rows reference edges"]:
    """Return Δφ/Δx, or the mean derivative of both ends wherever that explains Δφ up to rounding.

    There the quotient would be noise divided by a tiny Δx, or 0/0, and the identity holds with the derivative
    as well.
    """
    smooth = (slope * step - change).abs() <= rounding[:, None]
    return torch.where(smooth, slope, change / torch.where(smooth, 1.0, step))


def _ordered_sum(terms: Float[Tensor, "*shape"]) -> Float[Tensor, "*reduced"]:
    """Return the sum over the last axis, pairwise in a fixed order and with a small rounding error."""
    while terms.shape[-1] > 1:
        half = terms.shape[-1] // 2
        paired = terms[..., :half] + terms[..., half : 2 * half]
        terms = torch.cat([paired, terms[..., 2 * half :]], dim=-1) if terms.shape[-1] % 2 else paired
    return terms[..., 0]
