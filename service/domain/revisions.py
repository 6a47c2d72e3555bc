"""Revisions: what a person may change about a version, and what a change does before it is made.

A revision is a list of changes that are made one after the other, with a refit of what they leave open at the end.
"""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, TypeAdapter, model_validator

from service.domain.documents import EDGE_PATTERN, ColumnName, Digest, Document, Text
from service.domain.feature_schema import Direction
from service.domain.networks import Form, FormulaAgreement
from service.domain.training_configuration import Metric, TrainingConfiguration

MAXIMUM_CHANGES = 50

EdgeName = Annotated[str, StringConstraints(pattern=EDGE_PATTERN)]
FormulaText = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=r"^[^\x00-\x1f]*$")]
Parameter = Literal["a", "b", "c", "d"]
Penalty = Annotated[float, Field(ge=0, le=1e12)]


class Snap(Document):
    """Make an edge c·f(a·x + b) + d: a function of the library fitted to it, or a formula of x as it is typed."""

    operation: Literal["snap"]
    edge: EdgeName
    function: Annotated[str, StringConstraints(min_length=1, max_length=100)] | None = None
    formula: FormulaText | None = Field(None, description="For example log(1 + x^2); x is the input of the edge.")
    fixed: Annotated[tuple[Parameter, ...], Field(max_length=4, strict=False)] | None = Field(
        None, description="Parameters that a refit leaves alone; a and b of a typed formula where nothing is said."
    )

    @model_validator(mode="after")
    def _says_one_form(self) -> "Snap":
        if (self.function is None) == (self.formula is None):
            raise ValueError("name either 'function' or 'formula'")
        return self


class Unsnap(Document):
    """Make a formula the nearest spline."""

    operation: Literal["unsnap"]
    edge: EdgeName


class Zero(Document):
    """Remove an edge; its mean stays in the constant of its target."""

    operation: Literal["zero"]
    edge: EdgeName


class Prune(Document):
    """Remove as many edges as the loss bears, and refit."""

    operation: Literal["prune"]
    tolerance: float = Field(
        0.01, ge=0, lt=1, description="Share of what the model explains beyond a constant that may be lost."
    )
    maximum_edges: int | None = Field(None, ge=1, le=10_000, description="At most so many edges stay.")


class Refine(Document):
    """Give all splines more intervals; the functions stay the same until the refit."""

    operation: Literal["refine"]
    grid_size: int = Field(ge=1, le=200, description="A multiple of the present number of intervals.")


class Retrain(Document):
    """Train on from where the version is, under other conditions."""

    operation: Literal["retrain"]
    frozen_edges: Annotated[tuple[EdgeName, ...], Field(max_length=10_000, strict=False)] = Field(
        (), description="Edges that stay as they are."
    )
    monotone: Annotated[dict[ColumnName, Direction], Field(max_length=1000)] | None = Field(
        None,
        description="Directions by input, in place of the present ones; null leaves them. Of an additive version.",
    )
    smoothness: Penalty | None = Field(
        None, description="Weight of roughness, one for all edges; null leaves it as it was."
    )
    l1: Penalty | None = Field(None, description="Weight of the sizes of edges; null leaves it as it was.")
    entropy: Penalty | None = Field(None, description="Weight of their entropy; null leaves it as it was.")


Change = Annotated[Snap | Unsnap | Zero | Prune | Refine | Retrain, Field(discriminator="operation")]
Changes = Annotated[tuple[Change, ...], Field(min_length=1, max_length=MAXIMUM_CHANGES, strict=False)]

_CHANGES: TypeAdapter[tuple[Change, ...]] = TypeAdapter(tuple[Change, ...])


class RevisionRequest(Document):
    """What to change about a version, in this order, and why."""

    changes: Changes
    message: Annotated[Text, Field(min_length=1)]


class PreviewRequest(Document):
    """Changes to try without keeping anything."""

    changes: Changes


class Revision(Document):
    """How a version came about from its parent."""

    parent: int
    parent_digest: Digest
    changes: tuple[Change, ...]


class PreviewedLoss(Document):
    """Mean loss of the training rows that were looked at, and the measures of the held-out ones."""

    loss: float
    metrics: tuple[Metric, ...]


class EdgeOverlay(Document):
    """One edge before and after, at the same inputs."""

    edge: str
    source: str
    target: str
    unit: str | None
    form_before: Form
    form_after: Form
    text_before: str
    text_after: str
    spread_before: float
    spread_after: float
    x: tuple[float, ...]
    categories: tuple[str, ...] = Field(description="Of a table: the names of the inputs.")
    before: tuple[float, ...]
    after: tuple[float, ...]


class RevisionPreview(Document):
    """What changes would do, by a short refit on some of the rows."""

    training_rows: int
    active_edges: int
    before: PreviewedLoss
    changed: PreviewedLoss | None = Field(
        description="After the changes and before any refit; null where a change is a training."
    )
    after: PreviewedLoss
    edges: tuple[EdgeOverlay, ...] = Field(description="The changed edges that exist after the changes or before.")
    agreement: FormulaAgreement = Field(description="The answers after the refit against those of the version.")


def read_changes(stored: Sequence[dict[str, Any]]) -> tuple[Change, ...]:
    """The changes as they were stored."""
    return _CHANGES.validate_python(stored, strict=False)


def revised_configuration(configuration: TrainingConfiguration, changes: Sequence[Change]) -> TrainingConfiguration:
    """The configuration of the version that changes lead to: its parent's, with the directions that it is held to."""
    for change in changes:
        if isinstance(change, Retrain) and change.monotone is not None:
            configuration = configuration.model_copy(update={"monotone": change.monotone})
    return configuration


def named_edges(changes: Sequence[Change]) -> tuple[str, ...]:
    """The edges that changes name as changed, each once, in order."""
    return tuple(dict.fromkeys(change.edge for change in changes if isinstance(change, Snap | Unsnap | Zero)))
