"""Datasets: an uploaded table becomes an immutable snapshot with a schema that says why."""

from pydantic import ValidationError

from service.domain.canonical import digest_of, timestamp
from service.domain.documents import Document, Line, from_stored
from service.domain.feature_schema import FeatureSchema, SchemaOverrides
from service.domain.pages import Page, PageRequest
from service.domain.permissions import Actor, require
from service.errors import FieldError, InvalidRequest
from service.modelling import tables as snapshots
from service.operations.resources import Resources
from service.storage import artifacts, datasets, tables, users


class DatasetRequest(Document):
    """What comes with an uploaded file."""

    name: Line
    overrides: SchemaOverrides = SchemaOverrides()


class Dataset(Document):
    """A snapshot as it is shown."""

    id: str
    name: str
    digest: str
    source_digest: str
    rows: int
    feature_schema: FeatureSchema
    created_at: str
    created_by: str


def parse_overrides(text: str | None) -> SchemaOverrides:
    """The schema part of an upload. Raises: InvalidRequest naming the field."""
    if text is None or not text.strip():
        return SchemaOverrides()
    try:
        return SchemaOverrides.model_validate_json(text)
    except ValidationError as error:
        raise InvalidRequest(
            *(
                FieldError("/schema/" + "/".join(str(part) for part in item["loc"]), item["msg"])
                for item in error.errors()
            )
        ) from None


def create_dataset(resources: Resources, actor: Actor, request: DatasetRequest, content: bytes) -> Dataset:
    """Snapshot an uploaded CSV table. Records: datasets.created. Raises: leaves of InvalidDataset."""
    require(actor, "create_dataset")
    snapshot = snapshots.read_csv(content, request.overrides, maximum_columns=resources.settings.maximum_columns)
    digest = resources.artifacts.put(snapshot.parquet)
    moment = resources.clock()
    row = tables.Dataset(
        id=resources.new_id(),
        name=request.name,
        digest=digest,
        source_digest=digest_of(content),
        rows=snapshot.rows,
        feature_schema=snapshot.schema.model_dump(mode="json"),
        created_at=moment,
        created_by=actor.id,
    )
    with resources.database.write() as session:
        artifacts.register(session, digest, "dataset", len(snapshot.parquet), moment)
        datasets.add_dataset(session, row)
        resources.record(session, actor, "datasets.created", f"datasets/{row.id}", {"digest": digest, "rows": row.rows})
    return _describe(row, {actor.id: actor.printed_name})


def list_datasets(resources: Resources, actor: Actor, request: PageRequest) -> Page[Dataset]:
    """Snapshots, newest first."""
    require(actor, "list_datasets")
    with resources.database.read() as session:
        page = datasets.page(session, request)
        names = users.printed_names(session, [row.created_by for row in page.items])
    return Page(items=tuple(_describe(row, names) for row in page.items), next_cursor=page.next_cursor)


def get_dataset(resources: Resources, actor: Actor, dataset_id: str) -> Dataset:
    """One snapshot. Raises: NotFound."""
    require(actor, "get_dataset")
    with resources.database.read() as session:
        row = datasets.get_dataset(session, dataset_id)
        return _describe(row, users.printed_names(session, [row.created_by]))


def _describe(row: tables.Dataset, names: dict[str, str]) -> Dataset:
    return Dataset(
        id=row.id,
        name=row.name,
        digest=row.digest,
        source_digest=row.source_digest,
        rows=row.rows,
        feature_schema=from_stored(FeatureSchema, row.feature_schema),
        created_at=timestamp(row.created_at),
        created_by=names[row.created_by],
    )
