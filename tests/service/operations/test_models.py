"""The inventory of models."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from service import errors
from service.domain.pages import PageRequest
from service.domain.permissions import Actor
from service.operations import models, networks, versions
from service.operations.resources import Resources
from tests.service.conftest import Steps, everything_stored


def test_a_name_is_given_once(resources: Resources, steps: Steps) -> None:
    steps.model()
    before = everything_stored(resources)
    with pytest.raises(errors.NameTaken, match="credit"):
        steps.model()
    assert everything_stored(resources) == before


def test_of_two_models_with_one_name_at_once_one_is_created(resources: Resources, steps: Steps) -> None:
    barrier = threading.Barrier(2)

    def create(_number: int) -> str:
        barrier.wait()
        try:
            return steps.model()
        except errors.NameTaken as refused:
            return refused.code

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(create, range(2))) == ["credit", "name_taken"]
    assert everything_stored(resources)["models"] == 1


def test_an_entry_shows_where_the_model_stands(
    resources: Resources, developer: Actor, steps: Steps, champion: int
) -> None:
    second = steps.train("credit", steps.dataset())
    steps.submit("credit", second)
    model = models.get_model(resources, developer, "credit")
    assert (model.champion, model.challenger, model.latest_version, model.open_reviews) == (champion, None, second, 1)
    steps.model("empty")
    assert {
        entry.name: entry.latest_version for entry in models.list_models(resources, developer, PageRequest()).items
    } == {
        "credit": 2,
        "empty": None,
    }


def test_a_version_shows_its_aliases_and_its_review(resources: Resources, developer: Actor, champion: int) -> None:
    version = versions.get_version(resources, developer, "credit", champion)
    assert version.aliases == ("champion",)
    assert version.review_id is not None
    assert version.split.training_rows + version.split.test_rows <= 120


def test_a_version_tells_what_a_row_must_hold(resources: Resources, developer: Actor, candidate: int) -> None:
    inputs = versions.get_version_inputs(resources, developer, "credit", candidate)
    assert [feature.name for feature in inputs.features] == ["age", "purpose", "income"]
    assert set(inputs.example) == {"age", "purpose", "income"}


def test_every_edge_can_be_looked_at(resources: Resources, developer: Actor, candidate: int) -> None:
    network = networks.get_network(resources, developer, "credit", candidate)
    assert len(network.edges) == 3
    for edge in network.edges:
        detail = networks.get_edge(resources, developer, "credit", candidate, edge.edge)
        assert (detail.edge, detail.source, detail.form) == (edge.edge, edge.source, edge.form)
        chart = networks.get_edge_chart(resources, developer, "credit", candidate, edge.edge)
        assert chart["data"]
        found = networks.list_edge_candidates(resources, developer, "credit", candidate, edge.edge)
        assert found == detail.candidates
    assert networks.get_formula(resources, developer, "credit", candidate).latex


@pytest.mark.parametrize("edge", ["0.9.0", "1.0.0", "99.9999.9999"])
def test_an_edge_that_is_not_there_is_not_found(
    resources: Resources, developer: Actor, candidate: int, edge: str
) -> None:
    with pytest.raises(errors.NotFound, match="edge"):
        networks.get_edge(resources, developer, "credit", candidate, edge)


def test_what_is_proved_of_a_version_names_its_inputs(resources: Resources, auditor: Actor, candidate: int) -> None:
    found = versions.get_version_certificates(resources, auditor, "credit", candidate).certificates
    assert {one.feature for one in found if one.fact == "monotone"} == {"age", "income"}
    assert next(one for one in found if one.fact == "range").outcome == "proved"
