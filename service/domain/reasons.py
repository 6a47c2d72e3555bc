"""Reason codes: which features speak against a person most, and in which words they are told.

Regulation B, 12 CFR 1002.9(b)(2), and its commentary: reasons are specific, name the factors actually scored, and no
more than four are helpful; factors are ranked by how far they lie from the average of applicants at the cut-off or of
all applicants, or by another method with similar results. Which average it is, the reference of the prediction says.
"""

import math
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from service.domain.documents import ColumnName, Digest, Document, Line
from service.domain.predictions import AdverseOutcome, Locale, Value
from service.errors import FieldError, InvalidReasonDictionary, ReasonTextInsufficient

Situation = Literal["any", "higher", "lower", "missing"]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$")]

#: Every text exists at least in this language.
FIRST_LOCALE = "en"
NO_DICTIONARY = '"none"'

#: Statements that the commentary calls insufficient, or that name no factor at all.
INSUFFICIENT = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\binternal (?:\w+ )?(?:standards?|polic(?:y|ies)|criteria|guidelines?|rules?)\b",
        r"\b(?:qualifying|passing|minimum|required|cut-?off) (?:\w+ )?scores?\b",
        r"\b(?:insufficient|inadequate|low|poor) (?:credit )?scor(?:e|ing)\b",
        r"\bscor(?:e|ing) (?:\w+ )*(?:too low|insufficient|inadequate|below)\b",
        r"\b(?:algorithm|scoring (?:system|model)|our model|the model)\b",
        r"^(?:other|others|other reasons?|miscellaneous|various|n/?a|none|unknown)[ .]*$",
        r"^(?:(?:credit|purchasing|spending|purchase|payment|consumer) history|behaviou?r|profile)[ .]*$",
    )
)


class ReasonEntry(Document):
    """What is said when a feature, or a group of features that say the same, speaks against a person."""

    features: Annotated[tuple[ColumnName, ...], Field(min_length=1, strict=False)]
    when: Situation = Field(
        "any",
        description="Whether the value is above or below the mean of the reference, or missing; a group is missing "
        "when all of it is.",
    )
    code: Code
    texts: dict[Locale, Line] = Field(description=f"By language; '{FIRST_LOCALE}' is always there.")


class ReasonDictionaryRequest(Document):
    """All entries of a dictionary; together they are its new revision."""

    entries: Annotated[tuple[ReasonEntry, ...], Field(max_length=2000, strict=False)]


class ReasonDictionary(Document):
    """A revision of a model's dictionary; `etag` is what a change must name in If-Match."""

    model: str
    revision: int | None = Field(description="Null where the model has no dictionary yet.")
    entries: tuple[ReasonEntry, ...]
    digest: Digest | None
    etag: str
    created_at: str | None
    created_by: str | None


class ScoredFeature(Document):
    """An active input of a version, as far as reasons must cover it."""

    name: str
    is_numeric: bool
    has_missing: bool


class Unmapped(Document):
    """A situation of a scored feature that the dictionary has no words for."""

    feature: str
    when: Situation


class ReasonCoverage(Document):
    """Whether a version's scored features all have their reasons."""

    model: str
    version: int
    dictionary: int | None
    scored: tuple[ScoredFeature, ...]
    unmapped: tuple[Unmapped, ...]
    required: bool = Field(description="Whether the model's decisions need reasons: then gaps keep it from champion.")


@dataclass(frozen=True)
class RankedReason:
    """Features that speak against a person, together by this much; `amount` has the sign of the contributions."""

    features: tuple[str, ...]
    amount: float


def rank_reasons(
    amounts: Mapping[str, float],
    groups: Collection[tuple[str, ...]],
    adverse: AdverseOutcome | None,
    count: int,
) -> tuple[RankedReason, ...]:
    """The features and groups that hurt most, largest first, equal ones by name; what does not hurt is never one.

    `amounts` has one number per feature on the link scale; a group has their sum, rounded once. `adverse` says which
    direction of the outcome hurts; None takes both.
    """
    sums = _sums(amounts, groups) if groups else [((feature,), amount) for feature, amount in amounts.items()]
    if adverse == "higher":
        hurting = [(-amount, features, amount) for features, amount in sums if amount > 0]
    elif adverse == "lower":
        hurting = [(amount, features, amount) for features, amount in sums if amount < 0]
    else:
        hurting = [(-abs(amount), features, amount) for features, amount in sums if amount]
    return tuple(RankedReason(features, amount) for _, features, amount in sorted(hurting)[:count])


def _sums(amounts: Mapping[str, float], groups: Collection[tuple[str, ...]]) -> list[tuple[tuple[str, ...], float]]:
    grouped = {feature: group for group in groups for feature in group}
    parts: dict[tuple[str, ...], list[float]] = {}
    for feature, amount in amounts.items():
        parts.setdefault(grouped.get(feature, (feature,)), []).append(amount)
    return [(features, math.fsum(part)) for features, part in parts.items()]


