"""How long the files of scoring jobs are kept: results, and tables that were uploaded for them.

Digests, counts and the audit trail stay. A file that a dataset, a version or a younger job has too is kept. The same
table that is being uploaded for a new job at the very moment may be lost to it: the job then fails as
`artifact_corrupted`, and can be asked for again.
"""

from datetime import timedelta

from service.domain.canonical import timestamp
from service.domain.documents import Document
from service.operations.resources import Resources
from service.storage import scoring_jobs

#: Jobs in one transaction.
BATCH = 50


class ErasedScores(Document):
    """How many jobs have lost their files, and before which moment they had ended."""

    jobs: int
    ended_before: str


def erase_scores(resources: Resources, days: int, model: str | None = None) -> ErasedScores:
    """Erase the files of jobs that ended so many days ago, but for models on legal hold.

    Records: scoring_jobs.erased for each batch. Raises: StorageFull.
    """
    before = resources.clock() - timedelta(days=days)
    total = 0
    while True:
        with resources.database.write() as session:
            rows = scoring_jobs.finished_before(session, before, model, BATCH)
            for row in rows:
                row.erased_at = resources.clock()
                for digest in filter(None, (row.result_digest, row.source_digest)):
                    if not scoring_jobs.is_needed(session, digest, row.job_id):
                        resources.artifacts.remove(digest)  # before the commit: a repetition removes nothing twice
            if rows:
                details = {"jobs": [row.job_id for row in rows]}
                resources.record(session, None, "scoring_jobs.erased", "scoring-jobs", details)
        total += len(rows)
        if not rows:
            return ErasedScores(jobs=total, ended_before=timestamp(before))
