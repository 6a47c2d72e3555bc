"""Signing in at an identity provider: what is asked of it, and what must hold of its answer.

OpenID Connect Core 1.0 (2014), authorization code flow, with proof keys (RFC 7636, S256), the issuer in the answer
(RFC 9207), and methods of authentication (RFC 8176). Tokens are read by joserfc.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from service.domain.documents import Document
from service.domain.permissions import ROLES, Role
from service.errors import ProviderSignInRefused

#: Signatures of asymmetric keys only: whoever can check a token cannot make one.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
#: How far the provider's clock may be from ours.
CLOCK_SKEW = timedelta(seconds=60)
#: A token that was made longer ago belongs to another attempt.
OLDEST_TOKEN = timedelta(minutes=10)
#: A proof is for the signature that somebody is about to give.
PROOF_LIFETIME = timedelta(minutes=5)
LONGEST_TOKEN = 20_000
LONGEST_SUBJECT = 255
ENTROPY_BYTES = 32
MULTI_FACTOR = "mfa"

Purpose = Literal["sign_in", "proof"]


class Discovery(BaseModel):
    """What a provider says of itself; all else in its document is read over."""

    model_config = ConfigDict(frozen=True, strict=True)

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    token_endpoint_auth_methods_supported: list[str] = Field(default=["client_secret_basic"])


class RoleMapping(Document):
    """Which roles the values of a claim give; named as the setting is, for the sentence about a wrong one."""

    oidc_roles: Mapping[str, Annotated[tuple[Role, ...], Field(strict=False)]]


class ProviderAnswer(Document):
    """What the provider has sent the browser back with."""

    code: SecretStr = Field(min_length=1, max_length=4000)
    state: str = Field(min_length=1, max_length=200)
    iss: str | None = Field(None, max_length=500, description="Who answers, where the provider says so.")


@dataclass(frozen=True)
class Attempt:
    """One way to the provider and back; the browser that began it keeps it in a cookie."""

    purpose: Purpose
    state: str
    nonce: str
    verifier: str

    def written(self) -> str:
        """The attempt as a cookie."""
        return ".".join((self.purpose, self.state, self.nonce, self.verifier))


@dataclass(frozen=True)
class Expected:
    """What a token must say, and where it says what people may do."""

    issuer: str
    client_id: str
    name_claim: str
    roles_claim: str
    roles: Mapping[str, Sequence[Role]]


@dataclass(frozen=True)
class Identity:
    """Who somebody is at the provider, and what they may do here."""

    subject: str
    name: str
    printed_name: str
    roles: tuple[Role, ...]
    authenticated_at: datetime | None
    is_multi_factor: bool


def new_attempt(purpose: Purpose, entropy: Sequence[bytes]) -> Attempt:
    """An attempt from three independent draws of chance."""
    state, nonce, verifier = map(_base64url, entropy)
    return Attempt(purpose, state, nonce, verifier)


def attempt_of(cookie: str | None, answer: ProviderAnswer, purpose: Purpose, issuer: str) -> Attempt:
    """The attempt that an answer belongs to. Raises: ProviderSignInRefused."""
    parts = (cookie or "").split(".")
    if len(parts) != len(Attempt.__dataclass_fields__) or parts[0] != purpose:
        raise ProviderSignInRefused("attempt")
    if not hmac.compare_digest(parts[1].encode(), answer.state.encode()):
        raise ProviderSignInRefused("state")
    if answer.iss is not None and answer.iss != issuer:
        raise ProviderSignInRefused("issuer")
    return Attempt(purpose, *parts[1:])


def authorization_url(
    discovery: Discovery, attempt: Attempt, client_id: str, redirect_uri: str, scopes: Sequence[str]
) -> str:
    """Where the browser goes; a proof asks the provider to authenticate the person anew."""
    parameters = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "scope": " ".join(scopes),
        "state": attempt.state,
        "nonce": attempt.nonce,
        "code_challenge": _base64url(hashlib.sha256(attempt.verifier.encode()).digest()),
        "code_challenge_method": "S256",
    }
    if attempt.purpose == "proof":
        parameters |= {"prompt": "login", "max_age": "0"}
    separator = "&" if "?" in discovery.authorization_endpoint else "?"
    return f"{discovery.authorization_endpoint}{separator}{urlencode(parameters)}"


def key_name_of(token: str) -> str | None:
    """Which key a token says that it is signed with. Raises: ProviderSignInRefused where it is no signed token."""
    if len(token) > LONGEST_TOKEN:
        raise ProviderSignInRefused("token")
    try:
        header = jws.extract_compact(token.encode()).headers()
    except (JoseError, ValueError):
        raise ProviderSignInRefused("token") from None
    if header.get("alg") not in ALGORITHMS:
        raise ProviderSignInRefused("algorithm")
    name = header.get("kid")
    return name if isinstance(name, str) else None


def read_identity(token: str, keys: KeySet, expected: Expected, nonce: str, moment: datetime) -> Identity:
    """Who an ID token is about, once all that OpenID Connect Core, 3.1.3.7, asks of it holds; perhaps without roles.

    Raises: ProviderSignInRefused.
    """
    claims = _verified(token, keys)
    _require_meant(claims, expected, nonce)
    _require_timely(claims, moment.timestamp())
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 1 <= len(subject) <= LONGEST_SUBJECT:
        raise ProviderSignInRefused("claims")
    name = _line(claims.get(expected.name_claim)) or subject
    methods = claims.get("amr")
    authenticated_at = claims.get("auth_time")
    return Identity(
        subject=subject,
        name=name,
        printed_name=_line(claims.get("name")) or name,
        roles=roles_of(claims, expected.roles_claim, expected.roles),
        authenticated_at=_moment(authenticated_at) if authenticated_at is not None else None,
        is_multi_factor=isinstance(methods, list) and MULTI_FACTOR in methods,
    )


def roles_of(claims: Mapping[str, Any], place: str, mapping: Mapping[str, Sequence[Role]]) -> tuple[Role, ...]:
    """The roles that a claim stands for, in order; `place` is its name, or a JSON pointer (`/realm_access/roles`)."""
    found: object = claims
    for part in place[1:].split("/") if place.startswith("/") else [place]:
        found = found.get(part.replace("~1", "/").replace("~0", "~")) if isinstance(found, Mapping) else None
    values = [found] if isinstance(found, str) else found if isinstance(found, list) else []
    granted = {role for value in values if isinstance(value, str) for role in mapping.get(value, ())}
    return tuple(role for role in ROLES if role in granted)


def require_fresh(identity: Identity, begun_at: datetime, last_seen: datetime | None) -> datetime:
    """When the provider has authenticated the person for this proof, which must be after it was asked to.

    An authentication that was seen before is no new one, however near the clocks are. Raises: ProviderSignInRefused.
    """
    moment = identity.authenticated_at
    if moment is None or moment < begun_at - CLOCK_SKEW or (last_seen is not None and moment <= last_seen):
        raise ProviderSignInRefused("freshness")
    return moment


def _verified(token: str, keys: KeySet) -> dict[str, Any]:
    try:
        return jwt.decode(token, keys, algorithms=ALGORITHMS).claims
    except (JoseError, ValueError):
        raise ProviderSignInRefused("token") from None


def _require_meant(claims: Mapping[str, Any], expected: Expected, nonce: str) -> None:
    if claims.get("iss") != expected.issuer:
        raise ProviderSignInRefused("issuer")
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    party = claims.get("azp", None if len(audiences) > 1 else expected.client_id)
    if expected.client_id not in audiences or party != expected.client_id:
        raise ProviderSignInRefused("audience")
    said = claims.get("nonce")
    if not isinstance(said, str) or not hmac.compare_digest(said.encode(), nonce.encode()):
        raise ProviderSignInRefused("nonce")


def _require_timely(claims: Mapping[str, Any], now: float) -> None:
    skew = CLOCK_SKEW.total_seconds()
    expires, made = _seconds(claims.get("exp")), _seconds(claims.get("iat"))
    starts = _seconds(claims.get("nbf", made))
    is_now = now - skew < expires and max(made, starts) <= now + skew
    if not is_now or made < now - OLDEST_TOKEN.total_seconds() - skew:
        raise ProviderSignInRefused("time")


def _seconds(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 2**40:
        raise ProviderSignInRefused("claims")
    return float(value)


def _moment(value: object) -> datetime:
    try:
        return datetime.fromtimestamp(_seconds(value), UTC)
    except (OverflowError, ValueError):
        raise ProviderSignInRefused("claims") from None


def _line(value: object) -> str | None:
    """A claim that can be printed on one line."""
    if not isinstance(value, str) or not value.isprintable() or not 1 <= len(value.strip()) <= 200:
        return None
    return value.strip()


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")
