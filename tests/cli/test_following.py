"""`edgewise follow`: one line for each event; tests/worker follows a real job."""

from service.cli.following import progress_line, state_line
from service.domain.training_configuration import Progress


def test_a_bar_fills_with_the_steps() -> None:
    line = progress_line(Progress(stage="fit", step=5, steps=10, loss=0.25, active_edges=3, remaining_seconds=7.2))
    assert line == "fit         [############            ]  5/10  loss 0.25  3 edges  about 7 s left"


def test_a_stage_without_a_loss_shows_where_it_is() -> None:
    assert progress_line(Progress(stage="data", step=1, steps=1)) == f"data        [{'#' * 24}]  1/1"


def test_a_state_says_what_it_came_to() -> None:
    assert state_line({"state": "queued"}) == "queued"
    assert state_line({"state": "running", "attempt": 1}) == "running"
    assert state_line({"state": "running", "attempt": 2}) == "running again, attempt 2: kept stages are not repeated"
    assert state_line({"state": "succeeded", "version": 3, "error": None}) == "succeeded: version 3"
    assert state_line({"state": "cancelled", "version": None, "error": None}) == "cancelled"
    error = {"code": "job_timed_out", "detail": "It took longer than 5 minutes."}
    failed = state_line({"state": "failed", "version": None, "error": error})
    assert failed == "failed (job_timed_out): It took longer than 5 minutes."
