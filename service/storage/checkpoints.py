"""What unfinished trainings have kept: one directory for each job, removed when the job ends.

Hosts that take over the jobs of another one share the data directory. A file is written beside its place and then
moved there, so that it is always whole, also where an attempt that was taken for dead still writes.
"""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from service.storage.disks import told_as_full


class JobCheckpoints:
    """The files of one job, for one of its attempts."""

    def __init__(self, directory: Path, attempt: int) -> None:
        self._directory = directory
        self._attempt = attempt

    def read(self, name: str) -> bytes | None:
        """What was kept under a name, None where nothing was."""
        path = self.kept_at(name)
        return path.read_bytes() if path.exists() else None

    def kept_at(self, name: str) -> Path:
        """The place of what `write` has kept under a name."""
        return self._directory / name

    def write(self, name: str, content: bytes) -> None:
        """Keep bytes under a name, durably and in place of what was there. Raises: StorageFull."""
        with told_as_full():
            path = self._made() / name
            beside = path.with_name(f"{name}.{self._attempt}.part")
            with beside.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)

    def path(self, name: str) -> Path:
        """The place of a file that the engine writes itself: of this attempt alone, begun as the last one left it.

        Raises: StorageFull.
        """
        with told_as_full():
            own = self._made() / f"{name}.{self._attempt}"
            left = [path for path in self._directory.glob(f"{name}.*") if path.suffix[1:].isdecimal()]
            if left and not own.exists():
                newest = max(left, key=lambda path: int(path.suffix[1:]))
                shutil.copyfile(newest, own.with_name(f"{own.name}.part"))
                own.with_name(f"{own.name}.part").replace(own)
        return own

    def _made(self) -> Path:
        self._directory.mkdir(parents=True, exist_ok=True)
        return self._directory

    def remove(self) -> None:
        """Forget all of it."""
        shutil.rmtree(self._directory, ignore_errors=True)


class Checkpoints:
    """The directory in which every job has its own."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def of_job(self, job_id: str, attempt: int = 0) -> JobCheckpoints:
        """The files of a job, as one of its attempts sees them."""
        return JobCheckpoints(self._directory / job_id, attempt)

    def kept(self) -> Sequence[str]:
        """The jobs that have files."""
        return [path.name for path in self._directory.iterdir()] if self._directory.exists() else []
