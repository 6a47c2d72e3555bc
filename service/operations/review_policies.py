"""The review policy of a model: settled by an administrator, or the default of its risk tier."""

from service.domain.documents import Document, from_stored
from service.domain.permissions import Actor, require
from service.domain.policies import DEFAULT_POLICIES, ReviewPolicy, policy_digest, require_strong_enough
from service.errors import PreconditionFailed, PreconditionRequired
from service.operations.resources import Resources
from service.storage import models, tables


class ModelPolicy(Document):
    """A model's policy; reviews that are open keep the one under which they began."""

    model: str
    is_default: bool
    policy: ReviewPolicy
    digest: str
    etag: str


def get_review_policy(resources: Resources, actor: Actor, model: str) -> ModelPolicy:
    """The policy that the next review follows. Raises: NotFound."""
    require(actor, "get_review_policy")
    with resources.database.read() as session:
        return _describe(models.get_model(session, model))


def put_review_policy(
    resources: Resources, actor: Actor, model: str, policy: ReviewPolicy, if_match: str | None
) -> ModelPolicy:
    """Settle a model's policy, at least as strong as its risk tier's default. Records: review_policies.put.

    Raises: NotFound, PolicyTooWeak, PreconditionRequired, PreconditionFailed.
    """
    require(actor, "put_review_policy")
    with resources.database.write() as session:
        row = models.get_model(session, model, lock=True)
        etag = _describe(row).etag
        if if_match is None:
            raise PreconditionRequired(etag)
        if if_match != etag:
            raise PreconditionFailed(etag)
        require_strong_enough(policy, row.risk_tier)
        row.review_policy = policy.model_dump(mode="json")
        details = {"digest": policy_digest(policy), "quorum": policy.quorum, "gates": list(policy.gates)}
        resources.record(session, actor, "review_policies.put", f"models/{model}/review-policy", details)
        return _describe(row)


def policy_of(model: tables.Model) -> ReviewPolicy:
    """The policy in force for a model."""
    if model.review_policy is None:
        return DEFAULT_POLICIES[model.risk_tier]
    return from_stored(ReviewPolicy, model.review_policy)


def _describe(row: tables.Model) -> ModelPolicy:
    policy = policy_of(row)
    digest = policy_digest(policy)
    return ModelPolicy(
        model=row.name, is_default=row.review_policy is None, policy=policy, digest=digest, etag=f'"{digest}"'
    )
