"""References: populations that contributions of a version are measured against, and the default one."""

from service.domain.canonical import timestamp
from service.domain.documents import from_stored
from service.domain.feature_schema import TrainingColumns
from service.domain.permissions import Actor, require
from service.domain.references import (
    TRAINING,
    TRAINING_REVISION,
    DefaultReference,
    DefaultReferenceRequest,
    Reference,
    ReferenceRequest,
    StoredSelection,
    TrainingRows,
)
from service.domain.training_configuration import TrainingConfiguration
from service.errors import NameTaken, NotFound, PreconditionFailed, PreconditionRequired, WrongState
from service.modelling.references import ChosenRows, choose_rows
from service.operations.resources import Resources
from service.storage import artifacts, datasets, models, references, tables, users
from service.storage.database import Session


def create_reference(
    resources: Resources, actor: Actor, model: str, number: int, request: ReferenceRequest
) -> Reference:
    """Choose rows of the version's dataset and keep them, as the next revision of their name.

    Records: references.created. Raises: NotFound, NameTaken for the reference that every version has, leaves of
    InvalidReference, ArtifactCorrupted.
    """
    require(actor, "create_reference")
    if request.name == TRAINING:
        raise NameTaken("reference", TRAINING)
    with resources.database.read() as session:
        version = models.get_version(session, model, number)
        snapshot = datasets.get_dataset(session, version.dataset_id).digest
    chosen = _choose(resources, version, snapshot, request)
    digest = resources.artifacts.put(chosen.content)
    moment = resources.clock()
    with resources.database.write() as session:
        models.get_version(session, model, number, lock=True)
        row = tables.ReferencePopulation(
            model=model,
            version=number,
            name=request.name,
            revision=references.next_revision(session, model, number, request.name),
            selection=request.selection.model_dump(mode="json"),
            matched=chosen.matched,
            rows=chosen.rows,
            digest=digest,
            created_at=moment,
            created_by=actor.id,
        )
        artifacts.register(session, digest, "reference", len(chosen.content), moment)
        references.add_reference(session, row)
        details = {"revision": row.revision, "digest": digest, "rows": row.rows}
        resources.record(session, actor, "references.created", f"{_subject(model, number)}/{row.name}", details)
    return _describe(row, version, {actor.id: actor.printed_name})


def list_references(resources: Resources, actor: Actor, model: str, number: int) -> tuple[Reference, ...]:
    """All revisions of all references of a version, the one that it came with first. Raises: NotFound."""
    require(actor, "list_references")
    with resources.database.read() as session:
        version = models.get_version(session, model, number)
        rows = references.references_of(session, model, number)
        people = users.printed_names(session, {version.created_by, *(row.created_by for row in rows)})
    own = _training_reference(resources, version, people)
    return (own, *(_describe(row, version, people) for row in rows))


def get_reference(
    resources: Resources, actor: Actor, model: str, number: int, name: str, revision: int | None
) -> Reference:
    """One reference, its newest revision where none is named. Raises: NotFound."""
    require(actor, "get_reference")
    with resources.database.read() as session:
        version = models.get_version(session, model, number)
        if name == TRAINING:
            if revision not in (None, TRAINING_REVISION):
                raise NotFound("reference", f"{name} {revision}")
            return _training_reference(resources, version, users.printed_names(session, [version.created_by]))
        row = references.get_reference(session, model, number, name, revision)
        return _describe(row, version, users.printed_names(session, [row.created_by]))


def get_default_reference(resources: Resources, actor: Actor, model: str, number: int) -> DefaultReference:
    """What predictions are measured against where they name nothing. Raises: NotFound."""
    require(actor, "get_default_reference")
    with resources.database.read() as session:
        return _default(models.get_version(session, model, number))


def set_default_reference(
    resources: Resources,
    actor: Actor,
    model: str,
    number: int,
    request: DefaultReferenceRequest,
    if_match: str | None,
) -> DefaultReference:
    """Choose the default reference of a candidate; whoever reviews the version finds it settled.

    Records: default_references.set. Raises: NotFound, WrongState, PreconditionRequired, PreconditionFailed.
    """
    require(actor, "set_default_reference")
    with resources.database.write() as session:
        version = models.get_version(session, model, number, lock=True)
        etag = _default(version).etag
        if if_match is None:
            raise PreconditionRequired(etag)
        if if_match != etag:
            raise PreconditionFailed(etag)
        if version.state != "candidate":
            raise WrongState("version", version.state, ("candidate",))
        digest = _require_reference(session, version, request)
        version.default_reference, version.default_reference_revision = request.name, request.revision
        details = {"name": request.name, "revision": request.revision, "digest": digest}
        resources.record(session, actor, "default_references.set", _subject(model, number), details)
        return _default(version)


def _require_reference(session: Session, version: tables.ModelVersion, request: DefaultReferenceRequest) -> str:
    """The digest of an existing reference; raises NotFound."""
    if (request.name, request.revision) == (TRAINING, TRAINING_REVISION):
        return version.digest
    return references.get_reference(session, version.model, version.number, request.name, request.revision).digest


def _choose(resources: Resources, version: tables.ModelVersion, snapshot: str, request: ReferenceRequest) -> ChosenRows:
    configuration = from_stored(TrainingConfiguration, version.configuration)
    return choose_rows(
        resources.registry.get(version.digest).fitted,
        resources.artifacts.read(snapshot),
        from_stored(TrainingColumns, version.columns),
        (configuration.test_fraction, configuration.seed),
        request.selection,
    )


def _subject(model: str, number: int) -> str:
    return f"models/{model}/versions/{number}/references"


def _default(version: tables.ModelVersion) -> DefaultReference:
    name = version.default_reference or TRAINING
    revision = version.default_reference_revision or TRAINING_REVISION
    return DefaultReference(
        model=version.model, version=version.number, name=name, revision=revision, etag=f'"{name}.{revision}"'
    )


def _is_default(version: tables.ModelVersion, name: str, revision: int) -> bool:
    default = _default(version)
    return (default.name, default.revision) == (name, revision)


def _training_reference(resources: Resources, version: tables.ModelVersion, people: dict[str, str]) -> Reference:
    rows = len(resources.registry.get(version.digest).fitted.reference)
    return Reference(
        model=version.model,
        version=version.number,
        name=TRAINING,
        revision=TRAINING_REVISION,
        selection=TrainingRows(kind="training"),
        matched=version.split["training_rows"],
        rows=rows,
        digest=version.digest,
        is_default=_is_default(version, TRAINING, TRAINING_REVISION),
        created_at=timestamp(version.created_at),
        created_by=people[version.created_by],
    )


def _describe(row: tables.ReferencePopulation, version: tables.ModelVersion, people: dict[str, str]) -> Reference:
    return Reference(
        model=row.model,
        version=row.version,
        name=row.name,
        revision=row.revision,
        selection=from_stored(StoredSelection, {"selection": row.selection}).selection,
        matched=row.matched,
        rows=row.rows,
        digest=row.digest,
        is_default=_is_default(version, row.name, row.revision),
        created_at=timestamp(row.created_at),
        created_by=people[row.created_by],
    )
