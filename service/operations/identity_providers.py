"""Signing in at an identity provider, and confirming there who one is before a signature.

People are known by issuer and subject. An account is made at the first sign-in, or linked to a subject by an operator;
no name and no e-mail address ever links one. Roles and the printed name are taken anew each time.
"""

import hmac
from datetime import datetime

from service.domain.canonical import timestamp
from service.domain.documents import Document
from service.domain.identity_providers import (
    ENTROPY_BYTES,
    PROOF_LIFETIME,
    Attempt,
    Identity,
    ProviderAnswer,
    Purpose,
    attempt_of,
    authorization_url,
    key_name_of,
    new_attempt,
    read_identity,
    require_fresh,
)
from service.domain.permissions import Actor, require, require_person
from service.errors import (
    AccountClosed,
    AccountNotLinked,
    NoIdentityProvider,
    NoRoleMapped,
    NotFound,
    ProofRequired,
    ProviderFactorMissing,
    ProviderSignInRefused,
)
from service.operations.lockouts import is_closed
from service.operations.resources import Resources
from service.operations.sessions import SignIn, begin_session, hash_token
from service.storage import identities, tables, users
from service.storage.database import Session
from service.storage.identity_provider import IdentityProvider


class ProviderTitle(Document):
    """What the sign-in page calls the identity provider, or null where there is none."""

    title: str | None


class Departure(Document):
    """Where the browser goes to sign in."""

    url: str


class Proof(Document):
    """Who signs next has just shown at the provider who they are; the proof works once."""

    proof: str
    valid_until: str


def get_identity_provider(resources: Resources) -> ProviderTitle:
    """Whether people can sign in elsewhere."""
    return ProviderTitle(title=resources.settings.oidc_title if resources.provider else None)


def create_sign_in_attempt(resources: Resources) -> tuple[Departure, Attempt]:
    """Begin a sign-in; the browser keeps the attempt. Raises: NoIdentityProvider, ProviderUnavailable."""
    return _departure(resources, "sign_in")


def create_provider_session(resources: Resources, cookie: str | None, answer: ProviderAnswer) -> SignIn:
    """Sign in with the provider's answer. Records: sessions.created, or sessions.refused for a person without a role.

    Raises: NoIdentityProvider, ProviderSignInRefused, ProviderUnavailable, NoRoleMapped, AccountClosed,
    AccountNotLinked.
    """
    provider, identity = _identity(resources, cookie, answer, "sign_in")
    with resources.database.write() as session:
        found = identities.find_identity(session, provider.issuer, identity.subject, lock=True)
        signed_in = _enter(resources, session, provider.issuer, found, identity)
    if isinstance(signed_in, SignIn):
        return signed_in
    raise signed_in


def create_proof_attempt(resources: Resources, actor: Actor) -> tuple[Departure, Attempt]:
    """Begin a confirmation, for which the provider authenticates the caller anew. Records: proofs.begun.

    Raises: KeyCannotSign, NotFound where the caller has no identity at the provider, ProviderUnavailable.
    """
    require(actor, "create_proof_attempt")
    require_person(actor)
    departure, attempt = _departure(resources, "proof")
    with resources.database.write() as session:
        identity = _own_identity(session, actor)
        identity.proof_begun_at, identity.proof_state_hash = resources.clock(), hash_token(attempt.state)
        resources.record(session, actor, "proofs.begun", f"users/{actor.id}")
    return departure, attempt


def create_proof(resources: Resources, actor: Actor, cookie: str | None, answer: ProviderAnswer) -> Proof:
    """Take the provider's word that the caller has just authenticated there, and their roles anew.

    Records: proofs.created.
    Raises: KeyCannotSign, NoIdentityProvider, NotFound, ProviderSignInRefused, ProviderUnavailable.
    """
    require(actor, "create_proof")
    require_person(actor)
    provider, identity = _identity(resources, cookie, answer, "proof")
    proof, moment = resources.entropy(ENTROPY_BYTES).hex(), resources.clock()
    with resources.database.write() as session:
        own = _own_identity(session, actor)
        if (own.issuer, own.subject) != (provider.issuer, identity.subject):
            raise ProviderSignInRefused("person")
        begun_at, state_hash = own.proof_begun_at, own.proof_state_hash or ""
        if begun_at is None or not hmac.compare_digest(state_hash, hash_token(answer.state)):
            raise ProviderSignInRefused("attempt")
        own.authenticated_at = require_fresh(identity, begun_at, own.authenticated_at)
        own.proof_begun_at = own.proof_state_hash = None
        own.proof_hash, own.proof_made_at = hash_token(proof), moment
        own.proof_is_multi_factor = identity.is_multi_factor
        users.get_user(session, actor.id, lock=True).roles = list(identity.roles)
        resources.record(session, actor, "proofs.created", f"users/{actor.id}")
    return Proof(proof=proof, valid_until=timestamp(moment + PROOF_LIFETIME))


