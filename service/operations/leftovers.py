"""What killed processes have left in the data directory: found and removed, without touching who still works."""

import structlog

from service.domain.lifecycle import FINISHED_JOB_STATES
from service.operations.resources import Resources
from service.storage import training_jobs

_log = structlog.get_logger()


def remove_leftovers(resources: Resources) -> int:
    """Remove broken uploads that nobody has written to for an hour, and what jobs that have ended had kept.

    Returns how many there were. Raises: leaves of Unavailable.
    """
    abandoned = resources.artifacts.remove_abandoned()
    kept = resources.checkpoints.kept()
    with resources.database.read() as session:
        ended = training_jobs.ids_in(session, kept, FINISHED_JOB_STATES)
    for job_id in ended:
        resources.checkpoints.of_job(job_id).remove()
    if abandoned or ended:
        _log.info("leftovers_removed", uploads=abandoned, jobs=len(ended))
    return abandoned + len(ended)
