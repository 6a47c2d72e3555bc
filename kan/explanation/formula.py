"""A whole model as SymPy expressions of its features, for reading and for export.

A spline or table edge appears as a named function of its input, `phi_0_3_1` for the edge 0.3.1. The formula holds
where no input is missing and every input and hidden node lies inside its training domain.
"""

import sympy as sp

from kan.model import FittedModel
from kan.network import EdgeId, Network
from kan.symbolic.formula import edge_expression, number_expression


def network_formula(model: FittedModel, digits: int | None = None) -> list[sp.Expr]:
    """Return one expression per output on the link scale; symbols are named as the features.

    `digits` rounds every number to so many significant digits, otherwise the numbers are exact.
    """
    network = model.network
    nodes: list[sp.Expr] = [sp.Symbol(feature.name, real=True) for feature in model.features]
    for position in range(len(network.layers)):
        layer = network.layer(position)
        following = [number_expression(float(bias), digits) for bias in layer.bias.detach()]
        for edge in network.active_edges():
            if edge.layer == position:
                following[edge.target] += _edge(network, edge, nodes[edge.source], digits)
        nodes = following
    return nodes


def _edge(network: Network, edge: EdgeId, node: sp.Expr, digits: int | None) -> sp.Expr:
    form = network.symbolic_form(edge)
    if form is None:
        return sp.Function(f"phi_{edge.layer}_{edge.source}_{edge.target}")(node)
    return edge_expression(form, node, digits)