def spend_proof(resources: Resources, session: Session, actor: Actor, proof: str | None, *, needs_factor: bool) -> None:
    """Use a proof up, in the transaction of its signature. Raises: ProofRequired, ProviderFactorMissing."""
    identity = identities.find_identity_of(session, actor.id, lock=True)
    if proof is None or identity is None or identity.proof_hash is None or identity.proof_made_at is None:
        raise ProofRequired
    is_fresh = resources.clock() < identity.proof_made_at + PROOF_LIFETIME
    if not is_fresh or not hmac.compare_digest(identity.proof_hash, hash_token(proof)):
        raise ProofRequired
    if needs_factor and not identity.proof_is_multi_factor:
        raise ProviderFactorMissing
    identity.proof_hash = identity.proof_made_at = None


def link_user(resources: Resources, name: str, subject: str) -> None:
    """Say that an account belongs to a subject of the provider. Records: users.linked.

    Raises: NoIdentityProvider, NotFound, AccountNotLinked where the subject has another account or the account another
    subject.
    """
    issuer = provider_of(resources).issuer
    with resources.database.write() as session:
        user = users.find_user(session, name)
        if user is None or user.is_service:
            raise NotFound("person", name)
        if identities.find_identity(session, issuer, subject) or identities.find_identity_of(session, user.id):
            raise AccountNotLinked(name)
        _add(resources, session, issuer, subject, user.id, None)
        resources.record(session, None, "users.linked", f"users/{user.id}")


def provider_of(resources: Resources) -> IdentityProvider:
    """The configured provider. Raises: NoIdentityProvider."""
    if resources.provider is None:
        raise NoIdentityProvider
    return resources.provider


def _departure(resources: Resources, purpose: Purpose) -> tuple[Departure, Attempt]:
    provider, settings = provider_of(resources), resources.settings
    attempt = new_attempt(purpose, [resources.entropy(ENTROPY_BYTES) for _ in range(3)])
    url = authorization_url(
        provider.discovery(), attempt, settings.oidc_client_id, provider.redirect_uri, settings.oidc_scopes
    )
    return Departure(url=url), attempt


def _identity(
    resources: Resources, cookie: str | None, answer: ProviderAnswer, purpose: Purpose
) -> tuple[IdentityProvider, Identity]:
    provider = provider_of(resources)
    attempt = attempt_of(cookie, answer, purpose, provider.issuer)
    token = provider.exchange(answer.code.get_secret_value(), attempt.verifier)
    keys = provider.keys(key_name_of(token))
    return provider, read_identity(token, keys, provider.expected, attempt.nonce, resources.clock())


def _enter(
    resources: Resources, session: Session, issuer: str, found: tables.Identity | None, identity: Identity
) -> SignIn | NoRoleMapped:
    """A session for whom the provider names, or why there is none once that was recorded."""
    if found is None:
        if not identity.roles:
            raise NoRoleMapped
        user = _new_user(resources, session, issuer, identity)
    else:
        user = users.get_user(session, found.user_id, lock=True)
        if user.is_service or is_closed(resources, user):
            raise AccountClosed
        user.roles, user.printed_name = list(identity.roles), identity.printed_name
        found.authenticated_at = _latest(found.authenticated_at, identity.authenticated_at)
        if not identity.roles:
            return _turn_away(resources, session, user)
    return begin_session(resources, session, user, {"roles": list(identity.roles), "by": "identity provider"})


def _turn_away(resources: Resources, session: Session, user: tables.User) -> NoRoleMapped:
    """Who has lost all roles at the provider has lost them here, in every session."""
    users.delete_sessions_of(session, user.id)
    resources.record(session, None, "sessions.refused", f"users/{user.id}", {"by": "identity provider", "roles": []})
    return NoRoleMapped()


def _new_user(resources: Resources, session: Session, issuer: str, identity: Identity) -> tables.User:
    if users.find_user(session, identity.name) is not None:
        raise AccountNotLinked(identity.name)
    user = tables.User(
        id=resources.new_id(),
        name=identity.name,
        printed_name=identity.printed_name,
        roles=list(identity.roles),
        password_hash=None,
        created_at=resources.clock(),
        failed_sign_ins=0,
        locked_until=None,
        must_change_password=False,
        is_service=False,
        disabled_at=None,
    )
    users.add_user(session, user)
    _add(resources, session, issuer, identity.subject, user.id, identity.authenticated_at)
    return user


def _add(
    resources: Resources, session: Session, issuer: str, subject: str, user_id: str, authenticated_at: datetime | None
) -> None:
    row = tables.Identity(
        issuer=issuer,
        subject=subject,
        user_id=user_id,
        created_at=resources.clock(),
        authenticated_at=authenticated_at,
        proof_is_multi_factor=False,
    )
    identities.add_identity(session, row)


def _own_identity(session: Session, actor: Actor) -> tables.Identity:
    identity = identities.find_identity_of(session, actor.id, lock=True)
    if identity is None:
        raise NotFound("identity at the provider", actor.name)
    return identity


def _latest(*moments: datetime | None) -> datetime | None:
    return max((moment for moment in moments if moment is not None), default=None)
