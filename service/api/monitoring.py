"""How versions do in use: drift of what they are asked and answer, and the challenger beside the champion."""

from fastapi import APIRouter

from service.api.dependencies import Caller, Injected, ModelName, VersionNumber
from service.domain.drift import Drift
from service.domain.shadow import Shadow
from service.operations import drift, shadow

router = APIRouter(tags=["monitoring"], prefix="/models/{model}")


@router.get("/versions/{number}/drift")
def get_drift(resources: Injected, actor: Caller, model: ModelName, number: VersionNumber) -> Drift:
    """The newest decision records of a version beside its training rows, feature by feature."""
    return drift.get_drift(resources, actor, model, number)


@router.get("/shadow")
def get_shadow(resources: Injected, actor: Caller, model: ModelName) -> Shadow:
    """What the challenger would have answered to the newest rows that the champion was asked."""
    return shadow.get_shadow(resources, actor, model)
