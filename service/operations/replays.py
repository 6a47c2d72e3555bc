"""Decision records computed again from the stored artifacts, and compared bit by bit."""

import json
from collections.abc import Callable

from service.domain.documents import Document
from service.domain.permissions import Actor, require
from service.domain.predictions import PredictionSearch, Replay
from service.modelling.prediction import predict
from service.operations import explanations
from service.operations.decision_records import opened_row, prediction_of
from service.operations.resources import Resources
from service.storage import predictions, tables

#: Records that are read at once.
AT_A_TIME = 200


class Replays(Document):
    """What many replays found; `different` are the ids of records whose bits do not come out again."""

    replayed: int
    different: tuple[str, ...]


def replay_prediction(resources: Resources, actor: Actor, prediction_id: str) -> Replay:
    """Compute a decision record again from the stored artifact and compare the bits.

    Records: predictions.replayed. Raises: NotFound, ArtifactCorrupted, RecordKeyMissing, RecordUnreadable.
    """
    require(actor, "replay_prediction")
    with resources.database.read() as session:
        row = predictions.get_prediction(session, prediction_id)
    digest = _digest(resources, row)
    identical = digest == row.record_digest
    with resources.database.write() as session:
        details = {"identical": identical, "digest": digest}
        resources.record(session, actor, "predictions.replayed", f"predictions/{row.id}", details)
    return Replay(id=row.id, identical=identical, stored_digest=row.record_digest, replayed_digest=digest)


def replay_predictions(resources: Resources, search: PredictionSearch, report: Callable[[int], None]) -> Replays:
    """Replay all records that are meant, oldest first; `report` hears how many are done.

    Records: predictions.replayed_in_bulk. Raises: as compute_replays.
    """
    found = compute_replays(resources, search, report)
    with resources.database.write() as session:
        details = {**found.model_dump(mode="json"), "search": search.model_dump(mode="json")}
        resources.record(session, None, "predictions.replayed_in_bulk", "predictions", details)
    return found


def compute_replays(resources: Resources, search: PredictionSearch, report: Callable[[int], None]) -> Replays:
    """Replay all records that are meant, oldest first; `report` hears how many are done.

    Raises: ArtifactCorrupted, RecordKeyMissing, RecordUnreadable, and what `report` raises.
    """
    last, count, different = "", 0, []
    while True:
        with resources.database.read() as session:
            rows = predictions.after(session, search, last, AT_A_TIME)
        if not rows:
            break
        different += [row.id for row in rows if _digest(resources, row) != row.record_digest]
        last, count = rows[-1].id, count + len(rows)
        report(count)
    return Replays(replayed=count, different=tuple(different))


def _digest(resources: Resources, row: tables.Prediction) -> str:
    """The digest of the record as it is computed now."""
    stored = prediction_of(resources, row)
    with resources.database.read() as session:
        dictionary = explanations.stored_dictionary(session, row.model, stored)
    network = resources.registry.get(row.digest)
    basis = explanations.basis_of_record(resources, network, stored, dictionary)
    rows = [json.loads(opened_row(resources, row))]
    return predict(network, rows, row.explain, [row.id], basis)[0].digest
