"""The registry: verified, bounded, and loaded once however many ask."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from service.domain.canonical import digest_of
from service.errors import ArtifactCorrupted
from service.modelling.registry import LoadedModel, ModelRegistry, load_model
from service.modelling.trained_versions import TrainedVersion
from tests.service.modelling.conftest import Table


class Store:
    """Artifacts by digest, with a count of the reads."""

    def __init__(self, *artifacts: bytes) -> None:
        self.artifacts = {digest_of(artifact): artifact for artifact in artifacts}
        self.reads: Counter[str] = Counter()

    def read(self, digest: str) -> bytes:
        self.reads[digest] += 1
        return self.artifacts[digest]


@pytest.fixture(scope="module")
def artifacts(binomial_table: Table) -> list[bytes]:
    return [binomial_table.train(steps=1, symbolify=False, seed=seed).artifact for seed in range(3)]


def test_a_model_is_loaded_once_and_then_shared(binomial_version: TrainedVersion) -> None:
    store = Store(binomial_version.artifact)
    registry = ModelRegistry(store.read, capacity=2)
    first = registry.get(binomial_version.digest)
    assert registry.get(binomial_version.digest) is first
    assert first.digest == binomial_version.digest
    assert store.reads == {binomial_version.digest: 1}


def test_many_threads_at_once_share_one_load(binomial_version: TrainedVersion) -> None:
    threads = 8
    barrier = threading.Barrier(threads, timeout=60)
    store = Store(binomial_version.artifact)
    registry = ModelRegistry(store.read, capacity=1)

    def ask() -> LoadedModel:
        barrier.wait()
        return registry.get(binomial_version.digest)

    with ThreadPoolExecutor(threads) as pool:
        found = [future.result() for future in [pool.submit(ask) for _ in range(threads)]]
    assert len(set(map(id, found))) == 1
    assert store.reads[binomial_version.digest] == 1


def test_the_least_recently_used_model_makes_room(artifacts: list[bytes]) -> None:
    store = Store(*artifacts)
    registry = ModelRegistry(store.read, capacity=2)
    first, second, third = store.artifacts
    for digest in (first, second, first, third, first, second):
        registry.get(digest)
    assert store.reads == {first: 1, second: 2, third: 1}


def test_bytes_with_another_digest_are_refused(artifacts: list[bytes]) -> None:
    digest = digest_of(artifacts[0])
    registry = ModelRegistry(lambda _: artifacts[1], capacity=1)
    with pytest.raises(ArtifactCorrupted, match=f"{digest} failed its check"):
        registry.get(digest)


def test_bytes_that_hold_no_model_are_refused() -> None:
    content = b"not a model"
    with pytest.raises(ArtifactCorrupted, match="not a valid model"):
        load_model(digest_of(content), content)


def test_a_failure_is_not_remembered(artifacts: list[bytes]) -> None:
    digest = digest_of(artifacts[0])
    answers = [b"damaged", artifacts[0]]
    registry = ModelRegistry(lambda _: answers.pop(0), capacity=1)
    with pytest.raises(ArtifactCorrupted):
        registry.get(digest)
    assert registry.get(digest).digest == digest


def test_a_registry_holds_at_least_one_model() -> None:
    with pytest.raises(ValueError, match="at least one"):
        ModelRegistry(lambda _: b"", capacity=0)
