"""One edge of a fitted model as a function of one variable: where it is defined, and where the data lie."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from kan.errors import EdgeFormRefused
from kan.model import FittedModel
from kan.network import EdgeId
from kan.ranges import domain_of


def edge_domain(model: FittedModel, edge: EdgeId) -> tuple[float, float]:
    """Return the training domain of an edge in the unit of its source.

    Raises `InvalidEdge`, `EdgeFormRefused` (a table has categories, no domain).
    """
    model.network.require(edge)
    layer = model.network.layer(edge.layer)
    if edge.source not in layer.numeric:
        raise EdgeFormRefused(str(edge), "its input is a category, which has no domain")
    return domain_of(layer, edge.source)


@torch.no_grad()
def edge_inputs(model: FittedModel, edge: EdgeId, nodes: Sequence[Tensor] | None = None) -> Float[Tensor, " present"]:
    """Return the present values of the edge's source over the reference rows; raises `InvalidEdge`.

    `nodes` are the nodes of every layer at these rows, where they are known.
    """
    model.network.require(edge)
    if nodes is not None:
        values = nodes[edge.layer][:, edge.source]
    elif edge.layer == 0:
        values = model.reference[:, edge.source]
    else:
        values = model.network.trace(model.reference).inputs[edge.layer][:, edge.source]
    return values[~values.isnan()]
