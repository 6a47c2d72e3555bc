"""Which columns a training uses."""

from typing import Any

import pytest

from service import errors
from service.domain.documents import from_stored
from service.domain.feature_schema import (
    MAXIMUM_CATEGORIES,
    MAXIMUM_CLASSES,
    MINIMUM_CLASS_ROWS,
    MINIMUM_TRAINING_ROWS,
    CategoryCount,
    Direction,
    Feature,
    FeatureSchema,
    choose_columns,
)

ROWS = 100


def numeric(name: str, **changes: Any) -> Feature:
    standard = {"kind": "numeric", "rows": ROWS, "missing": 0, "distinct": 50, "reason": "all values are numbers"}
    return Feature.model_validate({"name": name, "minimum": 0.0, "maximum": 1.0, **standard, **changes})


def categorical(name: str, counts: dict[str, int] | None = None, **changes: Any) -> Feature:
    counts = counts or {"no": 70, "yes": 30}
    categories = tuple(CategoryCount(value=value, rows=rows) for value, rows in counts.items())
    standard = {"kind": "categorical", "missing": 0, "distinct": len(counts), "reason": "distinct texts"}
    return Feature.model_validate(
        {"name": name, "rows": sum(counts.values()), "categories": categories, **standard, **changes}
    )


def schema(*features: Feature, target: str | None = "default") -> FeatureSchema:
    return FeatureSchema(features=features, target=target)


def test_every_suitable_column_is_an_input_when_none_is_named() -> None:
    columns = choose_columns(
        schema(
            numeric("age"),
            numeric("constant", distinct=1),
            numeric("sex", protected=True),
            categorical("purpose", {"car": 50, "home": 50}),
            categorical("name", {"a": 1, "b": 1}, identifier=True),
            categorical("town", {"x": 100}, distinct=MAXIMUM_CATEGORIES + 1),
            categorical("default"),
        ),
        target=None,
        inputs=None,
    )
    assert columns.inputs == ("age", "purpose")
    assert (columns.target, columns.family, columns.classes) == ("default", "binomial", ("no", "yes"))


def test_the_named_target_wins_over_the_target_of_the_dataset() -> None:
    columns = choose_columns(schema(numeric("age"), numeric("loss"), categorical("default")), "loss", None)
    assert (columns.target, columns.family, columns.classes) == ("loss", "gaussian", ())
    assert columns.inputs == ("age", "default")


def test_the_positive_class_comes_last_and_the_others_stay_sorted() -> None:
    colours = categorical("colour", {"red": 40, "green": 30, "blue": 30})
    columns = choose_columns(schema(numeric("age"), colours, target="colour"), None, None, "blue")
    assert (columns.family, columns.classes) == ("multinomial", ("green", "red", "blue"))


def test_two_outcomes_are_sorted_so_that_the_same_table_means_the_same_model() -> None:
    one = choose_columns(schema(numeric("age"), categorical("default", {"yes": 5, "no": 95})), None, None)
    two = choose_columns(schema(numeric("age"), categorical("default", {"no": 95, "yes": 5})), None, None)
    assert one.classes == two.classes == ("no", "yes")


def test_gaps_make_a_constant_column_informative() -> None:
    assert not numeric("x", distinct=1, missing=3).is_constant
    assert numeric("x", distinct=1).is_constant


@pytest.mark.parametrize(
    ("features", "target", "inputs", "error", "pointer"),
    [
        ([numeric("age")], None, None, errors.TargetUnknown, "/target"),
        ([numeric("age")], "nowhere", None, errors.TargetUnknown, "/target"),
        ([numeric("age"), categorical("y", missing=2)], "y", None, errors.TargetHasMissingValues, "/target"),
        ([numeric("age"), categorical("y", {"no": 100})], "y", None, errors.OneClassTarget, "/target"),
        ([numeric("age"), numeric("y", distinct=1)], "y", None, errors.OneClassTarget, "/target"),
        (
            [numeric("age"), categorical("y", {str(i): 9 for i in range(MAXIMUM_CLASSES + 1)})],
            "y",
            None,
            errors.TooManyClasses,
            "/target",
        ),
        (
            [numeric("age"), categorical("y", {"no": 90, "yes": MINIMUM_CLASS_ROWS - 1})],
            "y",
            None,
            errors.ClassTooSmall,
            "/target",
        ),
        ([numeric("y", rows=MINIMUM_TRAINING_ROWS - 1)], "y", None, errors.TooFewRows, "/file"),
        ([categorical("y")], "y", None, errors.NoInputs, "/inputs"),
        ([numeric("age"), categorical("y")], "y", (), errors.NoInputs, "/inputs"),
        ([numeric("age"), categorical("y")], "y", ("income",), errors.UnknownColumn, "/inputs/income"),
        ([numeric("age"), categorical("y")], "y", ("y",), errors.UnknownColumn, "/inputs/y"),
        ([numeric("sex", protected=True), categorical("y")], "y", ("sex",), errors.ProtectedInput, "/inputs/sex"),
        ([numeric("id", identifier=True), categorical("y")], "y", ("id",), errors.IdentifierInput, "/inputs/id"),
        ([numeric("one", distinct=1), categorical("y")], "y", ("one",), errors.ConstantFeature, "/inputs/one"),
        (
            [categorical("town", {"x": 100}, distinct=MAXIMUM_CATEGORIES + 1), categorical("y")],
            "y",
            ("town",),
            errors.TooManyCategories,
            "/inputs/town",
        ),
    ],
)
def test_columns_that_cannot_be_used_are_refused_by_name(
    features: list[Feature],
    target: str | None,
    inputs: tuple[str, ...] | None,
    error: type[errors.EdgewiseError],
    pointer: str,
) -> None:
    with pytest.raises(error) as refused:
        choose_columns(schema(*features, target=None), target, inputs)
    assert refused.value.fields[0].pointer == pointer


