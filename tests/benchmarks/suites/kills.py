"""SIGKILL at random moments under load: nothing acknowledged is lost, nothing unacknowledged is stored by half.

After every kill the service is started again on what the last one left, forked from a process that has imported all.
One kill in five falls while the first answers are computed, the others after the first one was given. At the end each
record that a caller was told of must be there word for word, every record must be in exactly one event of the trail and
the other way round, every idempotency key must have all its records, and all records must come out of a replay in
another process with another number of threads with the same bits.
"""

import json
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import plotly.graph_objects as go
from sqlalchemy import create_engine, text

from tests.benchmarks.environments import ROOT
from tests.benchmarks.forked import Forked, forking
from tests.benchmarks.jobs import Bench
from tests.benchmarks.report import Report, drawn
from tests.benchmarks.serving.acknowledged import Callers
from tests.benchmarks.serving.processes import (
    DATABASES,
    START_SECONDS,
    ask,
    database,
    environment,
    free_port,
    wait_until_ready,
)
from tests.benchmarks.serving.server import serve_beside

#: On each database: 1,000 in all. `--count kills=300` says otherwise.
KILLS, QUICK_KILLS = 500, 3
CALLERS = 16
LONGEST_S = 0.8
EARLY_SHARE = 0.2
MUST_BE_NONE = ("unexpected", "lost", "changed", "orphans", "different")
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
        notes=(f"{', '.join(MUST_BE_NONE)} must be 0.",),
    )


def _killed(bench: Bench, kind: str) -> dict[str, int]:
    folder = bench.folder / kind
    folder.mkdir()
    kills = bench.count("kills", KILLS, QUICK_KILLS)
    chance = random.Random(bench.seeds.start)  # noqa: S311 - moments, not secrets
    told: dict[str, str] = {}
    unexpected: Counter[int] = Counter()
    with forking(serve_beside) as start, database(kind, folder) as url:
        variables = environment(url, folder, free_port())
        plan = ask("preparation", variables) | {"port": int(variables["EDGEWISE_PORT"])}
        for number in range(kills):
            callers = Callers(plan, CALLERS)
            _until_killed(start(variables, folder / "log"), variables, callers, chance)
            told |= callers.records
            unexpected.update(callers.unexpected)
            print(f"  {kind}: {number + 1} kills, {len(told):,} acknowledged", file=sys.stderr, flush=True)
        figures = {"kills": kills, "acknowledged": len(told), "unexpected": unexpected.total()}
        figures |= {**_checked(url, told), **_replayed(variables)}
    wrong = {name: figures[name] for name in MUST_BE_NONE if figures[name]}
    known = {"peer": "ours", "label": "ours", "task": f"kills {kind}", "settings": {"kills": kills}}
    bench.records.append({**known, **figures, "statuses": unexpected, "failure": str(wrong) if wrong else None})
    return figures


def _until_killed(process: Forked, variables: Mapping[str, str], callers: Callers, chance: random.Random) -> None:
    """Let callers ask until the service is killed, at a random moment."""
    wait_until_ready(process, variables)
    callers.start()
    if chance.random() > EARLY_SHARE:
        callers.acknowledged.wait(START_SECONDS)
    time.sleep(chance.uniform(0.0, LONGEST_S))  # the random moment of the kill
    process.kill()
    process.wait()
    callers.join()


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
