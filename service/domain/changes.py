"""What changed between the version that was approved last and the one that is submitted."""

from collections.abc import Mapping

from service.domain.documents import Document


class Change(Document):
    """One fact that is not what it was; null where there is no such fact."""

    what: str
    before: str | None
    after: str | None


def changes_between(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[Change, ...]:
    """Every fact that differs, in the order of `after`, then those that are gone."""
    names = [*after, *(name for name in before if name not in after)]
    return tuple(
        Change(what=name, before=before.get(name), after=after.get(name))
        for name in names
        if before.get(name) != after.get(name)
    )
