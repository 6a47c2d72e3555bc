"""Which kind of column some texts are, how they become values, and a sentence that says why.

Texts come in as they stand in the file: a reader that guesses turns the code `01234` into the number 1234.
A column is numeric only if every value reads as a number, and if the numbers measure something.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from service.domain.feature_schema import MAXIMUM_NUMERIC_CLASSES, Kind
from service.errors import ColumnWithoutValues, NotNumeric, NumberTooLarge

#: What stands for a missing value, in any case.
MISSING_WORDS = ("", "-", "?", "#n/a", "n/a", "na", "nan", "none", "null")
#: Sums and squares of numbers up to this size stay finite.
LARGEST_NUMBER = 1e100
#: A float64 holds every whole number of so many digits exactly.
EXACT_DIGITS = 15
#: A longer text is prose and not the name of a category.
LONGEST_CATEGORY = 200
#: Up to so many distinct values a column is never taken for the names of the rows.
FEW_VALUES = 20
SLICE_ROWS = 500_000

_PAIRS = (frozenset({"true", "false"}), frozenset({"yes", "no"}))
_INFINITY = r"^[+-]?(?i:inf|infinity)$"
_IDENTIFIER = "an identifier, which is not used as an input."
_LEADING_ZERO = r"^[+-]?0[0-9]"


@dataclass(frozen=True)
class Notation:
    """How a file writes numbers."""

    decimal: str = "."
    grouping: str = ","

    @property
    def plain(self) -> str:
        """Pattern of a number without grouped thousands."""
        point = f"[{self.decimal}]"
        return f"^[+-]?([0-9]+{point}?[0-9]*|{point}[0-9]+)([eE][+-]?[0-9]+)?$"

    @property
    def grouped(self) -> str:
        """Pattern of a number with grouped thousands, such as 1,234.5."""
        return f"^[+-]?[0-9]{{1,3}}([{self.grouping}][0-9]{{3}})+([{self.decimal}][0-9]+)?$"


@dataclass(frozen=True)
class TypedColumn:
    """A column as it is stored: Float64 or String, null where a value is missing."""

    kind: Kind
    values: pl.Series
    reason: str
    unit: str | None = None
    identifier: bool = False


def notation_of(columns: Iterable[pl.Series], separator: str) -> Notation:
    """The notation of a file: commas are decimal where semicolons separate and a number is written so."""
    comma = Notation(decimal=",", grouping=".")
    if separator != ";":
        return Notation()
    written_with_comma = r"^[+-]?[0-9]*,[0-9]+ ?%?$"
    return comma if any(column.str.contains(written_with_comma).any() for column in columns) else Notation()


def type_column(texts: pl.Series, declared: Kind | None, notation: Notation, *, is_target: bool) -> TypedColumn:
    """The column with its kind and the reason; `declared` overrules what the texts look like.

    Raises: ColumnWithoutValues, NotNumeric (declared numeric, but some text is no number), NumberTooLarge.
    """
    present = _without_missing(texts)
    if present.null_count() == len(present):
        raise ColumnWithoutValues(texts.name)
    if declared == "numeric":
        column = _declared_numeric(present, notation)
    elif declared == "categorical":
        column = TypedColumn("categorical", present, "Declared categorical at upload.", identifier=_is_prose(present))
    else:
        column = _inferred(present, notation, is_target=is_target)
    return TypedColumn(
        column.kind, column.values, column.reason + _gaps(texts, present), column.unit, column.identifier
    )


def _without_missing(texts: pl.Series) -> pl.Series:
    return _by_slices(texts, _without_missing_words)


def _without_missing_words(some: pl.Series) -> pl.Series:
    missing = some.str.to_lowercase().is_in(MISSING_WORDS)
    return some.set(missing, None) if missing.any() else some  # the same bytes in memory, where nothing is missing


def _by_slices(texts: pl.Series, change: Callable[[pl.Series], pl.Series]) -> pl.Series:
    """What `change` makes of every value, without holding its intermediate results for a long column at once."""
    return pl.concat([change(some) for some in _slices(texts)])


def _slices(texts: pl.Series) -> Iterator[pl.Series]:
    for start in range(0, len(texts), SLICE_ROWS):
        yield texts.slice(start, SLICE_ROWS)


def _gaps(texts: pl.Series, present: pl.Series) -> str:
    """A sentence about the missing values, with the words that were read so."""
    gaps = present.null_count()
    if not gaps:
        return ""
    words = sorted({word for word in texts.filter(present.is_null()) if word})
    written = f", also where the file says {_listed(words)}" if words else ""
    return f" Missing in {_rows(gaps)}{written}."


def _declared_numeric(texts: pl.Series, notation: Notation) -> TypedColumn:
    reading = _read_numbers(texts, notation)
    wrong = (texts.is_not_null() & reading.values.is_null() & ~texts.str.contains(_INFINITY)).arg_true()
    if len(wrong):
        row = int(wrong[0])
        raise NotNumeric(texts.name, texts[row], row)
    _require_measurable(texts, reading.values)
    return TypedColumn("numeric", reading.values, "Declared numeric at upload.", reading.unit)


@dataclass(frozen=True)
class _Reading:
    """Texts read as numbers, null where one is none, and how they are written."""

    values: pl.Series
    unit: str | None
    has_groups: bool


def _read_numbers(texts: pl.Series, notation: Notation) -> _Reading:
    unit = "%" if texts.drop_nulls().str.ends_with("%").all() else None
    numbers, grouped = [], False
    for some in _slices(texts):
        bodies = some.str.strip_suffix("%").str.strip_chars_end() if unit else some
        is_grouped = bodies.str.contains(notation.grouped)
        is_number = bodies.str.contains(notation.plain) | is_grouped
        ungrouped = bodies.str.replace_all(notation.grouping, "", literal=True)
        written = ungrouped.str.replace_all(notation.decimal, ".", literal=True)
        numbers.append(written.set(~is_number, None).cast(pl.Float64))
        grouped = grouped or bool(is_grouped.any())
    return _Reading(pl.concat(numbers), unit, grouped)


def _require_measurable(texts: pl.Series, numbers: pl.Series) -> None:
    too_large = texts.str.contains(_INFINITY) | (numbers.abs() > LARGEST_NUMBER)
    rows = too_large.fill_null(value=False).arg_true()
    if len(rows):
        raise NumberTooLarge(texts.name, texts[int(rows[0])], int(rows[0]), LARGEST_NUMBER)


def _inferred(texts: pl.Series, notation: Notation, *, is_target: bool) -> TypedColumn:
    reading = _read_numbers(texts, notation)
    is_infinite = texts.str.contains(_INFINITY).fill_null(value=False)
    others = texts.filter(texts.is_not_null() & reading.values.is_null() & ~is_infinite)
    if len(others) or is_infinite.sum() == texts.count():
        return _text_column(texts, others, reading)
    named = _codes(texts, reading)
    if named is not None:
        return named
    _require_measurable(texts, reading.values)
    return _number_column(reading, is_target=is_target)


def _codes(texts: pl.Series, reading: _Reading) -> TypedColumn | None:
    """The column as names if its digits name things rather than measure them."""
    if reading.unit is not None:
        return None
    reason = _code_reason(texts)
    if reason is None:
        return None
    identifier = count_distinct(texts.drop_nulls()) > _most_repeated(texts)
    return TypedColumn("categorical", texts, _named_rows(reason, identifier=identifier), identifier=identifier)


def _code_reason(texts: pl.Series) -> str | None:
    if texts.str.contains(_LEADING_ZERO).any():
        return "Codes with leading zeros are names, not quantities."
    too_long = f"^[+-]*[0-9]{{{EXACT_DIGITS + 1},}}$"
    if texts.str.contains(too_long).any():
        return f"Whole numbers of more than {EXACT_DIGITS} digits are names, not quantities."
    return None


def _named_rows(reason: str, *, identifier: bool) -> str:
    return f"{reason} Hardly any repeats: an identifier, which is not used as an input." if identifier else reason


def _number_column(reading: _Reading, *, is_target: bool) -> TypedColumn:
    numbers = reading.values
    present = numbers.drop_nulls()
    few = _few_values(present)
    distinct = [] if few is None else sorted(few.to_list())
    is_class = is_target and few is not None
    if distinct == [0.0, 1.0] or is_class:
        labels = [number_text(value) for value in distinct]
        names = numbers.replace_strict(distinct, labels, default=None, return_dtype=pl.String)
        only = f"Numbers, but only {_counted(len(labels), 'value')}: {' and '.join(labels)}."
        return TypedColumn("categorical", names, only)
    if _counts_the_rows(numbers):
        reason = f"Whole numbers that count the rows: {_IDENTIFIER}"
        return TypedColumn("numeric", numbers, reason, identifier=True)
    what = "percentages" if reading.unit else "numbers"
    grouped = " with grouped thousands" if reading.has_groups else ""
    return TypedColumn("numeric", numbers, f"All {len(present):,} values are {what}{grouped}.", reading.unit)


def _few_values(present: pl.Series) -> pl.Series | None:
    """The distinct values, None where there are too many for classes; most columns tell so by their first rows."""
    for some in (present.head(SLICE_ROWS), present):
        distinct = some.unique()
        if len(distinct) > MAXIMUM_NUMERIC_CLASSES:
            return None
    return distinct


def _counts_the_rows(numbers: pl.Series) -> bool:
    rows = len(numbers)
    if numbers.null_count() or rows <= FEW_VALUES or numbers[0] not in (0.0, 1.0):
        return False
    return bool((numbers.diff().drop_nulls() == 1.0).all())


def _text_column(texts: pl.Series, others: pl.Series, reading: _Reading) -> TypedColumn:
    if _is_prose(texts):
        reason = f"Texts of more than {LONGEST_CATEGORY} characters are prose, which is not used as an input."
        return TypedColumn("categorical", texts, reason, identifier=True)
    distinct = count_distinct(texts.drop_nulls())
    if distinct > _most_repeated(texts):
        reason = f"{distinct:,} distinct texts in {_rows(texts.count())}: {_IDENTIFIER}"
        return TypedColumn("categorical", texts, reason, identifier=True)
    numbers = reading.values.count()
    if numbers:
        reading_as = f"{_counted(numbers, 'value')} read as numbers, but not '{others[0][:40]}'"
        reason = f"{reading_as}: {_counted(distinct, 'distinct text')}."
        return TypedColumn("categorical", texts, reason)
    if frozenset(texts.drop_nulls().str.to_lowercase().unique()) in _PAIRS:
        return TypedColumn("categorical", texts, f"An answer of two: {_listed(sorted(texts.drop_nulls().unique()))}.")
    return TypedColumn("categorical", texts, f"{_counted(distinct, 'distinct text')}.")


def _most_repeated(texts: pl.Series) -> float:
    """A column with more distinct values than this hardly repeats any."""
    return max(FEW_VALUES, texts.count() / 2)


def count_distinct(present: pl.Series) -> int:
    """How many values differ, in 16 bytes a row: a table of all of them would take many times that.

    Texts are told apart by 64 bits of a hash: two of ten million are taken for one with a chance of 3e-6.
    """
    keys = present.hash() if present.dtype == pl.String else present
    ordered = np.sort(keys.to_numpy())
    return int(np.count_nonzero(ordered[1:] != ordered[:-1])) + min(1, len(ordered))


def _is_prose(texts: pl.Series) -> bool:
    longest = texts.str.len_chars().max()
    return isinstance(longest, int) and longest > LONGEST_CATEGORY


def number_text(value: float) -> str:
    """The shortest text that reads back as this number, whole numbers without a point."""
    return str(int(value)) if value.is_integer() and abs(value) < 10**EXACT_DIGITS else repr(value)


def _listed(words: Sequence[str]) -> str:
    return ", ".join(f"'{word}'" for word in words)


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _rows(count: int) -> str:
    return _counted(count, "row")
