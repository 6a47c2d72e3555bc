"""Accounts that are locked for a while after passwords or codes that were wrong."""

from service.domain.sign_in import lock_after
from service.operations.resources import Resources
from service.storage import tables, users
from service.storage.database import Session


def is_locked(resources: Resources, user: tables.User) -> bool:
    """Whether an account is locked now."""
    return user.locked_until is not None and resources.clock() < user.locked_until


def is_closed(resources: Resources, user: tables.User) -> bool:
    """Whether nobody can sign in to an account now: it is locked for a while, or disabled."""
    return user.disabled_at is not None or is_locked(resources, user)


def count_failure(resources: Resources, session: Session, user_id: str, action: str) -> None:
    """One more wrong answer; attempts while the account is locked neither count nor make the lock longer.

    Records: the action, with how many there were in a row.
    """
    user = users.get_user(session, user_id, lock=True)
    if not is_locked(resources, user):
        user.failed_sign_ins += 1
        user.locked_until = resources.clock() + lock_after(user.failed_sign_ins)
    details = {"failures": user.failed_sign_ins}
    resources.record(session, None, action, f"users/{user_id}", details)
