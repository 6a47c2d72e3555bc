"""Signing in at an identity provider, and signing with its word, against a provider that really listens."""

import base64
import hmac
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from joserfc import jwt

from service.domain.permissions import Actor
from service.domain.policies import ReviewPolicy
from service.domain.reviews import SignedContent
from service.domain.sign_in import PasswordChange
from service.errors import (
    AccountClosed,
    AccountNotLinked,
    KeyCannotSign,
    NoIdentityProvider,
    NoPassword,
    NoRoleMapped,
    NotFound,
    NotSignedIn,
    ProofRequired,
    ProviderFactorMissing,
    ProviderSignInRefused,
    SignInRefused,
    StaleDigest,
)
from service.operations import api_keys, identity_providers, review_policies, sessions, signatures, users
from service.operations.api_keys import ApiKeyRequest
from service.operations.identity_providers import Proof, create_proof, create_provider_session, create_sign_in_attempt
from service.operations.resources import Resources
from service.operations.reviews import Review
from service.operations.sessions import SignIn
from service.settings import Settings
from service.storage import reviews
from service.storage.identity_provider import IdentityProvider
from tests.service.conftest import PASSWORD, Clock, Person, Steps, audit_payloads, everything_stored, signature_request
from tests.service.identity_provider import Provider, configured, new_key, serving


@pytest.fixture
def provider(clock: Clock) -> Iterator[Provider]:
    with serving(Provider(clock)) as listening:
        yield listening


@pytest.fixture
def linked(resources: Resources, settings: Settings, provider: Provider) -> Resources:
    known = configured(settings, provider)
    return replace(resources, settings=known, provider=IdentityProvider(known, provider.issuer))


def sign_in(linked: Resources, provider: Provider, subject: str = "sub-1") -> SignIn:
    departure, attempt = create_sign_in_attempt(linked)
    return create_provider_session(linked, attempt.written(), provider.authorize(departure.url, subject))


def person_behind(linked: Resources, signed_in: SignIn) -> Actor:
    return sessions.authenticate_session(linked, signed_in.token)


def clock_of(provider: Provider) -> Clock:
    assert isinstance(provider.clock, Clock)
    return provider.clock


def proof_of(linked: Resources, provider: Provider, actor: Actor, **how: Any) -> Proof:
    departure, attempt = identity_providers.create_proof_attempt(linked, actor)
    assert "prompt=login" in departure.url
    assert "max_age=0" in departure.url
    clock_of(provider).advance(seconds=1)
    return create_proof(linked, actor, attempt.written(), provider.authorize(departure.url, **how))


def test_an_account_is_made_at_the_first_sign_in_and_found_at_the_next(linked: Resources, provider: Provider) -> None:
    first = sign_in(linked, provider)
    assert (first.me.name, first.me.printed_name, first.me.roles) == ("ada", "Ada Lovelace", ("auditor",))
    assert not first.me.has_password
    provider.people["sub-1"] |= {"preferred_username": "else", "email": "admin@bank.example", "name": "Ada King"}
    again = sign_in(linked, provider)
    assert (again.me.id, again.me.name, again.me.printed_name) == (first.me.id, "ada", "Ada King")
    made, *_ = [event for event in audit_payloads(linked) if event["action"] == "sessions.created"]
    assert made["details"] == {"by": "identity provider", "roles": ["auditor"]}
    assert "Lovelace" not in str(audit_payloads(linked))


def test_roles_are_taken_anew_at_each_sign_in_and_keys_lose_what_their_owner_loses(
    linked: Resources, provider: Provider
) -> None:
    provider.people["sub-1"]["groups"] = ["builders", "of no meaning"]
    actor = person_behind(linked, sign_in(linked, provider))
    assert actor.roles == {"developer", "client"}
    asked = ApiKeyRequest(label="builds", role="developer")
    key = api_keys.create_api_key(linked, actor, asked).key
    assert sessions.authenticate_key(linked, key).roles == {"developer"}
    provider.people["sub-1"]["groups"] = ["risk-auditors"]
    assert person_behind(linked, sign_in(linked, provider)).roles == {"auditor"}
    assert sessions.authenticate_key(linked, key).roles == frozenset()


