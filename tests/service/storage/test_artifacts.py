"""Files named by their digest: written whole or not at all, verified at every read."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from service.domain.canonical import digest_of
from service.errors import ArtifactCorrupted, StorageFull
from service.storage.artifacts import Artifacts
from service.storage.directory import Directory

CONTENT = b"a trained network"


@pytest.fixture
def artifacts(tmp_path: Path) -> Artifacts:
    return Artifacts(Directory(tmp_path), tmp_path)


def files(directory: Path) -> list[Path]:
    return [path for path in directory.rglob("*") if path.is_file()]


def test_what_was_put_is_read_back_under_its_digest(artifacts: Artifacts, tmp_path: Path) -> None:
    digest = artifacts.put(CONTENT)
    assert digest == digest_of(CONTENT)
    assert artifacts.read(digest) == CONTENT
    assert [path.name for path in files(tmp_path)] == [digest.removeprefix("sha256:")]


def test_the_same_bytes_are_stored_once(artifacts: Artifacts, tmp_path: Path) -> None:
    artifacts.put(CONTENT)
    written = files(tmp_path)[0].stat()
    artifacts.put(CONTENT)
    assert [path.stat().st_mtime_ns for path in files(tmp_path)] == [written.st_mtime_ns]


def test_many_writers_of_the_same_bytes_leave_one_whole_file(artifacts: Artifacts, tmp_path: Path) -> None:
    content = os.urandom(1_000_000)
    with ThreadPoolExecutor(8) as pool:
        digests = set(pool.map(artifacts.put, [content] * 16))
    assert digests == {digest_of(content)}
    assert [path.read_bytes() for path in files(tmp_path)] == [content]


def test_a_file_of_a_workspace_is_moved_in_and_the_workspace_is_gone(artifacts: Artifacts, tmp_path: Path) -> None:
    for _ in range(2):
        with artifacts.workspace() as directory:
            (directory / "half-way").write_bytes(b"not needed later")
            (directory / "whole").write_bytes(CONTENT)
            assert artifacts.put_file(directory / "whole") == digest_of(CONTENT)
        assert not directory.exists()
    assert artifacts.read(digest_of(CONTENT)) == CONTENT
    assert [path.name for path in files(tmp_path)] == [digest_of(CONTENT).removeprefix("sha256:")]


def test_a_workspace_that_cannot_be_made_says_that_the_disk_is_at_fault(tmp_path: Path) -> None:
    (tmp_path / "taken").write_bytes(b"a file where the directory should be")
    with pytest.raises(StorageFull), Artifacts(Directory(tmp_path), tmp_path / "taken").workspace():
        raise AssertionError("there is no workspace")


def test_an_altered_file_is_refused(artifacts: Artifacts, tmp_path: Path) -> None:
    digest = artifacts.put(CONTENT)
    (file,) = files(tmp_path)
    file.write_bytes(CONTENT + b"!")
    with pytest.raises(ArtifactCorrupted, match=f"{digest}.*do not match"):
        artifacts.read(digest)


def test_a_cut_file_is_refused(artifacts: Artifacts, tmp_path: Path) -> None:
    digest = artifacts.put(CONTENT)
    (file,) = files(tmp_path)
    file.write_bytes(CONTENT[:-1])
    with pytest.raises(ArtifactCorrupted, match="do not match"):
        artifacts.read(digest)


def test_a_file_is_opened_where_it_lies_which_needs_no_room(artifacts: Artifacts, tmp_path: Path) -> None:
    digest = artifacts.put(CONTENT)
    with artifacts.verified_file(digest) as path:
        assert [path] == files(tmp_path)
        assert list(tmp_path.glob(".incoming-*")) == []
    assert path.read_bytes() == CONTENT


def test_a_lost_file_is_refused(artifacts: Artifacts) -> None:
    with pytest.raises(ArtifactCorrupted, match="gone"):
        artifacts.read(digest_of(CONTENT))


def test_an_interrupted_write_leaves_nothing(
    artifacts: Artifacts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_disk(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full_disk)
        with pytest.raises(StorageFull, match="No space left"):
            artifacts.put(CONTENT)
    assert files(tmp_path) == []
    assert artifacts.read(artifacts.put(CONTENT)) == CONTENT


@pytest.mark.parametrize(
    "digest", ["sha256:../../secret", "../secret", "sha256:/etc/passwd", "sha256:..%2f..%2fsecret"]
)
def test_a_digest_that_is_a_path_reads_no_other_file(tmp_path: Path, digest: str) -> None:
    (tmp_path / "secret").write_bytes(CONTENT)
    with pytest.raises(ArtifactCorrupted):
        Artifacts(Directory(tmp_path / "a" / "b"), tmp_path).read(digest)


def test_what_nobody_has_touched_for_an_hour_was_left_behind(artifacts: Artifacts, tmp_path: Path) -> None:
    digest = artifacts.put(CONTENT)
    for name in ("broken", "busy"):
        (tmp_path / f".incoming-{name}").mkdir()
        (tmp_path / f".incoming-{name}" / "texts-000000.parquet").write_bytes(b"half of an upload")
    for path in (tmp_path / ".incoming-broken" / "texts-000000.parquet", tmp_path / ".incoming-broken"):
        os.utime(path, (0, 0))
    os.utime(tmp_path / ".incoming-busy", (0, 0))
    assert artifacts.remove_abandoned() == 1
    assert artifacts.remove_abandoned() == 0
    left = {path.name for path in files(tmp_path)}
    assert left == {digest.removeprefix("sha256:"), "texts-000000.parquet"}
    assert artifacts.read(digest) == CONTENT
