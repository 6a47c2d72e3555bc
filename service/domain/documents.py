"""The base of every JSON document: strict types, unknown fields refused, no NaN or infinity, immutable."""

import json
from datetime import date, datetime
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from service.domain.canonical import timestamp


class Document(BaseModel):
    """A JSON document that enters, leaves or is stored."""

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, allow_inf_nan=False, from_attributes=True, ser_json_inf_nan="strings"
    )


DocumentType = TypeVar("DocumentType", bound=Document)

#: Text that a person wrote: no control characters (PostgreSQL cannot hold NUL), no endless input.
Text = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=4000, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f]*$")
]
Line = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]*$")
]
Slug = Annotated[str, StringConstraints(min_length=2, max_length=63, pattern=r"^[a-z][a-z0-9-]*$")]
ColumnName = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]*$")]
Identifier = Annotated[str, StringConstraints(pattern=r"^[0-9a-f-]{36}$")]
Digest = Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]


#: Years of four digits, so that later moments are later texts.
EARLIEST_YEAR = 1900


def _moment(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None and moment.year >= EARLIEST_YEAR:
            return timestamp(moment)
    except (ValueError, OverflowError):
        pass
    raise ValueError("write a moment with its zone, for example 2027-01-31T12:00:00Z")


#: A moment with its zone; whatever the zone was, it is kept in UTC.
Moment = Annotated[str, AfterValidator(_moment), Field(json_schema_extra={"format": "date-time"}, max_length=40)]


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise ValueError("write a day as year, month and day, for example 2027-01-31") from None


#: A day of the calendar.
Day = Annotated[str, AfterValidator(_day), Field(json_schema_extra={"format": "date"}, max_length=10)]
EDGE_PATTERN = r"^[0-9]{1,2}\.[0-9]{1,4}\.[0-9]{1,4}$"


def from_stored(document: type[DocumentType], stored: object) -> DocumentType:
    """The document that was stored as JSON; arrays become tuples, everything else stays strict."""
    return document.model_validate_json(json.dumps(stored))
