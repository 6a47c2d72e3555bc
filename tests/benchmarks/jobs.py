"""One job for one peer: data and settings go in, figures and arrays come out, in a process of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tests.benchmarks.environments import ROOT, Peer, interpreter

WORKER = Path(__file__).parent / "peers" / "worker.py"
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "LOKY_MAX_CPU_COUNT")
LIMIT_S = 3600

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Job:
    """What one peer is asked: `task` is a function of its script, `label` what a record calls it.

    `data` is a file that `Bench.write` made, `settings` the keyword arguments of the task. The job is stopped after
    `limit_s`, with everything around its fit.
    """

    peer: Peer
    task: str
    data: Path
    settings: Mapping[str, Any]
    label: str = ""
    limit_s: float = LIMIT_S

    @property
    def name(self) -> str:
        """The peer, and where it has several settings also which."""
        return self.label or self.peer.name


@dataclass(frozen=True)
class Result:
    """What came back: figures by name (`seconds` of the fit, `peak_rss_mib` and more), arrays, or why it failed."""

    figures: Mapping[str, Any] = field(default_factory=dict)
    arrays: Mapping[str, Array] = field(default_factory=dict)
    failure: str | None = None

    @property
    def seconds(self) -> float:
        """The time of the fit; infinite where there was none."""
        return float(self.figures.get("seconds", "inf"))


@dataclass(frozen=True)
class Bench:
    """What a suite works with: its scale, a scratch folder, and the records of its jobs.

    `seeds` are the repetitions, `quick` asks for small sizes, `data` is the folder of tables from outside, `threads`
    how many threads every peer may use, `counts` how many of what somebody wants, by name.
    """

    seeds: range
    quick: bool
    data: Path
    threads: int
    folder: Path
    records: list[dict[str, Any]] = field(default_factory=list)
    counts: Mapping[str, int] = field(default_factory=dict)

    def count(self, name: str, full: int, quick: int) -> int:
        """How many of something: as was asked for, or else by the scale."""
        return self.counts.get(name, quick if self.quick else full)

    @property
    def repetitions(self) -> str:
        """The number of seeds in words."""
        return "one seed" if len(self.seeds) == 1 else f"{len(self.seeds)} seeds"

    def write(self, arrays: Mapping[str, Array]) -> Path:
        """Return a new file with arrays, for as many jobs as like; "table:column" names a column of a table."""
        path = self._path("data", ".npz")
        np.savez(path, allow_pickle=False, **arrays)
        return path

    def run(self, job: Job) -> Result:
        """Return what a peer answers, and record it; a failure is part of the answer."""
        started = self._path("job", ".json")
        data, settings = str(job.data), dict(job.settings)
        started.write_text(
            json.dumps({"script": job.peer.script, "task": job.task, "data": data, "settings": settings})
        )
        result = _answer(job, started, self.threads)
        outcome = result.failure or f"{result.seconds:.2f} s"
        print(f"  {job.name} {_brief(settings)}: {outcome}", file=sys.stderr, flush=True)
        known = {"peer": job.peer.name, "label": job.name, "task": job.task, "settings": settings}
        self.records.append({**known, **result.figures, "failure": result.failure})
        return result

    def _path(self, kind: str, suffix: str) -> Path:
        return self.folder / f"{kind}-{sum(1 for _ in self.folder.iterdir())}{suffix}"


def _answer(job: Job, started: Path, threads: int) -> Result:
    command = [str(interpreter(job.peer)), str(WORKER), str(started)]
    try:
        subprocess.run(
            command,
            check=True,
            cwd=started.parent,
            env=_environment(job.peer, threads),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            timeout=job.limit_s,
        )
    except subprocess.CalledProcessError as error:
        return Result(failure=(error.stderr.strip().splitlines() or [f"exit status {error.returncode}"])[-1])
    except subprocess.TimeoutExpired:
        return Result({"seconds": job.limit_s}, failure=f"stopped after {job.limit_s:g} s")
    with np.load(started.with_suffix(".npz")) as arrays:
        return Result(json.loads(started.with_suffix(".result").read_text()), dict(arrays))


def _environment(peer: Peer, threads: int) -> dict[str, str]:
    """Return the variables of a peer's process: this repository is on its path only where it is what is measured."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    path = {"PYTHONPATH": str(ROOT)} if peer.knows_repository else {}
    return {**inherited, **dict.fromkeys(THREADS, str(threads)), **path}


def _brief(settings: Mapping[str, Any]) -> str:
    return " ".join(f"{name}={value}" for name, value in settings.items())
