"""Findings: what somebody who inspects a version wants put right, by whom and until when."""

from typing import Annotated, Literal

from pydantic import Field

from service.domain.documents import Day, Document, Line, Text
from service.domain.permissions import Actor
from service.errors import OnlyOwnerResolves, OnlyRaiserVerifies

Severity = Literal["low", "medium", "high"]


class FindingRequest(Document):
    """A new finding; `owner` is the sign-in name of whoever must put it right."""

    severity: Severity
    title: Line
    description: Annotated[Text, Field(min_length=1)]
    owner: Line
    due_on: Day


class ResolutionRequest(Document):
    """What the owner did about a finding."""

    resolution: Annotated[Text, Field(min_length=1)]


class VerificationRequest(Document):
    """What the raiser saw when looking again; a finding that is not put right is open again."""

    is_resolved: bool
    comment: Annotated[Text, Field(min_length=1)]


def require_owner(actor: Actor, owner: str) -> None:
    """Raise OnlyOwnerResolves unless the actor owns the finding, in person."""
    if actor.id != owner or not actor.is_person:
        raise OnlyOwnerResolves


def require_raiser(actor: Actor, raised_by: str) -> None:
    """Raise OnlyRaiserVerifies unless the actor raised the finding, in person."""
    if actor.id != raised_by or not actor.is_person:
        raise OnlyRaiserVerifies
