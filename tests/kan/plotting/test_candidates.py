"""Candidates: two series, the front apart from the rest, both in the order of size."""

from kan.plotting.candidates import CandidatePoint, candidates_figure


def test_the_front_stands_apart_and_points_are_ordered_by_size() -> None:
    points = [
        CandidatePoint(9.0, 0.1, True, "large"),
        CandidatePoint(3.0, 0.2, True, "small"),
        CandidatePoint(9.0, 0.4, False, "bad"),
    ]
    figure = candidates_figure(points, "edges", "loss")
    others, front = figure.data
    assert (list(others.x), list(others.y)) == ([9.0], [0.4])
    assert (list(front.x), list(front.text)) == ([3.0, 9.0], ["small", "large"])
    assert figure.layout.xaxis.title.text == "edges"
