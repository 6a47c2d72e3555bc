"""Tables: what is read, what is refused, and why a column is of its kind."""

import csv
import io
import math
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.feature_schema import Feature, FeatureOverride, SchemaOverrides, choose_columns
from service.errors import (
    ColumnWithoutValues,
    ConstantFeature,
    DuplicateColumn,
    EmptyColumnName,
    IdentifierInput,
    InvalidColumnName,
    InvalidDataset,
    InvalidRequest,
    MalformedCsv,
    NoRows,
    NotNumeric,
    NotUtf8,
    NumberTooLarge,
    TooFewRows,
    TooManyCategories,
    TooManyColumns,
    UnknownColumn,
)
from service.modelling.tables import read_parquet
from tests.service.snapshots import SmallSnapshot, read_table

NO_OVERRIDES = SchemaOverrides()


def read(text: str | bytes, overrides: SchemaOverrides = NO_OVERRIDES) -> SmallSnapshot:
    content = text.encode() if isinstance(text, str) else text
    return read_table(content, overrides, maximum_columns=20)


def column(*values: str, override: FeatureOverride | None = None, is_target: bool = False) -> Feature:
    """The feature that a column of these values becomes."""
    overrides = SchemaOverrides(target="x" if is_target else None, features={} if override is None else {"x": override})
    text = io.StringIO()
    csv.writer(text).writerows([("x", "y"), *((value, "1") for value in values)])
    return read(text.getvalue(), overrides).schema.features[0]


def stored(text: str) -> dict[str, list[object]]:
    return read_parquet(read(text).parquet).to_dict(as_series=False)


def test_numbers_are_measured_and_counted() -> None:
    feature = column("+1.5", ".5", "5.", "-1e3", "5")
    assert (feature.kind, feature.rows, feature.distinct, feature.missing) == ("numeric", 5, 4, 0)
    assert (feature.minimum, feature.maximum, feature.mean) == (-1000.0, 5.0, -197.6)
    assert feature.reason == "All 5 values are numbers."


@pytest.mark.parametrize("word", ["", "NA", "N/A", "null", "NaN", "None", "-", "?", "#N/A", "  "])
def test_words_for_missing_become_gaps(word: str) -> None:
    feature = column("1", word, "3")
    assert (feature.kind, feature.missing) == ("numeric", 1)
    assert stored(f"x,y\n1,a\n{word},b\n3,c\n")["x"] == [1.0, None, 3.0]


def test_the_reason_names_the_words_that_were_read_as_missing() -> None:
    assert column("1", "NA", "3", "").reason.endswith("Missing in 2 rows, also where the file says 'NA'.")


def test_codes_with_leading_zeros_stay_as_they_are() -> None:
    feature = column("01234", "99999", "01234")
    assert feature.kind == "categorical"
    assert [(one.value, one.rows) for one in feature.categories] == [("01234", 2), ("99999", 1)]
    assert feature.reason == "Codes with leading zeros are names, not quantities."


def test_a_zero_before_the_point_is_no_leading_zero() -> None:
    assert column("0.5", "0", "-0.25").kind == "numeric"


def test_whole_numbers_that_a_float_cannot_hold_stay_texts() -> None:
    feature = column("9007199254740993", "9007199254740992")
    assert (feature.kind, feature.distinct) == ("categorical", 2)


@pytest.mark.parametrize(("yes", "no"), [("true", "false"), ("TRUE", "False"), ("yes", "no")])
def test_answers_of_two_are_categories(yes: str, no: str) -> None:
    feature = column(yes, no, yes)
    assert feature.kind == "categorical"
    assert feature.reason == f"An answer of two: '{min(yes, no)}', '{max(yes, no)}'."


def test_zero_and_one_are_categories_and_the_reason_says_so() -> None:
    feature = column("0", "1.0", "1")
    assert feature.kind == "categorical"
    assert [(one.value, one.rows) for one in feature.categories] == [("1", 2), ("0", 1)]
    assert feature.reason == "Numbers, but only 2 values: 0 and 1."


def test_two_other_numbers_are_classes_of_a_target_only() -> None:
    assert column("1", "2", "2").kind == "numeric"
    target = column("1", "2", "2", is_target=True)
    assert (target.kind, [one.value for one in target.categories]) == ("categorical", ["2", "1"])


def test_grouped_thousands_are_read_where_every_value_fits() -> None:
    feature = column("1,234", "999", "2,000,000.5")
    assert (feature.kind, feature.minimum, feature.maximum) == ("numeric", 999.0, 2_000_000.5)
    assert feature.reason == "All 3 values are numbers with grouped thousands."
    assert column("1,234", "12,34", "5").kind == "categorical"


