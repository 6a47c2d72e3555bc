"""Why a prediction is as high as it is, in words that can be given to the person it is about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from kan.features import CategoricalFeature, NumericFeature
from service.domain.predictions import MOST_REASONS, AdverseOutcome, ReasonRules, Value
from service.domain.reasons import (
    FIRST_LOCALE,
    RankedReason,
    ReasonEntry,
    ScoredFeature,
    find_entry,
    groups_of,
    points_below_maximum,
    rank_reasons,
    situation_of,
)
from service.modelling.column_kinds import number_text
from service.modelling.registry import LoadedModel

#: Without a dictionary, and without knowing which outcome hurts: what raises the explained outcome.
PLAIN_RULES = ReasonRules(
    method="contribution", count=MOST_REASONS, locale=FIRST_LOCALE, adverse_outcome=None, dictionary=None
)


@dataclass(frozen=True)
class Wording:
    """How reasons are found and told: the rules, and the entries of the dictionary that they name."""

    rules: ReasonRules = PLAIN_RULES
    entries: tuple[ReasonEntry, ...] = ()

    @cached_property
    def groups(self) -> tuple[tuple[str, ...], ...]:
        """The features and groups that there are entries for."""
        return groups_of(self.entries)

    @cached_property
    def stated_rules(self) -> dict[str, object]:
        """The rules as records state them."""
        return self.rules.model_dump(mode="json")


def scored_features(model: LoadedModel) -> tuple[ScoredFeature, ...]:
    """The inputs that have an active edge."""
    active = {edge.place.source for edge in model.edges if edge.place.layer == 0}
    return tuple(
        ScoredFeature(
            name=feature.name,
            is_numeric=isinstance(feature, NumericFeature),
            has_missing="" in feature.categories if isinstance(feature, CategoricalFeature) else feature.has_missing,
        )
        for position, feature in enumerate(model.fitted.features)
        if position in active
    )


@dataclass(frozen=True)
class Explained:
    """One row whose reasons are wanted: its values, the contributions, the points of an additive model."""

    row: Mapping[str, Value]
    contributions: Mapping[str, float]
    points: Mapping[str, float]
    output: int
    outcome: str | None
    means: Mapping[str, float | None]


def adverse_reasons(model: LoadedModel, explained: Explained, wording: Wording) -> list[dict[str, object]]:
    """The features and groups that hurt most, in the words of the dictionary, or in plain ones where it has none.

    Each as records state it: the fields of `Reason`.

    Where nothing says which outcome hurts, it is the explained one; of a quantity, both directions count. Points
    below the maximum are distances from the best.
    Raises: NotAdditive for points below the maximum of a model with hidden nodes.
    """
    rules, groups = wording.rules, wording.groups
    adverse = adverse_outcome(rules, explained.outcome)
    if rules.method == "points_below_maximum":
        distances = points_below_maximum(explained.points, model.attainable(explained.output), adverse or "higher")
        ranked = rank_reasons(distances, groups, "higher", rules.count)
    else:
        ranked = rank_reasons(explained.contributions, groups, adverse, rules.count)
    scored = {feature.name for feature in scored_features(model)} if wording.entries else set()
    return [_reason(model, explained, wording, rank, one, scored) for rank, one in enumerate(ranked, start=1)]


def adverse_outcome(rules: ReasonRules, outcome: str | None) -> AdverseOutcome | None:
    """Which direction of the output hurts: as the model says, or up where an outcome is explained."""
    return rules.adverse_outcome or (None if outcome is None else "higher")


def _reason(
    model: LoadedModel, explained: Explained, wording: Wording, rank: int, one: RankedReason, scored: set[str]
) -> dict[str, object]:
    present = [name for name in one.features if name in explained.row]
    counted = [name for name in present if name in scored] or present
    entry = _entry(explained, wording, one, counted) if wording.entries else None
    if entry is None:
        code, text = present[0], _sentence(model, explained, wording.rules, one, counted)
    else:
        code, text = entry.code, entry.texts[wording.rules.locale]
    return {"rank": rank, "code": code, "text": text, "contribution": one.amount, "features": present}


def _entry(explained: Explained, wording: Wording, one: RankedReason, counted: Sequence[str]) -> ReasonEntry | None:
    values = [explained.row[name] for name in counted]
    situation = situation_of(values, [explained.means.get(name) for name in counted])
    return find_entry(wording.entries, one.features, situation)


def _sentence(
    model: LoadedModel, explained: Explained, rules: ReasonRules, one: RankedReason, counted: Sequence[str]
) -> str:
    is_distance = rules.method == "points_below_maximum"
    is_raising = adverse_outcome(rules, explained.outcome) != "lower" if is_distance else one.amount > 0
    verb = "raises" if is_raising else "lowers"
    outcome, target = explained.outcome, model.fitted.target
    what = f"'{target}'" if outcome is None else f"the probability of '{target}' being '{outcome}'"
    facts = [f"'{name}' is {_value(explained.row[name], model.units.get(name))}" for name in counted]
    return f"{' and '.join(facts)}, which {verb} {what}."


def _value(value: Value, unit: str | None) -> str:
    if value is None:
        return "missing"
    if isinstance(value, str):
        return f"'{value}'"
    number = number_text(float(value))
    return f"{number} {unit}" if unit else number
