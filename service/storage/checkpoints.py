"""What unfinished trainings have kept: one directory for each job, removed when the job ends.

Hosts that take over the jobs of another one share the data directory. A file is written beside its place and then
moved there, so that it is always whole.
"""

import os
import shutil
from pathlib import Path

from service.errors import StorageFull


class JobCheckpoints:
    """The files of one job."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def read(self, name: str) -> bytes | None:
        """What was kept under a name, None where nothing was."""
        path = self._directory / name
        return path.read_bytes() if path.exists() else None

    def write(self, name: str, content: bytes) -> None:
        """Keep bytes under a name, durably and in place of what was there. Raises: StorageFull."""
        try:
            path = self.path(name)
            beside = path.with_name(f"{name}.{os.getpid()}.part")
            with beside.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)
        except OSError as error:
            raise StorageFull(error.strerror or str(error)) from error

    def path(self, name: str) -> Path:
        """The place of a file that the engine writes itself."""
        self._directory.mkdir(parents=True, exist_ok=True)
        return self._directory / name

    def remove(self) -> None:
        """Forget all of it."""
        shutil.rmtree(self._directory, ignore_errors=True)


class Checkpoints:
    """The directory in which every job has its own."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def of_job(self, job_id: str) -> JobCheckpoints:
        """The files of a job."""
        return JobCheckpoints(self._directory / job_id)
