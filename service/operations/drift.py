"""Drift: what a version answers lately beside what it was trained on, computed from the decision records."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from service.domain.canonical import timestamp
from service.domain.drift import WINDOW_ROWS, Drift
from service.domain.permissions import Actor, require
from service.domain.predictions import Value
from service.modelling.drift import measure_drift
from service.operations.decision_records import opened_row
from service.operations.resources import Resources
from service.storage import models, predictions, tables


@dataclass(frozen=True)
class RecentRecords:
    """The newest decision records of a version, oldest first, without trials, and what each was asked."""

    version: tables.ModelVersion
    records: Sequence[tables.Prediction]
    rows: Sequence[dict[str, Value]]


def get_drift(resources: Resources, actor: Actor, model: str, number: int) -> Drift:
    """The drift of a version over the newest records of its model, at most a minute old. Raises: NotFound."""
    require(actor, "get_drift")
    return known_drift(resources, model, number)


def known_drift(resources: Resources, model: str, number: int) -> Drift:
    """The drift of a version, at most a minute old. Raises: NotFound, ArtifactCorrupted."""
    return resources.measurements.get(
        ("drift", model, number), resources.clock(), lambda: _measured(resources, model, number)
    )


def recent_records(resources: Resources, model: str, number: int) -> RecentRecords:
    """The records of a version among the newest of its model. Raises: NotFound, RecordKeyMissing, RecordUnreadable."""
    with resources.database.read() as session:
        version = models.get_version(session, model, number)
        newest = predictions.newest(session, model, WINDOW_ROWS)
    records = [record for record in reversed(newest) if record.version == number]
    return RecentRecords(version, records, [json.loads(opened_row(resources, record)) for record in records])


def _measured(resources: Resources, model: str, number: int) -> Drift:
    recent = recent_records(resources, model, number)
    measured = measure_drift(resources.registry.get(recent.version.digest), recent.rows)
    moments = [record.created_at for record in recent.records]
    return Drift(
        model=model,
        version=number,
        rows=measured.rows,
        reference_rows=measured.reference_rows,
        since=timestamp(moments[0]) if moments else None,
        until=timestamp(moments[-1]) if moments else None,
        score_psi=measured.score_psi,
        out_of_domain_share=measured.out_of_domain_share,
        features=measured.features,
    )
