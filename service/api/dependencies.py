"""What routes receive: the resources, the caller, the page, the headers that matter."""

from collections import Counter
from typing import Annotated

from fastapi import Depends, Header, Path, Query, Request, params
from starlette.concurrency import run_in_threadpool

from service.domain.documents import EDGE_PATTERN, Slug
from service.domain.pages import PageRequest
from service.domain.permissions import Actor
from service.errors import FieldError, InvalidRequest, NotSignedIn
from service.operations.rate_limits import spend_request
from service.operations.resources import Resources
from service.operations.sessions import authenticate_key, authenticate_session, find_key_holder

SESSION_COOKIE = "__Host-edgewise_session"
BEARER = "bearer "


async def find_resources(request: Request) -> Resources:
    """What operations work with."""
    resources: Resources = request.app.state.resources
    return resources


Injected = Annotated[Resources, Depends(find_resources)]


def session_token(request: Request) -> str | None:
    """The browser's session cookie, or None."""
    return request.cookies.get(SESSION_COOKIE)


async def key_holder(resources: Resources, key: str) -> Actor:
    """The program behind an API key, known or looked up. Raises: NotSignedIn."""
    known = find_key_holder(resources, key)
    if known is not None:
        return known
    return await resources.looks_at_keys.find(key, lambda: run_in_threadpool(authenticate_key, resources, key))


async def find_caller(request: Request, resources: Injected) -> Actor:
    """Who calls, by API key or session. Raises: NotSignedIn."""
    authorization = request.headers.get("authorization", "")
    if authorization.lower().startswith(BEARER):
        actor = await key_holder(resources, authorization[len(BEARER) :].strip())
        spend_request(resources, actor)
        return actor
    token = session_token(request)
    if token is None:
        raise NotSignedIn
    return await run_in_threadpool(authenticate_session, resources, token)


async def _page(
    limit: Annotated[int, Query(ge=1, le=200)] = 50, cursor: Annotated[str | None, Query(max_length=200)] = None
) -> PageRequest:
    return PageRequest(limit, cursor)


def only_fields(*names: str) -> params.Depends:
    """What a multipart body may hold, each once: a field that nobody reads would be taken for granted."""

    async def check(request: Request) -> None:
        surplus = Counter(name for name, _ in (await request.form()).multi_items()) - Counter(names)
        if surplus:
            raise InvalidRequest(*(FieldError(f"/{name}", _refusal(name, names)) for name in surplus))

    return params.Depends(check)


def _refusal(name: str, names: tuple[str, ...]) -> str:
    known = ", ".join(f"'{one}'" for one in names)
    return f"Send '{name}' once." if name in names else f"There is no field '{name}'; there are {known}."


Caller = Annotated[Actor, Depends(find_caller)]
RequestedPage = Annotated[PageRequest, Depends(_page)]
ModelName = Annotated[Slug, Path()]
ModelFilter = Annotated[Slug | None, Query()]
VersionNumber = Annotated[int, Path(ge=1, le=2**31 - 1)]
EdgeId = Annotated[str, Path(pattern=EDGE_PATTERN)]
Identifier = Annotated[str, Path(min_length=36, max_length=36, pattern=r"^[0-9a-f-]{36}$")]
IfMatch = Annotated[str | None, Header(max_length=100)]
IdempotencyKey = Annotated[str | None, Header(min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$")]
