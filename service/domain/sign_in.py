"""How long an account is locked after passwords that were wrong, and what a password must be."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field, SecretStr

from service.domain.documents import Document

#: So many wrong passwords in a row are a slip.
FREE_FAILURES = 5
FIRST_LOCK = timedelta(seconds=30)
LONGEST_LOCK = timedelta(hours=1)
MINIMUM_PASSWORD_LENGTH = 12

NewPassword = Annotated[SecretStr, Field(min_length=MINIMUM_PASSWORD_LENGTH, max_length=1000)]


class PasswordChange(Document):
    """The present password and the one that takes its place."""

    current_password: SecretStr = Field(min_length=1, max_length=1000)
    new_password: NewPassword


def lock_after(failures: int) -> timedelta:
    """How long an account is locked after so many wrong passwords in a row; twice as long each time, up to an hour."""
    beyond = failures - FREE_FAILURES
    if beyond < 0:
        return timedelta(0)
    return min(FIRST_LOCK * (1 << min(beyond, 20)), LONGEST_LOCK)
