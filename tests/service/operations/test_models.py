"""The inventory of models."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest

from service import errors
from service.domain.findings import FindingRequest, ResolutionRequest, VerificationRequest
from service.domain.limits import Limits
from service.domain.pages import PageRequest
from service.domain.permissions import Actor
from service.operations import findings, models, networks, suspensions, versions
from service.operations.models import Model
from service.operations.resources import Resources
from service.operations.suspensions import ReasonRequest
from tests.service.conftest import Clock, Person, Steps, everything_stored, signature_request


def test_a_name_is_given_once(resources: Resources, steps: Steps) -> None:
    steps.model()
    before = everything_stored(resources)
    with pytest.raises(errors.NameTaken, match="credit"):
        steps.model()
    assert everything_stored(resources) == before


def test_of_two_models_with_one_name_at_once_one_is_created(resources: Resources, steps: Steps) -> None:
    barrier = threading.Barrier(2, timeout=60)

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


def test_the_inventory_of_any_moment_is_what_it_was_then(
    resources: Resources, steps: Steps, person: Person, clock: Clock
) -> None:
    seen: list[tuple[datetime, tuple[Model, ...]]] = []
    reader, administrator, raiser = person("observer"), person("administrator"), person("auditor", name="raiser")

    def look() -> None:
        seen.append((clock(), models.list_models(resources, reader, PageRequest()).items))

    for _ in a_whole_life(steps, administrator, raiser):
        look()
    look()
    assert len({repr(items) for _, items in seen}) > 10
    for moment, items in seen:
        assert models.list_models(resources, reader, PageRequest(), moment).items == items
    with pytest.raises(errors.InvalidRequest, match="future"):
        models.list_models(resources, reader, PageRequest(), clock() + timedelta(hours=1))


def a_whole_life(steps: Steps, administrator: Actor, raiser: Actor) -> Iterator[None]:
    """Each step changes what the inventory shows."""
    resources, why = steps.resources, ReasonRequest(reason="Drift.")
    steps.model()
    yield
    number = steps.train("credit", steps.dataset())
    yield
    review = steps.accept_edges(steps.submit("credit", number))
    yield
    limits = Limits(expires_at="2027-06-30T00:00:00Z")
    steps.sign_request(review, signature_request(review, limits=limits))
    yield
    steps.point("credit", number)
    yield
    request = FindingRequest(severity="high", title="t", description="d", owner="developer", due_on="2027-01-31")
    finding = findings.create_finding(resources, raiser, "credit", number, request)
    yield
    suspensions.create_suspension(resources, administrator, "credit", number, why)
    yield
    findings.resolve_finding(resources, steps.developer, finding.id, ResolutionRequest(resolution="Done."))
    closing = VerificationRequest(is_resolved=True, comment="Seen.")
    findings.verify_finding(resources, raiser, finding.id, closing)
    yield
    suspensions.request_resumption(resources, administrator, "credit", number, why)
    suspensions.confirm_resumption(resources, steps.auditor, "credit", number)
    yield
    second = steps.train("credit", steps.dataset(name="again"))
    steps.approve("credit", second)
    yield
    steps.point("credit", second)
    yield
    suspensions.retire_version(resources, administrator, "credit", number, why)
    steps.point("credit", second, "challenger")
    yield
    steps.model("other")
