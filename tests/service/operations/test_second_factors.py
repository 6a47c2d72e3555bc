"""A second factor: begun, confirmed, asked for, used once, locked, removed, reset."""

import base64
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pydantic import SecretStr

from service import errors
from service.domain.permissions import Actor
from service.domain.policies import ReviewPolicy
from service.domain.second_factors import CodeProof, PasswordProof, RemovalProof, code_at, step_at
from service.operations import review_policies, second_factors, sessions
from service.operations.resources import Resources
from service.storage import tables
from tests.service.conftest import PASSWORD, Clock, Person, Steps, audit_payloads, signature_request

PROOF = PasswordProof(password=SecretStr(PASSWORD))


class Authenticator:
    """What a person holds in the hand."""

    def __init__(self, resources: Resources, clock: Clock, actor: Actor) -> None:
        self._clock = clock
        self._secret = base64.b32decode(second_factors.begin_second_factor(resources, actor, PROOF).secret)

    def code(self) -> str:
        """The next code that was not shown before."""
        self._clock.advance(seconds=30)
        return code_at(self._secret, step_at(self._clock()))

    def proof(self) -> CodeProof:
        return CodeProof(code=SecretStr(self.code()))


@pytest.fixture
def held(resources: Resources, clock: Clock, auditor: Actor) -> Authenticator:
    return Authenticator(resources, clock, auditor)


@pytest.fixture
def recovery(resources: Resources, auditor: Actor, held: Authenticator) -> tuple[str, ...]:
    return second_factors.confirm_second_factor(resources, auditor, held.proof()).recovery_codes


def sign_in(resources: Resources, code: str | None = None) -> None:
    sessions.create_session(resources, "auditor", PASSWORD, code)


def test_a_factor_counts_once_it_is_confirmed(resources: Resources, auditor: Actor, held: Authenticator) -> None:
    assert second_factors.get_second_factor(resources, auditor).state == "begun"
    sign_in(resources)
    with pytest.raises(errors.SecondFactorRefused):
        second_factors.confirm_second_factor(resources, auditor, CodeProof(code=SecretStr("000000")))
    second_factors.confirm_second_factor(resources, auditor, held.proof())
    stands = second_factors.get_second_factor(resources, auditor)
    assert (stands.state, stands.recovery_codes_left) == ("confirmed", 10)
    with pytest.raises(errors.SecondFactorRequired):
        sign_in(resources)
    with pytest.raises(errors.SignInRefused):
        sessions.create_session(resources, "auditor", "wrong", held.code())
    sign_in(resources, held.code())
    with pytest.raises(errors.SecondFactorConfirmed):
        second_factors.begin_second_factor(resources, auditor, PROOF)


def test_a_code_works_once(resources: Resources, held: Authenticator, recovery: tuple[str, ...]) -> None:
    for code in (held.code(), recovery[0]):
        sign_in(resources, code)
        with pytest.raises(errors.SecondFactorRefused):
            sign_in(resources, code)
    sign_in(resources, recovery[1].lower().replace("-", ""))


def test_guessing_locks_the_account(
    resources: Resources, held: Authenticator, recovery: tuple[str, ...], clock: Clock
) -> None:
    for _ in range(5):
        with pytest.raises(errors.SecondFactorRefused):
            sign_in(resources, "000000")
    with pytest.raises(errors.SignInRefused):
        sign_in(resources, recovery[0])
    clock.advance(seconds=31)
    sign_in(resources, recovery[0])
    assert [event["action"] for event in audit_payloads(resources)].count("second_factors.refused") == 5


def test_a_signature_wants_a_code_too(
    resources: Resources, steps: Steps, candidate: int, held: Authenticator, recovery: tuple[str, ...]
) -> None:
    review = steps.accept_edges(steps.submit("credit", candidate))
    with pytest.raises(errors.SecondFactorRequired):
        steps.sign(review)
    with pytest.raises(errors.SecondFactorRefused):
        steps.sign_request(review, signature_request(review, code="000000"))
    assert steps.sign_request(review, signature_request(review, code=held.code())).state == "approved"


def test_nobody_signs_without_one_where_the_policy_wants_it(
    resources: Resources, steps: Steps, candidate: int, person: Person
) -> None:
    guard = person("administrator")
    strict = ReviewPolicy(quorum=1, gates=("findings", "fidelity"), second_factor=True)
    etag = review_policies.get_review_policy(resources, guard, "credit").etag
    review_policies.put_review_policy(resources, guard, "credit", strict, etag)
    review = steps.accept_edges(steps.submit("credit", candidate))
    with pytest.raises(errors.SecondFactorMissing):
        steps.sign(review)


def test_it_is_removed_with_password_and_code(
    resources: Resources, auditor: Actor, held: Authenticator, recovery: tuple[str, ...]
) -> None:
    for proof, error in (("wrong", errors.WrongPassword), (PASSWORD, errors.SecondFactorRefused)):
        wrong = RemovalProof(password=SecretStr(proof), code=SecretStr("000000"))
        with pytest.raises(error):
            second_factors.remove_second_factor(resources, auditor, wrong)
    right = RemovalProof(password=SecretStr(PASSWORD), code=SecretStr(held.code()))
    second_factors.remove_second_factor(resources, auditor, right)
    sign_in(resources)
    assert second_factors.get_second_factor(resources, auditor).recovery_codes_left == 0


def test_an_administrator_resets_that_of_somebody_else(
    resources: Resources, person: Person, recovery: tuple[str, ...]
) -> None:
    administrator = person("administrator")
    with pytest.raises(errors.SamePersonTwice):
        second_factors.reset_second_factor(resources, administrator, administrator.name)
    with pytest.raises(errors.NotFound):
        second_factors.reset_second_factor(resources, administrator, "nobody")
    with pytest.raises(errors.ActionNotAllowed):
        second_factors.reset_second_factor(resources, person("observer"), "auditor")
    second_factors.reset_second_factor(resources, administrator, "auditor")
    sign_in(resources)


def test_a_service_has_no_second_factor(resources: Resources, auditor: Actor) -> None:
    with pytest.raises(errors.KeyCannotSign):
        second_factors.begin_second_factor(resources, replace(auditor, is_service=True), PROOF)


def test_secrets_are_sealed_under_the_signing_key(
    resources: Resources, clock: Clock, auditor: Actor, tmp_path: Path
) -> None:
    def with_key(name: str) -> Resources:
        path = tmp_path / name
        key = Ed25519PrivateKey.generate()
        path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return replace(resources, settings=resources.settings.model_copy(update={"signing_key_file": path}))

    signing = with_key("key.pem")
    held = Authenticator(signing, clock, auditor)
    with resources.database.read() as session:
        assert session.query(tables.SecondFactor).one().secret.startswith("aes256gcm:")
    second_factors.confirm_second_factor(signing, auditor, held.proof())
    sign_in(signing, held.code())
    for other in (resources, with_key("other.pem")):
        with pytest.raises(errors.SecondFactorUnreadable):
            sign_in(other, held.code())


def test_neither_codes_nor_secrets_are_on_the_trail(
    resources: Resources, held: Authenticator, recovery: tuple[str, ...]
) -> None:
    code = held.code()
    sign_in(resources, code)
    sign_in(resources, recovery[0])
    text = str(audit_payloads(resources))
    assert not [secret for secret in (code, *recovery) if secret in text]
