"""`python -m tests.benchmarks.proofs`: governance tried many times, on the database that the tests use.

`EDGEWISE_TEST_DATABASE` chooses `sqlite` or `postgresql`. Every proof prints one line and fails with what broke it.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from pydantic import SecretStr

from service.operations import training_runs, users
from service.operations.health import ready_resources
from service.operations.resources import Resources
from service.settings import Settings
from tests.benchmarks.proofs import races
from tests.conftest import migrated_databases
from tests.service.domain.tamperings import TAMPERINGS, missed
from tests.service.operations.governance_model import prove
from tests.service.training import RememberedTrainings


def tamperings(_resources: Resources, chosen: argparse.Namespace) -> str:
    """Random tamperings with an exported trail; all must be noticed."""
    each = -(-chosen.runs // len(TAMPERINGS))
    unnoticed = {kind: len(missed(kind, each)) for kind in TAMPERINGS}
    assert not any(unnoticed.values()), unnoticed
    return f"{each * len(TAMPERINGS)} tamperings ({', '.join(TAMPERINGS)}), none missed"


def governance(resources: Resources, chosen: argparse.Namespace) -> str:
    """Random orders of what people may try; the rules must hold after every step."""
    reached = prove(resources, chosen.runs, chosen.steps)
    return f"{chosen.runs} runs of {chosen.steps} steps, no rule broken; versions ended as {dict(reached)}"


def race(resources: Resources, chosen: argparse.Namespace) -> str:
    """Many processes that do the same at the same moment; one must win."""
    outcome = races.run(resources, chosen.processes, chosen.runs)
    return f"{chosen.runs} rounds of {chosen.processes} processes on {', '.join(races.RACES)}: {outcome}"


PROOFS: dict[str, Callable[[Resources, argparse.Namespace], str]] = {
    "tamperings": tamperings,
    "governance": governance,
    "races": race,
}


def main() -> int:
    """Run the proofs that were asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.proofs", description=__doc__)
    parser.add_argument("proofs", nargs="*", choices=[*PROOFS, []], help=f"some of {', '.join(PROOFS)}")
    parser.add_argument("--runs", type=int, default=100, help="runs, rounds or tamperings")
    parser.add_argument("--steps", type=int, default=30, help="attempts in one run of governance")
    parser.add_argument("--processes", type=int, default=50, help="processes in one race")
    chosen = parser.parse_args()
    for name in chosen.proofs or PROOFS:
        started = time.perf_counter()
        with _resources() as resources:
            print(f"{name}: {PROOFS[name](resources, chosen)} ({time.perf_counter() - started:.0f} s)", flush=True)
    return 0


@contextmanager
def _resources() -> Iterator[Resources]:
    """A service on an empty database; trainings are computed once, and passwords hashed at the lowest cost."""
    with (
        tempfile.TemporaryDirectory() as folder,
        migrated_databases(Path(folder)) as private_copy,
        private_copy() as url,
        pytest.MonkeyPatch.context() as patch,
        ready_resources(Settings(data_dir=Path(folder) / "data", database_url=SecretStr(url))) as resources,
    ):
        patch.setattr(users, "_HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        patch.setattr(training_runs, "train", RememberedTrainings())
        yield resources


if __name__ == "__main__":
    sys.exit(main())
