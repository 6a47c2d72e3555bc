"""Two loaded versions beside each other: edges that differ, answers that differ."""

import torch

import kan.errors
from kan.explanation.curves import node_names
from kan.model import FittedModel
from service.domain.comparisons import EdgeDifference, PredictionImpact
from service.errors import InvalidRow
from service.modelling.edge_overlays import differing_edges, overlay
from service.modelling.formulas import DECISION
from service.modelling.prediction import shown_row
from service.modelling.registry import LoadedModel
from service.modelling.rows import encode_rows


def edge_differences(left: LoadedModel, right: LoadedModel) -> tuple[EdgeDifference, ...] | None:
    """The edges that are not the same function, in order; None where the networks do not have the same nodes."""
    if not _has_same_nodes(left.fitted, right.fitted):
        return None
    found = []
    for edge in differing_edges(left.fitted, right.fitted):
        one = overlay(left, right, edge)
        change = "added" if one.form_before == "zero" else "removed" if one.form_after == "zero" else "changed"
        found.append(EdgeDifference.model_validate({"change": change, "overlay": one}))
    return tuple(found)


def prediction_impact(left: LoadedModel, right: LoadedModel) -> PredictionImpact | None:
    """How far the answers differ on the reference rows of the left version; None where the right cannot read them."""
    one, other = left.fitted, right.fitted
    names, known = ({feature.name for feature in fitted.features} for fitted in (other, one))
    if (one.family, one.classes) != (other.family, other.classes) or not names <= known:
        return None
    rows = [shown_row(one, x) for x in one.reference]
    try:
        x = encode_rows(other.features, [{name: row[name] for name in names} for row in rows])
        return _impact(one.predict_response(one.reference), other.predict_response(x), one.family)
    except (InvalidRow, kan.errors.OutputUndefined):
        return None


def _impact(before: torch.Tensor, after: torch.Tensor, family: str) -> PredictionImpact:
    difference = (after - before).abs()
    flipped = None
    if family == "binomial":
        flipped = float(((before >= DECISION) != (after >= DECISION)).double().mean())
    return PredictionImpact(
        rows=len(before), mean_absolute=float(difference.mean()), largest=float(difference.max()), flipped=flipped
    )


def _has_same_nodes(left: FittedModel, right: FittedModel) -> bool:
    """Whether edges of the same place connect the same; categories count, since they are the inputs of tables."""
    first, second = ([getattr(one, "categories", None) for one in fitted.features] for fitted in (left, right))
    return node_names(left) == node_names(right) and first == second
