"""SIGKILL at random moments under load: nothing acknowledged is lost, nothing unacknowledged is stored by half.

After every kill the service is started again on what the last one left. At the end each record that a caller was told
of must be there word for word, every record must be in exactly one event of the trail and the other way round, every
idempotency key must have all its records, the trail must verify, and all records must come out of a replay in another
process with another number of threads with the same bits.
"""

import json
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
from sqlalchemy import create_engine, text

from tests.benchmarks.environments import ROOT
from tests.benchmarks.jobs import Bench
from tests.benchmarks.report import Report, drawn
from tests.benchmarks.serving.acknowledged import Callers
from tests.benchmarks.serving.processes import DATABASES, ask, database, environment, free_port, start_service

#: On each database; 1,000 in all with the five seeds of a run.
KILLS_PER_SEED, QUICK_KILLS_PER_SEED = 100, 2
CALLERS = 16
LONGEST_S = 0.8
THREADS_OF_REPLAY = 2


def measure(bench: Bench) -> Report:
    """Kill on every database."""
    found = {kind: _killed(bench, kind) for kind in DATABASES}
    header = ("database", *next(iter(found.values())))
    return Report(
        title="SIGKILL at random moments under load",
        header=header,
        rows=[(kind, *(f"{one:,}" for one in figures.values())) for kind, figures in found.items()],
        figure=_figure(found),
        notes=("lost, changed, orphans and different must be 0.",),
    )


def _killed(bench: Bench, kind: str) -> dict[str, int]:
    folder = bench.folder / kind
    folder.mkdir()
    kills = len(bench.seeds) * (QUICK_KILLS_PER_SEED if bench.quick else KILLS_PER_SEED)
    chance = random.Random(bench.seeds.start)  # noqa: S311 - moments, not secrets
    told: dict[str, str] = {}
    with database(kind, folder) as url:
        variables = environment(url, folder, free_port())
        plan = ask("preparation", variables) | {"port": int(variables["EDGEWISE_PORT"])}
        for number in range(kills):
            told |= _until_killed(variables, plan, chance.uniform(0.0, LONGEST_S))
            print(f"  {kind}: {number + 1} kills, {len(told):,} acknowledged", file=sys.stderr, flush=True)
        figures = {"kills": kills, "acknowledged": len(told), **_checked(url, told), **_replayed(variables)}
    wrong = {name: figures[name] for name in ("lost", "changed", "orphans", "different") if figures[name]}
    known = {"peer": "ours", "label": "ours", "task": f"kills {kind}", "settings": {"kills": kills}}
    bench.records.append({**known, **figures, "failure": str(wrong) if wrong else None})
    return figures


def _until_killed(variables: Mapping[str, str], plan: Mapping[str, Any], after_s: float) -> dict[str, str]:
    """What callers were told until the service was killed so long after they had begun."""
    process = start_service(variables)
    callers = Callers(plan, CALLERS)
    callers.start()
    time.sleep(after_s)  # the random moment of the kill
    process.send_signal(signal.SIGKILL)
    process.wait()
    callers.join()
    if callers.unexpected:
        raise RuntimeError(f"the service answered {Counter(callers.unexpected)}")
    return callers.records


def _checked(url: str, told: Mapping[str, str]) -> dict[str, int]:
    """What the database holds, against what callers were told and what the trail says."""
    engine = create_engine(url)
    with engine.connect() as connection:
        stored: dict[str, str] = dict(
            connection.execute(text("SELECT id, record_digest FROM predictions")).tuples().all()
        )
        payloads = connection.scalars(text("SELECT payload FROM audit_events")).all()
        results = connection.scalars(text("SELECT results FROM idempotency_keys")).all()
    engine.dispose()
    events = [json.loads(payload) for payload in payloads]
    recorded: Counter[tuple[str, str]] = Counter()
    for event in events:
        if event["action"] == "predictions.created":
            recorded.update(event["details"]["records"].items())
    keyed = [one for row in results for one in (json.loads(row) if isinstance(row, str) else row)]
    return {
        "stored": len(stored),
        "lost": len(told.keys() - stored.keys()),
        "changed": sum(stored.get(one, digest) != digest for one, digest in told.items()),
        "orphans": len(stored.items() ^ recorded.keys())
        + sum(count - 1 for count in recorded.values())
        + sum(one not in stored for one in keyed)
        + sum(not (json.loads(row) if isinstance(row, str) else row) for row in results),
    }


def _replayed(variables: Mapping[str, str]) -> dict[str, int]:
    """What another process with other threads makes of all records."""
    command = [str(Path(sys.executable).parent / "edgewise"), "replay"]
    threads = {"OMP_NUM_THREADS": str(THREADS_OF_REPLAY)}
    done = subprocess.run(
        command, env={**variables, **threads}, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False
    )
    said = json.loads(done.stdout)
    return {"replayed": said["replayed"], "different": len(said["different"])}


def _figure(found: Mapping[str, Mapping[str, int]]) -> go.Figure:
    figure = go.Figure()
    for kind, figures in found.items():
        names = [name for name in figures if name not in ("acknowledged", "stored", "replayed")]
        figure.add_bar(x=names, y=[figures[name] for name in names], name=kind)
    return drawn(figure, x="", y="count")
