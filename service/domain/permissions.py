"""Who may do what: one table, deny by default.

The key is the operation's name, which is also the route's function, its `operationId` and its audit action.
A route whose name is missing here fails a test.
"""

from dataclasses import dataclass
from typing import Literal

from service.errors import ActionNotAllowed, KeyCannotSign, PasswordMustChange

Role = Literal["developer", "auditor", "observer", "administrator", "client"]

ROLES: tuple[Role, ...] = ("developer", "auditor", "observer", "administrator", "client")
READERS: frozenset[Role] = frozenset({"developer", "auditor", "observer", "administrator"})
EVERYBODY: frozenset[Role] = frozenset(ROLES)
DEVELOPERS: frozenset[Role] = frozenset({"developer"})
AUDITORS: frozenset[Role] = frozenset({"auditor"})
ADMINISTRATORS: frozenset[Role] = frozenset({"administrator"})

#: Reachable without an identity.
PUBLIC: frozenset[str] = frozenset(
    {
        "create_session",
        "get_identity_provider",
        "create_sign_in_attempt",
        "create_provider_session",
        "get_liveness",
        "get_readiness",
        "get_server_live",
        "get_server_ready",
        "get_server_metadata",
    }
)

#: What somebody can do who has signed in with a password that an administrator made.
WITH_A_ONE_TIME_PASSWORD: frozenset[str] = frozenset({"change_password", "end_all_sessions", "delete_session"})

