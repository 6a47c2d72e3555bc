"""Stored artifacts that failed their check: never used, on the trail once, and known to readiness until restored."""

from service.errors import ArtifactCorrupted
from service.operations.resources import Resources


def note_damage(resources: Resources, error: ArtifactCorrupted) -> None:
    """Put a damaged artifact on the trail, once in a process. Records: artifacts.damaged."""
    if not resources.damages.add(error.digest):
        return
    with resources.database.write() as session:
        resources.record(session, None, "artifacts.damaged", f"artifacts/{error.digest}", {"reason": error.reason})


def damaged_artifacts(resources: Resources) -> tuple[str, ...]:
    """Digests of the artifacts that this process found damaged and that still are."""
    return tuple(digest for digest in resources.damages.all() if _is_damaged(resources, digest))


def _is_damaged(resources: Resources, digest: str) -> bool:
    if not resources.artifacts.is_whole(digest):
        return True
    resources.damages.remove(digest)
    return False
