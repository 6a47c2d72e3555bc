"""Requests that must not happen twice: a key, the request it stood for, and what that request made."""

from collections.abc import Sequence
from dataclasses import dataclass

from service.domain.canonical import digest_of_json
from service.domain.documents import Document
from service.domain.permissions import Actor
from service.operations.resources import Resources
from service.storage import idempotency, tables
from service.storage.database import Session


@dataclass(frozen=True)
class Claim:
    """A request's hold on its key; `earlier` names what the same request made before."""

    earlier: Sequence[str]
    row: tables.IdempotencyKey | None

    def settle(self, results: list[str]) -> None:
        """Note what the request made, for a repetition to find."""
        if self.row is not None:
            idempotency.settle(self.row, results)


def claim(
    resources: Resources, session: Session, actor: Actor, key: str | None, operation: str, request: Document
) -> Claim:
    """Claim a key within the transaction of the change; without a key, nothing is remembered.

    Raises: IdempotencyKeyReused when the key stands for another request.
    """
    if key is None:
        return Claim((), None)
    row = tables.IdempotencyKey(
        user_id=actor.id,
        key=key,
        operation=operation,
        request_digest=digest_of_json(request.model_dump(mode="json")),
        results=[],
        created_at=resources.clock(),
    )
    earlier = idempotency.claim(session, row)
    return Claim(earlier.results, None) if earlier is not None else Claim((), row)
