"""Removing edges that do little.

Score of an edge: the spread that it hands on to the outputs, in units of the link scale (Z. Liu et al., "KAN 2.0",
2024, section 5.1). From the outputs back, `node[l+1,j] = std(x[l+1,j])` at the outputs,
`edge[l,j,i] = std(φ[l,j,i]) / std(x[l+1,j]) · node[l+1,j]`, and `node[l,i] = Σ_j edge[l,j,i]`.
In a network of one layer the score is the standard deviation of the edge.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from kan.errors import InvalidSetting, NoEdgesLeft
from kan.network import EdgeId, Network

SAMPLE_ROWS = 4096
SMALLEST_SPREAD = 1e-12  # a node that varies less hands nothing on


@torch.no_grad()
def edge_scores(network: Network, x: Float[Tensor, "rows inputs"]) -> dict[EdgeId, float]:
    """Return the score of every active edge over the rows, in units of the link scale."""
    trace = network.trace(_sampled(x))
    node = trace.inputs[-1].std(dim=0, correction=0)
    scores: dict[EdgeId, float] = {}
    for position in reversed(range(len(network.layers))):
        spread = trace.inputs[position + 1].std(dim=0, correction=0)
        share = torch.where(spread > SMALLEST_SPREAD, node / spread.clamp(min=SMALLEST_SPREAD), 0.0)
        edge = trace.activations[position].std(dim=0, correction=0) * share.unsqueeze(1)
        node = edge.sum(dim=0)
        for target, source in network.layer(position).kinds.nonzero().tolist():
            scores[EdgeId(position, source, target)] = float(edge[target, source])
    return dict(sorted(scores.items()))


def prune(
    network: Network, x: Float[Tensor, "rows inputs"], *, threshold: float, max_edges: int | None = None
) -> Network:
    """Return a network without the edges whose score is below `threshold` times the largest score.

    At most `max_edges` stay, the largest ones. A node that lost all inputs or all outputs loses its other edges too.
    The mean of a removed edge over the rows stays in the bias. Raises InvalidSetting, NoEdgesLeft.
    """
    if not 0 <= threshold < 1:
        raise InvalidSetting("threshold", threshold, "a share of the largest edge, from 0 to below 1")
    if max_edges is not None and max_edges < 1:
        raise InvalidSetting("max_edges", max_edges, "at least 1")
    scores = edge_scores(network, x)
    largest = max(scores.values(), default=0.0)
    ranked = sorted(scores, key=lambda edge: (-scores[edge], edge))
    kept = {edge for edge in ranked[:max_edges] if scores[edge] > 0 and scores[edge] >= threshold * largest}
    return without(network, x, set(scores) - _connected(kept, network))


@torch.no_grad()
def without(network: Network, x: Float[Tensor, "rows inputs"], removed: set[EdgeId]) -> Network:
    """Return a network without some edges, the mean of each over the rows moved into the bias of its target."""
    pruned = network.copy()
    nodes = _sampled(x)
    for position in range(len(pruned.layers)):
        layer = pruned.layer(position)
        mean = layer.activations(nodes).mean(dim=0)
        for edge in sorted(removed):
            if edge.layer == position:
                layer.bias[edge.target] += mean[edge.target, edge.source]
                layer.set_zero(edge.target, edge.source)
        nodes = layer(nodes)
    return pruned


def _connected(edges: set[EdgeId], network: Network) -> set[EdgeId]:
    """Return the edges that lie on a path from an input to an output."""
    last = len(network.layers) - 1
    while True:
        starts = {(edge.layer, edge.source) for edge in edges}
        ends = {(edge.layer + 1, edge.target) for edge in edges}
        connected = {
            edge
            for edge in edges
            if (edge.layer == 0 or (edge.layer, edge.source) in ends)
            and (edge.layer == last or (edge.layer + 1, edge.target) in starts)
        }
        if connected == edges:
            break
        edges = connected
    if not edges:
        raise NoEdgesLeft
    return edges


def _sampled(x: Tensor) -> Float[Tensor, "sample inputs"]:
    return x[:: max(1, -(-len(x) // SAMPLE_ROWS))]
