"""Retention: how long decision records are kept, and what keeps them longer."""

from datetime import datetime, timedelta
from typing import Annotated

from pydantic import Field

from service.domain.documents import Document, Text
from service.errors import NoRetentionSchedule, OnLegalHold

LONGEST_DAYS = 36_525


class RetentionRequest(Document):
    """A model's schedule; without days its records are kept for ever."""

    keep_days: int | None = Field(None, ge=1, le=LONGEST_DAYS, description="Records that are older can be erased.")
    legal_hold: Annotated[Text, Field(min_length=1)] | None = Field(
        None, description="Why nothing may be erased, whatever its age; null where nothing stands against it."
    )


def require_erasable(model: str, keep_days: int | None, legal_hold: str | None) -> int:
    """The days that records are kept; raises OnLegalHold, NoRetentionSchedule."""
    if legal_hold is not None:
        raise OnLegalHold(model)
    if keep_days is None:
        raise NoRetentionSchedule(model)
    return keep_days


def erased_before(now: datetime, keep_days: int) -> datetime:
    """The moment before which records are old enough."""
    return now - timedelta(days=keep_days)
