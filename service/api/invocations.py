"""MLflow's scoring protocol: data frames in, a data frame out."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from service.api.dependencies import Caller, IdempotencyKey, Injected, ModelName, VersionNumber
from service.domain.invocations import CSV_TYPE, JSON_TYPE, Invocation, InvocationAnswer, InvocationRequest
from service.operations import inference

#: The body is read by its content type, which FastAPI does not describe by itself.
BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            JSON_TYPE: {"schema": InvocationRequest.model_json_schema()},
            CSV_TYPE: {"schema": {"type": "string"}},
        },
    }
}

router = APIRouter(tags=["predictions"], prefix="/models/{model}")


async def _invocation(request: Request) -> Invocation:
    return Invocation(request.headers.get("content-type", JSON_TYPE), await request.body())


Sent = Annotated[Invocation, Depends(_invocation)]


@router.post("/invocations", openapi_extra=BODY)
def create_invocation(
    resources: Injected, actor: Caller, model: ModelName, sent: Sent, idempotency_key: IdempotencyKey = None
) -> InvocationAnswer:
    """Predict with the champion as MLflow's scoring server does: data frames as JSON, or CSV."""
    return inference.create_invocation(resources, actor, model, None, sent, idempotency_key)


@router.post("/versions/{number}/invocations", openapi_extra=BODY)
def create_version_invocation(
    resources: Injected,
    actor: Caller,
    model: ModelName,
    number: VersionNumber,
    sent: Sent,
    idempotency_key: IdempotencyKey = None,
) -> InvocationAnswer:
    """Predict with a version as MLflow's scoring server does."""
    return inference.create_invocation(resources, actor, model, str(number), sent, idempotency_key)
