"""Reasons against fixtures computed by hand: both baselines of Regulation B, points below the maximum, the words."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.reasons import (
    RankedReason,
    ReasonEntry,
    ScoredFeature,
    Unmapped,
    check_entries,
    find_entry,
    groups_of,
    points_below_maximum,
    rank_reasons,
    situation_of,
    unmapped_features,
)
from service.errors import InvalidReasonDictionary, ReasonTextInsufficient

#: A scorecard of higher-is-better points: what four factors give to the applicant, and to six others.
APPLICANT = {"income": 30.0, "debt": 10.0, "years": 15.0, "inquiries": 20.0, "age of file": 25.0}
APPLICANTS = [
    # income, debt, years, inquiries, age of file; total
    {"income": 30.0, "debt": 20.0, "years": 25.0, "inquiries": 20.0, "age of file": 25.0},  # 120: at the cut-off
    {"income": 40.0, "debt": 16.0, "years": 20.0, "inquiries": 24.0, "age of file": 21.0},  # 121: slightly above
    {"income": 35.0, "debt": 24.0, "years": 18.0, "inquiries": 22.0, "age of file": 23.0},  # 122: slightly above
    {"income": 55.0, "debt": 40.0, "years": 32.0, "inquiries": 30.0, "age of file": 43.0},  # 200
    {"income": 10.0, "debt": 5.0, "years": 5.0, "inquiries": 24.0, "age of file": 8.0},  # 52
    {"income": 10.0, "debt": 15.0, "years": 2.0, "inquiries": 12.0, "age of file": 6.0},  # 45
]
MOST = {"income": (0.0, 60.0), "debt": (0.0, 40.0), "years": (0.0, 35.0), "inquiries": (0.0, 30.0),
        "age of file": (0.0, 45.0)}  # fmt: skip


def gaps(population: list[dict[str, float]]) -> dict[str, float]:
    """Contributions of an additive model: the applicant's points minus the population's mean."""
    return {name: points - sum(one[name] for one in population) / len(population) for name, points in APPLICANT.items()}


def test_reasons_near_the_cut_off_are_those_computed_by_hand() -> None:
    """Means 35, 20, 21, 22, 23: the gaps are −5, −10, −6, −2, +2."""
    near = [one for one in APPLICANTS if 120 <= sum(one.values()) <= 125]
    assert rank_reasons(gaps(near), (), "lower", 4) == (
        RankedReason(("debt",), -10.0),
        RankedReason(("years",), -6.0),
        RankedReason(("income",), -5.0),
        RankedReason(("inquiries",), -2.0),
    )


def test_reasons_against_all_applicants_are_those_computed_by_hand() -> None:
    """Means 30, 20, 17, 22, 21: the gaps are 0, −10, −2, −2, +4; of equals the first by name comes first."""
    assert rank_reasons(gaps(APPLICANTS), (), "lower", 4) == (
        RankedReason(("debt",), -10.0),
        RankedReason(("inquiries",), -2.0),
        RankedReason(("years",), -2.0),
    )


def test_points_below_the_maximum_are_those_computed_by_hand() -> None:
    """Maxima 60, 40, 35, 30, 45: the distances are 30, 30, 20, 10, 20."""
    distances = points_below_maximum(APPLICANT, MOST, "lower")
    assert rank_reasons(distances, (), "higher", 4) == (
        RankedReason(("debt",), 30.0),
        RankedReason(("income",), 30.0),
        RankedReason(("age of file",), 20.0),
        RankedReason(("years",), 20.0),
    )
    risk = {name: -points for name, points in APPLICANT.items()}
    mirrored = {name: (-most, -least) for name, (least, most) in MOST.items()}
    assert points_below_maximum(risk, mirrored, "higher") == distances


def test_a_group_is_one_reason_with_the_sum_of_its_features() -> None:
    amounts = {"a": 1.0, "b": 1.5, "c": 2.0, "d": -3.0}
    assert rank_reasons(amounts, [("a", "b")], "higher", 4) == (
        RankedReason(("a", "b"), 2.5),
        RankedReason(("c",), 2.0),
    )
    assert rank_reasons(amounts, [("a", "d")], "lower", 4) == (RankedReason(("a", "d"), -2.0),)


def test_without_a_direction_both_count_and_nothing_never_does() -> None:
    amounts = {"a": 1.0, "b": -2.0, "c": 0.0}
    assert rank_reasons(amounts, (), None, 4) == (RankedReason(("b",), -2.0), RankedReason(("a",), 1.0))


@given(st.dictionaries(st.sampled_from("abcdefgh"), st.integers(-3, 3).map(float)), st.integers(1, 10))
def test_the_ranking_does_not_depend_on_the_order_of_the_features(amounts: dict[str, float], count: int) -> None:
    ranked = rank_reasons(amounts, [("a", "b")], "higher", count)
    assert rank_reasons(dict(reversed(amounts.items())), [("a", "b")], "higher", count) == ranked
    assert len(ranked) <= count
    assert all(one.amount >= other.amount > 0 for one, other in itertools.pairwise(ranked))


def entry(*features: str, when: str = "any", code: str | None = None, **texts: str) -> ReasonEntry:
    standard = {"en": f"Your {' and '.join(features)}."}
    return ReasonEntry.model_validate(
        {"features": features, "when": when, "code": code or "-".join((*features, when)), "texts": texts or standard}
    )


def test_the_words_depend_on_the_side_of_the_mean_and_on_gaps() -> None:
    entries = [entry("a"), entry("a", when="lower"), entry("a", when="missing"), entry("b")]
    assert situation_of([3.0], [2.0]) == "higher"
    assert situation_of([2.0], [2.0]) == "higher"
    assert situation_of([1], [2.0]) == "lower"
    assert situation_of([None], [2.0]) == "missing"
    assert situation_of(["x"], [None]) == "any"
    assert situation_of([None, 1.0], [1.0, 2.0]) == "any"
    assert situation_of([None, ""], [1.0, None]) == "missing"
    found = {when: find_entry(entries, ("a",), when) for when in ("higher", "lower", "missing")}
    assert {when: one.code for when, one in found.items() if one} == {
        "higher": "a-any", "lower": "a-lower", "missing": "a-missing",
    }  # fmt: skip
    assert find_entry(entries, ("b",), "missing") is None
    assert find_entry(entries, ("c",), "any") is None


def test_a_feature_is_mapped_when_every_situation_has_its_words() -> None:
    number = ScoredFeature(name="number", is_numeric=True, has_missing=True)
    word = ScoredFeature(name="word", is_numeric=False, has_missing=False)
    scored = (number, word)
    assert [(one.feature, one.when) for one in unmapped_features([], scored)] == [
        ("number", "higher"), ("number", "lower"), ("number", "missing"), ("word", "any"),
    ]  # fmt: skip
    partly = [entry("number", when="lower"), entry("word")]
    assert [(one.feature, one.when) for one in unmapped_features(partly, scored)] == [
        ("number", "higher"), ("number", "missing"),
    ]  # fmt: skip
    assert unmapped_features([entry("number"), entry("number", when="missing"), entry("word")], scored) == ()
    assert unmapped_features([entry("word", "number")], scored) == ()
    gone = [entry("number", "gone")]
    assert unmapped_features(gone, (number,)) == (Unmapped(feature="number", when="missing"),)


@pytest.mark.parametrize(
    "text",
    [
        "Insufficient score",
        "You failed to achieve a qualifying score on our scoring system.",
        "Our internal standards were not met",
        "Internal credit policy",
        "Your credit score is too low",
        "Below the minimum score",
        "The algorithm declined the application",
        "Other",
        "Purchasing history.",
    ],
)
def test_a_text_that_names_no_fact_is_refused_at_its_place(text: str) -> None:
    with pytest.raises(ReasonTextInsufficient) as refused:
        check_entries([entry("a"), entry("b", en=text)])
    assert [field.pointer for field in refused.value.fields] == ["/entries/1/texts/en"]


@pytest.mark.parametrize(
    "text",
    [
        "Income is too low for the amount of credit requested",
        "Delinquent past or present credit obligations with others",
        "Number of recent inquiries on the credit bureau report",
        "Length of employment",
        "No credit file",
    ],
)
def test_a_text_that_names_a_fact_is_taken(text: str) -> None:
    check_entries([entry("a", en=text)])


@pytest.mark.parametrize(
    ("entries", "pointer"),
    [
        ([entry("a"), entry("a", code="other")], "/entries/1/when"),
        ([entry("a", "b"), entry("b")], "/entries/1/features"),
        ([entry("a", "a")], "/entries/0/features"),
        ([entry("a", "b", when="higher")], "/entries/0/when"),
        ([entry("a", code="X"), entry("b", code="X")], "/entries/1/code"),
        ([entry("a", de="Alter")], "/entries/0/texts/en"),
        ([entry("a"), entry("b", en="Your b.", de="Dein b.")], "/entries/1/texts"),
    ],
    ids=["twice", "two groups", "same feature", "direction of a group", "one code", "no English", "other languages"],
)
def test_a_dictionary_that_contradicts_itself_is_refused_at_its_place(entries: list[ReasonEntry], pointer: str) -> None:
    with pytest.raises(InvalidReasonDictionary) as refused:
        check_entries(entries)
    assert pointer in [field.pointer for field in refused.value.fields]


def test_groups_are_the_same_in_any_order() -> None:
    assert groups_of([entry("b", "a"), entry("a", "b", when="missing"), entry("c")]) == (("a", "b"), ("c",))
