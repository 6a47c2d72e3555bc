"""Errors as RFC 9457 problems; the only place that knows HTTP status numbers for them."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from service import errors
from service.api.headers import SECURITY_HEADERS
from service.operations.damages import note_damage
from service.settings import Settings

MEDIA_TYPE = "application/problem+json"

STATUS: Mapping[type[errors.EdgewiseError], int] = {
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.Gone: 410,
    errors.PreconditionFailed: 412,
    errors.TooLarge: 413,
    errors.Invalid: 422,
    errors.TooOften: 429,
    errors.PreconditionRequired: 428,
    errors.Broken: 500,
    errors.Unavailable: 503,
}

_log = structlog.get_logger()


class ProblemField(BaseModel):
    """One field at fault: a JSON pointer and what to do."""

    pointer: str
    detail: str


class Problem(BaseModel):
    """What went wrong (RFC 9457), with a stable code and the fields at fault."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    request_id: str
    errors: list[ProblemField]


class InferenceProblem(Problem):
    """A problem that is also the error of the Open Inference Protocol: `error` is its sentence."""

    error: str


def status_of(error: type[errors.EdgewiseError]) -> int:
    """The HTTP status of an error, by its place in the tree."""
    return next(STATUS[ancestor] for ancestor in error.__mro__ if ancestor in STATUS)


def install(app: FastAPI) -> None:
    """Answer every failure of the application as a problem."""
    app.exception_handler(errors.EdgewiseError)(error_response)
    app.exception_handler(RequestValidationError)(_not_valid)
    app.exception_handler(HTTPException)(_http)
    app.exception_handler(Exception)(_unexpected)


def _problem_response(
    request: Request, status: int, code: str, detail: str, *fields: errors.FieldError, retry_after: int | None = None
) -> JSONResponse:
    """The response that carries a problem."""
    problem = Problem(
        type=f"urn:edgewise:problem:{code}",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        instance=request.url.path,
        code=code,
        request_id=_request_id(request),
        errors=[ProblemField(pointer=field.pointer, detail=field.detail) for field in fields],
    )
    # A failure that nobody foresaw is answered outside of all middleware, so a problem brings its own headers.
    headers = {**SECURITY_HEADERS, "X-Request-ID": problem.request_id}
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    if retry_after is not None:
        headers["Retry-After"] = str(retry_after)
    content = problem.model_dump()
    if problem.instance.startswith("/v2"):
        content["error"] = detail
    return JSONResponse(content, status, headers, MEDIA_TYPE)


def _request_id(request: Request) -> str:
    return str(getattr(request.state, "request_id", ""))


def body_too_large(request: Request) -> errors.BodyTooLarge:
    """The refusal of a body that is larger than this request may have."""
    settings: Settings = request.app.state.resources.settings
    is_upload = request.url.path.endswith(("/datasets", "/scoring-jobs"))
    if is_upload:
        return errors.BodyTooLarge(settings.maximum_upload_bytes, "/file")
    return errors.BodyTooLarge(settings.maximum_body_bytes, "")


def error_response(request: Request, error: errors.EdgewiseError) -> JSONResponse:
    """The response that carries an expected error; what is our own fault is logged."""
    status = status_of(type(error))
    if isinstance(error, errors.ArtifactCorrupted):
        note_damage(request.app.state.resources, error)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        _log.error(
            "request_failed",
            code=error.code,
            detail=error.message,
            path=request.url.path,
            request_id=_request_id(request),
        )
    fields = error.fields
    return _problem_response(request, status, error.code, error.message, *fields, retry_after=error.retry_after)


def _not_valid(request: Request, error: RequestValidationError) -> JSONResponse:
    found = error.errors()
    if any(item["type"] == "finite_number" and _location(item)[:1] != ["goal"] for item in found):
        return error_response(request, _non_finite(found))
    fields = {field.pointer: field for field in map(_field, reversed(found[:20]))}
    return error_response(request, errors.InvalidRequest(*reversed(fields.values())))


def _non_finite(found: Sequence[Mapping[str, Any]]) -> errors.EdgewiseError:
    item = next(item for item in found if item["type"] == "finite_number")
    location = _location(item)
    row = None if location[:1] == ["row"] else next((part for part in location if isinstance(part, int)), 0)
    return errors.NonFiniteNumber(row, str(location[-1]))


def _field(item: Mapping[str, Any]) -> errors.FieldError:
    pointer = "".join(f"/{part}" for part in _location(item))
    return errors.FieldError(pointer, f"{pointer}: {item['msg']}" if pointer else item["msg"])


def _location(item: Mapping[str, Any]) -> list[str | int]:
    """Where in the request; what pydantic adds is left away: the place of the body, positions in broken JSON, types."""
    parts: list[str | int] = list(item["loc"])
    if item["type"] == "json_invalid":
        return []
    if parts[:1] in (["body"], ["query"], ["path"], ["header"]):
        parts = parts[1:]
    if parts[:1] == ["changes"]:
        del parts[2:3]  # the kind of change that pydantic has tried
    return parts[: {"rows": 3, "row": 2}.get(str(parts[0]), len(parts))] if parts else parts


def _http(request: Request, error: HTTPException) -> JSONResponse:
    if error.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return error_response(request, body_too_large(request))
    code = HTTPStatus(error.status_code).phrase.lower().replace(" ", "_").replace("-", "_")
    return _problem_response(request, error.status_code, code, str(error.detail))


def _unexpected(request: Request, error: Exception) -> JSONResponse:
    _log.exception("request_broke", path=request.url.path, request_id=_request_id(request), exc_info=error)
    detail = "The service failed. Nothing was changed. Tell the operator the request id."
    return _problem_response(request, 500, "internal_error", detail)
