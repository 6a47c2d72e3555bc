"""References are kept for ever with their version, and every record says which one it was measured against."""

import json
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from service import errors
from service.domain.canonical import canonical_json, digest_of
from service.domain.permissions import Actor
from service.domain.predictions import PredictionRequest, Value
from service.domain.references import DefaultReferenceRequest, ReferenceRequest
from service.modelling.prediction import Basis
from service.operations import predictions, references, replays
from service.operations.resources import Resources, open_resources
from service.storage import tables
from tests.service.conftest import Person, Steps, audit_payloads, everything_stored
from tests.service.records import predicted
from tests.service.training import ROW

NEAR = {"kind": "response_between", "lower": 0.4, "upper": 0.6}
EVERYBODY = {"kind": "all_applicants"}


def wanted(name: str, **selection: Any) -> ReferenceRequest:
    return ReferenceRequest.model_validate({"name": name, "selection": selection})


def request(**fields: Any) -> PredictionRequest:
    return PredictionRequest.model_validate({"rows": [ROW], **fields})


def test_a_reference_is_an_artifact_with_revision_and_digest(
    resources: Resources, developer: Actor, auditor: Actor, candidate: int
) -> None:
    first = references.create_reference(resources, developer, "credit", candidate, wanted("near", **NEAR))
    second = references.create_reference(resources, developer, "credit", candidate, wanted("near", **EVERYBODY))
    assert (first.revision, second.revision, second.rows, second.matched) == (1, 2, 120, 120)
    stored = json.loads(resources.artifacts.read(second.digest))
    assert (stored["features"], len(stored["rows"])) == (["age", "purpose", "income"], 120)
    assert references.get_reference(resources, auditor, "credit", candidate, "near", None) == second
    assert references.get_reference(resources, auditor, "credit", candidate, "near", 1) == first
    listed = references.list_references(resources, auditor, "credit", candidate)
    assert [(one.name, one.revision, one.is_default) for one in listed] == [
        ("training", 0, True), ("near", 2, False), ("near", 1, False),
    ]  # fmt: skip
    event = audit_payloads(resources)[-1]
    assert (event["action"], event["subject"]) == (
        "references.created",
        f"models/credit/versions/{candidate}/references/near",
    )
    assert event["details"] == {"revision": 2, "digest": second.digest, "rows": 120}


def test_the_reference_of_the_artifact_keeps_its_name(resources: Resources, developer: Actor, candidate: int) -> None:
    with pytest.raises(errors.NameTaken, match="training"):
        references.create_reference(resources, developer, "credit", candidate, wanted("training", **EVERYBODY))
    own = references.get_reference(resources, developer, "credit", candidate, "training", 0)
    assert (own.revision, own.selection.kind, own.created_by) == (0, "training", "Printed Developer")
    for name, revision in (("training", 1), ("nothing", None), ("nothing", 1)):
        with pytest.raises(errors.NotFound, match=name):
            references.get_reference(resources, developer, "credit", candidate, name, revision)


def test_a_refused_reference_leaves_nothing(resources: Resources, developer: Actor, candidate: int) -> None:
    before = everything_stored(resources)
    with pytest.raises(errors.ReferenceWithoutRows):
        references.create_reference(
            resources, developer, "credit", candidate, wanted("none", kind="response_between", lower=2.0, upper=3.0)
        )
    assert everything_stored(resources) == before


def test_every_answer_says_what_it_was_measured_against_and_is_replayed_against_the_same(
    resources: Resources, developer: Actor, champion: int
) -> None:
    kept = references.create_reference(resources, developer, "credit", champion, wanted("near", **NEAR))
    (prediction,) = predictions.create_predictions(
        resources, developer, "credit", request(reference="near")
    ).predictions
    references.create_reference(resources, developer, "credit", champion, wanted("near", **EVERYBODY))
    assert (prediction.reference, prediction.reference_revision, prediction.reference_digest) == (
        "near",
        1,
        kept.digest,
    )
    (plain,) = predictions.create_predictions(resources, developer, "credit", request()).predictions
    assert (plain.reference, plain.reference_revision) == ("training", 0)
    assert plain.output == prediction.output
    assert plain.base_value != prediction.base_value
    anew = open_resources(resources.settings)
    for one in (prediction, plain):
        assert replays.replay_prediction(anew, developer, one.id).identical
        total = sum(feature.contribution for feature in one.features)
        assert total == pytest.approx(one.output.link - one.base_value, abs=1e-9)
    anew.close()


