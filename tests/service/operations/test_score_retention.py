"""Files of scoring jobs: kept as long as the settings say, while a hold stands or somebody else needs them."""

import io

import pytest

from service import errors
from service.domain.permissions import Actor
from service.domain.retention import RetentionRequest
from service.operations import retention, scoring_jobs, training_runs
from service.operations.resources import Resources
from service.operations.score_retention import erase_scores
from service.operations.scoring_jobs import ScoringJob, ScoringJobRequest
from tests.service.conftest import Clock, Person, Steps, audit_payloads
from tests.service.training import credit_csv

TABLE = b"purpose,age,income\ncar,41,1000\n"


def scored(resources: Resources, actor: Actor, content: bytes | None = TABLE, dataset: str | None = None) -> ScoringJob:
    request = ScoringJobRequest(dataset_id=dataset)
    file = None if content is None else io.BytesIO(content)
    job = scoring_jobs.create_scoring_job(resources, actor, "credit", request, file).job.id
    assert training_runs.run_training_job(resources, job) == "succeeded"
    return scoring_jobs.get_scoring_job(resources, actor, job)


def is_there(resources: Resources, digest: str) -> bool:
    return resources.artifacts.is_whole(digest)


def test_old_files_are_erased_and_their_digests_stay(
    resources: Resources, developer: Actor, clock: Clock, champion: int
) -> None:
    old = scored(resources, developer)
    clock.advance(days=31)
    young = scored(resources, developer, TABLE + b"trip,20,1\n")
    assert erase_scores(resources, 30).jobs == 1
    assert old.result is not None
    assert not is_there(resources, old.result.digest)
    assert not is_there(resources, old.source_digest)
    with pytest.raises(errors.ScoresErased, match="EDGEWISE_SCORES_KEEP_DAYS"):
        scoring_jobs.get_scoring_result(resources, developer, old.job.id, "parquet")
    shown = scoring_jobs.get_scoring_job(resources, developer, old.job.id).result
    assert shown is not None
    assert (shown.digest, shown.erased_at is not None) == (old.result.digest, True)
    scoring_jobs.get_scoring_result(resources, developer, young.job.id, "parquet").close()
    assert erase_scores(resources, 30).jobs == 0
    assert audit_payloads(resources)[-1]["details"] == {"jobs": [old.job.id]}


def test_what_a_dataset_or_a_younger_job_needs_is_kept(
    resources: Resources, developer: Actor, steps: Steps, clock: Clock, champion: int
) -> None:
    of_dataset = scored(resources, developer, None, steps.dataset(credit_csv(30), "again"))
    old = scored(resources, developer)
    clock.advance(days=31)
    young = scored(resources, developer)
    assert young.source_digest == old.source_digest
    assert erase_scores(resources, 30, "credit").jobs == 2
    assert is_there(resources, of_dataset.source_digest)
    assert is_there(resources, young.source_digest)
    scoring_jobs.get_scoring_result(resources, developer, young.job.id, "parquet").close()


def test_a_legal_hold_keeps_scores_too(
    resources: Resources, developer: Actor, person: Person, clock: Clock, champion: int
) -> None:
    scored(resources, developer)
    clock.advance(days=31)
    hold = RetentionRequest(keep_days=1, legal_hold="A dispute.")
    retention.put_retention(resources, person("administrator"), "credit", hold, '"none"')
    assert erase_scores(resources, 30).jobs == 0
    assert erase_scores(resources, 30, "other").jobs == 0
