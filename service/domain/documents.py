"""The base of every JSON document: strict types, unknown fields refused, no NaN or infinity, immutable."""

import json
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, StringConstraints


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
EDGE_PATTERN = r"^[0-9]{1,2}\.[0-9]{1,4}\.[0-9]{1,4}$"


def from_stored(document: type[DocumentType], stored: object) -> DocumentType:
    """The document that was stored as JSON; arrays become tuples, everything else stays strict."""
    return document.model_validate_json(json.dumps(stored))
