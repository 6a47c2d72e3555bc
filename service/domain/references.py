"""Reference populations: whose rows contributions are measured against.

A reference is chosen by a rule from the version's own dataset, stored with the version and never changed: the same
name gets a new revision. The reference `training` is part of every version's artifact and has revision 0.
"""

from typing import Annotated, Literal

from pydantic import Field

from service.domain.documents import ColumnName, Digest, Document, Line, Slug
from service.domain.predictions import Category, Value

#: The reference that every version has: the training rows that its artifact holds.
TRAINING = "training"
TRAINING_REVISION = 0
#: Of more rows that match a selection, this many are drawn by a fixed seed.
LARGEST_REFERENCE = 2000

_OUTCOME = Field(None, description="The outcome whose probability is meant; needed where there are more than two.")


class TrainingRows(Document):
    """Rows that the version was trained on."""

    kind: Literal["training"]


class AllApplicants(Document):
    """All rows of the dataset, those held out too."""

    kind: Literal["all_applicants"]


class ResponseBetween(Document):
    """Training rows whose response lies between two bounds, such as the cut-off and slightly above it."""

    kind: Literal["response_between"]
    lower: float
    upper: float
    outcome: Line | None = _OUTCOME


class ResponseNearest(Document):
    """The training rows whose response is nearest to a cut-off; of equally near ones the first."""

    kind: Literal["response_nearest"]
    cutoff: float
    rows: int = Field(ge=1, le=LARGEST_REFERENCE)
    outcome: Line | None = _OUTCOME


class SingleApplicant(Document):
    """One row, written out."""

    kind: Literal["single_applicant"]
    row: dict[ColumnName, Value]


class Condition(Document):
    """What a value must be: in a closed range, or one of some categories; gaps match only where `missing` says so."""

    minimum: float | None = None
    maximum: float | None = None
    categories: Annotated[tuple[Category, ...], Field(strict=False)] = ()
    missing: bool = False


class FilteredRows(Document):
    """Training rows whose inputs meet all conditions."""

    kind: Literal["filter"]
    features: dict[ColumnName, Condition] = Field(min_length=1)


Selection = Annotated[
    TrainingRows | AllApplicants | ResponseBetween | ResponseNearest | SingleApplicant | FilteredRows,
    Field(discriminator="kind"),
]


class StoredSelection(Document):
    """A selection as it is read back."""

    selection: Selection


class ReferenceRequest(Document):
    """A new reference, or a new revision of the one with this name."""

    name: Slug
    selection: Selection


class Reference(Document):
    """A reference as it is shown."""

    model: str
    version: int
    name: str
    revision: int
    selection: Selection
    matched: int = Field(description="Rows that the selection found.")
    rows: int = Field(description="Rows that were kept: all, or as many of them as a reference may have.")
    digest: Digest = Field(description="Of the artifact that holds the rows: `training` is part of the version's own.")
    is_default: bool
    created_at: str
    created_by: str


class DefaultReferenceRequest(Document):
    """Which reference predictions are measured against where a request names none."""

    name: Slug
    revision: int = Field(ge=0, le=2**31 - 1)


class DefaultReference(Document):
    """The default reference of a version; `etag` is what a change must name in If-Match."""

    model: str
    version: int
    name: str
    revision: int
    etag: str


class NamedReference(Document):
    """Exactly one population: what a decision record states."""

    name: str
    revision: int
    digest: Digest
