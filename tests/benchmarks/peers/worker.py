"""Runs one job: `python worker.py JOB.json`. It needs NumPy and nothing of this repository."""

import importlib
import importlib.metadata
import json
import platform
import resource
import sys
from pathlib import Path
from typing import Any

import numpy as np

DISTRIBUTIONS = ("edgewise", "interpret-core", "lightgbm", "numpy", "pykan", "scikit-learn", "scipy", "shap", "torch")
SEPARATOR = ":"  # between the name of a table and the name of its column


def main(path: Path) -> None:
    """Read the job, run its task, write what it found beside the job."""
    job = json.loads(path.read_text())
    peer = importlib.import_module(job["script"])
    data = read(Path(job["data"]))
    peer.warm_up()
    before = peak_mib()
    figures, arrays = getattr(peer, job["task"])(data, **job["settings"])
    peak = peak_mib()
    np.savez(path.with_suffix(".npz"), **arrays)
    memory = {"peak_rss_mib": round(peak, 1), "growth_mib": round(peak - before, 1)}
    found = {**figures, **memory, "versions": versions()}
    path.with_suffix(".result").write_text(json.dumps(found))


def read(path: Path) -> dict[str, Any]:
    """Return the arrays by name; those named "table:column" come as one dictionary of columns per table."""
    data: dict[str, Any] = {}
    with np.load(path) as arrays:
        for name in arrays.files:
            table, separator, column = name.partition(SEPARATOR)
            if separator:
                data.setdefault(table, {})[column] = arrays[name]
            else:
                data[name] = arrays[name]
    return data


def peak_mib() -> float:
    """Return the largest memory that this process has had so far.

    On Linux `getrusage` will not do: a new process inherits the peak of the one that started it.
    """
    if sys.platform == "darwin":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmHWM:"))) / 2**10


def versions() -> dict[str, str]:
    """Return the versions of Python and of the libraries that are installed here."""
    found = {"python": platform.python_version()}
    for name in DISTRIBUTIONS:
        for distribution in importlib.metadata.distributions(name=name):
            found.setdefault(name, distribution.version)
    return found


if __name__ == "__main__":
    main(Path(sys.argv[1]))
