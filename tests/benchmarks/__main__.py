"""`make bench`: networks of this repository beside their peers, on the same rows in the same run.

Every peer runs in a process and an environment of its own, seed by seed in turn. Times are those of the fit alone;
read their ratios, for absolute times measure the machine. Tables go to the terminal, `.json` and `.html` files to
`.venv/bench`.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.benchmarks.environments import OURS, ROOT
from tests.benchmarks.jobs import Bench
from tests.benchmarks.report import Report, save, text
from tests.benchmarks.suites import (
    batch,
    chaos,
    continual,
    coverage,
    credit,
    endurance,
    explain,
    exports,
    formulas,
    function,
    hello,
    kills,
    large,
    latency,
    memory,
    monotone,
    pages,
    recovery,
    scaling,
    serving,
    shapley,
    starts,
    sweep,
    tables,
    throughput,
)

OUTPUT = ROOT / ".venv" / "bench"
SUITES: dict[str, Callable[[Bench], Report]] = {
    "function": function.measure,
    "scaling": scaling.measure,
    "formulas": formulas.measure,
    "starts": starts.measure,
    "hello": hello.measure,
    "memory": memory.measure,
    "recovery": recovery.measure,
    "tables": tables.measure,
    "credit": credit.measure,
    "large": large.measure,
    "throughput": throughput.measure,
    "explain": explain.measure,
    "continual": continual.measure,
    "monotone": monotone.measure,
    "exports": exports.measure,
    "coverage": coverage.measure,
    "shapley": shapley.measure,
    "chaos": chaos.measure,
    "latency": latency.measure,
    "sweep": sweep.measure,
    "batch": batch.measure,
    "pages": pages.measure,
    "serving": serving.measure,
    "kills": kills.measure,
    "endurance": endurance.measure,
}


def main() -> int:
    """Measure the suites that were asked for; 1 if one of our own jobs failed."""
    parser = _parser()
    chosen = parser.parse_args()
    unknown = [name for name in chosen.suites if name not in SUITES]
    if unknown:
        parser.error(f"there is no suite {', '.join(unknown)}; there are {', '.join(SUITES)}")
    failures = []
    for name in chosen.suites or SUITES:
        print(f"{name} …", file=sys.stderr, flush=True)
        started = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            bench = Bench(
                range(chosen.seeds),
                chosen.quick,
                chosen.data,
                chosen.threads,
                Path(folder),
                counts=dict(chosen.count or ()),
            )
            report = SUITES[name](bench)
        save(report, name, bench, OUTPUT)
        print(f"\n{text(report)}", flush=True)
        print(f"  {name} took {time.perf_counter() - started:.0f} s", file=sys.stderr, flush=True)
        failures += [(name, record["label"], record["failure"]) for record in bench.records if record["failure"]]
    for failure in dict.fromkeys(failures):
        print(": ".join(failure), file=sys.stderr)
    return 1 if any(label.startswith(OURS.name) for _, label, _ in failures) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("suites", nargs="*", metavar="suite", help=f"some of {', '.join(SUITES)}")
    parser.add_argument("--seeds", type=int, default=5, help="repetitions of every measurement")
    parser.add_argument(
        "--count", type=_count, action="append", metavar="NAME=NUMBER", help="how many jobs, kills, … a suite takes"
    )
    parser.add_argument("--quick", action="store_true", help="small sizes and without the slowest peers")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data", help="tables from outside")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="threads of every peer")
    return parser


def _count(text: str) -> tuple[str, int]:
    name, _, number = text.partition("=")
    return name, int(number)


if __name__ == "__main__":
    sys.exit(main())