def test_percentages_keep_their_number_and_gain_a_unit() -> None:
    feature = column("5%", "7.5 %", "3%")
    assert (feature.kind, feature.unit, feature.maximum) == ("numeric", "%", 7.5)
    assert feature.reason == "All 3 values are percentages."
    mixed = column("5%", "7", "3")
    assert mixed.kind == "categorical"
    assert mixed.reason == "2 values read as numbers, but not '5%': 3 distinct texts."


def test_texts_are_categories_by_frequency_and_then_by_name() -> None:
    feature = column("b", "a", "c", "c")
    assert [(one.value, one.rows) for one in feature.categories] == [("c", 2), ("a", 1), ("b", 1)]
    assert feature.reason == "3 distinct texts."


def test_texts_that_name_the_rows_are_an_identifier_whose_values_are_not_listed() -> None:
    feature = column(*(f"customer {number}" for number in range(40)))
    assert feature.identifier
    assert feature.categories == ()
    assert feature.reason.startswith("40 distinct texts in 40 rows: an identifier")


def test_numbers_that_count_the_rows_are_an_identifier_unless_declared_otherwise() -> None:
    counting = [str(number) for number in range(1, 41)]
    assert column(*counting).identifier
    assert not column(*counting, override=FeatureOverride(kind="numeric")).identifier
    assert not column(*reversed(counting)).identifier


def test_prose_is_no_input() -> None:
    assert column("word " * 60, "short", "short").identifier


def test_declared_kinds_overrule_the_look() -> None:
    assert column("01", "02", "3", override=FeatureOverride(kind="numeric")).maximum == 3.0
    named = column("1", "2", "2", override=FeatureOverride(kind="categorical"))
    assert [one.value for one in named.categories] == ["2", "1"]
    assert named.reason == "Declared categorical at upload."


def test_overrides_reach_the_schema() -> None:
    told = FeatureOverride(unit="EUR", protected=True, changeable=False, monotone="increasing", description="Income.")
    feature = column("1", "2", "4", override=told)
    assert (feature.unit, feature.protected, feature.monotone) == ("EUR", True, "increasing")
    assert feature.description == "Income."
    assert not feature.changeable
    assert column("1", "2", "4").changeable


def test_a_declared_number_that_is_none_names_its_row() -> None:
    with pytest.raises(NotNumeric, match=r"'x' is declared numeric, but row 2 holds 'two'"):
        column("1", "two", override=FeatureOverride(kind="numeric"))


@pytest.mark.parametrize("value", ["inf", "-Infinity", "1e999", "-1e200"])
@pytest.mark.parametrize("declared", [None, FeatureOverride(kind="numeric")])
def test_numbers_without_end_are_refused(value: str, declared: FeatureOverride | None) -> None:
    with pytest.raises(NumberTooLarge, match=f"row 2 holds '{value}'"):
        column("1", value, "3", override=declared)


def test_a_direction_is_refused_for_a_category() -> None:
    with pytest.raises(InvalidRequest, match="has no direction"):
        column("a", "b", override=FeatureOverride(monotone="increasing"))


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_separators_and_line_ends_are_recognised(separator: str, end: str) -> None:
    rows = [("a", "b"), ("1", "x"), ("2", "y")]
    text = "".join(separator.join(row) + end for row in rows)
    assert stored(text) == {"a": [1.0, 2.0], "b": ["x", "y"]}


def test_a_file_with_decimal_commas_is_read_as_one() -> None:
    text = "a;b;c\n3,14;1.234;12.5\n2,5;2.000,5;1\n1;7;2\n"
    assert stored(text) == {"a": [3.14, 2.5, 1.0], "b": [1234.0, 2000.5, 7.0], "c": ["12.5", "1", "2"]}


def test_a_byte_order_mark_blanks_and_blank_lines_leave_no_trace() -> None:
    content = b"\xef\xbb\xbf a , b \n\n 1 , x \n   \n2,y"
    assert read_parquet(read(content).parquet).to_dict(as_series=False) == {"a": [1.0, 2.0], "b": ["x", "y"]}


def test_quoted_values_may_hold_separators_quotes_and_line_breaks() -> None:
    text = 'a,b\n1,"x, ""y""\nz"\n2,w\n'
    assert stored(text)["b"] == ['x, "y"\nz', "w"]


def test_the_same_content_gives_the_same_bytes() -> None:
    text = "a,b\n" + "".join(f"{number / 7},{number % 3}x\n" for number in range(500))
    assert read(text).parquet == read(text).parquet
    assert read(text).parquet == read(text.replace("\n", "\r\n")).parquet
    assert read(text).parquet != read(text + "1,1x\n").parquet


