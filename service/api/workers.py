"""Workers: who runs the jobs, and since when."""

from fastapi import APIRouter

from service.api.dependencies import Caller, Injected
from service.operations import workers
from service.operations.workers import Worker

router = APIRouter(tags=["training jobs"], prefix="/workers")


@router.get("")
def list_workers(resources: Injected, actor: Caller) -> tuple[Worker, ...]:
    """All workers that ever ran, with their last sign of life."""
    return workers.list_workers(resources, actor)