def points_below_maximum(
    points: Mapping[str, float], attainable: Mapping[str, tuple[float, float]], adverse: AdverseOutcome
) -> dict[str, float]:
    """How far each feature's points are from the best that it could have: 0 for the best, positive for less.

    `attainable` holds the least and the most points by feature; the best are the least where a higher outcome hurts.
    """
    if adverse == "higher":
        return {feature: value - attainable[feature][0] for feature, value in points.items()}
    return {feature: attainable[feature][1] - value for feature, value in points.items()}


def situation_of(values: Sequence[Value], means: Sequence[float | None]) -> Situation:
    """What the values of a feature, or of a group, are like beside the means of the reference."""
    if all(value is None or value == "" for value in values):
        return "missing"
    value, mean = values[0], means[0]
    if len(values) > 1 or isinstance(value, str) or value is None or mean is None:
        return "any"
    return "higher" if value >= mean else "lower"


def find_entry(entries: Sequence[ReasonEntry], features: tuple[str, ...], situation: Situation) -> ReasonEntry | None:
    """The entry for these features: the one for just this situation before the one for any; a gap has its own only."""
    wanted = ("missing",) if situation == "missing" else (situation, "any")
    found = {entry.when: entry for entry in entries if set(entry.features) == set(features)}
    return next((found[when] for when in wanted if when in found), None)


def groups_of(entries: Sequence[ReasonEntry]) -> tuple[tuple[str, ...], ...]:
    """The features and groups that the dictionary has entries for."""
    return tuple(dict.fromkeys(tuple(sorted(entry.features)) for entry in entries))


def unmapped_features(entries: Sequence[ReasonEntry], scored: Sequence[ScoredFeature]) -> tuple[Unmapped, ...]:
    """Every situation of a scored feature that has no entry: above and below the reference, and missing."""
    grouped = {feature: group for group in groups_of(entries) for feature in group}
    never_missing = {feature.name for feature in scored if not feature.has_missing}
    found = []
    for feature in scored:
        group = grouped.get(feature.name, (feature.name,))
        situations: list[Situation] = ["higher", "lower"] if feature.is_numeric and len(group) == 1 else ["any"]
        if never_missing.isdisjoint(group):
            situations.append("missing")
        for situation in situations:
            if find_entry(entries, group, situation) is None:
                found.append(Unmapped(feature=feature.name, when=situation))
    return tuple(found)


def locales_of(entries: Sequence[ReasonEntry]) -> tuple[str, ...]:
    """The languages of a dictionary; every entry has all of them."""
    return tuple(sorted(entries[0].texts)) if entries else (FIRST_LOCALE,)


def check_entries(entries: Sequence[ReasonEntry]) -> None:
    """Raise InvalidReasonDictionary or ReasonTextInsufficient, with all places that are wrong."""
    wrong = list(_contradictions(entries))
    if wrong:
        raise InvalidReasonDictionary(*wrong)
    insufficient = [
        FieldError(f"/entries/{position}/texts/{locale}", f"Say which fact it was, instead of '{text[:80]}'.")
        for position, entry in enumerate(entries)
        for locale, text in entry.texts.items()
        if any(pattern.search(text) for pattern in INSUFFICIENT)
    ]
    if insufficient:
        raise ReasonTextInsufficient(*insufficient)


def _contradictions(entries: Sequence[ReasonEntry]) -> Iterator[FieldError]:
    group_of: dict[str, tuple[str, ...]] = {}
    seen: set[tuple[tuple[str, ...], Situation]] = set()
    coded: dict[str, tuple[tuple[str, ...], Mapping[str, str]]] = {}
    for position, entry in enumerate(entries):
        place, group = f"/entries/{position}", tuple(sorted(entry.features))
        if len(set(group)) < len(group):
            yield FieldError(f"{place}/features", "A feature is named twice in one group.")
        for feature in group:
            if group_of.setdefault(feature, group) != group:
                yield FieldError(f"{place}/features", f"'{feature}' is in another group already: use one of them.")
        if len(group) > 1 and entry.when in ("higher", "lower"):
            yield FieldError(f"{place}/when", "Several features have no common direction: use 'any' or 'missing'.")
        if (group, entry.when) in seen:
            yield FieldError(f"{place}/when", f"There is an entry for {', '.join(group)} and '{entry.when}' already.")
        seen.add((group, entry.when))
        if coded.setdefault(entry.code, (group, entry.texts)) != (group, entry.texts):
            yield FieldError(
                f"{place}/code", f"'{entry.code}' has another text or feature already: one code is one reason."
            )
        yield from _languages(place, entry.texts, entries[0].texts)


def _languages(place: str, texts: Mapping[str, str], first: Mapping[str, str]) -> Iterator[FieldError]:
    if FIRST_LOCALE not in texts:
        yield FieldError(f"{place}/texts/{FIRST_LOCALE}", f"Give the text in '{FIRST_LOCALE}' too.")
    elif set(texts) != set(first):
        yield FieldError(f"{place}/texts", f"Every entry needs the same languages: {', '.join(sorted(first))}.")
