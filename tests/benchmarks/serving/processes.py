"""Starting and stopping what a benchmark of the running service needs: databases, the service, the client."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from service.operations.health import migrate
from tests.benchmarks.environments import ROOT
from tests.database import free_port, postgresql_databases

START_SECONDS = 180.0
DATABASES = ("sqlite", "postgresql")


class Running(Protocol):
    """A process that was started, and may have ended."""

    def poll(self) -> int | None:
        """None while it lives."""

    def kill(self) -> None:
        """End it at once."""


@contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    """The URL of an empty, migrated database that keeps what it has committed through a power cut."""
    if kind == "sqlite":
        url = f"sqlite:///{folder / 'edgewise.sqlite3'}"
        migrate(url)
        yield url
        return
    with postgresql_databases(migrate, durable=True) as private_copy, private_copy() as url:
        yield url


def environment(url: str, folder: Path, port: int, threads: int = 1) -> dict[str, str]:
    """The variables of a process of the service."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("EDGEWISE_")}
    return inherited | {
        "PYTHONPATH": str(ROOT),
        "OMP_NUM_THREADS": str(threads),
        "EDGEWISE_DATABASE_URL": url,
        "EDGEWISE_DATA_DIR": str(folder),
        "EDGEWISE_PORT": str(port),
    }


def ask(module: str, variables: Mapping[str, str], question: object = None) -> Any:
    """What a module of this package answers to a question, both as JSON."""
    done = subprocess.run(
        [sys.executable, "-m", f"tests.benchmarks.serving.{module}"],
        env=dict(variables),
        cwd=ROOT,
        input=json.dumps(question),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


@contextmanager
def service(variables: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """The service, ready; ended with the block."""
    process = start_service(variables)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def start_service(variables: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """The service, ready; whoever starts it ends it."""
    process = subprocess.Popen([sys.executable, "-m", "tests.benchmarks.serving.server"], env=dict(variables), cwd=ROOT)
    wait_until_ready(process, variables)
    return process


def wait_until_ready(process: Running, variables: Mapping[str, str]) -> None:
    """Return once the service says that it is ready. Raises RuntimeError, and ends it, where it never does."""
    address = f"http://127.0.0.1:{variables['EDGEWISE_PORT']}/health/ready"
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.05)  # a process that starts tells nothing before it answers
    process.kill()
    raise RuntimeError("the service does not start")


__all__ = [
    "DATABASES",
    "START_SECONDS",
    "ask",
    "database",
    "environment",
    "free_port",
    "service",
    "start_service",
    "wait_until_ready",
]
