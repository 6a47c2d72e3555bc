"""Whether the process lives and whether it can serve."""

from typing import Literal

from fastapi import APIRouter

from service.api.dependencies import Injected
from service.domain.documents import Document
from service.operations.damages import damaged_artifacts
from service.operations.health import check_readiness

router = APIRouter(tags=["health"], prefix="/health")


class Health(Document):
    """The process lives."""

    status: Literal["live"]


class Readiness(Document):
    """Whether the process can serve; where it is degraded, the damaged artifacts are not used, and all others are."""

    status: Literal["ready", "degraded"]
    damaged_artifacts: tuple[str, ...]


@router.get("/live")
def get_liveness() -> Health:
    """The process answers."""
    return Health(status="live")


@router.get("/ready")
def get_readiness(resources: Injected) -> Readiness:
    """The database answers and has the schema of this release; says which artifacts were found damaged."""
    check_readiness(resources)
    damaged = damaged_artifacts(resources)
    return Readiness(status="degraded" if damaged else "ready", damaged_artifacts=damaged)
