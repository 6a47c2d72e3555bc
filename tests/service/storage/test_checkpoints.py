"""What unfinished trainings keep: whole files, and one for each attempt where the engine writes itself."""

from pathlib import Path

import pytest

from service.errors import StorageFull
from service.storage.checkpoints import Checkpoints


def test_what_one_attempt_has_kept_the_next_one_reads(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    checkpoints.of_job("job", 1).write("fit.model", b"a network")
    assert checkpoints.of_job("job", 2).read("fit.model") == b"a network"
    assert checkpoints.of_job("other", 1).read("fit.model") is None
    assert checkpoints.kept() == ["job"]


def test_each_attempt_goes_on_from_the_newest_file_of_the_engine_and_writes_its_own(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    first, last = checkpoints.of_job("job", 9).path("fit.checkpoint"), checkpoints.of_job("job", 11)
    assert not first.exists()
    first.write_bytes(b"step 1")
    second = checkpoints.of_job("job", 10).path("fit.checkpoint")
    assert second.read_bytes() == b"step 1"
    second.write_bytes(b"step 2")
    first.write_bytes(b"step 3 of whoever was taken for dead")
    assert last.path("fit.checkpoint").read_bytes() == b"step 2"
    assert last.path("fit.checkpoint") != second


def test_a_directory_that_cannot_be_made_is_the_fault_of_the_disk(tmp_path: Path) -> None:
    (tmp_path / "taken").write_bytes(b"a file where the directory should be")
    files = Checkpoints(tmp_path / "taken").of_job("job", 1)
    with pytest.raises(StorageFull):
        files.write("fit.model", b"a network")
    with pytest.raises(StorageFull):
        files.path("fit.checkpoint")


def test_what_was_forgotten_is_gone(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    checkpoints.of_job("job", 1).write("fit.model", b"a network")
    checkpoints.of_job("job").remove()
    assert checkpoints.kept() == []
