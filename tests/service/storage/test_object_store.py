"""Artifacts in a bucket: the promises of a directory, kept over HTTP by a server that speaks S3."""

import importlib.util
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from service import errors
from service.domain.canonical import digest_of
from service.domain.permissions import Actor
from service.operations import scoring_jobs, training_runs
from service.operations.health import ready_resources
from service.operations.resources import Resources, open_resources
from service.operations.scoring_jobs import ScoringJobRequest
from service.settings import Settings
from service.storage.artifacts import Artifacts
from service.storage.object_store import ObjectStore
from tests.service.conftest import HOST, Steps
from tests.service.storage.buckets import S3Server, s3_server
from tests.service.training import credit_csv

CONTENT = b"a trained network"


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with s3_server() as running:
        yield running


@pytest.fixture
def bucket(server: S3Server, tmp_path: Path) -> str:
    return server.new_bucket(f"edgewise-{digest_of(str(tmp_path).encode())[-12:]}")


@pytest.fixture
def store(server: S3Server, bucket: str) -> ObjectStore:
    return ObjectStore(bucket, server.endpoint)


@pytest.fixture
def artifacts(store: ObjectStore, tmp_path: Path) -> Artifacts:
    return Artifacts(store, tmp_path / "artifacts")


@pytest.fixture
def settings(server: S3Server, bucket: str, database_url: str, tmp_path: Path) -> Settings:
    return Settings.model_validate(
        {
            "data_dir": tmp_path,
            "database_url": database_url,
            "allowed_hosts": [HOST],
            "artifact_store": bucket,
            "artifact_store_endpoint": server.endpoint,
        }
    )


def place(digest: str) -> str:
    hexadecimal = digest.removeprefix("sha256:")
    return f"{hexadecimal[:2]}/{hexadecimal}"


def files(directory: Path) -> list[Path]:
    return [path for path in directory.rglob("*") if path.is_file()]


def test_what_was_put_is_read_back_and_nothing_stays_here(artifacts: Artifacts, tmp_path: Path) -> None:
    digest = artifacts.put(CONTENT)
    assert digest == artifacts.put(CONTENT) == digest_of(CONTENT)
    assert artifacts.read(digest) == CONTENT
    assert artifacts.is_whole(digest)
    assert files(tmp_path) == []


def test_a_large_file_travels_in_parts_and_comes_back_whole(artifacts: Artifacts) -> None:
    content = os.urandom(12_000_000)
    with artifacts.workspace() as directory:
        (directory / "table").write_bytes(content)
        digest = artifacts.put_file(directory / "table")
    with artifacts.verified_file(digest) as copy:
        assert copy.read_bytes() == content
    assert not copy.parent.exists()


def test_an_object_that_was_altered_or_removed_is_refused(
    artifacts: Artifacts, store: ObjectStore, tmp_path: Path
) -> None:
    digest = artifacts.put(CONTENT)
    (tmp_path / "other").write_bytes(CONTENT + b"!")
    store.take(place(digest), tmp_path / "other")
    assert not artifacts.is_whole(digest)
    with pytest.raises(errors.ArtifactCorrupted, match="do not match"):
        artifacts.read(digest)
    with pytest.raises(errors.ArtifactCorrupted, match="do not match"), artifacts.verified_file(digest):
        raise AssertionError("it was opened")
    for _ in range(2):
        artifacts.remove(digest)
    assert not artifacts.is_whole(digest)
    with pytest.raises(errors.ArtifactCorrupted, match="gone"):
        artifacts.read(digest)
    with pytest.raises(errors.ArtifactCorrupted, match="gone"), artifacts.verified_file(digest):
        raise AssertionError("it was opened")
    assert list((tmp_path / "artifacts").glob(".incoming-*")) == []


def test_a_bucket_that_is_not_there_ends_the_start(settings: Settings) -> None:
    lost = settings.model_copy(update={"artifact_store": "s3://nobody-made-this/models"})
    with pytest.raises(errors.ObjectStoreUnavailable, match="s3://nobody-made-this"), ready_resources(lost):
        raise AssertionError("it began")
    with ready_resources(settings):
        assert settings.data_dir.exists()


def test_a_server_that_is_gone_is_told_and_nothing_is_half_done(tmp_path: Path) -> None:
    with s3_server() as server:
        artifacts = Artifacts(ObjectStore(server.new_bucket("closing"), server.endpoint), tmp_path)
        digest = artifacts.put(CONTENT)
        server.stop()
        for call in (artifacts.read, artifacts.is_whole, artifacts.remove):
            with pytest.raises(errors.ObjectStoreUnavailable, match="EDGEWISE_ARTIFACT_STORE"):
                call(digest)
        with pytest.raises(errors.ObjectStoreUnavailable):
            artifacts.put(b"another")
        with pytest.raises(errors.ObjectStoreUnavailable):
            artifacts.require_reachable()
    assert files(tmp_path) == []


@pytest.mark.parametrize("address", ["ftp://x/y", "s3://", "s3://key@bucket/x", "/var/lib", "s3://bucket/a b"])
def test_an_address_that_names_no_bucket_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="artifact_store"):
        Settings.model_validate({"artifact_store": address})


def test_artifacts_travel_protected_or_on_this_machine_only() -> None:
    with pytest.raises(ValueError, match="https"):
        Settings.model_validate({"artifact_store_endpoint": "http://storage.bank.example:9000"})


def test_without_the_extra_the_start_says_what_to_install(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(errors.ObjectStoreMissing, match=r"edgewise\[object-store\]"):
        open_resources(settings)


def test_two_hosts_that_share_a_bucket_and_no_disk_train_and_score(
    resources: Resources, developer: Actor, steps: Steps, champion: int, tmp_path: Path
) -> None:
    far = replace(
        resources,
        artifacts=open_resources(resources.settings.model_copy(update={"data_dir": tmp_path / "elsewhere"})).artifacts,
    )
    asked = ScoringJobRequest(dataset_id=steps.dataset(credit_csv(40), "more"))
    job = scoring_jobs.create_scoring_job(resources, developer, "credit", asked, None).job.id
    assert training_runs.run_training_job(far, job) == "succeeded"
    result = scoring_jobs.get_scoring_result(resources, developer, job, "parquet")
    assert isinstance(result.content, Path)
    assert result.content.read_bytes()[:4] == b"PAR1"
    result.close()
    assert files(tmp_path / "artifacts") == files(tmp_path / "elsewhere") == []
