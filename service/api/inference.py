"""The Open Inference Protocol, version 2 (KServe), below `/v2`."""

from typing import Annotated

from fastapi import APIRouter, Path

from service.api import problems
from service.api.dependencies import Caller, IdempotencyKey, Injected, ModelName
from service.domain.inference import (
    InferenceRequest,
    InferenceResponse,
    ModelMetadata,
    ModelReady,
    ServerLive,
    ServerMetadata,
    ServerReady,
)
from service.operations import inference
from service.operations.health import check_readiness

PREFIX = "/v2"
VersionName = Annotated[
    str,
    Path(
        pattern=r"^([1-9][0-9]{0,8}|champion|challenger)$",
        description="The number of a version, or an alias.",
        max_length=10,
    ),
]

router = APIRouter(
    strict_content_type=False,  # Triton's client does not say that it sends JSON
    tags=["open inference protocol"],
    prefix=PREFIX,
    responses={"4XX": {"model": problems.InferenceProblem, "content": {problems.MEDIA_TYPE: {}}}},
)


@router.get("/health/live")
def get_server_live() -> ServerLive:
    """The process answers."""
    return ServerLive(live=True)


@router.get("/health/ready")
def get_server_ready(resources: Injected) -> ServerReady:
    """The database answers and has the schema of this release."""
    check_readiness(resources)
    return ServerReady(ready=True)


@router.get("")
def get_server_metadata() -> ServerMetadata:
    """Who answers."""
    return inference.describe_server()


@router.get("/models/{model}")
def get_inference_model(resources: Injected, actor: Caller, model: ModelName) -> ModelMetadata:
    """What the champion takes and gives."""
    return inference.get_inference_model(resources, actor, model, None)


@router.get("/models/{model}/versions/{version}")
def get_inference_version(resources: Injected, actor: Caller, model: ModelName, version: VersionName) -> ModelMetadata:
    """What a version takes and gives."""
    return inference.get_inference_model(resources, actor, model, version)


@router.get("/models/{model}/ready")
def get_inference_model_ready(resources: Injected, actor: Caller, model: ModelName) -> ModelReady:
    """Whether the champion answers."""
    return inference.get_inference_model_ready(resources, actor, model, None)


@router.get("/models/{model}/versions/{version}/ready")
def get_inference_version_ready(
    resources: Injected, actor: Caller, model: ModelName, version: VersionName
) -> ModelReady:
    """Whether a version answers."""
    return inference.get_inference_model_ready(resources, actor, model, version)


@router.post("/models/{model}/infer")
def create_inference(
    resources: Injected,
    actor: Caller,
    model: ModelName,
    request: InferenceRequest,
    idempotency_key: IdempotencyKey = None,
) -> InferenceResponse:
    """Predict with the champion: tensors in, tensors out, stored before they are sent."""
    return inference.create_inference(resources, actor, model, None, request, idempotency_key)


@router.post("/models/{model}/versions/{version}/infer")
def create_version_inference(
    resources: Injected,
    actor: Caller,
    model: ModelName,
    version: VersionName,
    request: InferenceRequest,
    idempotency_key: IdempotencyKey = None,
) -> InferenceResponse:
    """Predict with a version: tensors in, tensors out, stored before they are sent."""
    return inference.create_inference(resources, actor, model, version, request, idempotency_key)
