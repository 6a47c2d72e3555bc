"""Two versions of a model beside each other: only what differs."""

from typing import Literal

from pydantic import Field, JsonValue

from service.domain.documents import Digest, Document
from service.domain.lifecycle import VersionState
from service.domain.revisions import EdgeOverlay


class ComparedVersion(Document):
    """One side of a comparison."""

    number: int
    state: VersionState
    digest: Digest
    dataset_digest: Digest
    active_edges: int
    shape: tuple[int, ...]


class SettingDifference(Document):
    """A setting of the training that both versions do not share."""

    name: str
    left: JsonValue
    right: JsonValue


class MetricDifference(Document):
    """One measure of both versions; the difference is right less left."""

    name: str
    better: Literal["higher", "lower"]
    left: float
    left_interval: tuple[float, float] | None
    right: float
    right_interval: tuple[float, float] | None
    difference: float


class EdgeDifference(Document):
    """An edge that is not the same function in both."""

    change: Literal["added", "removed", "changed"]
    overlay: EdgeOverlay


class PredictionImpact(Document):
    """How far the answers differ on the reference rows of the left version."""

    rows: int
    mean_absolute: float = Field(description="On the scale of the answer: the target's unit, or a probability.")
    largest: float
    flipped: float | None = Field(description="Share of rows decided otherwise at a probability of 0.5.")


class VersionComparison(Document):
    """What differs between two versions of a model."""

    model: str
    left: ComparedVersion
    right: ComparedVersion
    same_held_out_rows: bool = Field(description="Whether the measures are of the same rows.")
    settings: tuple[SettingDifference, ...]
    metrics: tuple[MetricDifference, ...]
    edges: tuple[EdgeDifference, ...] | None = Field(
        description="Null where the networks do not have the same nodes, so that no edge corresponds to another."
    )
    impact: PredictionImpact | None = Field(
        description="Null where one version has inputs or outcomes that the other does not have."
    )


class LineageNode(Document):
    """A version in the lineage of its model."""

    number: int
    state: VersionState
    digest: Digest
    aliases: tuple[str, ...]
    active_edges: int
    created_at: str
    created_by: str


class LineageEdge(Document):
    """The revision that led from one version to another."""

    parent: int
    child: int
    operations: tuple[str, ...]
    message: str


class Lineage(Document):
    """All versions of a model and which came from which, oldest first."""

    nodes: tuple[LineageNode, ...]
    edges: tuple[LineageEdge, ...]