DIRECTED = (
    numeric("age", monotone="increasing"),
    numeric("income", monotone="decreasing"),
    numeric("height"),
    categorical("purpose", {"car": 50, "home": 50}),
    categorical("default"),
)


def test_the_directions_of_the_schema_hold_for_the_inputs() -> None:
    columns = choose_columns(schema(*DIRECTED), None, ("income", "height"))
    assert columns.monotone == {"income": "decreasing"}
    assert choose_columns(schema(*DIRECTED, target=None), "default", None).monotone == {
        "age": "increasing",
        "income": "decreasing",
    }


def test_directions_that_are_named_replace_those_of_the_schema() -> None:
    columns = choose_columns(schema(*DIRECTED), None, None, None, {"height": "increasing"})
    assert columns.monotone == {"height": "increasing"}
    assert choose_columns(schema(*DIRECTED), None, None, None, {}).monotone == {}


def test_the_directions_of_the_schema_turn_round_with_the_outcome() -> None:
    turned = choose_columns(schema(*DIRECTED), None, None, "no")
    assert turned.classes == ("yes", "no")
    assert turned.monotone == {"age": "decreasing", "income": "increasing"}
    assert choose_columns(schema(*DIRECTED), None, None, "no", {"age": "increasing"}).monotone == {"age": "increasing"}


def test_the_directions_of_the_schema_say_nothing_about_another_target() -> None:
    assert choose_columns(schema(*DIRECTED), "height", None).monotone == {}


@pytest.mark.parametrize(
    ("monotone", "error", "pointer"),
    [
        ({"weight": "increasing"}, errors.UnknownColumn, "/monotone/weight"),
        ({"purpose": "increasing"}, errors.CategoricalDirection, "/monotone/purpose"),
        ({"height": "increasing"}, errors.DirectionWithoutInput, "/monotone/height"),
        ({"default": "increasing"}, errors.DirectionWithoutInput, "/monotone/default"),
    ],
)
def test_a_direction_that_cannot_be_kept_is_refused_by_name(
    monotone: dict[str, Direction], error: type[errors.EdgewiseError], pointer: str
) -> None:
    with pytest.raises(error) as refused:
        choose_columns(schema(*DIRECTED), None, ("age", "purpose"), None, monotone)
    assert refused.value.fields[0].pointer == pointer


def test_three_outcomes_have_no_direction() -> None:
    colours = categorical("colour", {"red": 40, "green": 30, "blue": 30})
    table = schema(numeric("age", monotone="increasing"), colours, target="colour")
    with pytest.raises(errors.DirectionOfClasses, match="3 classes") as refused:
        choose_columns(table, None, None)
    assert refused.value.fields[0].pointer == "/monotone"
    assert choose_columns(table, None, None, None, {}).monotone == {}


def test_a_positive_class_that_is_no_outcome_is_refused() -> None:
    with pytest.raises(errors.UnknownColumn) as refused:
        choose_columns(schema(numeric("age"), categorical("default")), None, None, "maybe")
    assert refused.value.fields[0].pointer == "/positive_class"


def test_a_schema_that_was_stored_before_features_could_be_unchangeable_still_loads() -> None:
    stored = {"name": "age", "kind": "numeric", "rows": 3, "missing": 0, "distinct": 3, "reason": "numbers"}
    assert from_stored(Feature, stored).changeable
