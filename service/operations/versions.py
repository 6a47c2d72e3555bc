"""Versions of a model: what was trained, from what, and how well it does."""

from collections.abc import Mapping, Sequence

from pydantic import Field

from service.domain.canonical import canonical_json, timestamp
from service.domain.certificates import Certificates
from service.domain.documents import Document, from_stored
from service.domain.feature_schema import Feature, FeatureSchema, TrainingColumns, expected_directions
from service.domain.lifecycle import VersionState
from service.domain.limits import Limits, is_in_force
from service.domain.pages import Page, PageRequest
from service.domain.permissions import Actor, require
from service.domain.predictions import Value
from service.domain.references import TRAINING, TRAINING_REVISION
from service.domain.revisions import Revision, read_changes
from service.domain.training_configuration import CalibrationBin, Metric, Progress, TrainingConfiguration
from service.errors import ApprovalExpired, VersionNotApproved
from service.modelling.certificates import describe_certificates
from service.modelling.prediction import example_row
from service.operations.resources import Resources
from service.storage import datasets, models, reviews, revisions, tables, users
from service.storage.database import Session


class Split(Document):
    """How rows were held out to measure a version."""

    method: str
    seed: int
    training_rows: int
    test_rows: int
    test_rows_digest: str


class Version(Document):
    """A version as it is shown."""

    model: str
    number: int
    state: VersionState
    digest: str
    parent: int | None
    revision: Revision | None = Field(description="How the version came about from its parent.")
    dataset_id: str
    dataset_digest: str
    training_job_id: str
    configuration: TrainingConfiguration
    columns: TrainingColumns
    shape: tuple[int, ...]
    active_edges: int
    edges_before_pruning: int
    complexity: int | None = Field(description="Of the whole formula; null for versions of earlier releases.")
    metrics: tuple[Metric, ...]
    calibration: tuple[CalibrationBin, ...] | None = Field(
        description="Of two outcomes: predicted probabilities against what happened, on held-out rows; null where it "
        "is not known."
    )
    split: Split
    symbolification: str
    history: tuple[Progress, ...]
    library_versions: dict[str, str]
    contributors: tuple[str, ...]
    message: str
    default_reference: str = Field(description="The reference of predictions that name none.")
    default_reference_revision: int
    retirement_reason: str | None
    limits: Limits = Field(description="What the approval allows.")
    aliases: tuple[str, ...]
    review_id: str | None
    created_at: str
    created_by: str


class VersionInputs(Document):
    """What a row must hold to be predicted, and one row that could be."""

    features: tuple[Feature, ...]
    example: dict[str, Value]


def list_versions(resources: Resources, actor: Actor, model: str, request: PageRequest) -> Page[Version]:
    """Versions of a model, newest first. Raises: NotFound."""
    require(actor, "list_versions")
    with resources.database.read() as session:
        models.get_model(session, model)
        page = models.page_of_versions(session, model, request)
        return Page(items=tuple(describe_versions(session, page.items)), next_cursor=page.next_cursor)


def get_version(resources: Resources, actor: Actor, model: str, number: int) -> Version:
    """One version. Raises: NotFound."""
    require(actor, "get_version")
    with resources.database.read() as session:
        return describe_versions(session, [models.get_version(session, model, number)])[0]


def get_version_inputs(resources: Resources, actor: Actor, model: str, number: int) -> VersionInputs:
    """The input features of a version with units, ranges and categories. Raises: NotFound."""
    require(actor, "get_version_inputs")
    with resources.database.read() as session:
        version = models.get_version(session, model, number)
        schema = from_stored(FeatureSchema, datasets.get_dataset(session, version.dataset_id).feature_schema)
    columns = from_stored(TrainingColumns, version.columns)
    by_name = schema.by_name()
    network = resources.registry.get(version.digest)
    return VersionInputs(features=tuple(by_name[name] for name in columns.inputs), example=example_row(network))


def get_version_certificates(resources: Resources, actor: Actor, model: str, number: int) -> Certificates:
    """What is proved of a version: ranges, directions against those expected, largest slopes.

    Raises: NotFound, ArtifactCorrupted.
    """
    require(actor, "get_version_certificates")
    with resources.database.read() as session:
        version = models.get_version(session, model, number)
        return certificates_of(resources, session, version)


def certificates_of(resources: Resources, session: Session, version: tables.ModelVersion) -> Certificates:
    """The certificates of a version. Raises: ArtifactCorrupted."""
    schema = from_stored(FeatureSchema, datasets.get_dataset(session, version.dataset_id).feature_schema)
    columns = from_stored(TrainingColumns, version.columns)
    named = expected_directions(schema, columns.inputs, columns.target, columns.classes)
    expected = named if len(columns.classes) <= 2 else {}
    return describe_certificates(resources.registry.get(version.digest), {**expected, **columns.monotone})