@pytest.mark.parametrize(
    ("content", "error", "words"),
    [
        (b"", MalformedCsv, "it is empty"),
        (b"\xef\xbb\xbf\n", MalformedCsv, "it is empty"),
        (b"a,b\n", NoRows, "no rows"),
        (b"a,b\n1,2\n", TooFewRows, "has 1 row;"),
        (b"a,b\n1,2\n3\n", MalformedCsv, "line 3 has 1 value, the header has 2"),
        (b"a,b\n1,2,3\n4,5\n", MalformedCsv, "line 2 has 3 values, the header has 2"),
        (b'a,b\n1,"2\n3,4\n', MalformedCsv, "line 3 cannot be read"),
        (b'a,b\n1,"2"x\n3,4\n', MalformedCsv, "line 2 cannot be read"),
        (b"a,b\n1\0,2\n3,4\n", MalformedCsv, "byte 5 is zero"),
        (b"a,\xe9\n1,2\n", NotUtf8, "byte 2"),
        ("a,b\n1,2\n".encode("utf-16"), NotUtf8, "byte 0"),
        ("a,b\n1,2\n".encode("utf-16-le"), MalformedCsv, "UTF-16"),
        (b"a,,c\n1,2,3\n4,5,6\n", EmptyColumnName, "Column 2"),
        (b"a,b, a\n1,2,3\n4,5,6\n", DuplicateColumn, "'a' occurs more than once"),
        (b"a,b\n1,\n2,NA\n", ColumnWithoutValues, "'b' has no value"),
        (b",".join(b"c%d" % number for number in range(21)), TooManyColumns, "21 columns"),
        (b'"a\nb",c\n1,2\n3,4\n', InvalidColumnName, "column 1 has a line break"),
        (b"a" * 201 + b",c\n1,2\n3,4\n", InvalidColumnName, "more than 200 characters"),
    ],
)
def test_what_is_no_table_is_refused_with_its_place(content: bytes, error: type[InvalidDataset], words: str) -> None:
    with pytest.raises(error, match=words) as refused:
        read(content)
    assert refused.value.fields


@pytest.mark.parametrize(
    ("overrides", "pointer"),
    [
        (SchemaOverrides(target="z"), "/schema/target"),
        (SchemaOverrides(features={"z": FeatureOverride(unit="m")}), "/schema/features/z"),
    ],
)
def test_an_override_for_no_column_is_refused(overrides: SchemaOverrides, pointer: str) -> None:
    with pytest.raises(UnknownColumn, match="no column 'z'") as refused:
        read("a,b\n1,2\n3,4\n", overrides)
    assert refused.value.fields[0].pointer == pointer


@given(st.lists(st.floats(min_value=-1e90, max_value=1e90), min_size=2, max_size=30))
def test_every_float_that_python_writes_is_read_back_exactly(values: list[float]) -> None:
    override = SchemaOverrides(features={"x": FeatureOverride(kind="numeric")})
    snapshot = read("x,y\n" + "".join(f"{value!r},1\n" for value in values), override)
    assert read_parquet(snapshot.parquet)["x"].to_list() == values
    mean = snapshot.schema.features[0].mean
    assert mean is not None
    assert math.isclose(mean, sum(values) / len(values), rel_tol=1e-9, abs_tol=1e-9 * max(map(abs, values)))


@given(st.binary(max_size=200) | st.text(',;\n"a1 ', max_size=60).map(str.encode))
def test_any_bytes_are_read_or_refused_by_name(content: bytes) -> None:
    with suppress(InvalidDataset):
        snapshot = read(content)
        table = read_parquet(snapshot.parquet)
        assert table.height == snapshot.rows
        assert table.columns == [feature.name for feature in snapshot.schema.features]


def test_a_long_file_keeps_every_row_in_its_place() -> None:
    rows = 45_001
    table = read_parquet(read("a,b\n" + "".join(f"{row},{row % 7}z\n" for row in range(rows))).parquet)
    assert table["a"].to_list() == list(range(rows))
    assert table["b"].to_list() == [f"{row % 7}z" for row in range(rows)]


def test_what_cannot_teach_a_model_is_left_out_by_default_and_refused_by_name() -> None:
    rows = [f"{row * row},c{row},same,t{row % 300},{row % 5}x" for row in range(600)]
    schema = read("number,customer,constant,town,outcome\n" + "\n".join(rows)).schema
    assert choose_columns(schema, "outcome", None).inputs == ("number",)
    refusals = {"customer": IdentifierInput, "constant": ConstantFeature, "town": TooManyCategories}
    for name, error in refusals.items():
        with pytest.raises(error, match=f"'{name}'"):
            choose_columns(schema, "outcome", (name,))


def test_a_table_too_short_to_be_split_cannot_be_trained_on() -> None:
    schema = read("number,outcome\n" + "".join(f"{row * row},{row % 2}x\n" for row in range(19))).schema
    with pytest.raises(TooFewRows, match="at least 20"):
        choose_columns(schema, "outcome", None)
