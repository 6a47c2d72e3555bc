"""The texts of a CSV file: UTF-8 with a header, read as it stands by one strict parser, never wholly in memory."""

import codecs
import csv
import io
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import polars as pl

from service.errors import MalformedCsv, NotUtf8
from service.modelling.column_names import column_names
from service.modelling.staging import StagedTable

#: Characters that may separate values; the first wins where the header does not tell.
SEPARATORS = (",", ";", "\t", "|")
#: Values that are Python objects at a time, some sixty bytes each.
CHUNK_VALUES = 250_000
_BLOCK = 1 << 20


def stage_csv(file: BinaryIO, directory: Path, maximum_columns: int) -> tuple[StagedTable, str]:
    """The texts of a CSV file and its separator; raises a leaf of InvalidDataset that names the line at fault."""
    _require_text(file)
    separator = _separator(file)
    with closing(_records(file, separator)) as records:
        _, header = next(records, (0, list[str]()))
        if not header:
            raise MalformedCsv("it is empty")
        table = StagedTable(directory, column_names(header, maximum_columns))
        checked = _checked(records, len(table.names))
        rows = max(1, CHUNK_VALUES // len(table.names))
        while chunk := list(islice(checked, rows)):
            columns = zip(*chunk, strict=True)
            table.append([pl.Series(values, dtype=pl.String).str.strip_chars() for values in columns])
    return table, separator


def header_of(file: BinaryIO, maximum_columns: int) -> Sequence[str]:
    """The names of the columns; raises MalformedCsv, or what a header can be refused for."""
    try:
        header = _header(file, _separator(file))
    except UnicodeDecodeError as error:
        raise NotUtf8(error.start) from error
    if not header:
        raise MalformedCsv("it is empty")
    return column_names(header, maximum_columns)


def _separator(file: BinaryIO) -> str:
    return max(SEPARATORS, key=lambda one: len(_header(file, one)))


def _require_text(file: BinaryIO) -> None:
    decoder = codecs.getincrementaldecoder("utf-8")()
    offset, zero, is_blank = 0, -1, True
    file.seek(0)
    while block := file.read(_BLOCK):
        _decode(decoder, block, offset)
        if zero < 0 and (found := block.find(b"\0")) >= 0:
            zero = offset + found
        is_blank = is_blank and not block.strip()
        offset += len(block)
    _decode(decoder, b"", offset, is_last=True)
    if is_blank:
        raise MalformedCsv("it is empty")
    if zero >= 0:
        raise MalformedCsv(f"byte {zero} is zero, as in binary files and in UTF-16 text")


def _decode(decoder: codecs.IncrementalDecoder, block: bytes, offset: int, *, is_last: bool = False) -> None:
    try:
        decoder.decode(block, is_last)
    except UnicodeDecodeError as error:
        # What the decoder complains about begins with the bytes that it kept from the block before.
        raise NotUtf8(offset + len(block) - len(error.object) + error.start) from error


def _records(file: BinaryIO, separator: str) -> Generator[tuple[int, list[str]]]:
    """Every record with the number of its last line; blank lines are skipped."""
    file.seek(0)
    lines = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    reader = csv.reader(lines, delimiter=separator, strict=True)
    try:
        for record in reader:
            if record and not (len(record) == 1 and not record[0].strip()):
                yield reader.line_num, record
    except csv.Error as error:
        raise MalformedCsv(f"line {reader.line_num} cannot be read ({error})") from error
    finally:
        lines.detach()  # else the file would be closed with its reader


def _header(file: BinaryIO, separator: str) -> list[str]:
    with closing(_records(file, separator)) as records:
        try:
            return next(records, (0, list[str]()))[1]
        except MalformedCsv:
            return []


def _checked(records: Iterator[tuple[int, list[str]]], width: int) -> Iterator[list[str]]:
    for line, record in records:
        if len(record) != width:
            values = "1 value" if len(record) == 1 else f"{len(record)} values"
            raise MalformedCsv(f"line {line} has {values}, the header has {width}")
        yield record
