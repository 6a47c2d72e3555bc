"""Datasets: upload and look."""

from typing import Annotated

from fastapi import APIRouter, Form, Response, UploadFile

from service.api.dependencies import Caller, Identifier, Injected, RequestedPage, only_fields
from service.domain.documents import Line
from service.domain.feature_schema import SchemaOverrides
from service.domain.pages import Page
from service.errors import BodyTooLarge
from service.operations import datasets
from service.operations.datasets import Dataset, DatasetRequest

#: Room for the other fields and the boundaries of a multipart body.
MULTIPART_OVERHEAD = 100_000


def build_router(maximum_upload_bytes: int) -> APIRouter:
    """The routes; an upload has its own limit on the body."""
    router = APIRouter(tags=["datasets"], prefix="/datasets")

    @router.post(
        "",
        status_code=201,
        max_body_size=maximum_upload_bytes + MULTIPART_OVERHEAD,
        dependencies=[only_fields("file", "name", "schema")],
    )
    def create_dataset(
        resources: Injected,
        actor: Caller,
        response: Response,
        file: UploadFile,
        name: Annotated[Line, Form()],
        overrides: Annotated[str | None, Form(alias="schema", max_length=1_000_000)] = None,
    ) -> Dataset:
        """Upload a CSV table with a header or a Parquet file; the schema says why each column is what it is."""
        if (file.size or 0) > maximum_upload_bytes:
            raise BodyTooLarge(maximum_upload_bytes, "/file")
        request = DatasetRequest(name=name, overrides=datasets.parse_overrides(overrides))
        dataset = datasets.create_dataset(resources, actor, request, file.file)
        response.headers["Location"] = f"/api/v1/datasets/{dataset.id}"
        return dataset

    @router.get("")
    def list_datasets(resources: Injected, actor: Caller, page: RequestedPage) -> Page[Dataset]:
        """Snapshots, newest first."""
        return datasets.list_datasets(resources, actor, page)

    @router.get("/{dataset_id}")
    def get_dataset(resources: Injected, actor: Caller, dataset_id: Identifier) -> Dataset:
        """One snapshot."""
        return datasets.get_dataset(resources, actor, dataset_id)

    @router.post("/{dataset_id}/schema", status_code=201)
    def edit_schema(
        resources: Injected, actor: Caller, dataset_id: Identifier, changes: SchemaOverrides, response: Response
    ) -> Dataset:
        """Describe the same rows otherwise: a new snapshot with the same digest; null takes a description back."""
        dataset = datasets.edit_schema(resources, actor, dataset_id, changes)
        response.headers["Location"] = f"/api/v1/datasets/{dataset.id}"
        return dataset

    return router
