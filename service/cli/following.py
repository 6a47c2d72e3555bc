"""`edgewise follow`: the progress of a job as a line that is written over, or as lines where nobody looks on."""

import time
from collections.abc import Mapping
from typing import Any, TextIO

from service.domain.documents import from_stored
from service.domain.lifecycle import JobState
from service.domain.training_configuration import Progress
from service.operations.resources import Resources
from service.operations.training_jobs import JobEvent, follow_job
from service.operations.training_runs import get_job_state

POLL_SECONDS = 0.5
WIDTH = 24


def follow(resources: Resources, job_id: str, output: TextIO) -> JobState:
    """Write every event of a job until it ends, and return how. Raises: NotFound."""
    after = 0
    while True:
        news = follow_job(resources, job_id, after)
        for event in news.events:
            after = event.seq
            _write(output, event)
        if news.finished:
            return get_job_state(resources, job_id)
        time.sleep(POLL_SECONDS)  # the database is asked: it is all that the worker and this command share


def _write(output: TextIO, event: JobEvent) -> None:
    if event.kind == "state":
        output.write(f"{_start(output)}{state_line(event.data)}\n")
    else:
        tell(output, from_stored(Progress, event.data))
    output.flush()


def tell(output: TextIO, progress: Progress) -> None:
    """Write where a training is, over the line before where somebody looks on."""
    output.write(f"{_start(output)}{progress_line(progress)}{_end(output)}")


def state_line(data: Mapping[str, Any]) -> str:
    """A new state, with what it came to: the version that was made, or why there is none."""
    state, attempt, version, error = (data.get(name) for name in ("state", "attempt", "version", "error"))
    if error is not None:
        return f"{state} ({error['code']}): {error['detail']}"
    if version is not None:
        return f"{state}: version {version}"
    return f"{state} again, attempt {attempt}: kept stages are not repeated" if (attempt or 1) > 1 else str(state)


def progress_line(progress: Progress) -> str:
    """One stage as a bar with its loss and edges."""
    done = round(WIDTH * progress.step / max(progress.steps, 1))
    parts = [f"{progress.stage:<10}", f"[{'#' * done:<{WIDTH}}]", f"{progress.step}/{progress.steps}"]
    if progress.loss is not None:
        parts.append(f"loss {progress.loss:.6g}")
    if progress.active_edges is not None:
        parts.append(f"{progress.active_edges} edges")
    if progress.remaining_seconds:
        parts.append(f"about {progress.remaining_seconds:.0f} s left")
    return "  ".join(parts)


def _start(output: TextIO) -> str:
    return "\r\x1b[K" if output.isatty() else ""


def _end(output: TextIO) -> str:
    return "" if output.isatty() else "\n"
