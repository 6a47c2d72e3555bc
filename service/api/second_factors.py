"""Second factors of people."""

from fastapi import APIRouter

from service.api.dependencies import Caller, Injected
from service.api.sessions import UserName
from service.domain.second_factors import CodeProof, PasswordProof, RemovalProof
from service.operations import second_factors
from service.operations.second_factors import NewSecondFactor, RecoveryCodes, SecondFactor

router = APIRouter(tags=["second factors"])


@router.get("/me/second-factor")
def get_second_factor(resources: Injected, actor: Caller) -> SecondFactor:
    """Whether the caller has a second factor, and how many recovery codes are left."""
    return second_factors.get_second_factor(resources, actor)


@router.put("/me/second-factor")
def begin_second_factor(resources: Injected, actor: Caller, proof: PasswordProof) -> NewSecondFactor:
    """Make a secret for an authenticator; it counts once a code is confirmed."""
    return second_factors.begin_second_factor(resources, actor, proof)


@router.post("/me/second-factor/confirmation")
def confirm_second_factor(resources: Injected, actor: Caller, proof: CodeProof) -> RecoveryCodes:
    """Confirm the authenticator by a code; the recovery codes are told this once."""
    return second_factors.confirm_second_factor(resources, actor, proof)


@router.post("/me/second-factor/removal", status_code=204)
def remove_second_factor(resources: Injected, actor: Caller, proof: RemovalProof) -> None:
    """Do without a second factor again; wants password and code."""
    second_factors.remove_second_factor(resources, actor, proof)


@router.post("/users/{user}/second-factor-reset", status_code=204)
def reset_second_factor(resources: Injected, actor: Caller, user: UserName) -> None:
    """Take a lost second factor from somebody else; their sessions end."""
    second_factors.reset_second_factor(resources, actor, user)
