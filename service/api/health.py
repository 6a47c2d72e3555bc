"""Whether the process lives and whether it can serve."""

from typing import Literal

from fastapi import APIRouter

from service.api.dependencies import Injected
from service.domain.documents import Document
from service.operations.health import check_readiness

router = APIRouter(tags=["health"], prefix="/health")


class Health(Document):
    """The state of the process."""

    status: Literal["live", "ready"]


@router.get("/live")
def get_liveness() -> Health:
    """The process answers."""
    return Health(status="live")


@router.get("/ready")
def get_readiness(resources: Injected) -> Health:
    """The database answers and has the schema of this release."""
    check_readiness(resources)
    return Health(status="ready")
