"""How long decision records are kept."""

from fastapi import APIRouter, Response

from service.api.dependencies import Caller, IfMatch, Injected, ModelName
from service.domain.retention import RetentionRequest
from service.operations import retention
from service.operations.retention import Erasure, Retention

router = APIRouter(tags=["retention"], prefix="/models/{model}/retention")


@router.get("")
def get_retention(resources: Injected, actor: Caller, model: ModelName, response: Response) -> Retention:
    """How long decision records of a model are kept, what keeps them longer, how many could be erased."""
    found = retention.get_retention(resources, actor, model)
    response.headers["ETag"] = found.etag
    return found


@router.put("")
def put_retention(
    resources: Injected,
    actor: Caller,
    model: ModelName,
    request: RetentionRequest,
    response: Response,
    if_match: IfMatch = None,
) -> Retention:
    """Settle how many days records are kept, or put all of them on legal hold."""
    settled = retention.put_retention(resources, actor, model, request, if_match)
    response.headers["ETag"] = settled.etag
    return settled


@router.post("/erasure")
def erase_predictions(resources: Injected, actor: Caller, model: ModelName) -> Erasure:
    """Erase the decision records that the schedule does not keep; their digests stay."""
    return retention.erase_predictions(resources, actor, model)
