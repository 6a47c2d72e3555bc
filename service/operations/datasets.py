"""Datasets: an uploaded table becomes an immutable snapshot with a schema that says why."""

from typing import BinaryIO

from pydantic import ValidationError

from service.domain.canonical import digest_of_file, timestamp
from service.domain.documents import Document, Line, from_stored
from service.domain.feature_schema import FeatureSchema, SchemaOverrides, changed
from service.domain.pages import Page, PageRequest
from service.domain.permissions import Actor, require
from service.errors import FieldError, InvalidRequest
from service.modelling.profiles import with_warnings
from service.modelling.tables import stored_columns, take_snapshot
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


def create_dataset(resources: Resources, actor: Actor, request: DatasetRequest, file: BinaryIO) -> Dataset:
    """Snapshot an uploaded CSV or Parquet file. Records: datasets.created. Raises: leaves of InvalidDataset."""
    require(actor, "create_dataset")
    settings = resources.settings
    with resources.artifacts.workspace() as directory:
        snapshot = take_snapshot(
            file,
            directory,
            request.overrides,
            maximum_columns=settings.maximum_columns,
            maximum_bytes=settings.maximum_upload_bytes,
        )
        size = snapshot.path.stat().st_size
        digest = resources.artifacts.put_file(snapshot.path)
    row = _new_row(resources, actor, request.name, digest, digest_of_file(file), snapshot.rows, snapshot.schema)
    with resources.database.write() as session:
        artifacts.register(session, digest, "dataset", size, row.created_at)
        datasets.add_dataset(session, row)
        resources.record(session, actor, "datasets.created", f"datasets/{row.id}", {"digest": digest, "rows": row.rows})
    return _describe(row, {actor.id: actor.printed_name})


def edit_schema(resources: Resources, actor: Actor, dataset_id: str, changes: SchemaOverrides) -> Dataset:
    """Describe the same rows otherwise, as a new snapshot; what is named with null is taken back.

    Records: datasets.schema_edited. Raises: NotFound, UnknownColumn, InvalidRequest naming the field.
    """
    require(actor, "edit_schema")
    with resources.database.read() as session:
        old = datasets.get_dataset(session, dataset_id)
    schema = changed(from_stored(FeatureSchema, old.feature_schema), changes)
    schema = with_warnings(schema, stored_columns(resources.artifacts.read(old.digest)))
    row = _new_row(resources, actor, old.name, old.digest, old.source_digest, old.rows, schema)
    with resources.database.write() as session:
        datasets.add_dataset(session, row)
        details = {"digest": row.digest, "from": old.id, "changes": changes.model_dump(mode="json", exclude_unset=True)}
        resources.record(session, actor, "datasets.schema_edited", f"datasets/{row.id}", details)
    return _describe(row, {actor.id: actor.printed_name})


def _new_row(
    resources: Resources, actor: Actor, name: str, digest: str, source_digest: str, rows: int, schema: FeatureSchema
) -> tables.Dataset:
    return tables.Dataset(
        id=resources.new_id(),
        name=name,
        digest=digest,
        source_digest=source_digest,
        rows=rows,
        feature_schema=schema.model_dump(mode="json"),
        created_at=resources.clock(),
        created_by=actor.id,
    )


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
