"""One edge of two models at the same inputs."""

import torch
from jaxtyping import Float
from torch import Tensor

from kan.edges import edge_domain, edge_inputs
from kan.explanation.curves import NO_VALUE, UNSEEN, node_names
from kan.features import CategoricalFeature, NumericFeature
from kan.model import FittedModel
from kan.network import EdgeId
from service.domain.revisions import EdgeOverlay
from service.modelling.networks import edge_in_words
from service.modelling.registry import LoadedModel

POINTS = 101


def differing_edges(before: FittedModel, after: FittedModel) -> tuple[EdgeId, ...]:
    """The edges that are not the same function in both, as far as they are on some path; the networks are alike."""
    return tuple(
        edge
        for edge in before.network.edges()
        if before.network.form(edge) != "zero" or after.network.form(edge) != "zero"
        if not _is_same(before, after, edge)
    )


def overlay(before: LoadedModel, after: LoadedModel, edge: EdgeId) -> EdgeOverlay:
    """An edge of two versions of a network, each less its mean over the reference rows of the first.

    Constants are no difference: they move between the edges and the constant of a node.
    """
    fitted, other = before.fitted, after.fitted
    names = node_names(fitted)
    feature = fitted.features[edge.source] if edge.layer == 0 else None
    categories, x = _inputs(fitted, other, edge)
    return EdgeOverlay(
        edge=str(edge),
        source=names[edge.layer][edge.source],
        target=names[edge.layer + 1][edge.target],
        unit=feature.unit if isinstance(feature, NumericFeature) else None,
        form_before=fitted.network.form(edge),
        form_after=other.network.form(edge),
        text_before=edge_in_words(fitted, edge),
        text_after=edge_in_words(other, edge),
        spread_before=before.spreads[edge],
        spread_after=after.spreads[edge],
        x=tuple(x.tolist()),
        categories=categories,
        before=_centred(fitted, fitted, edge, x),
        after=_centred(other, fitted, edge, x),
    )


def _inputs(before: FittedModel, after: FittedModel, edge: EdgeId) -> tuple[tuple[str, ...], Float[Tensor, " points"]]:
    """The names of the inputs of a table, and where both are looked at: wherever one of them is defined."""
    feature = before.features[edge.source] if edge.layer == 0 else None
    if isinstance(feature, CategoricalFeature):
        names = (*(category or NO_VALUE for category in feature.categories), UNSEEN)
        return names, torch.arange(len(names), dtype=torch.float64)
    borders = [*edge_domain(before, edge), *edge_domain(after, edge)]
    return (), torch.linspace(min(borders), max(borders), POINTS, dtype=torch.float64)


@torch.no_grad()
def _centred(
    model: FittedModel, reference: FittedModel, edge: EdgeId, x: Float[Tensor, " points"]
) -> tuple[float, ...]:
    values = model.network.edge_activation(edge, x)
    known = edge_inputs(reference, edge)
    mean = model.network.edge_activation(edge, known).mean() if len(known) else values.mean()
    return tuple((values - mean).nan_to_num(nan=0.0, posinf=0.0, neginf=0.0).tolist())


@torch.no_grad()
def _is_same(before: FittedModel, after: FittedModel, edge: EdgeId) -> bool:
    if before.network.form(edge) != after.network.form(edge):
        return False
    if edge_in_words(before, edge) != edge_in_words(after, edge):
        return False
    x = _inputs(before, after, edge)[1]
    return torch.equal(before.network.edge_activation(edge, x), after.network.edge_activation(edge, x))
