"""Shadow scoring: the challenger's answers beside the champion's, measured on the decision records."""

import numpy as np

from service.domain.canonical import timestamp
from service.domain.permissions import Actor, require
from service.domain.shadow import MOST_NAMED, Disagreement, Shadow
from service.modelling.shadow import Compared, compare_answers
from service.operations.drift import RecentRecords, recent_records
from service.operations.resources import Resources
from service.storage import models


def get_shadow(resources: Resources, actor: Actor, model: str) -> Shadow:
    """How far the challenger is from the champion, at most a minute old. Raises: NotFound, ArtifactCorrupted."""
    require(actor, "get_shadow")
    return known_shadow(resources, model)


def known_shadow(resources: Resources, model: str) -> Shadow:
    """The same, without a question who asks. Raises: NotFound, ArtifactCorrupted."""
    with resources.database.read() as session:
        models.get_model(session, model)
        pointed = {one.alias: one.version for one in models.aliases_of(session, [model])}
    champion, challenger = pointed.get("champion"), pointed.get("challenger")
    if champion is None or challenger is None:
        return Shadow(
            model=model,
            champion=champion,
            challenger=challenger,
            rows=0,
            unanswered=0,
            since=None,
            until=None,
            mean_absolute_difference=None,
            root_mean_square_difference=None,
            differing_decisions_share=None,
            largest=(),
        )
    place = ("shadow", model, champion, challenger)
    moment = resources.clock()
    return resources.measurements.get(place, moment, lambda: _measured(resources, model, champion, challenger))


def _measured(resources: Resources, model: str, champion: int, challenger: int) -> Shadow:
    recent = recent_records(resources, model, champion)
    with resources.database.read() as session:
        other = models.get_version(session, model, challenger)
    compared = compare_answers(
        resources.registry.get(recent.version.digest), resources.registry.get(other.digest), recent.rows
    )
    differences = compared.challenger - compared.champion
    is_told, moments = len(differences) > 0, [record.created_at for record in recent.records]
    return Shadow(
        model=model,
        champion=champion,
        challenger=challenger,
        rows=len(recent.records),
        unanswered=len(recent.records) - len(differences),
        since=timestamp(moments[0]) if moments else None,
        until=timestamp(moments[-1]) if moments else None,
        mean_absolute_difference=float(np.abs(differences).mean()) if is_told else None,
        root_mean_square_difference=float(np.sqrt(np.square(differences).mean())) if is_told else None,
        differing_decisions_share=None if compared.differs is None else float(compared.differs.mean()),
        largest=_largest(recent, compared),
    )


def _largest(recent: RecentRecords, compared: Compared) -> tuple[Disagreement, ...]:
    sizes = np.abs(compared.challenger - compared.champion)
    return tuple(
        Disagreement(
            prediction_id=recent.records[int(compared.places[at])].id,
            champion=float(compared.champion[at]),
            challenger=float(compared.challenger[at]),
        )
        for at in np.argsort(-sizes, kind="stable")[:MOST_NAMED].tolist()
        if sizes[at] > 0
    )
