"""Raised by one, put right by another, closed by the first."""

from dataclasses import replace

import pytest

from service import errors
from service.domain.findings import FindingRequest, ResolutionRequest, VerificationRequest
from service.domain.permissions import Actor
from service.operations import findings
from service.operations.findings import Finding
from service.operations.resources import Resources
from tests.service.conftest import Person, audit_payloads, everything_stored

DONE = ResolutionRequest(resolution="refitted without the proxy")
GOOD = VerificationRequest(is_resolved=True, comment="seen")
BAD = VerificationRequest(is_resolved=False, comment="still there")


def asked(**changes: str) -> FindingRequest:
    standard = {"severity": "high", "title": "Proxy", "description": "postcode stands for origin"}
    return FindingRequest.model_validate({**standard, "owner": "developer", "due_on": "2027-01-31", **changes})


@pytest.fixture
def observer(person: Person) -> Actor:
    return person("observer")


@pytest.fixture
def finding(resources: Resources, observer: Actor, candidate: int) -> Finding:
    return findings.create_finding(resources, observer, "credit", candidate, asked())


def test_a_finding_is_raised_resolved_and_closed(
    resources: Resources, observer: Actor, developer: Actor, finding: Finding
) -> None:
    assert (finding.state, finding.owner, finding.raised_by) == ("open", "Printed Developer", "Printed Observer")
    assert findings.list_findings(resources, developer, "credit", 1)[0].may_resolve
    resolved = findings.resolve_finding(resources, developer, finding.id, DONE)
    assert (resolved.state, resolved.resolution) == ("resolved", DONE.resolution)
    assert findings.list_findings(resources, observer, "credit", 1)[0].may_verify
    closed = findings.verify_finding(resources, observer, finding.id, GOOD)
    assert (closed.state, closed.verification) == ("closed", "seen")
    actions = [event["action"] for event in audit_payloads(resources)][-3:]
    assert actions == ["findings.created", "findings.resolved", "findings.verified"]


def test_a_finding_that_was_not_put_right_is_open_again(
    resources: Resources, observer: Actor, developer: Actor, finding: Finding
) -> None:
    findings.resolve_finding(resources, developer, finding.id, DONE)
    assert findings.verify_finding(resources, observer, finding.id, BAD).state == "open"
    with pytest.raises(errors.WrongState, match="open"):
        findings.verify_finding(resources, observer, finding.id, GOOD)
    assert findings.resolve_finding(resources, developer, finding.id, DONE).state == "resolved"


def test_nobody_but_the_owner_resolves_and_nobody_but_the_raiser_verifies(
    resources: Resources, person: Person, developer: Actor, auditor: Actor, finding: Finding
) -> None:
    for other in (person("administrator"), person("developer", name="second"), replace(developer, api_key_id="k")):
        with pytest.raises(errors.OnlyOwnerResolves):
            findings.resolve_finding(resources, other, finding.id, DONE)
    findings.resolve_finding(resources, developer, finding.id, DONE)
    for other in (auditor, person("observer", name="second-observer")):
        with pytest.raises(errors.OnlyRaiserVerifies):
            findings.verify_finding(resources, other, finding.id, GOOD)


def test_a_closed_finding_stays_closed(
    resources: Resources, observer: Actor, developer: Actor, finding: Finding
) -> None:
    findings.resolve_finding(resources, developer, finding.id, DONE)
    findings.verify_finding(resources, observer, finding.id, GOOD)
    before = everything_stored(resources)
    for again in (GOOD, BAD):
        with pytest.raises(errors.WrongState, match="closed"):
            findings.verify_finding(resources, observer, finding.id, again)
    with pytest.raises(errors.WrongState, match="closed"):
        findings.resolve_finding(resources, developer, finding.id, DONE)
    assert everything_stored(resources) == before


@pytest.mark.usefixtures("candidate")
def test_a_finding_has_an_owner_who_exists_and_is_somebody_else(resources: Resources, observer: Actor) -> None:
    with pytest.raises(errors.NotFound, match="user 'nobody'"):
        findings.create_finding(resources, observer, "credit", 1, asked(owner="nobody"))
    with pytest.raises(errors.SamePersonTwice):
        findings.create_finding(resources, observer, "credit", 1, asked(owner="observer"))


@pytest.mark.parametrize("day", ["2027-02-30", "tomorrow", "31.1.2027"])
def test_a_due_day_is_in_the_calendar(day: str) -> None:
    with pytest.raises(ValueError, match="2027-01-31"):
        asked(due_on=day)
