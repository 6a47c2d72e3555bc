"""The three programs that the tests need beside the packages: Chromium, a PostgreSQL server and gcc.

They are looked for on this machine first. `python -m tests.provision` installs what is missing through apt
where that is possible, and says in one sentence what to install where it is not.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

_CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
_POSTGRESQL_PROGRAMS = ("initdb", "pg_ctl", "postgres")
_DEBIAN_POSTGRESQL = Path("/usr/lib/postgresql")


def find_chromium() -> Path | None:
    """The browser's program, or None where no browser on the path starts."""
    for name in _CHROMIUM_NAMES:
        found = shutil.which(name)
        if found and _starts(found):
            return Path(found)
    return None


def find_postgresql() -> Path | None:
    """The directory of the newest complete set of PostgreSQL server programs, or None."""
    on_path = shutil.which("initdb")
    directories = [Path(on_path).resolve().parent] if on_path else []
    # Debian keeps the server's programs off the path, in one directory for each major version.
    directories += sorted(_DEBIAN_POSTGRESQL.glob("*/bin"), key=lambda path: float(path.parent.name), reverse=True)
    for directory in directories:
        if all((directory / program).exists() for program in _POSTGRESQL_PROGRAMS):
            return directory
    return None


def find_gcc() -> Path | None:
    """The compiler that the exported C is tried with, or None."""
    found = shutil.which("gcc")
    return Path(found) if found else None


def _starts(program: str) -> bool:
    # Ubuntu's chromium-browser is a script that only asks for a snap, so being on the path is not enough.
    return subprocess.run([program, "--version"], capture_output=True, check=False).returncode == 0


def _apt_install(packages: str) -> bool:
    """Whether apt was there and installed the packages."""
    if shutil.which("apt-get") is None:
        return False
    administrator: list[str] = []
    if os.geteuid() != 0:
        administrator = ["sudo", "-n"]
        if shutil.which("sudo") is None or subprocess.run([*administrator, "true"], check=False).returncode != 0:
            return False
    apt = [*administrator, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
    for step in ([*apt, "update"], [*apt, "install", "-y", "--no-install-recommends", *packages.split()]):
        done = subprocess.run(step, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.stderr.write(done.stderr)
            return False
    return True


def _provide(title: str, package: str, find: Callable[[], Path | None]) -> None:
    """Finds the program or installs it; ends the process with one sentence when neither works."""
    found = find()
    if found is None and _apt_install(package):
        found = find()
    if found is None:
        sys.exit(f"The tests need {title}, and it could not be installed here: install '{package}' and try again.")
    sys.stdout.write(f"{title}: {found}\n")


def main() -> None:
    """Provides all programs."""
    _provide("Chromium", "chromium", find_chromium)
    _provide("the PostgreSQL server", "postgresql", find_postgresql)
    _provide("the C compiler gcc with its library", "gcc libc6-dev", find_gcc)


if __name__ == "__main__":
    main()
