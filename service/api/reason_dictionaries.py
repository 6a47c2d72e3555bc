"""Reason codes of a model, and which scored features of a version they cover."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from service.api.dependencies import Caller, IfMatch, Injected, ModelName, VersionNumber
from service.domain.reasons import ReasonCoverage, ReasonDictionary, ReasonDictionaryRequest
from service.operations import reason_dictionaries

router = APIRouter(tags=["reasons"], prefix="/models/{model}")


@router.get("/reason-dictionary")
def get_reason_dictionary(
    resources: Injected,
    actor: Caller,
    model: ModelName,
    response: Response,
    revision: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
) -> ReasonDictionary:
    """The reason codes and their texts; without `revision` the newest, with the ETag that a change must name."""
    found = reason_dictionaries.get_reason_dictionary(resources, actor, model, revision)
    response.headers["ETag"] = found.etag
    return found


@router.put("/reason-dictionary")
def put_reason_dictionary(
    resources: Injected,
    actor: Caller,
    model: ModelName,
    request: ReasonDictionaryRequest,
    response: Response,
    if_match: IfMatch = None,
) -> ReasonDictionary:
    """Replace the dictionary by a new revision; stored decisions keep the words that they had."""
    made = reason_dictionaries.put_reason_dictionary(resources, actor, model, request, if_match)
    response.headers["ETag"] = made.etag
    return made


@router.get("/versions/{number}/reason-coverage")
def get_reason_coverage(resources: Injected, actor: Caller, model: ModelName, number: VersionNumber) -> ReasonCoverage:
    """Which scored features of a version have no words in the newest dictionary."""
    return reason_dictionaries.get_reason_coverage(resources, actor, model, number)
