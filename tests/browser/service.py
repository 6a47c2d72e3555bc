"""The real service as a user starts it, in a process of its own, with everything that it starts in turn."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from tests.database import free_port

_START_SECONDS = 180
_STOP_SECONDS = 30


@dataclass(frozen=True)
class DemoService:
    """A running demo: its address, its sign-in data as written by the service, and its directory."""

    url: str
    credentials: Any
    data_dir: Path


@contextmanager
def demo_service(directory: Path, database_url: str | None = None) -> Iterator[DemoService]:
    """Runs `edgewise demo` in `directory` on a free port; at the end Ctrl-C must leave nothing behind.

    Without a URL its database is the file that the service makes by itself.
    """
    port = free_port()
    credentials, log = directory / "credentials.json", directory / "service.log"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("EDGEWISE_")} | {
        "EDGEWISE_PORT": str(port),
        "EDGEWISE_DATA_DIR": str(directory / "var"),
        "EDGEWISE_DEMO_CREDENTIALS_FILE": str(credentials),
    }
    if database_url is not None:
        environment["EDGEWISE_DATABASE_URL"] = database_url
    command = [str(Path(sys.executable).parent / "edgewise"), "demo"]
    with log.open("w") as output:
        process = subprocess.Popen(
            command, env=environment, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_until_ready(process, url, log)
        yield DemoService(url, json.loads(credentials.read_text()), directory / "var")
        # A terminal sends Ctrl-C to the whole foreground group, so the test does too.
        os.killpg(process.pid, signal.SIGINT)
        process.wait(_STOP_SECONDS)
        left = _processes_with(f"EDGEWISE_DATA_DIR={directory / 'var'}")
        assert not left, f"Ctrl-C left these processes running: {left}"
        with socket.socket() as client:
            assert client.connect_ex(("127.0.0.1", port)) != 0, "something still listens after Ctrl-C"
    finally:
        for process_id in _processes_with(f"EDGEWISE_DATA_DIR={directory / 'var'}"):
            os.kill(process_id, signal.SIGKILL)
        process.wait()


def _wait_until_ready(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    """Waits for the demo's own word that it is ready; one that ended, or takes too long, is reported with its log."""
    for _ in range(_START_SECONDS):
        if f"Edgewise is ready at {url}" in log.read_text():
            assert httpx2.get(f"{url}/health/ready", timeout=5).is_success
            return
        try:
            process.wait(1)
        except subprocess.TimeoutExpired:
            continue
        break
    raise AssertionError(f"The service is not ready at {url}:\n{log.read_text()}")


def _processes_with(setting: str) -> list[int]:
    """Processes that were started with this setting; children inherit it, also in sessions of their own."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/environ"):
        try:
            if setting.encode() in entry.read_bytes().split(b"\0"):
                found.append(int(entry.parent.name))
        except (PermissionError, FileNotFoundError, ProcessLookupError):
            continue
    return found
