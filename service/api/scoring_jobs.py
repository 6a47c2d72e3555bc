"""Scoring jobs: whole tables in, a file with outputs and contributions out."""

from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Response, UploadFile
from starlette.background import BackgroundTask
from starlette.responses import FileResponse, StreamingResponse

from service.api.datasets import MULTIPART_OVERHEAD
from service.api.dependencies import Caller, IdempotencyKey, Identifier, Injected, ModelName, only_fields
from service.domain import documents
from service.domain.predictions import Explain
from service.errors import BodyTooLarge
from service.operations import scoring_jobs
from service.operations.scoring_jobs import RESULT_MEDIA_TYPES, ResultFormat, ScoringJob, ScoringJobRequest

RESULT_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"content": {media_type: {} for media_type in RESULT_MEDIA_TYPES.values()}}
}
FIELDS = only_fields("file", "dataset_id", "version", "explain")
Format = Annotated[ResultFormat, Query(description="A Parquet file, or an Arrow stream that is read as it arrives.")]


def build_router(maximum_upload_bytes: int) -> APIRouter:
    """The routes; an upload has its own limit on the body."""
    router, largest = APIRouter(tags=["scoring jobs"]), maximum_upload_bytes + MULTIPART_OVERHEAD

    @router.post("/models/{model}/scoring-jobs", status_code=202, max_body_size=largest, dependencies=[FIELDS])
    def create_scoring_job(
        resources: Injected,
        actor: Caller,
        model: ModelName,
        response: Response,
        file: UploadFile | None = None,
        dataset_id: Annotated[documents.Identifier | None, Form()] = None,
        version: Annotated[int | None, Form(ge=1, le=2**31 - 1)] = None,
        explain: Annotated[Explain, Form()] = "features",
        idempotency_key: IdempotencyKey = None,
    ) -> ScoringJob:
        """Queue the scoring of a dataset, or of a CSV or Parquet file, by the champion or an approved version."""
        if file is not None and (file.size or 0) > maximum_upload_bytes:
            raise BodyTooLarge(maximum_upload_bytes, "/file")
        request = ScoringJobRequest(dataset_id=dataset_id, version=version, explain=explain)
        opened = None if file is None else file.file
        found = scoring_jobs.create_scoring_job(resources, actor, model, request, opened, idempotency_key)
        response.headers["Location"] = f"/api/v1/scoring-jobs/{found.job.id}"
        return found

    @router.get("/scoring-jobs/{job_id}")
    def get_scoring_job(resources: Injected, actor: Caller, job_id: Identifier) -> ScoringJob:
        """One job with its progress, and what came out of it."""
        return scoring_jobs.get_scoring_job(resources, actor, job_id)

    @router.get("/scoring-jobs/{job_id}/result", response_class=Response, responses=RESULT_RESPONSES)
    def get_scoring_result(
        resources: Injected, actor: Caller, job_id: Identifier, format: Format = "parquet"
    ) -> Response:
        """Output, contributions and reasons for refusal of every row, in the order of the table."""
        found = scoring_jobs.get_scoring_result(resources, actor, job_id, format)
        sent = BackgroundTask(found.close)
        if isinstance(found.content, Path):
            return FileResponse(found.content, media_type=found.media_type, filename=found.name, background=sent)
        headers = {"Content-Disposition": f'attachment; filename="{found.name}"'}
        return StreamingResponse(found.content, media_type=found.media_type, headers=headers, background=sent)

    @router.post("/scoring-jobs/{job_id}/cancel")
    def cancel_scoring_job(resources: Injected, actor: Caller, job_id: Identifier) -> ScoringJob:
        """Stop a job."""
        return scoring_jobs.cancel_scoring_job(resources, actor, job_id)

    return router
