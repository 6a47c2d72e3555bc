"""What must be so before anything is started; each failure is one clear sentence."""

import os
import socket
from pathlib import Path

from service.errors import DirectoryNotWritable, FrontEndMissing, PortBusy


def require_directory(directory: Path) -> None:
    """Raise DirectoryNotWritable unless the directory exists, or can be made, and can be written."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        probe = directory / f".probe-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError:
        raise DirectoryNotWritable(str(directory.absolute())) from None


def require_free_port(host: str, port: int) -> None:
    """Raise PortBusy when something listens there already."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            raise PortBusy(host, port) from None


def require_front_end(directory: Path) -> None:
    """Raise FrontEndMissing unless the browser pages are built."""
    if not (directory / "index.html").is_file():
        raise FrontEndMissing(str(directory))