def require_usable(resources: Resources, version: tables.ModelVersion) -> tables.ModelVersion:
    """The version, when it may be used now. Raises: VersionNotApproved, ApprovalExpired."""
    if version.state != "approved":
        raise VersionNotApproved(version.model, version.number, version.state)
    if version.expires_at is not None and not is_in_force(version.expires_at, resources.clock()):
        raise ApprovalExpired(version.model, version.number, version.expires_at)
    return version


def is_usable(resources: Resources, version: tables.ModelVersion) -> bool:
    """Whether the version is approved and its approval in force."""
    return version.state == "approved" and is_in_force(version.expires_at, resources.clock())


def facts_of(version: tables.ModelVersion, edges: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """What a version is made of, as reviewers compare it with another one: data, settings, metrics, edges."""
    columns = from_stored(TrainingColumns, version.columns)
    settings = {f"setting {name}": canonical_json(value) for name, value in sorted(version.configuration.items())}
    metrics = {f"metric {metric['name']}": f"{metric['value']:.6g}" for metric in version.metrics}
    forms = {f"edge {edge['source']} → {edge['target']}": edge["form"] for edge in edges}
    return {
        "dataset": version.dataset_digest,
        "inputs": ", ".join(columns.inputs),
        "shape": " → ".join(str(width) for width in version.shape),
        **settings,
        **metrics,
        **forms,
    }


def contributors_of(session: Session, version: tables.ModelVersion) -> frozenset[str]:
    """Ids of all who contributed to a version or to one of its ancestors."""
    people = set(version.contributors)
    parent = version.parent
    while parent is not None:
        ancestor = models.get_version(session, version.model, parent)
        people.update(ancestor.contributors)
        parent = ancestor.parent
    return frozenset(people)


def _calibration(row: tables.ModelVersion) -> tuple[CalibrationBin, ...] | None:
    if row.calibration is None:
        return None
    return tuple(from_stored(CalibrationBin, one) for one in row.calibration)


def _revision(session: Session, row: tables.ModelVersion) -> Revision | None:
    if row.parent is None:
        return None
    found = revisions.find_revision(session, row.model, row.number)
    if found is None:
        return None
    return Revision(parent=found.parent, parent_digest=found.parent_digest, changes=read_changes(found.changes))


def describe_versions(session: Session, rows: Sequence[tables.ModelVersion]) -> list[Version]:
    """Versions as they are shown."""
    pointing: dict[tuple[str, int], list[str]] = {}
    for alias in models.aliases_of(session, [row.model for row in rows]):
        pointing.setdefault((alias.model, alias.version), []).append(alias.alias)
    review_ids = reviews.reviews_of(session, [(row.model, row.number) for row in rows])
    people = users.printed_names(session, {person for row in rows for person in (row.created_by, *row.contributors)})
    return [
        Version(
            model=row.model,
            number=row.number,
            state=row.state,
            digest=row.digest,
            parent=row.parent,
            revision=_revision(session, row),
            dataset_id=row.dataset_id,
            dataset_digest=row.dataset_digest,
            training_job_id=row.training_job_id,
            configuration=from_stored(TrainingConfiguration, row.configuration),
            columns=from_stored(TrainingColumns, row.columns),
            shape=tuple(row.shape),
            active_edges=row.active_edges,
            edges_before_pruning=row.edges_before_pruning,
            complexity=row.complexity,
            metrics=tuple(from_stored(Metric, metric) for metric in row.metrics),
            calibration=_calibration(row),
            split=from_stored(Split, row.split),
            symbolification=row.symbolification,
            history=tuple(from_stored(Progress, progress) for progress in row.history),
            library_versions=row.library_versions,
            contributors=tuple(people[person] for person in row.contributors),
            message=row.message,
            default_reference=row.default_reference or TRAINING,
            default_reference_revision=row.default_reference_revision or TRAINING_REVISION,
            retirement_reason=row.retirement_reason,
            limits=_limits(row),
            aliases=tuple(pointing.get((row.model, row.number), ())),
            review_id=review_ids.get((row.model, row.number)),
            created_at=timestamp(row.created_at),
            created_by=people[row.created_by],
        )
        for row in rows
    ]


def _limits(row: tables.ModelVersion) -> Limits:
    expires_at = timestamp(row.expires_at) if row.expires_at else None
    return Limits(conditions=row.conditions or "", expires_at=expires_at, maximum_rows=row.maximum_rows)
