"""Signing in and out."""

from fastapi import APIRouter, Request, Response
from pydantic import Field, SecretStr

from service.api.dependencies import SESSION_COOKIE, Caller, Injected, session_token
from service.domain.documents import Document, Line
from service.operations import sessions
from service.operations.sessions import Me

router = APIRouter(tags=["sessions"])


class Credentials(Document):
    """What a person signs in with."""

    name: Line
    password: SecretStr = Field(min_length=1, max_length=1000)


@router.post("/sessions", status_code=201)
def create_session(resources: Injected, credentials: Credentials, response: Response) -> Me:
    """Sign in: sets a session cookie that scripts cannot read."""
    sign_in = sessions.create_session(resources, credentials.name, credentials.password.get_secret_value())
    response.set_cookie(SESSION_COOKIE, sign_in.token, path="/", secure=True, httponly=True, samesite="lax")
    return sign_in.me


@router.delete("/sessions/current", status_code=204)
def delete_session(resources: Injected, actor: Caller, request: Request, response: Response) -> None:
    """Sign out."""
    token = session_token(request)
    if token is not None:
        sessions.delete_session(resources, actor, token)
    response.delete_cookie(SESSION_COOKIE, path="/", secure=True, httponly=True, samesite="lax")


@router.get("/me")
def get_me(actor: Caller) -> Me:
    """Who is calling, and what they may do."""
    return sessions.describe_actor(actor)
