"""Signing in at an identity provider.

The provider sends browsers back to a page, which hands its answer over here; the attempt waits in a cookie meanwhile.
"""

from fastapi import APIRouter, Request, Response

from service.api.dependencies import Caller, Injected
from service.api.sessions import keep_session
from service.domain.identity_providers import OLDEST_TOKEN, Attempt, ProviderAnswer
from service.operations import identity_providers
from service.operations.identity_providers import Departure, Proof, ProviderTitle
from service.operations.sessions import Me

ATTEMPT_COOKIE = "__Host-edgewise_attempt"

router = APIRouter(tags=["sessions"], prefix="/identity-provider")


@router.get("")
def get_identity_provider(resources: Injected) -> ProviderTitle:
    """Where people can sign in elsewhere, or null."""
    return identity_providers.get_identity_provider(resources)


@router.post("/attempts", status_code=201)
def create_sign_in_attempt(resources: Injected, response: Response) -> Departure:
    """Begin to sign in at the provider: where the browser goes."""
    departure, attempt = identity_providers.create_sign_in_attempt(resources)
    _keep_attempt(response, attempt)
    return departure


@router.post("/sessions", status_code=201)
def create_provider_session(resources: Injected, request: Request, answer: ProviderAnswer, response: Response) -> Me:
    """Sign in with the provider's answer; people, names and roles are as the provider says."""
    cookie = request.cookies.get(ATTEMPT_COOKIE)
    sign_in = identity_providers.create_provider_session(resources, cookie, answer)
    _forget_attempt(response)
    keep_session(response, sign_in)
    return sign_in.me


@router.post("/proof-attempts", status_code=201)
def create_proof_attempt(resources: Injected, actor: Caller, response: Response) -> Departure:
    """Begin to confirm at the provider who one is, before a signature: where the browser goes."""
    departure, attempt = identity_providers.create_proof_attempt(resources, actor)
    _keep_attempt(response, attempt)
    return departure


@router.post("/proofs", status_code=201)
def create_proof(
    resources: Injected, actor: Caller, request: Request, answer: ProviderAnswer, response: Response
) -> Proof:
    """Turn the provider's answer into a proof for one signature; it is told this once."""
    proof = identity_providers.create_proof(resources, actor, request.cookies.get(ATTEMPT_COOKIE), answer)
    _forget_attempt(response)
    return proof


def _keep_attempt(response: Response, attempt: Attempt) -> None:
    seconds = int(OLDEST_TOKEN.total_seconds())
    response.set_cookie(
        ATTEMPT_COOKIE, attempt.written(), max_age=seconds, path="/", secure=True, httponly=True, samesite="strict"
    )


def _forget_attempt(response: Response) -> None:
    response.delete_cookie(ATTEMPT_COOKIE, path="/", secure=True, httponly=True, samesite="strict")
