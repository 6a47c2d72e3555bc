"""From a question about a row to the changes that reach its goal, each scored again by the network."""

from collections.abc import Collection

import kan.errors
from kan.explanation import counterfactual, goals, options, solvers
from kan.model import FittedModel
from service.domain.counterfactuals import (
    AdjustableFeature,
    Change,
    Counterfactual,
    CounterfactualAnswer,
    CounterfactualRequest,
    Goal,
)
from service.errors import ImmutableFeature, InvalidChange, InvalidGoal, OutputUndefined
from service.modelling.prediction import output_of
from service.modelling.registry import LoadedModel
from service.modelling.rows import encode_row

_FIELDS = {"lower": "minimum", "upper": "maximum", "lower and upper": "minimum", "name": "feature"}


def answer_question(
    model: LoadedModel, request: CounterfactualRequest, immutable: Collection[str]
) -> CounterfactualAnswer:
    """The smallest changes of a row that reach a goal; `immutable` features are never among them.

    Raises: leaves of InvalidRow, InvalidGoal, InvalidChange, ImmutableFeature.
    """
    fitted = model.fitted
    row = encode_row(fitted.features, request.row)
    _require_known(fitted, request.features or ())
    places = {one.feature: position for position, one in enumerate(request.features or ())}
    try:
        found = counterfactual.counterfactuals(
            fitted,
            row,
            _goal(request.goal),
            None if request.features is None else [_adjustable(one) for one in request.features],
            immutable=[feature.name for feature in fitted.features if feature.name in immutable],
            most_changes=request.most_changes,
            alternatives=request.alternatives,
        )
    except kan.errors.InvalidGoal as error:
        raise InvalidGoal(
            "outcome" if error.setting == "outcome" else _threshold(request.goal), error.reason
        ) from error
    except kan.errors.ImmutableFeature as error:
        raise ImmutableFeature(places[error.feature], error.feature) from error
    except kan.errors.InvalidChange as error:
        field = _FIELDS.get(error.setting, error.setting)
        raise InvalidChange(places[error.feature], error.feature, field, error.reason) from error
    except kan.errors.OutputUndefined as error:
        raise OutputUndefined(None) from error
    spoken_of = fitted.classes.index(request.goal.outcome) if request.goal.outcome and len(fitted.classes) > 2 else 0
    return CounterfactualAnswer(
        output=output_of(fitted, fitted.predict_link(row.unsqueeze(0)), spoken_of),
        goal=request.goal,
        counterfactuals=tuple(_described(fitted, one, spoken_of) for one in found.found),
        closest=_described(fitted, found.closest, spoken_of),
        method=found.method,
        is_optimal=found.is_optimal,
        candidates=found.candidates,
        statement=_statement(found),
    )


def _require_known(fitted: FittedModel, features: Collection[AdjustableFeature]) -> None:
    known = {feature.name for feature in fitted.features}
    for position, one in enumerate(features):
        if one.feature not in known:
            raise InvalidChange(position, one.feature, "feature", "the model has no such feature")


def _threshold(goal: Goal) -> str:
    return "at_most" if goal.at_least is None and goal.at_most is not None else "at_least"


def _goal(goal: Goal) -> goals.Goal:
    return goals.Goal(goal.at_least, goal.at_most, goal.scale, goal.outcome)


def _adjustable(one: AdjustableFeature) -> options.Adjustable:
    return options.Adjustable(
        name=one.feature,
        direction=one.direction,
        lower=one.minimum,
        upper=one.maximum,
        step=one.step,
        categories=one.categories,
        cost=one.cost,
        scale=one.scale,
        may_fill=one.may_fill,
    )


def _described(fitted: FittedModel, one: solvers.Counterfactual, spoken_of: int) -> Counterfactual:
    return Counterfactual(
        changes=tuple(Change.model_validate(change) for change in one.changes),
        cost=one.cost,
        output=output_of(fitted, one.links.unsqueeze(0), spoken_of),
        value=one.value,
    )


def _statement(found: counterfactual.Counterfactuals) -> str:
    """How sure the answer is, in a sentence."""
    if found.found and not found.found[0].changes:
        return "The row is there already: nothing need change."
    if found.method == "search":
        what = "This is the cheapest change that was found" if found.found else "No such change was found"
        return f"{what}: the features act together, so a search looked for it, and nothing is proved."
    if not found.found:
        return "There is no such change: no combination of the allowed values reaches the goal."
    if found.is_optimal:
        return "This is the cheapest change: no other combination of the allowed values costs less. It is no promise."
    return "This is a cheap change; that none is cheaper is not proved, for there are too many combinations."
