"""Who may do what."""

import pytest

from service.domain.permissions import PERMISSIONS, PUBLIC, ROLES, Actor, Role, require
from service.errors import ActionNotAllowed

CHANGES_BY_DEVELOPERS = {
    "create_dataset",
    "create_model",
    "create_training_job",
    "create_review",
    "move_alias",
    "create_reference",
    "set_default_reference",
    "put_reason_dictionary",
    "roll_back_alias",
    "withdraw_review",
}
OWN_ACCOUNT = {
    "delete_session",
    "end_all_sessions",
    "change_password",
    "begin_second_factor",
    "confirm_second_factor",
    "remove_second_factor",
    "create_proof_attempt",
    "create_proof",
}
VERDICTS = {"decide_edge", "create_signature", "confirm_resumption", "request_changes"}


def actor(*roles: Role) -> Actor:
    return Actor(id="1", name="somebody", printed_name="Some Body", roles=frozenset(roles))


def allowed(role: Role) -> set[str]:
    return {action for action in PERMISSIONS if actor(role).may(action)}


def test_developers_change_and_auditors_judge_and_nobody_does_both() -> None:
    assert allowed("developer") >= CHANGES_BY_DEVELOPERS
    assert allowed("auditor") >= VERDICTS
    assert not allowed("developer") & VERDICTS
    assert not allowed("auditor") & CHANGES_BY_DEVELOPERS


def test_an_administrator_approves_nothing() -> None:
    assert not allowed("administrator") & (VERDICTS | {"move_alias", "create_review"})


def test_an_observer_raises_findings_and_changes_nothing_else() -> None:
    reading = ("get_", "list_", "stream_", "verify_", "compare_")
    changing = {action for action in PERMISSIONS if not action.startswith(reading)}
    harmless = {"replay_prediction", "create_finding", "preview_predictions", "export_predictions"}
    harmless |= {"create_replay_job", "cancel_replay_job"}
    assert allowed("observer") & changing == OWN_ACCOUNT | harmless


def test_a_client_predicts_and_sees_nothing_else() -> None:
    assert allowed("client") == OWN_ACCOUNT | {
        "get_me",
        "cancel_scoring_job",
        "create_counterfactuals",
        "create_inference",
        "create_invocation",
        "create_predictions",
        "create_scoring_job",
        "create_version_counterfactuals",
        "create_version_inference",
        "create_version_invocation",
        "create_version_predictions",
        "get_inference_model",
        "get_inference_model_ready",
        "get_inference_version",
        "get_inference_version_ready",
        "get_prediction",
        "get_scoring_job",
        "get_scoring_result",
        "get_second_factor",
    }


def test_nobody_may_do_what_the_table_does_not_name() -> None:
    everything = actor(*ROLES)
    assert not everything.may("drop_database")
    with pytest.raises(ActionNotAllowed, match="drop_database"):
        require(everything, "drop_database")


def test_nobody_without_a_role_may_do_anything() -> None:
    assert not any(actor().may(action) for action in PERMISSIONS)


def test_a_refusal_names_the_roles_that_would_do() -> None:
    with pytest.raises(ActionNotAllowed, match="auditor"):
        require(actor("developer"), "create_signature")


def test_what_is_public_is_in_no_table() -> None:
    by_protocol = {"get_server_live", "get_server_ready", "get_server_metadata"}
    by_provider = {"get_identity_provider", "create_sign_in_attempt", "create_provider_session"}
    assert {"create_session", "get_liveness", "get_readiness"} | by_protocol | by_provider == PUBLIC
    assert not PUBLIC & set(PERMISSIONS)


def test_a_key_is_no_person() -> None:
    key = Actor(id="1", name="n", printed_name="N", roles=frozenset({"auditor"}), api_key_id="2")
    assert not key.is_person
    assert actor("auditor").is_person