def test_who_has_lost_all_roles_is_out_at_once_and_everywhere(linked: Resources, provider: Provider) -> None:
    before = sign_in(linked, provider)
    provider.people["sub-1"]["groups"] = ["of no meaning"]
    with pytest.raises(NoRoleMapped):
        sign_in(linked, provider)
    with pytest.raises(NotSignedIn):
        sessions.authenticate_session(linked, before.token)
    assert audit_payloads(linked)[-1]["action"] == "sessions.refused"


@pytest.mark.parametrize("groups", [["of no meaning"], [], None, "builder", 7, {"builders": True}])
def test_a_stranger_without_a_mapped_role_leaves_nothing(linked: Resources, provider: Provider, groups: object) -> None:
    provider.people["sub-1"]["groups"] = groups
    before = everything_stored(linked)
    with pytest.raises(NoRoleMapped):
        sign_in(linked, provider)
    assert everything_stored(linked) == before


def test_an_account_of_the_same_name_is_nobody_elses_until_an_operator_links_it(
    linked: Resources, provider: Provider, person: Person
) -> None:
    local = person("developer", name="ada")
    with pytest.raises(AccountNotLinked):
        sign_in(linked, provider)
    identity_providers.link_user(linked, "ada", "sub-1")
    signed_in = sign_in(linked, provider)
    assert (signed_in.me.id, signed_in.me.roles, signed_in.me.has_password) == (local.id, ("auditor",), True)
    for name, subject, error in (("ada", "other", AccountNotLinked), ("nobody", "sub-2", NotFound)):
        with pytest.raises(error):
            identity_providers.link_user(linked, name, subject)


def test_locked_and_disabled_people_stay_out(linked: Resources, provider: Provider, person: Person) -> None:
    signed_in = sign_in(linked, provider)
    guard = person("administrator")
    users.disable_user(linked, guard, "ada")
    with pytest.raises(AccountClosed):
        sign_in(linked, provider)
    with pytest.raises(NotSignedIn):
        sessions.authenticate_session(linked, signed_in.token)
    users.enable_user(linked, guard, "ada")
    assert sign_in(linked, provider).me.name == "ada"


def test_nobody_guesses_at_an_account_without_a_password(linked: Resources, provider: Provider, person: Person) -> None:
    actor = person_behind(linked, sign_in(linked, provider))
    before = everything_stored(linked)
    with pytest.raises(SignInRefused):
        sessions.create_session(linked, "ada", "no account has this password")
    assert everything_stored(linked) == before
    change = PasswordChange.model_validate({"current_password": "x", "new_password": PASSWORD})
    with pytest.raises(NoPassword):
        users.change_password(linked, actor, change)
    with pytest.raises(NoPassword):
        users.reset_password(linked, person("administrator"), "ada")


LATER = 1_900_000_000
FAULTS: dict[str, dict[str, Any]] = {
    "issuer": {"iss": "https://elsewhere.example"},
    "audience": {"aud": "another application"},
    "several audiences": {"aud": ["edgewise", "another"]},
    "another party": {"azp": "another"},
    "nonce": {"nonce": "of another attempt"},
    "no nonce": {"nonce": None},
    "expired": {"exp": 1_700_000_000},
    "no expiry": {"exp": None},
    "expiry as text": {"exp": "tomorrow"},
    "endless": {"exp": float("inf")},
    "expiry that is true": {"exp": True},
    "made later": {"iat": LATER, "exp": LATER + 9},
    "made long ago": {"iat": 1_700_000_000},
    "not yet": {"nbf": LATER},
    "no subject": {"sub": None},
    "empty subject": {"sub": ""},
    "endless subject": {"sub": "s" * 256},
    "subject that is a number": {"sub": 7},
    "authenticated at nonsense": {"auth_time": "yesterday"},
}


@pytest.mark.parametrize("lies", FAULTS.values(), ids=FAULTS.keys())
def test_a_token_that_lies_signs_nobody_in(linked: Resources, provider: Provider, lies: dict[str, Any]) -> None:
    provider.lies = lies
    before = everything_stored(linked)
    with pytest.raises(ProviderSignInRefused):
        sign_in(linked, provider)
    assert everything_stored(linked) == before


