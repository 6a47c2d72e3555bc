"""Removing edges, nodes and inputs that do little.

Score of an edge: the spread that it hands on to the outputs, in units of the link scale (Z. Liu et al., "KAN 2.0",
2024, section 5.1). From the outputs back, `node[l+1,j] = std(x[l+1,j])` at the outputs,
`edge[l,j,i] = std(φ[l,j,i]) / std(x[l+1,j]) · node[l+1,j]`, and `node[l,i] = Σ_j edge[l,j,i]`.
In a network of one layer the score is the standard deviation of the edge.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from kan.errors import InvalidSetting, NoEdgesLeft
from kan.network import EdgeId, Network
from kan.sampling import evenly

SAMPLE_ROWS = 4096
SMALLEST_SPREAD = 1e-12  # a node that varies less hands nothing on


@dataclass(frozen=True)
class Scores:
    """What every active edge and every node hands on to the outputs; `nodes[0]` are the inputs."""

    edges: dict[EdgeId, float]
    nodes: list[Float[Tensor, " _"]]


@torch.no_grad()
def scores(network: Network, x: Float[Tensor, "rows inputs"]) -> Scores:
    """Return the scores of edges and nodes over the rows, in units of the link scale."""
    trace = network.trace(evenly(x, SAMPLE_ROWS))
    nodes = [trace.inputs[-1].std(dim=0, correction=0)]
    edges: dict[EdgeId, float] = {}
    for position in reversed(range(len(network.layers))):
        spread = trace.inputs[position + 1].std(dim=0, correction=0)
        share = torch.where(spread > SMALLEST_SPREAD, nodes[0] / spread.clamp(min=SMALLEST_SPREAD), 0.0)
        edge = trace.activations[position].std(dim=0, correction=0) * share.unsqueeze(1)
        nodes.insert(0, edge.sum(dim=0))
        for target, source in network.layer(position).kinds.nonzero().tolist():
            edges[EdgeId(position, source, target)] = float(edge[target, source])
    return Scores(dict(sorted(edges.items())), nodes)


def edge_scores(network: Network, x: Float[Tensor, "rows inputs"]) -> dict[EdgeId, float]:
    """Return the score of every active edge over the rows, in units of the link scale."""
    return scores(network, x).edges


def prune(
    network: Network,
    x: Float[Tensor, "rows inputs"],
    *,
    threshold: float = 0.0,
    node_threshold: float = 0.0,
    max_edges: int | None = None,
) -> Network:
    """Return a network without the edges whose score is below `threshold` times the largest score.

    Inputs and hidden nodes whose score is below `node_threshold` times the largest of their layer lose all their
    edges. At most `max_edges` stay, the largest ones. A node that lost all inputs or all outputs loses its other edges
    too. The mean of a removed edge over the rows stays in the bias. Raises InvalidSetting, NoEdgesLeft.
    """
    for name, value in (("threshold", threshold), ("node_threshold", node_threshold)):
        if not 0 <= value < 1:
            raise InvalidSetting(name, value, "a share of the largest score, from 0 to below 1")
    if max_edges is not None and max_edges < 1:
        raise InvalidSetting("max_edges", max_edges, "at least 1")
    found = scores(network, x)
    largest = max(found.edges.values(), default=0.0)
    weak = [(one < node_threshold * one.max()).tolist() for one in found.nodes]
    ranked = [
        edge
        for edge in ranking(found.edges)
        if not weak[edge.layer][edge.source]
        and (edge.layer + 1 == len(weak) - 1 or not weak[edge.layer + 1][edge.target])
    ]
    kept = {edge for edge in ranked[:max_edges] if found.edges[edge] > 0 and found.edges[edge] >= threshold * largest}
    return without(network, x, set(found.edges) - connected(kept, network))


def ranking(edges: dict[EdgeId, float]) -> list[EdgeId]:
    """Return the edges from the largest score to the smallest."""
    return sorted(edges, key=lambda edge: (-edges[edge], edge))


@torch.no_grad()
def without(network: Network, x: Float[Tensor, "rows inputs"], removed: set[EdgeId]) -> Network:
    """Return a network without some edges, the mean of each over the rows moved into the bias of its target."""
    pruned = network.copy()
    nodes = evenly(x, SAMPLE_ROWS)
    for position in range(len(pruned.layers)):
        layer = pruned.layer(position)
        mean = layer.activations(nodes).mean(dim=0)
        for edge in sorted(removed):
            if edge.layer == position:
                layer.bias[edge.target] += mean[edge.target, edge.source]
                layer.set_zero(edge.target, edge.source)
        nodes = layer(nodes)
    return pruned


def connected(edges: set[EdgeId], network: Network) -> set[EdgeId]:
    """Return the edges that lie on a path from an input to an output; raises NoEdgesLeft where none does."""
    last = len(network.layers) - 1
    while True:
        starts = {(edge.layer, edge.source) for edge in edges}
        ends = {(edge.layer + 1, edge.target) for edge in edges}
        through = {
            edge
            for edge in edges
            if (edge.layer == 0 or (edge.layer, edge.source) in ends)
            and (edge.layer == last or (edge.layer + 1, edge.target) in starts)
        }
        if through == edges:
            break
        edges = through
    if not edges:
        raise NoEdgesLeft
    return edges
