"""Signing in and out, and passwords."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from pydantic import Field, SecretStr

from service.api.dependencies import SESSION_COOKIE, Caller, Injected, session_token
from service.domain.documents import Document, Line
from service.domain.sign_in import PasswordChange
from service.operations import sessions, users
from service.operations.sessions import Me, SignIn

router = APIRouter(tags=["sessions"])


UserName = Annotated[Line, Path(description="The name that somebody signs in with.")]


class OneTimePassword(Document):
    """A password that lets somebody do nothing but choose another one."""

    password: str


class Credentials(Document):
    """What a person signs in with."""

    name: Line
    password: SecretStr = Field(min_length=1, max_length=1000)
    code: SecretStr | None = Field(None, max_length=50, description="Of the second factor, where there is one.")


def keep_session(response: Response, sign_in: SignIn) -> None:
    """Let the browser keep a session, where scripts cannot read it."""
    response.set_cookie(SESSION_COOKIE, sign_in.token, path="/", secure=True, httponly=True, samesite="lax")


@router.post("/sessions", status_code=201)
def create_session(resources: Injected, credentials: Credentials, response: Response) -> Me:
    """Sign in: sets a session cookie that scripts cannot read."""
    code = credentials.code.get_secret_value() if credentials.code else None
    sign_in = sessions.create_session(resources, credentials.name, credentials.password.get_secret_value(), code)
    keep_session(response, sign_in)
    return sign_in.me


@router.delete("/sessions/current", status_code=204)
def delete_session(resources: Injected, actor: Caller, request: Request, response: Response) -> None:
    """Sign out."""
    token = session_token(request)
    if token is not None:
        sessions.delete_session(resources, actor, token)
    response.delete_cookie(SESSION_COOKIE, path="/", secure=True, httponly=True, samesite="lax")


@router.delete("/sessions", status_code=204)
def end_all_sessions(resources: Injected, actor: Caller) -> None:
    """Sign out everywhere, here too."""
    sessions.end_all_sessions(resources, actor)


@router.put("/me/password", status_code=204)
def change_password(resources: Injected, actor: Caller, request: PasswordChange) -> None:
    """Take a password of one's own; every session ends, this one too."""
    users.change_password(resources, actor, request)


@router.post("/users/{user}/password-reset")
def reset_password(resources: Injected, actor: Caller, user: UserName) -> OneTimePassword:
    """Give somebody else a one-time password, which is told this once."""
    return OneTimePassword(password=users.reset_password(resources, actor, user))


@router.post("/users/{user}/disablement", status_code=204)
def disable_user(resources: Injected, actor: Caller, user: UserName) -> None:
    """Keep somebody else out: their sessions end, their keys and passwords work no more."""
    users.disable_user(resources, actor, user)


@router.delete("/users/{user}/disablement", status_code=204)
def enable_user(resources: Injected, actor: Caller, user: UserName) -> None:
    """Let somebody else in again; a lock after wrong passwords is lifted too."""
    users.enable_user(resources, actor, user)


@router.get("/me")
def get_me(actor: Caller) -> Me:
    """Who is calling, and what they may do."""
    return sessions.describe_actor(actor)
