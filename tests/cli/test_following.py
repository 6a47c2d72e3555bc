"""`edgewise follow`: one line for each event; tests/worker follows a real job."""

from service.cli.following import progress_line
from service.domain.training_configuration import Progress


def test_a_bar_fills_with_the_steps() -> None:
    line = progress_line(Progress(stage="fit", step=5, steps=10, loss=0.25, active_edges=3))
    assert line == "fit         [############            ]  5/10  loss 0.25  3 edges"


def test_a_stage_without_a_loss_shows_where_it_is() -> None:
    assert progress_line(Progress(stage="data", step=1, steps=1)) == f"data        [{'#' * 24}]  1/1"