PERMISSIONS: dict[str, frozenset[Role]] = {
    "delete_session": EVERYBODY,
    "get_me": EVERYBODY,
    "end_all_sessions": EVERYBODY,
    "change_password": EVERYBODY,
    "reset_password": ADMINISTRATORS,
    "get_second_factor": EVERYBODY,
    "begin_second_factor": EVERYBODY,
    "confirm_second_factor": EVERYBODY,
    "remove_second_factor": EVERYBODY,
    "reset_second_factor": ADMINISTRATORS,
    "create_proof_attempt": EVERYBODY,
    "create_proof": EVERYBODY,
    "list_users": ADMINISTRATORS,
    "create_user": ADMINISTRATORS,
    "disable_user": ADMINISTRATORS,
    "enable_user": ADMINISTRATORS,
    "create_api_key": frozenset({"developer", "administrator"}),
    "list_api_keys": frozenset({"developer", "administrator"}),
    "delete_api_key": frozenset({"developer", "administrator"}),
    "create_dataset": DEVELOPERS,
    "edit_schema": DEVELOPERS,
    "list_datasets": READERS,
    "get_dataset": READERS,
    "create_model": DEVELOPERS,
    "list_models": READERS,
    "put_reason_dictionary": DEVELOPERS,
    "get_reason_dictionary": READERS,
    "get_reason_coverage": READERS,
    "get_model": READERS,
    "create_training_job": DEVELOPERS,
    "list_training_jobs": READERS,
    "get_training_job": READERS,
    "stream_training_job_events": READERS,
    "cancel_training_job": DEVELOPERS,
    "retry_training_job": DEVELOPERS,
    "create_revision": DEVELOPERS,
    "preview_revision": DEVELOPERS,
    "create_sweep": DEVELOPERS,
    "list_sweeps": READERS,
    "get_sweep": READERS,
    "get_sweep_chart": READERS,
    "cancel_sweep": DEVELOPERS,
    "list_workers": READERS,
    "list_versions": READERS,
    "get_version": READERS,
    "get_version_inputs": READERS,
    "compare_versions": READERS,
    "get_lineage": READERS,
    "create_challengers": DEVELOPERS | AUDITORS,
    "get_challengers": READERS,
    "create_reference": DEVELOPERS,
    "list_references": READERS,
    "get_reference": READERS,
    "set_default_reference": DEVELOPERS,
    "get_default_reference": READERS,
    "get_network": READERS,
    "get_edge": READERS,
    "get_edge_chart": READERS,
    "list_edge_candidates": READERS,
    "get_formula": READERS,
    "get_version_certificates": READERS,
    "get_export": READERS,
    "get_evidence": READERS,
    "list_features": READERS,
    "get_feature_chart": READERS,
    "get_feature_picture": READERS,
    "get_edge_picture": READERS,
    "list_interactions": READERS,
    "get_interaction_chart": READERS,
    "create_predictions": frozenset({"developer", "auditor", "client"}),
    "create_version_predictions": frozenset({"developer", "auditor", "client"}),
    "create_inference": frozenset({"developer", "auditor", "client"}),
    "create_version_inference": frozenset({"developer", "auditor", "client"}),
    "get_inference_model": READERS | {"client"},
    "get_inference_version": READERS | {"client"},
    "get_inference_model_ready": READERS | {"client"},
    "get_inference_version_ready": READERS | {"client"},
    "create_invocation": frozenset({"developer", "auditor", "client"}),
    "create_version_invocation": frozenset({"developer", "auditor", "client"}),
    "preview_predictions": READERS,
    "create_trial_predictions": frozenset({"developer", "auditor"}),
    "create_counterfactuals": frozenset({"developer", "auditor", "client"}),
    "create_version_counterfactuals": frozenset({"developer", "auditor", "client"}),
    "create_scoring_job": frozenset({"developer", "auditor", "client"}),
    "get_scoring_job": READERS | {"client"},
    "get_scoring_result": READERS | {"client"},
    "cancel_scoring_job": frozenset({"developer", "auditor", "client"}),
    "list_predictions": READERS,
    "export_predictions": READERS,
    "get_drift": READERS,
    "get_metrics": READERS,
    "get_shadow": READERS,
    "get_prediction": READERS | {"client"},
    "get_prediction_chart": READERS,
    "get_prediction_picture": READERS,
    "replay_prediction": READERS,
    "create_replay_job": READERS,
    "get_replay_job": READERS,
    "cancel_replay_job": READERS,
    "get_retention": READERS,
    "put_retention": ADMINISTRATORS,
    "erase_predictions": ADMINISTRATORS,
    "create_review": DEVELOPERS,
    "list_reviews": READERS,
    "get_review": READERS,
    "withdraw_review": DEVELOPERS,
    "request_changes": AUDITORS,
    "list_review_gates": READERS,
    "get_review_policy": READERS,
    "put_review_policy": ADMINISTRATORS,
    "decide_edge": AUDITORS,
    "create_signature": AUDITORS,
    "create_finding": frozenset({"auditor", "observer"}),
    "list_findings": READERS,
    "resolve_finding": DEVELOPERS | ADMINISTRATORS,
    "verify_finding": frozenset({"auditor", "observer"}),
    "create_suspension": ADMINISTRATORS,
    "list_suspensions": READERS,
    "request_resumption": DEVELOPERS | AUDITORS | ADMINISTRATORS,
    "confirm_resumption": AUDITORS,
    "retire_version": ADMINISTRATORS,
    "move_alias": DEVELOPERS,
    "roll_back_alias": DEVELOPERS,
    "get_alias": READERS,
    "list_alias_history": READERS,
    "list_audit_events": READERS,
    "stream_audit_events": READERS,
    "verify_audit_trail": READERS,
}


@dataclass(frozen=True)
class Actor:
    """Who calls: a person in a session, or a program with one of the person's API keys."""

    id: str
    name: str
    printed_name: str
    roles: frozenset[Role]
    api_key_id: str | None = None
    requests_per_minute: int | None = None
    rows_per_day: int | None = None
    is_service: bool = False
    must_change_password: bool = False
    has_password: bool = True

    @property
    def is_person(self) -> bool:
        """Whether a person acts in a session; only a person can review and sign."""
        return self.api_key_id is None and not self.is_service

    def may(self, action: str) -> bool:
        """Whether the table lets one of the actor's roles do this."""
        return bool(self.roles & PERMISSIONS.get(action, frozenset()))


def require(actor: Actor, action: str) -> None:
    """Raise ActionNotAllowed unless the table lets the actor do this, PasswordMustChange where that comes first."""
    if actor.must_change_password and action not in WITH_A_ONE_TIME_PASSWORD:
        raise PasswordMustChange
    if not actor.may(action):
        raise ActionNotAllowed(action, tuple(sorted(PERMISSIONS.get(action, frozenset()))))


def require_person(actor: Actor) -> None:
    """Raise KeyCannotSign for what is no person in a session."""
    if not actor.is_person:
        raise KeyCannotSign