def _part(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _written_by_hand(header: dict[str, str], claims: str, key: bytes | None = None) -> str:
    """A token that no library would make: without a signature, or with an HMAC whose key everybody knows."""
    text = f"{_part(json.dumps(header).encode())}.{claims}"
    return f"{text}.{_part(hmac.digest(key, text.encode(), 'sha256')) if key else ''}"


@pytest.mark.parametrize("kind", ["none", "HS256", "other key", "no key name", "nothing", "text", "endless"])
def test_a_token_that_is_not_signed_by_a_published_key_signs_nobody_in(
    linked: Resources, provider: Provider, kind: str
) -> None:
    claims = {"iss": provider.issuer, "aud": "edgewise", "sub": "sub-1"}
    signed = jwt.encode({"alg": "ES256", "kid": "first"}, claims, new_key("first"))
    said, public = signed.split(".")[1], provider.key.as_pem(private=False)
    token = {
        "none": _written_by_hand({"alg": "none", "kid": "first"}, said),
        "HS256": _written_by_hand({"alg": "HS256", "kid": "first"}, said, public),
        "other key": signed,
        "no key name": jwt.encode({"alg": "ES256"}, claims, new_key("first")),
        "nothing": "",
        "text": "no.token.at all",
        "endless": "a" * 30_000,
    }[kind]
    provider.raw["/token"] = f'{{"id_token": "{token}"}}'.encode()
    with pytest.raises(ProviderSignInRefused):
        sign_in(linked, provider)


def test_a_new_key_is_fetched_once_and_an_unknown_one_is_not_believed(
    linked: Resources, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in(linked, provider)
    provider.key = new_key("second")
    provider.published.append(provider.key)
    with pytest.raises(ProviderSignInRefused):  # keys were fetched a moment ago: no flood of questions
        sign_in(linked, provider)
    monkeypatch.setattr("service.storage.identity_provider.KEYS_AGAIN_SECONDS", 0.0)
    assert sign_in(linked, provider).me.name == "ada"
    asked = provider.asked.count("/keys")
    sign_in(linked, provider)
    assert provider.asked.count("/keys") == asked == 2
    provider.key = new_key("never published")
    with pytest.raises(ProviderSignInRefused):
        sign_in(linked, provider)


def test_an_answer_belongs_to_one_attempt_of_one_browser(linked: Resources, provider: Provider) -> None:
    departure, attempt = create_sign_in_attempt(linked)
    answer = provider.authorize(departure.url)
    other = create_sign_in_attempt(linked)[1]
    foreign = replace(attempt, verifier=other.verifier)
    for cookie in (None, "", "a.b", other.written(), foreign.written(), replace(attempt, purpose="proof").written()):
        with pytest.raises(ProviderSignInRefused):
            create_provider_session(linked, cookie, answer)
    departure, attempt = create_sign_in_attempt(linked)
    answer = provider.authorize(departure.url)
    with pytest.raises(ProviderSignInRefused):
        create_provider_session(linked, attempt.written(), answer.model_copy(update={"iss": "https://mix.up"}))
    create_provider_session(linked, attempt.written(), answer)
    with pytest.raises(ProviderSignInRefused):  # the code was used
        create_provider_session(linked, attempt.written(), answer)


def test_without_a_provider_there_is_nothing_to_sign_in_at(resources: Resources) -> None:
    assert identity_providers.get_identity_provider(resources).title is None
    with pytest.raises(NoIdentityProvider):
        create_sign_in_attempt(resources)


@pytest.fixture
def review(linked: Resources, provider: Provider, steps: Steps) -> Review:
    """A review whose edges are accepted, and which waits for Ada."""
    made = replace(steps, resources=linked)
    made.train(made.model(), made.dataset())
    return made.accept_edges(made.submit("credit", 1))


def sign(linked: Resources, actor: Actor, review: Review, proof: str | None, **changes: Any) -> Review:
    request = signature_request(review, password=None, proof=proof, **changes)
    return signatures.create_signature(linked, actor, review.id, request)


def test_each_signature_takes_a_proof_of_its_own(linked: Resources, provider: Provider, review: Review) -> None:
    ada = person_behind(linked, sign_in(linked, provider))
    for nothing in (None, "", "0" * 64):
        with pytest.raises(ProofRequired):
            sign(linked, ada, review, nothing)
    proof = proof_of(linked, provider, ada).proof
    signed = sign(linked, ada, review, proof)
    assert (signed.state, signed.signatures[0].printed_name) == ("approved", "Ada Lovelace")
    with linked.database.read() as session:
        content = reviews.signatures_of(session, review.id)[0].content
    assert SignedContent.model_validate_json(content).shown_by == "identity provider"
    with linked.database.write() as session, pytest.raises(ProofRequired):
        identity_providers.spend_proof(linked, session, ada, proof, needs_factor=False)


def test_a_proof_is_old_after_five_minutes(linked: Resources, provider: Provider, review: Review, clock: Clock) -> None:
    ada = person_behind(linked, sign_in(linked, provider))
    proof = proof_of(linked, provider, ada).proof
    clock.advance(minutes=5)
    with pytest.raises(ProofRequired):
        sign(linked, ada, review, proof)


def test_a_refused_signature_leaves_the_proof(linked: Resources, provider: Provider, review: Review) -> None:
    ada = person_behind(linked, sign_in(linked, provider))
    proof = proof_of(linked, provider, ada).proof
    with pytest.raises(StaleDigest):
        sign(linked, ada, review, proof, artifact_digest="sha256:" + "0" * 64)
    assert sign(linked, ada, review, proof).state == "approved"


def test_being_still_signed_in_at_the_provider_proves_nothing(
    linked: Resources, provider: Provider, clock: Clock
) -> None:
    ada = person_behind(linked, sign_in(linked, provider))
    with pytest.raises(ProviderSignInRefused):  # within the tolerance for clocks, but seen before
        proof_of(linked, provider, ada, is_kept=True)
    clock.advance(minutes=10)
    with pytest.raises(ProviderSignInRefused):
        proof_of(linked, provider, ada, is_kept=True)
    provider.lies = {"auth_time": None}
    with pytest.raises(ProviderSignInRefused):
        proof_of(linked, provider, ada)


def test_nobody_proves_for_somebody_else(linked: Resources, provider: Provider, person: Person) -> None:
    provider.people["sub-2"] = {"preferred_username": "bob", "groups": ["risk-auditors"]}
    ada, bob = (person_behind(linked, sign_in(linked, provider, subject)) for subject in ("sub-1", "sub-2"))
    with pytest.raises(ProviderSignInRefused):
        proof_of(linked, provider, ada, subject="sub-2")
    departure, attempt = identity_providers.create_proof_attempt(linked, ada)
    answer = provider.authorize(departure.url, "sub-2")
    with pytest.raises(ProviderSignInRefused):  # Bob never began it
        create_proof(linked, bob, attempt.written(), answer)
    with pytest.raises(NotFound):
        identity_providers.create_proof_attempt(linked, person("auditor"))
    with pytest.raises(KeyCannotSign):
        identity_providers.create_proof_attempt(linked, replace(ada, api_key_id="key"))


def test_a_policy_that_wants_a_second_factor_takes_the_provider_s_word_for_it(
    linked: Resources, provider: Provider, steps: Steps, person: Person
) -> None:
    made, guard = replace(steps, resources=linked), person("administrator")
    made.train(made.model(), made.dataset())
    etag = review_policies.get_review_policy(linked, guard, "credit").etag
    strict = ReviewPolicy(quorum=1, gates=("findings", "fidelity"), second_factor=True)
    review_policies.put_review_policy(linked, guard, "credit", strict, etag)
    review = made.accept_edges(made.submit("credit", 1))
    ada = person_behind(linked, sign_in(linked, provider))
    provider.people["sub-1"]["amr"] = ["pwd"]
    with pytest.raises(ProviderFactorMissing):
        sign(linked, ada, review, proof_of(linked, provider, ada).proof)
    provider.people["sub-1"]["amr"] = ["pwd", "otp", "mfa"]
    assert sign(linked, ada, review, proof_of(linked, provider, ada).proof).state == "approved"


def test_secrets_of_a_sign_in_are_in_no_event(linked: Resources, provider: Provider) -> None:
    ada = person_behind(linked, sign_in(linked, provider))
    proof = proof_of(linked, provider, ada).proof
    told = str(audit_payloads(linked))
    assert all(secret not in told for secret in (proof, "sub-1", "Lovelace", "code-0"))
