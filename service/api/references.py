"""The populations that a version's contributions are measured against."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from service.api.dependencies import Caller, IfMatch, Injected, ModelName, VersionNumber
from service.domain.documents import Slug
from service.domain.pages import Page
from service.domain.references import DefaultReference, DefaultReferenceRequest, Reference, ReferenceRequest
from service.operations import references

router = APIRouter(tags=["references"], prefix="/models/{model}/versions/{number}")


@router.post("/references", status_code=201)
def create_reference(
    resources: Injected,
    actor: Caller,
    model: ModelName,
    number: VersionNumber,
    request: ReferenceRequest,
    response: Response,
) -> Reference:
    """Keep a population of the version's dataset under a name; the same name gets its next revision."""
    made = references.create_reference(resources, actor, model, number, request)
    response.headers["Location"] = (
        f"/api/v1/models/{model}/versions/{number}/references/{made.name}?revision={made.revision}"
    )
    return made


@router.get("/references")
def list_references(resources: Injected, actor: Caller, model: ModelName, number: VersionNumber) -> Page[Reference]:
    """All references of a version, the training rows of its own artifact first."""
    return Page[Reference](items=references.list_references(resources, actor, model, number))


@router.get("/references/{name}")
def get_reference(
    resources: Injected,
    actor: Caller,
    model: ModelName,
    number: VersionNumber,
    name: Annotated[Slug, Path()],
    revision: Annotated[int | None, Query(ge=0, le=2**31 - 1)] = None,
) -> Reference:
    """One reference; without `revision` its newest."""
    return references.get_reference(resources, actor, model, number, name, revision)


@router.get("/default-reference")
def get_default_reference(
    resources: Injected, actor: Caller, model: ModelName, number: VersionNumber, response: Response
) -> DefaultReference:
    """What predictions are measured against where they name nothing, with the ETag that a change must name."""
    found = references.get_default_reference(resources, actor, model, number)
    response.headers["ETag"] = found.etag
    return found


@router.put("/default-reference")
def set_default_reference(
    resources: Injected,
    actor: Caller,
    model: ModelName,
    number: VersionNumber,
    request: DefaultReferenceRequest,
    response: Response,
    if_match: IfMatch = None,
) -> DefaultReference:
    """Choose the default reference while the version is a candidate."""
    chosen = references.set_default_reference(resources, actor, model, number, request, if_match)
    response.headers["ETag"] = chosen.etag
    return chosen
