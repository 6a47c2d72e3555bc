"""Worker processes that are killed as kernels and power cuts kill, and started again."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal, Protocol

import psutil

from service.operations.resources import Resources

#: Only the worker; all that runs on its host; only what computes, as when the kernel needs its memory.
Blow = Literal["worker", "host", "child"]


class Process(Protocol):
    """What is done with a worker process."""

    pid: int

    def poll(self) -> int | None:
        """None while it lives."""

    def kill(self) -> None:
        """End it at once."""

    def wait(self) -> int:
        """Return when it has ended."""


#: Starts a worker with these variables, in a process group of its own; its log is appended to.
Start = Callable[[Mapping[str, str], Path], Process]


def start_command(environment: Mapping[str, str], log: Path) -> subprocess.Popen[bytes]:
    """Start `edgewise worker` as an operator does."""
    command = [sys.executable, "-m", "service.cli", "worker"]
    with log.open("ab") as output:
        return subprocess.Popen(command, env={**os.environ, **environment}, stderr=output, start_new_session=True)


def environment_of(resources: Resources, name: str, settings: Mapping[str, object]) -> dict[str, str]:
    """The variables of a worker that shares data directory and database with these resources."""
    return {
        "EDGEWISE_DATA_DIR": str(resources.settings.data_dir),
        "EDGEWISE_DATABASE_URL": resources.settings.resolved_database_url,
        "EDGEWISE_WORKER_NAME": name,
        **{f"EDGEWISE_{key.upper()}": str(value) for key, value in settings.items()},
    }


class Crew:
    """Workers by name, each in a process group of its own; all are gone when the block ends."""

    def __init__(self, resources: Resources, start: Start, settings: Mapping[str, object]) -> None:
        self._resources = resources
        self._start = start
        self._settings = settings
        self._running: dict[str, Process] = {}
        self._old: list[int] = []

    def start(self, name: str, **environment: str) -> Process:
        """Start the worker of this name; its log is appended to."""
        told = {**environment_of(self._resources, name, self._settings), **environment}
        self._running[name] = self._start(told, self._resources.settings.data_dir / f"{name}.log")
        return self._running[name]

    def running(self) -> tuple[str, ...]:
        """Those whose worker process lives."""
        return tuple(name for name, process in self._running.items() if process.poll() is None)

    def kill(self, name: str, blow: Blow) -> bool:
        """End processes with SIGKILL; False where there was none of the kind, as between two jobs."""
        process = self._running[name]
        if blow == "child":
            return _kill_one_child(process.pid)
        if blow == "host":
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
            self._old.append(process.pid)
        process.wait()
        del self._running[name]
        return True

    def end(self) -> None:
        """End all of them, and what workers that were killed alone have left."""
        for group in (*self._old, *(process.pid for process in self._running.values())):
            with suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)
        for process in self._running.values():
            process.wait()


@contextmanager
def crew(resources: Resources, start: Start = start_command, **settings: object) -> Iterator[Crew]:
    """Workers that start with the settings of these resources, and are gone at the end whatever happened."""
    opened = Crew(resources, start, settings)
    try:
        yield opened
    finally:
        opened.end()


def children_of(worker: int) -> list[psutil.Process]:
    """The processes that compute for a worker, and not the server that starts them."""
    with suppress(psutil.NoSuchProcess):
        return [child for child in psutil.Process(worker).children(recursive=True) if _computes(child)]
    return []


def _kill_one_child(worker: int) -> bool:
    for child in children_of(worker):
        with suppress(psutil.NoSuchProcess):
            child.kill()
            return True
    return False


def _computes(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        parent = process.parent()
        return parent is not None and "forkserver" in " ".join(parent.cmdline())
    return False
