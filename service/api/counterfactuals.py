"""What would change an answer."""

from fastapi import APIRouter

from service.api.dependencies import Caller, Injected, ModelName, VersionNumber
from service.domain.counterfactuals import CounterfactualRequest, Counterfactuals
from service.operations import counterfactuals

router = APIRouter(tags=["counterfactuals"])


@router.post("/models/{model}/counterfactuals")
def create_counterfactuals(
    resources: Injected, actor: Caller, model: ModelName, request: CounterfactualRequest
) -> Counterfactuals:
    """The smallest change of a row with which the champion's output reaches a goal; every answer is scored again."""
    return counterfactuals.create_counterfactuals(resources, actor, model, request)


@router.post("/models/{model}/versions/{number}/counterfactuals")
def create_version_counterfactuals(
    resources: Injected, actor: Caller, model: ModelName, number: VersionNumber, request: CounterfactualRequest
) -> Counterfactuals:
    """The same for a version; people may ask one in any state, clients an approved one."""
    return counterfactuals.create_version_counterfactuals(resources, actor, model, number, request)