def test_an_unknown_reference_is_not_found_and_nothing_is_stored(
    resources: Resources, developer: Actor, champion: int
) -> None:
    before = everything_stored(resources)
    with pytest.raises(errors.NotFound, match="reference 'elsewhere'"):
        predictions.create_predictions(resources, developer, "credit", request(reference="elsewhere"))
    assert everything_stored(resources) == before


def test_the_default_reference_is_settled_while_the_version_is_a_candidate(
    resources: Resources, developer: Actor, steps: Steps, candidate: int
) -> None:
    kept = references.create_reference(resources, developer, "credit", candidate, wanted("near", **NEAR))
    chosen = DefaultReferenceRequest(name="near", revision=1)
    etag = references.get_default_reference(resources, developer, "credit", candidate).etag
    for stale, error in ((None, errors.PreconditionRequired), ('"near.1"', errors.PreconditionFailed)):
        with pytest.raises(error, match=r"training\.0"):
            references.set_default_reference(resources, developer, "credit", candidate, chosen, stale)
    with pytest.raises(errors.NotFound):
        absent = DefaultReferenceRequest(name="near", revision=2)
        references.set_default_reference(resources, developer, "credit", candidate, absent, etag)
    default = references.set_default_reference(resources, developer, "credit", candidate, chosen, etag)
    assert (default.name, default.revision, default.etag) == ("near", 1, '"near.1"')
    event = audit_payloads(resources)[-1]
    assert (event["action"], event["details"]["digest"]) == ("default_references.set", kept.digest)
    references.create_reference(resources, developer, "credit", candidate, wanted("near", **EVERYBODY))
    steps.approve("credit", candidate)
    (prediction,) = predictions.create_version_predictions(
        resources, developer, "credit", candidate, request()
    ).predictions
    assert (prediction.reference, prediction.reference_revision) == ("near", 1)
    back = DefaultReferenceRequest(name="training", revision=0)
    with pytest.raises(errors.WrongState, match="approved"):
        references.set_default_reference(resources, developer, "credit", candidate, back, default.etag)


@pytest.mark.parametrize("role", ["auditor", "observer", "administrator", "client"])
def test_only_a_developer_makes_and_chooses_references(
    resources: Resources, candidate: int, person: Person, role: str
) -> None:
    with pytest.raises(errors.ActionNotAllowed):
        references.create_reference(resources, person(role), "credit", candidate, wanted("near", **NEAR))
    with pytest.raises(errors.ActionNotAllowed):
        chosen = DefaultReferenceRequest(name="training", revision=0)
        references.set_default_reference(resources, person(role), "credit", candidate, chosen, '"training.0"')


def test_the_database_keeps_references_as_they_are(resources: Resources, developer: Actor, candidate: int) -> None:
    references.create_reference(resources, developer, "credit", candidate, wanted("near", **NEAR))
    for change in ("UPDATE reference_populations SET rows = 1", "DELETE FROM reference_populations"):
        with pytest.raises(DatabaseError, match="append-only"), resources.database.write() as session:
            session.execute(text(change))


def test_a_record_of_before_references_had_names_is_replayed_as_it_was(
    resources: Resources, developer: Actor, champion: int
) -> None:
    """The record of an earlier release: no revision, no digest, no rules, and features with the sums of their edges."""
    (prediction,) = predictions.create_predictions(resources, developer, "credit", request()).predictions
    network = resources.registry.get(prediction.reference_digest or "")
    basis = Basis(network.training_reference, None)
    row: dict[str, Value] = request().rows[0]
    (earlier,) = predicted(network, [row], "edges", ["0" * 36], basis)
    record = canonical_json(earlier.model_dump(mode="json"))
    assert not any(added in record for added in ("reference_revision", "reason_rules", "shapley", '"features":["'))
    with resources.database.write() as session:
        stored = session.get_one(tables.Prediction, prediction.id)
        columns = {column.key: getattr(stored, column.key) for column in tables.Prediction.__table__.columns}
        digest = digest_of(record.encode())
        earlier_columns = {"id": "0" * 36, "record": record.encode(), "record_digest": digest}
        session.add(tables.Prediction(**columns | earlier_columns | {"numbers": None, "template": None}))
    assert replays.replay_prediction(resources, developer, "0" * 36).identical
