"""Limits of use: what an approval allows, for people to keep and for predictions to be held to."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import Field

from service.domain.documents import Document, Moment, Text


class Limits(Document):
    """Conditions in words, and bounds that the service keeps itself."""

    conditions: Text = Field("", description="What whoever uses the version must keep to.")
    expires_at: Moment | None = Field(None, description="From this moment on the version answers nobody.")
    maximum_rows: int | None = Field(None, ge=1, le=2**31 - 1, description="Most rows in one prediction call.")


def narrowest(limits: Sequence[Limits]) -> Limits:
    """What all of these allow: every condition, the earliest expiry, the fewest rows."""
    return Limits(
        conditions="\n".join(dict.fromkeys(limit.conditions for limit in limits if limit.conditions)),
        expires_at=min((limit.expires_at for limit in limits if limit.expires_at), default=None),
        maximum_rows=min((limit.maximum_rows for limit in limits if limit.maximum_rows), default=None),
    )


def is_in_force(expires_at: datetime | None, moment: datetime) -> bool:
    """Whether an approval that ends then still stands."""
    return expires_at is None or moment < expires_at
