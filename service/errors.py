"""Everything that can go wrong on purpose, as one tree.

    EdgewiseError
    ├── Unauthenticated        NotSignedIn SignInRefused WrongPassword SecondFactorRequired SecondFactorRefused
    │                          ProviderSignInRefused ProofRequired
    ├── Forbidden              ActionNotAllowed ContributorCannotSign CrossOriginRefused KeyCannotSign
    │                          OnlyOwnerResolves OnlyRaiserVerifies NotAmongSigners
    │                          PasswordMustChange NoRoleMapped AccountClosed
    ├── NotFound               (one class; names the kind and the key)
    ├── Gone                   PredictionErased ScoresErased
    ├── Conflict               NameTaken WrongState NotATraining VersionNotApproved NoChampion StaleDigest
    │                          StaleDecisions EdgesUndecided EdgesRejected AlreadySigned DecisionsSigned ReasonsMissing
    │                          ApprovalExpired ResumptionNotRequested SamePersonTwice VersionInUse NothingToRollBackTo
    │                          GatesFailed SecondFactorConfirmed SecondFactorMissing OnLegalHold
    │                          NoRetentionSchedule NoIdentityProvider AccountNotLinked NoPassword
    │                          ProviderFactorMissing
    ├── PreconditionFailed     (the caller saw an older state)
    ├── PreconditionRequired   (the caller must say which state it saw)
    ├── TooLarge               BodyTooLarge TooManyRows
    ├── TooOften               RateLimited QuotaSpent
    ├── Invalid                InvalidRequest InvalidCursor IdempotencyKeyReused NotAdditive LocaleUnknown
    │   │                      InvalidReasonDictionary ReasonTextInsufficient PolicyTooWeak MeaningRefused
    │   │                      InvalidAuditFile
    │   ├── InvalidDataset     NotUtf8 MalformedCsv MalformedParquet TableTooLarge UnsupportedColumnType NoRows
    │   │                      TooFewRows EmptyColumnName InvalidColumnName DuplicateColumn TooManyColumns
    │   │                      UnknownColumn ColumnWithoutValues NotNumeric NumberTooLarge ScoringColumnRefused
    │   ├── InvalidTraining    TargetUnknown TargetHasMissingValues OneClassTarget TooManyClasses ConstantFeature
    │   │                      ProtectedInput IdentifierInput TooManyCategories NoInputs ClassTooSmall
    │   │                      CategoricalDirection DirectionOfClasses DirectionWithoutInput
    │   ├── InvalidSweep       SweepWithoutValues SweepValueRepeated SweepTooLarge
    │   ├── InvalidQuestion    InvalidGoal InvalidChange ImmutableFeature
    │   ├── InvalidRevision    RevisionEdgeUnknown RevisionFormRefused RevisionFunctionUnknown RevisionFormulaInvalid
    │   │                      RevisionLeavesNoEdge RevisionSettingRefused
    │   ├── InvalidReference   ReferenceWithoutRows ReferenceFeatureRefused ReferenceRowRefused
    │   │                      ReferenceOutcomeUnknown ReferenceOutputUndefined
    │   └── InvalidRow         UnknownFeature MissingFeature WrongValueType NonFiniteNumber MissingValueNotSeen
    │                          OutputUndefined
    ├── Broken                 ArtifactCorrupted RecordKeyMissing RecordUnreadable IdentityViolated TrainingFailed
    │                          JobCancelled JobTakenOver JobCrashed JobTimedOut JobOutOfMemory WorkerLost JobBroke
    └── Unavailable            DatabaseUnreachable DatabaseNotMigrated PortBusy DirectoryNotWritable FrontEndMissing
                               DatabaseRefuses StorageFull ObjectStoreMissing ObjectStoreUnavailable WorkerNameTaken
                               KeyRefused FileUnreadable SecondFactorUnreadable ServiceBusy ServiceStopping
                               AnswerLate RecordKeysUnset ProviderUnavailable TelemetryMissing

A leaf takes typed arguments and builds its own sentence; `code` never changes once released.
HTTP status numbers live in `service.api.problems` only.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal


@dataclass(frozen=True)
class FieldError:
    """One field that is wrong: a JSON pointer into the request and a sentence that names the fix."""

    pointer: str
    detail: str


class EdgewiseError(Exception):
    """Root of all expected failures; `code` is stable, the message is for people."""

    code: ClassVar[str] = "internal_error"
    #: Seconds after which the same request may succeed, where that is known.
    retry_after: int | None = None

    def __init__(self, message: str, *fields: FieldError) -> None:
        super().__init__(message)
        self.message = message
        self.fields = fields


class Unauthenticated(EdgewiseError):
    """The caller is not known."""


class NotSignedIn(Unauthenticated):
    code = "not_signed_in"

    def __init__(self) -> None:
        super().__init__("Sign in, or send an API key as 'Authorization: Bearer …'.")


class SignInRefused(Unauthenticated):
    code = "sign_in_refused"

    def __init__(self) -> None:
        super().__init__(
            "The name or the password is wrong, or the account is locked for a while after several wrong passwords."
        )


class WrongPassword(Unauthenticated):
    code = "wrong_password"

    def __init__(self) -> None:
        super().__init__(
            "The password is wrong, so nothing was done.",
            FieldError("/password", "Type the password of the account you are signed in with."),
        )


class SecondFactorRequired(Unauthenticated):
    code = "second_factor_required"

    def __init__(self) -> None:
        super().__init__(
            "The account has a second factor.",
            FieldError("/code", "Send the code that the authenticator shows, or a recovery code."),
        )


class SecondFactorRefused(Unauthenticated):
    code = "second_factor_refused"

    def __init__(self) -> None:
        super().__init__(
            "The code is wrong or was used already, or the account is locked for a while after several wrong ones.",
            FieldError("/code", "Wait for the next code of the authenticator, or use another recovery code."),
        )


ProviderFault = Literal[
    "attempt", "state", "issuer", "audience", "nonce", "token", "algorithm", "key", "claims", "time", "freshness",
    "person", "code",
]  # fmt: skip


class ProviderSignInRefused(Unauthenticated):
    code = "provider_sign_in_refused"
    SENTENCES: ClassVar[Mapping[ProviderFault, str]] = {
        "attempt": "this browser has not begun it, or too long ago",
        "state": "the answer belongs to another attempt",
        "issuer": "somebody else than the configured provider has answered",
        "audience": "the token is for another application",
        "nonce": "the token belongs to another attempt",
        "token": "the token is none, or its signature is wrong",
        "algorithm": "the token is signed in a way that is not accepted",
        "key": "the provider does not publish the key that the token is signed with",
        "claims": "the token lacks what it must say",
        "time": "the token is expired, too old or of the future; are the clocks right?",
        "freshness": "the provider has not authenticated you anew, or does not say when (auth_time)",
        "person": "another person than you has signed in there",
        "code": "the provider does not take the code: it was used already, or has expired",
    }

    def __init__(self, fault: ProviderFault) -> None:
        super().__init__(f"The identity provider's answer was refused: {self.SENTENCES[fault]}. Begin again.")


class ProofRequired(Unauthenticated):
    code = "proof_required"

    def __init__(self) -> None:
        super().__init__(
            "You sign in at the identity provider, so each signature needs a fresh confirmation from there.",
            FieldError("/proof", "Confirm who you are at the identity provider, then send the proof within 5 minutes."),
        )


class Forbidden(EdgewiseError):
    """The caller is known and may not do this."""


class ActionNotAllowed(Forbidden):
    code = "action_not_allowed"

    def __init__(self, action: str, needed: tuple[str, ...]) -> None:
        super().__init__(f"'{action}' needs one of these roles: {', '.join(needed)}.")


class ContributorCannotSign(Forbidden):
    code = "contributor_cannot_sign"

    def __init__(self, model: str, number: int) -> None:
        super().__init__(
            f"You contributed to version {number} of '{model}' or to one of its ancestors. "
            "Somebody who did not must decide and sign."
        )


class KeyCannotSign(Forbidden):
    code = "key_cannot_sign"

    def __init__(self) -> None:
        super().__init__("An API key cannot review or sign. Sign in as a person.")


class KeyCannotPreview(Forbidden):
    code = "key_cannot_preview"

    def __init__(self) -> None:
        super().__init__("A preview leaves no record, so it is for people in a session. Use the route of predictions.")


class PasswordMustChange(Forbidden):
    code = "password_must_change"

    def __init__(self) -> None:
        super().__init__("You have signed in with a one-time password. Choose your own first.")


class NoRoleMapped(Forbidden):
    code = "no_role_mapped"

    def __init__(self) -> None:
        super().__init__(
            "The identity provider knows you, but nothing that it says of you gives a role here. Ask whoever looks "
            "after it for a group that EDGEWISE_OIDC_ROLES names."
        )


class AccountClosed(Forbidden):
    code = "account_closed"

    def __init__(self) -> None:
        super().__init__("The account is disabled, or locked for a while. An administrator can help.")


class NotAmongSigners(Forbidden):
    code = "not_among_signers"

    def __init__(self) -> None:
        super().__init__("The review policy of the model names those who may sign, and you are not among them.")


class OnlyOwnerResolves(Forbidden):
    code = "only_owner_resolves"

    def __init__(self) -> None:
        super().__init__("Only the owner of a finding, signed in as a person, says how it was put right.")


class OnlyRaiserVerifies(Forbidden):
    code = "only_raiser_verifies"

    def __init__(self) -> None:
        super().__init__("Only whoever raised a finding, signed in as a person, verifies that it was put right.")


class CrossOriginRefused(Forbidden):
    code = "cross_origin_refused"

    def __init__(self, origin: str) -> None:
        super().__init__(f"A change was requested by a page from '{origin}', which is not this service.")


class NotFound(EdgewiseError):
    code = "not_found"

    def __init__(self, kind: str, key: object) -> None:
        super().__init__(f"There is no {kind} '{key}'.")


class Gone(EdgewiseError):
    """It was there and is not any more, on purpose."""


class PredictionErased(Gone):
    code = "prediction_erased"

    def __init__(self, prediction_id: str, record_digest: str, erased_at: datetime) -> None:
        super().__init__(
            f"The decision record {prediction_id} was erased on {erased_at:%Y-%m-%d}, as its retention schedule says. "
            f"Its digest was {record_digest}."
        )


class ScoresErased(Gone):
    code = "scores_erased"

    def __init__(self, job_id: str, erased_at: datetime) -> None:
        super().__init__(
            f"The files of the scoring job {job_id} were erased on {erased_at:%Y-%m-%d}, as EDGEWISE_SCORES_KEEP_DAYS "
            "says. The same table, version and question give the same bytes again."
        )


class Conflict(EdgewiseError):
    """The request is fine, the present state forbids it."""


class NameTaken(Conflict):
    code = "name_taken"

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"There is already a {kind} called '{name}'.", FieldError("/name", "Choose another name."))


class WrongState(Conflict):
    code = "wrong_state"

    def __init__(self, subject: str, state: str, needed: tuple[str, ...]) -> None:
        super().__init__(f"The {subject} is '{state}'; this needs {' or '.join(needed)}.")


class NotATraining(Conflict):
    code = "not_a_training"

    def __init__(self, kind: str) -> None:
        super().__init__(f"The job is a '{kind}', not a training. Ask for it again where it was asked for.")


class VersionNotApproved(Conflict):
    code = "version_not_approved"

    def __init__(self, model: str, number: int, state: str) -> None:
        super().__init__(
            f"Version {number} of '{model}' is '{state}', not approved. Use a version that a review has approved."
        )


class ApprovalExpired(Conflict):
    code = "approval_expired"

    def __init__(self, model: str, number: int, expired_at: datetime) -> None:
        super().__init__(
            f"The approval of version {number} of '{model}' ended at {expired_at:%Y-%m-%d %H:%M:%S} UTC. "
            "Point the alias to a version whose approval is in force."
        )


class SecondFactorMissing(Conflict):
    code = "second_factor_missing"

    def __init__(self) -> None:
        super().__init__("This needs a second factor, and the account has none. Set one up in the account first.")


class OnLegalHold(Conflict):
    code = "on_legal_hold"

    def __init__(self, model: str) -> None:
        super().__init__(f"Records of '{model}' are on legal hold: nothing is erased until an administrator lifts it.")


class NoRetentionSchedule(Conflict):
    code = "no_retention_schedule"

    def __init__(self, model: str) -> None:
        super().__init__(f"'{model}' has no retention schedule. Settle how many days its records are kept first.")


class SecondFactorConfirmed(Conflict):
    code = "second_factor_confirmed"

    def __init__(self) -> None:
        super().__init__("The account has a second factor already. Remove that one first.")


class NoIdentityProvider(Conflict):
    code = "no_identity_provider"

    def __init__(self) -> None:
        super().__init__("No identity provider is configured: sign in with name and password.")


class AccountNotLinked(Conflict):
    code = "account_not_linked"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"An account '{name}' exists here already, and nothing says that it is yours. An operator can link it with "
            "'edgewise link-user'."
        )


class NoPassword(Conflict):
    code = "no_password"

    def __init__(self) -> None:
        super().__init__(
            "The account has no password here: its owner signs in at the identity provider, which looks after "
            "passwords and second factors."
        )


class ProviderFactorMissing(Conflict):
    code = "provider_factor_missing"

    def __init__(self) -> None:
        super().__init__(
            "Signatures need a second factor, and the identity provider does not say that you used one (amr: mfa)."
        )


class GatesFailed(Conflict):
    code = "gates_failed"

    def __init__(self, reasons: tuple[str, ...]) -> None:
        super().__init__(f"The version cannot be approved now. {' '.join(reasons)}")


class ResumptionNotRequested(Conflict):
    code = "resumption_not_requested"

    def __init__(self, model: str, number: int) -> None:
        super().__init__(
            f"Nobody has asked to resume version {number} of '{model}'. One person asks, another one confirms."
        )


class SamePersonTwice(Conflict):
    code = "same_person_twice"

    def __init__(self) -> None:
        super().__init__("You asked for this yourself. Another person must confirm it.")


class VersionInUse(Conflict):
    code = "version_in_use"

    def __init__(self, model: str, number: int, aliases: tuple[str, ...]) -> None:
        super().__init__(
            f"Version {number} of '{model}' is {' and '.join(aliases)}. Point that to another version first."
        )


class NothingToRollBackTo(Conflict):
    code = "nothing_to_roll_back_to"

    def __init__(self, model: str, alias: str) -> None:
        super().__init__(
            f"No earlier version that '{alias}' of '{model}' pointed to may be used now. Move the alias by hand."
        )


class NoChampion(Conflict):
    code = "no_champion"

    def __init__(self, model: str) -> None:
        super().__init__(f"'{model}' has no champion. Point the alias 'champion' to an approved version.")


class StaleDigest(Conflict):
    code = "stale_digest"

    def __init__(self, seen: str, current: str) -> None:
        super().__init__(
            f"You are signing {seen}, but the version under review is {current}. Reload and look again.",
            FieldError("/artifact_digest", f"Send the digest that is under review: {current}."),
        )


class StaleDecisions(Conflict):
    code = "stale_decisions"

    def __init__(self, seen: str, current: str) -> None:
        super().__init__(
            f"The edge decisions have changed since you read them ({seen}, now {current}). Reload and look again.",
            FieldError("/decisions_digest", f"Send the digest of the present decisions: {current}."),
        )


class EdgesUndecided(Conflict):
    code = "edges_undecided"

    def __init__(self, edges: tuple[str, ...]) -> None:
        shown = ", ".join(edges[:5]) + (" …" if len(edges) > 5 else "")
        super().__init__(f"{len(edges)} edges have no decision yet: {shown}. Accept or reject each before signing.")


class EdgesRejected(Conflict):
    code = "edges_rejected"

    def __init__(self, edges: tuple[str, ...]) -> None:
        super().__init__(f"Rejected edges forbid an approval: {', '.join(edges[:5])}. Sign a rejection instead.")


class AlreadySigned(Conflict):
    code = "already_signed"

    def __init__(self) -> None:
        super().__init__("You have already signed this review. A second signature must come from another person.")


class DecisionsSigned(Conflict):
    code = "decisions_signed"

    def __init__(self) -> None:
        super().__init__(
            "Somebody has signed these decisions, so they stand. If you disagree, sign a rejection of the version."
        )


class ReasonsMissing(Conflict):
    code = "reasons_missing"

    def __init__(self, model: str, number: int, features: tuple[str, ...]) -> None:
        super().__init__(
            f"Decisions of '{model}' need reasons, but the reason dictionary has no words for these features of "
            f"version {number}: {', '.join(features)}.",
            *(FieldError(f"/features/{feature}", "Add the feature to the reason dictionary.") for feature in features),
        )


class PreconditionFailed(EdgewiseError):
    code = "precondition_failed"

    def __init__(self, current: str) -> None:
        super().__init__(f"Somebody changed this in the meantime. It is now {current}: reload, then decide again.")


class PreconditionRequired(EdgewiseError):
    code = "precondition_required"

    def __init__(self, current: str) -> None:
        super().__init__(
            f"Say which state you are changing: send 'If-Match: {current}'. "
            "It protects another person's change from being overwritten."
        )


class TooLarge(EdgewiseError):
    """More than a stated limit."""


class BodyTooLarge(TooLarge):
    code = "body_too_large"

    def __init__(self, limit: int, pointer: str) -> None:
        super().__init__(
            f"The request is larger than the limit of {limit:,} bytes.",
            FieldError(pointer, f"Send at most {limit:,} bytes."),
        )


class TooManyRows(TooLarge):
    code = "too_many_rows"

    def __init__(self, rows: int, limit: int) -> None:
        super().__init__(
            f"{rows:,} rows were sent; one call takes at most {limit:,}.",
            FieldError("/rows", f"Send at most {limit:,} rows a call."),
        )


class TooOften(EdgewiseError):
    """More than a key may spend; later it may again."""


class RateLimited(TooOften):
    code = "rate_limited"

    def __init__(self, limit: int, seconds: int) -> None:
        super().__init__(f"The API key may send {limit:,} requests a minute. Try again in {seconds} s.")
        self.retry_after = seconds


class QuotaSpent(TooOften):
    code = "quota_spent"

    def __init__(self, limit: int, rows: int, seconds: int) -> None:
        super().__init__(
            f"The API key may predict {limit:,} rows a day (UTC), and {rows:,} more are not left.",
            FieldError("/rows", "Send fewer rows, wait for the next day, or ask for a key with more."),
        )
        self.retry_after = seconds


class Invalid(EdgewiseError):
    """The request itself is wrong."""


class InvalidRequest(Invalid):
    code = "invalid_request"

    def __init__(self, *fields: FieldError) -> None:
        super().__init__("The request is not valid: " + "; ".join(f.detail for f in fields[:3]), *fields)


class PolicyTooWeak(Invalid):
    code = "policy_too_weak"

    def __init__(self, tier: str, quorum: int, missing: tuple[str, ...]) -> None:
        gates = f" and the gates {', '.join(missing)}" if missing else ""
        super().__init__(
            f"A model of risk tier '{tier}' needs a quorum of at least {quorum}{gates}.",
            FieldError("/quorum", f"At least {quorum}."),
        )


class MeaningRefused(Invalid):
    code = "meaning_refused"

    def __init__(self, verdict: str, allowed: tuple[str, ...]) -> None:
        fix = f"A signature with the verdict '{verdict}' means {' or '.join(allowed)}."
        super().__init__(fix, FieldError("/meaning", fix))


class InvalidAuditFile(Invalid):
    code = "invalid_audit_file"

    def __init__(self, line: int, fault: str) -> None:
        super().__init__(f"Line {line} of the file is not as an export of the audit trail has it: {fault}.")


class InvalidCursor(Invalid):
    code = "invalid_cursor"

    def __init__(self) -> None:
        super().__init__("The cursor is not one that this service gave out. Leave it away to start at the beginning.")


class IdempotencyKeyReused(Invalid):
    code = "idempotency_key_reused"

    def __init__(self, key: str) -> None:
        super().__init__(f"The Idempotency-Key '{key}' was used for another request. Use a new key for a new request.")


class NotAdditive(Invalid):
    code = "not_additive"

    def __init__(self) -> None:
        super().__init__(
            "Points below the maximum need an additive model: in this version features act through hidden nodes.",
            FieldError("/reason_method", "Use 'contribution'."),
        )


class LocaleUnknown(Invalid):
    code = "locale_unknown"

    def __init__(self, locale: str, known: tuple[str, ...]) -> None:
        super().__init__(
            f"There are no reasons in the language '{locale}'.", FieldError("/locale", f"Use {' or '.join(known)}.")
        )


class InvalidReasonDictionary(Invalid):
    code = "invalid_reason_dictionary"

    def __init__(self, *fields: FieldError) -> None:
        super().__init__("The reason dictionary contradicts itself: " + " ".join(f.detail for f in fields[:3]), *fields)


class ReasonTextInsufficient(Invalid):
    code = "reason_text_insufficient"

    def __init__(self, *fields: FieldError) -> None:
        super().__init__(
            "A reason must name the fact that counted. A score, internal standards or the model are no reasons "
            "(Regulation B, 12 CFR 1002.9(b)(2)).",
            *fields,
        )


class InvalidRevision(Invalid):
    """A change that the version cannot take; `position` counts the changes of the request from 0."""


def _change_field(position: int, field: str, fix: str) -> FieldError:
    return FieldError(f"/changes/{position}/{field}", fix)


class RevisionEdgeUnknown(InvalidRevision):
    code = "revision_edge_unknown"

    def __init__(self, position: int, edge: str) -> None:
        super().__init__(
            f"The version has no edge '{edge[:40]}'.",
            _change_field(position, "edge", "Name an edge of the network, such as 0.3.0."),
        )


class RevisionFormRefused(InvalidRevision):
    code = "revision_form_refused"

    def __init__(self, position: int, reason: str) -> None:
        super().__init__(reason, _change_field(position, "edge", "Choose another form, or another edge."))


class RevisionFunctionUnknown(InvalidRevision):
    code = "revision_function_unknown"

    def __init__(self, position: int, function: str, known: tuple[str, ...]) -> None:
        super().__init__(
            f"There is no function '{function[:40]}'.",
            _change_field(position, "function", f"Use one of: {', '.join(known)}."),
        )


class RevisionFormulaInvalid(InvalidRevision):
    code = "revision_formula_invalid"

    def __init__(self, position: int, character: int, reason: str) -> None:
        super().__init__(
            f"The formula cannot be read: character {character + 1}: {reason}.",
            _change_field(position, "formula", f"Character {character + 1}: {reason}."),
        )


class RevisionLeavesNoEdge(InvalidRevision):
    code = "revision_leaves_no_edge"

    def __init__(self, position: int) -> None:
        super().__init__(
            "Nothing would lead from the inputs to an output any more.",
            _change_field(position, "operation", "Leave at least one edge on a path to the output."),
        )


class RevisionSettingRefused(InvalidRevision):
    code = "revision_setting_refused"

    def __init__(self, position: int, setting: str, reason: str) -> None:
        super().__init__(f"'{setting}' cannot be used: {reason}.", _change_field(position, setting, reason))


class InvalidReference(Invalid):
    """The selection gives no population to measure against."""


class ReferenceWithoutRows(InvalidReference):
    code = "reference_without_rows"

    def __init__(self) -> None:
        super().__init__("No row of the dataset matches the selection.", FieldError("/selection", "Widen it."))


class ReferenceFeatureRefused(InvalidReference):
    code = "reference_feature_refused"

    def __init__(self, feature: str, reason: str, fix: str) -> None:
        super().__init__(f"'{feature}' {reason}.", FieldError(f"/selection/features/{feature}", fix))


class ReferenceRowRefused(InvalidReference):
    code = "reference_row_refused"

    def __init__(self, refused: "InvalidRow") -> None:
        places = (field.pointer.removeprefix("/rows/0") for field in refused.fields)
        super().__init__(
            f"The applicant cannot be read. {refused.message}",
            *(
                FieldError(f"/selection/row{place}", field.detail)
                for place, field in zip(places, refused.fields, strict=True)
            ),
        )


class ReferenceOutcomeUnknown(InvalidReference):
    code = "reference_outcome_unknown"

    def __init__(self, outcome: str | None, known: tuple[str, ...]) -> None:
        what = "No outcome was named" if outcome is None else f"The version has no outcome '{outcome}'"
        listed = ", ".join(known) or "none, as it predicts a quantity"
        super().__init__(f"{what}; it has: {listed}.", FieldError("/selection/outcome", f"Outcomes: {listed}."))


class ReferenceOutputUndefined(InvalidReference):
    code = "reference_output_undefined"

    def __init__(self, row: int) -> None:
        super().__init__(
            f"The model has no finite answer for row {row} of the selection, so nothing can be measured against it.",
            FieldError("/selection", "Leave out rows with values of the wrong size or unit."),
        )


class InvalidDataset(Invalid):
    """The table cannot become a snapshot."""


class NotUtf8(InvalidDataset):
    code = "not_utf8"

    def __init__(self, byte: int) -> None:
        super().__init__(
            f"The file is not UTF-8 text (byte {byte}). Save it as 'CSV UTF-8' and upload it again.",
            FieldError("/file", "Save as UTF-8."),
        )


class MalformedCsv(InvalidDataset):
    code = "malformed_csv"

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"The file is not a comma-separated table with a header: {reason}.", FieldError("/file", reason)
        )


class MalformedParquet(InvalidDataset):
    code = "malformed_parquet"

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"The file begins like a Parquet file, but cannot be read as one: {reason}.",
            FieldError("/file", "Upload the file once more, or write it again."),
        )


class TableTooLarge(InvalidDataset):
    code = "table_too_large"

    def __init__(self, maximum_bytes: int) -> None:
        super().__init__(
            f"The file unpacks to more than the {maximum_bytes:,} bytes that a table may have.",
            FieldError("/file", "Upload fewer rows or columns, or raise EDGEWISE_MAXIMUM_UPLOAD_BYTES."),
        )


class UnsupportedColumnType(InvalidDataset):
    code = "unsupported_column_type"

    def __init__(self, name: str, kind: str) -> None:
        super().__init__(
            f"Column '{name}' has the type {kind}, which is no single value.",
            FieldError("/file", f"Write '{name}' as numbers, truth values, dates or texts, or leave it away."),
        )


class NoRows(InvalidDataset):
    code = "no_rows"

    def __init__(self) -> None:
        super().__init__("The table has no rows below its header.", FieldError("/file", "Add rows below the header."))


class TooFewRows(InvalidDataset):
    code = "too_few_rows"

    def __init__(self, rows: int, needed: int) -> None:
        super().__init__(
            f"The table has {rows} row{'s' if rows != 1 else ''}; at least {needed} are needed.",
            FieldError("/file", f"Upload at least {needed} rows."),
        )


class EmptyColumnName(InvalidDataset):
    code = "empty_column_name"

    def __init__(self, position: int) -> None:
        super().__init__(
            f"Column {position + 1} has no name.",
            FieldError(f"/columns/{position}", "Give the column a name in the header."),
        )


class InvalidColumnName(InvalidDataset):
    code = "invalid_column_name"

    def __init__(self, position: int, reason: str) -> None:
        super().__init__(
            f"The name of column {position + 1} {reason}.",
            FieldError("/file", f"Give column {position + 1} a name of at most 200 printable characters."),
        )


class DuplicateColumn(InvalidDataset):
    code = "duplicate_column"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The column name '{name}' occurs more than once.", FieldError(f"/columns/{name}", "Rename one of them.")
        )


class TooManyColumns(InvalidDataset):
    code = "too_many_columns"

    def __init__(self, columns: int, limit: int) -> None:
        super().__init__(
            f"The table has {columns:,} columns; at most {limit:,} are taken.",
            FieldError("/file", "Leave out the columns that the model does not need."),
        )


class UnknownColumn(InvalidDataset):
    code = "unknown_column"

    def __init__(self, name: str, pointer: str) -> None:
        super().__init__(f"The table has no column '{name}'.", FieldError(pointer, "Use a name from the header."))


class ScoringColumnRefused(InvalidDataset):
    code = "scoring_column_refused"

    def __init__(self, name: str, expected: str, got: str) -> None:
        super().__init__(
            f"Column '{name}' has the type {got}, but the version takes {expected} there.",
            FieldError("/file", f"Write '{name}' as {expected}, or send the table as CSV."),
        )


class ColumnWithoutValues(InvalidDataset):
    code = "column_without_values"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The column '{name}' has no value in any row.",
            FieldError(f"/columns/{name}", "Leave the column out, or fill it."),
        )


class NotNumeric(InvalidDataset):
    code = "not_numeric"

    def __init__(self, name: str, value: str, row: int) -> None:
        super().__init__(
            f"The column '{name}' is declared numeric, but row {row + 1} holds '{value[:40]}'.",
            FieldError(f"/schema/features/{name}/kind", "Declare it categorical, or correct the value."),
        )


class NumberTooLarge(InvalidDataset):
    code = "number_too_large"

    def __init__(self, name: str, value: str, row: int, limit: float) -> None:
        super().__init__(
            f"The column '{name}' is numeric, but row {row + 1} holds '{value[:40]}'; "
            f"numbers must be finite and at most {limit:g} in size.",
            FieldError(f"/columns/{name}", "Correct the value, leave it empty, or declare the column categorical."),
        )


class InvalidTraining(Invalid):
    """The table is fine, this training on it is not."""


class TargetUnknown(InvalidTraining):
    code = "target_unknown"

    def __init__(self, name: str | None) -> None:
        what = "No target was named" if name is None else f"The dataset has no column '{name}'"
        super().__init__(f"{what}: say which column the model shall predict.", FieldError("/target", "Name a column."))


class TargetHasMissingValues(InvalidTraining):
    code = "target_has_missing_values"

    def __init__(self, name: str, rows: int) -> None:
        super().__init__(
            f"The target '{name}' is empty in {rows} rows.",
            FieldError("/target", "Remove the rows without an outcome, or choose another target."),
        )


class OneClassTarget(InvalidTraining):
    code = "one_class_target"

    def __init__(self, name: str, value: str) -> None:
        super().__init__(
            f"The target '{name}' has the single value '{value[:40]}' in every row: there is nothing to learn.",
            FieldError("/target", "Choose a target with at least two different outcomes."),
        )


class TooManyClasses(InvalidTraining):
    code = "too_many_classes"

    def __init__(self, name: str, classes: int, limit: int) -> None:
        super().__init__(
            f"The target '{name}' has {classes} different values; at most {limit} classes are taken.",
            FieldError("/target", "Group the values, or declare the column numeric."),
        )


class ClassTooSmall(InvalidTraining):
    code = "class_too_small"

    def __init__(self, name: str, value: str, rows: int, needed: int) -> None:
        super().__init__(
            f"The class '{value[:40]}' of '{name}' has {rows} rows; at least {needed} are needed "
            "to train, validate and test on it.",
            FieldError("/target", "Collect more rows of this class, or merge it with another."),
        )


class ConstantFeature(InvalidTraining):
    code = "constant_feature"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The feature '{name}' has the same value in every row, so no effect can be learned from it.",
            FieldError(f"/inputs/{name}", "Leave it out of 'inputs'."),
        )


class ProtectedInput(InvalidTraining):
    code = "protected_input"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"'{name}' is a protected attribute and must not be an input.",
            FieldError(f"/inputs/{name}", "Leave it out of 'inputs'."),
        )


class IdentifierInput(InvalidTraining):
    code = "identifier_input"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"'{name}' looks like an identifier: it names the rows, so a model would learn the rows by heart.",
            FieldError(f"/inputs/{name}", "Leave it out of 'inputs', or declare its kind when you upload the table."),
        )


class TooManyCategories(InvalidTraining):
    code = "too_many_categories"

    def __init__(self, name: str, categories: int, limit: int) -> None:
        super().__init__(
            f"The feature '{name}' has {categories:,} categories; at most {limit} are taken.",
            FieldError(f"/inputs/{name}", "Merge rare categories, or leave it out of 'inputs'."),
        )


class NoInputs(InvalidTraining):
    code = "no_inputs"

    def __init__(self) -> None:
        super().__init__("No input feature is left.", FieldError("/inputs", "Name at least one input column."))


class DirectionWithoutInput(InvalidTraining):
    code = "direction_without_input"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"'{name}' has a direction, but it is no input of this training.",
            FieldError(f"/monotone/{name}", "Remove the direction, or make the column an input."),
        )


class CategoricalDirection(InvalidTraining):
    code = "categorical_direction"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"'{name}' holds categories, which have no order to rise or fall along.",
            FieldError(f"/monotone/{name}", "Remove the direction, or upload the column as numeric."),
        )


class DirectionOfClasses(InvalidTraining):
    code = "direction_of_classes"

    def __init__(self, target: str, classes: int) -> None:
        super().__init__(
            f"The target '{target}' has {classes} classes: only a quantity or the probability of one of two classes "
            "can rise or fall.",
            FieldError("/monotone", "Train without directions (an empty 'monotone'), or choose another target."),
        )


class InvalidSweep(Invalid):
    """The settings of a sweep do not make a set of different trainings."""


class SweepWithoutValues(InvalidSweep):
    code = "sweep_without_values"

    def __init__(self, setting: str | None) -> None:
        if setting is None:
            super().__init__(
                "The sweep varies nothing.", FieldError("/grid", "Give at least one setting a list of values.")
            )
        else:
            super().__init__(
                f"The sweep has no value for '{setting}'.",
                FieldError(f"/grid/{setting}", "List at least one value, or leave the setting away."),
            )


class SweepValueRepeated(InvalidSweep):
    code = "sweep_value_repeated"

    def __init__(self, setting: str, position: int) -> None:
        super().__init__(
            f"The sweep lists a value of '{setting}' twice.",
            FieldError(f"/grid/{setting}/{position}", "This value stands earlier in the list: remove it."),
        )


class SweepTooLarge(InvalidSweep):
    code = "sweep_too_large"

    def __init__(self, combinations: int, maximum: int) -> None:
        super().__init__(
            f"The sweep has {combinations:,} combinations; {maximum} are the most.",
            FieldError("/grid", f"List fewer values, so that their product is at most {maximum}."),
        )


class InvalidQuestion(Invalid):
    """A counterfactual that has no answer."""


class InvalidGoal(InvalidQuestion):
    code = "invalid_goal"

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"The goal cannot be asked for: {reason}.", FieldError(f"/goal/{field}", reason))


class InvalidChange(InvalidQuestion):
    code = "invalid_change"

    def __init__(self, position: int, feature: str, field: str, reason: str) -> None:
        super().__init__(
            f"'{feature}' cannot change so: {reason}.", FieldError(f"/features/{position}/{field}", reason)
        )


class ImmutableFeature(InvalidQuestion):
    code = "immutable_feature"

    def __init__(self, position: int, feature: str) -> None:
        super().__init__(
            f"'{feature}' is protected or not changeable, so no counterfactual may change it.",
            FieldError(f"/features/{position}/feature", "Leave the feature out."),
        )


class InvalidRow(Invalid):
    """A row to predict that the model cannot read; it has no number where the request holds a single one."""


def _row_field(row: int | None, feature: str, fix: str) -> FieldError:
    return FieldError(f"/row/{feature}" if row is None else f"/rows/{row}/{feature}", fix)


def _row_name(row: int | None) -> str:
    return "The row" if row is None else f"Row {row}"


class UnknownFeature(InvalidRow):
    code = "unknown_feature"

    def __init__(self, row: int | None, feature: str) -> None:
        super().__init__(
            f"{_row_name(row)} has the field '{feature}', which the model does not know.",
            _row_field(row, feature, "Remove the field or correct its name."),
        )


class MissingFeature(InvalidRow):
    code = "missing_feature"

    def __init__(self, row: int | None, feature: str) -> None:
        super().__init__(
            f"{_row_name(row)} lacks the feature '{feature}'.",
            _row_field(row, feature, "Add the field; null is allowed where the training data had gaps."),
        )


class WrongValueType(InvalidRow):
    code = "wrong_value_type"

    def __init__(self, row: int | None, feature: str, expected: str, got: str) -> None:
        super().__init__(
            f"{_row_name(row)}: '{feature}' must be a {expected}, not a {got}.",
            _row_field(row, feature, f"Send a {expected}."),
        )


class NonFiniteNumber(InvalidRow):
    code = "non_finite_number"

    def __init__(self, row: int | None, feature: str) -> None:
        super().__init__(
            f"{_row_name(row)}: '{feature}' must be a finite number of at most 1e100 in size.",
            _row_field(row, feature, "Send a finite number, or null for a missing value."),
        )


class MissingValueNotSeen(InvalidRow):
    code = "missing_value_not_seen"

    def __init__(self, row: int | None, feature: str) -> None:
        super().__init__(
            f"{_row_name(row)}: '{feature}' is empty, but the model has never seen it empty.",
            _row_field(row, feature, "Send a value: this feature had no gaps in the training data."),
        )


class OutputUndefined(InvalidRow):
    code = "output_undefined"

    def __init__(self, row: int | None) -> None:
        super().__init__(
            f"The model has no finite answer for {_row_name(row).lower()}: "
            "a value lies too far outside the training data.",
            FieldError(
                "/row" if row is None else f"/rows/{row}", "Check the row for values of the wrong size or unit."
            ),
        )


class Broken(EdgewiseError):
    """The service refuses to answer rather than answer wrongly."""


class ArtifactCorrupted(Broken):
    code = "artifact_corrupted"

    def __init__(self, digest: str, reason: str) -> None:
        super().__init__(f"The stored artifact {digest} failed its check ({reason}) and is not used.")
        self.digest, self.reason = digest, reason


class RecordKeyMissing(Broken):
    code = "record_key_missing"

    def __init__(self, place: str, key: str) -> None:
        super().__init__(
            f"'{place}' is encrypted with the key {key}, which EDGEWISE_RECORD_KEYS does not hold and 'record-keys' in "
            "the data directory does not either: it was destroyed, or lost."
        )


class RecordUnreadable(Broken):
    code = "record_unreadable"

    def __init__(self, place: str) -> None:
        super().__init__(f"'{place}' was changed outside of the service: its text does not belong to its key.")


class IdentityViolated(Broken):
    code = "identity_violated"

    def __init__(self, residual: float) -> None:
        super().__init__(f"The contributions do not add up (residual {residual:.3g}); no answer is given.")


class TrainingFailed(Broken):
    code = "training_failed"

    def __init__(self, reason: str) -> None:
        super().__init__(f"The training failed: {reason}")


class JobCancelled(Broken):
    code = "job_cancelled"

    def __init__(self) -> None:
        super().__init__("The job was cancelled.")


class JobTakenOver(Broken):
    code = "job_taken_over"

    def __init__(self, job_id: str, attempt: int) -> None:
        super().__init__(f"Attempt {attempt} of job {job_id} is no longer the one that counts.")


class JobCrashed(Broken):
    code = "job_crashed"

    def __init__(self, exit_code: int) -> None:
        how = f"was ended by signal {-exit_code}" if exit_code < 0 else f"ended with status {exit_code}"
        super().__init__(f"The process of the training {how}, again and again. The worker's log says more.")


class JobTimedOut(Broken):
    code = "job_timed_out"

    def __init__(self, minutes: int) -> None:
        super().__init__(
            f"The training took longer than {minutes} minutes and was ended. Ask for fewer steps or a smaller network, "
            "or let the operator raise EDGEWISE_JOB_TIMEOUT_MINUTES."
        )


class JobOutOfMemory(Broken):
    code = "job_out_of_memory"

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"The training needed more than {limit / 2**20:.0f} MiB of memory and was ended. Use fewer rows, columns "
            "or nodes, or let the operator raise EDGEWISE_JOB_MEMORY_BYTES."
        )


class WorkerLost(Broken):
    code = "worker_lost"

    def __init__(self, attempts: int) -> None:
        super().__init__(f"The job was begun {attempts} times, and each time its worker was lost.")


class JobBroke(Broken):
    code = "job_broke"

    def __init__(self, kind: str) -> None:
        super().__init__(f"The training broke in a way that nobody foresaw ({kind}). The worker's log holds the trace.")


class Unavailable(EdgewiseError):
    """The service cannot run here and now."""


class ServiceBusy(Unavailable):
    code = "service_busy"
    retry_after = 1

    def __init__(self) -> None:
        super().__init__("More predictions wait than the service can take on. Nothing was stored. Try again soon.")


class ServiceStopping(Unavailable):
    code = "service_stopping"
    retry_after = 1

    def __init__(self) -> None:
        super().__init__("This process is about to end and takes nothing more on. Nothing was stored. Try again.")


class AnswerLate(Unavailable):
    code = "answer_late"
    retry_after = 5

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"The record could not be stored within {seconds:g} seconds, and may yet be. Ask again with the same "
            "Idempotency-Key: it is then stored once."
        )


class DatabaseUnreachable(Unavailable):
    code = "database_unreachable"

    def __init__(self) -> None:
        super().__init__("The database does not answer. Check that it runs and that EDGEWISE_DATABASE_URL names it.")


class DatabaseRefuses(Unavailable):
    code = "database_refuses"

    def __init__(self, reason: str) -> None:
        super().__init__(f"The database cannot do this now ({reason}). Nothing was changed; try again.")


class StorageFull(Unavailable):
    code = "storage_full"

    def __init__(self, reason: str) -> None:
        super().__init__(f"The data directory cannot be written ({reason}). Nothing was changed; tell the operator.")


class ObjectStoreMissing(Unavailable):
    code = "object_store_missing"

    def __init__(self) -> None:
        super().__init__(
            "EDGEWISE_ARTIFACT_STORE is set, and what talks to it is not installed: pip install "
            "'edgewise[object-store]'."
        )


class ObjectStoreUnavailable(Unavailable):
    code = "object_store_unavailable"

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(
            f"The object store '{url}' of EDGEWISE_ARTIFACT_STORE cannot be used ({reason}). Nothing was changed; "
            "repeat the request, and tell the operator if it stays."
        )


class WorkerNameTaken(Unavailable):
    code = "worker_name_taken"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"Another worker has started under the name '{name}', so this one stops. Give each worker its own "
            "EDGEWISE_WORKER_NAME."
        )


class DatabaseNotMigrated(Unavailable):
    code = "database_not_migrated"

    def __init__(self, found: str | None, needed: str) -> None:
        super().__init__(f"The database is at revision {found}, this service needs {needed}. Run 'edgewise migrate'.")


class KeyRefused(Unavailable):
    code = "key_refused"

    def __init__(self, kind: str) -> None:
        super().__init__(f"The file holds no Ed25519 {kind} key in PEM form. Make one with 'openssl genpkey'.")


class SecondFactorUnreadable(Unavailable):
    code = "second_factor_unreadable"

    def __init__(self) -> None:
        super().__init__(
            "The second factor was stored under another signing key. Name that key in EDGEWISE_SIGNING_KEY_FILE, or "
            "let an administrator reset the second factor."
        )


class ProviderUnavailable(Unavailable):
    code = "identity_provider_unavailable"
    retry_after = 5

    def __init__(self, reason: str) -> None:
        super().__init__(f"The identity provider cannot be used: {reason}.")


class FileUnreadable(Unavailable):
    code = "file_unreadable"

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"The file '{path}' cannot be used: {reason}.")


class RecordKeysUnset(Unavailable):
    code = "record_keys_unset"

    def __init__(self) -> None:
        super().__init__("There is no key to encrypt with: set EDGEWISE_RECORD_KEYS, the newest key first.")


class TelemetryMissing(Unavailable):
    code = "telemetry_missing"

    def __init__(self) -> None:
        super().__init__(
            "EDGEWISE_TELEMETRY_ENDPOINT is set, and OpenTelemetry is not installed: pip install 'edgewise[telemetry]'."
        )


class PortBusy(Unavailable):
    code = "port_busy"

    def __init__(self, host: str, port: int) -> None:
        super().__init__(
            f"Port {port} on {host} is in use by another program. Stop it, or choose another: EDGEWISE_PORT=8001."
        )


class DirectoryNotWritable(Unavailable):
    code = "directory_not_writable"

    def __init__(self, directory: str) -> None:
        super().__init__(f"The directory '{directory}' cannot be written. Choose another with EDGEWISE_DATA_DIR.")


class FrontEndMissing(Unavailable):
    code = "front_end_missing"

    def __init__(self, directory: str) -> None:
        super().__init__(f"The browser pages are not built ('{directory}' is missing). Run 'make setup'.")
