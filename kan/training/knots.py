"""Knots of hidden nodes follow the values that the nodes take; constants move from edges into biases."""

import torch
from jaxtyping import Float
from torch import Tensor

from kan.grid import adaptive_knots
from kan.network import Network

MARGIN = 0.05  # share of the range by which a hidden domain is wider than the training data
SAMPLE_ROWS = 4096  # rows on which the splines are refitted


@torch.no_grad()
def place_input_knots(network: Network, x: Float[Tensor, "rows inputs"], grid_eps: float) -> None:
    """Put the knots of the first layer where the data are; its domain becomes the range of the data."""
    layer = network.layer(0)
    if layer.numeric:
        u = (x[:, layer.numeric] - layer.centre) / layer.half_width
        knots = adaptive_knots(u, grid_size=layer.grid_size, degree=layer.degree, grid_eps=grid_eps)
        layer.set_knots(knots, _sampled(x))


@torch.no_grad()
def follow_hidden_nodes(network: Network, x: Float[Tensor, "rows inputs"], grid_eps: float) -> float:
    """Move the knots of every hidden layer to the values of its nodes, from the inputs to the outputs.

    Afterwards every row lies inside every hidden domain. Returns the largest change of an edge at the rows.
    """
    largest = 0.0
    nodes = network.layer(0)(x)
    for position in range(1, len(network.layers)):
        layer = network.layer(position)
        knots = adaptive_knots(nodes, grid_size=layer.grid_size, degree=layer.degree, grid_eps=grid_eps, margin=MARGIN)
        largest = max(largest, layer.set_knots(knots, _sampled(nodes)))
        nodes = layer(nodes)
    return largest


@torch.no_grad()
def centre_edges(network: Network, x: Float[Tensor, "rows inputs"]) -> None:
    """Give every learned edge mean zero over the rows, exactly; a category never seen gets that mean, 0."""
    nodes = x
    for position in range(len(network.layers)):
        layer = network.layer(position)
        mean = layer.features(nodes).mean(dim=0)
        layer.shift((layer.weights * mean).sum(dim=-1))
        for source in layer.categorical:
            layer.weights[:, source, layer.inputs[source].categories] = 0.0
        nodes = layer(nodes)


def _sampled(rows: Float[Tensor, "rows inputs"]) -> Float[Tensor, "sample inputs"]:
    return rows[:: max(1, -(-len(rows) // SAMPLE_ROWS))]
