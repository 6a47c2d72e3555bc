"""What Prometheus reads: counts of this process, the queue, and the drift of the versions that aliases point to.

Nothing here speaks of a person, a key or the value of a row.
"""

from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from typing import get_args

from service.domain.drift import Drift
from service.domain.lifecycle import JobKind, JobState
from service.domain.metrics import Family, exposition, gauge
from service.domain.permissions import Actor, require
from service.domain.shadow import Shadow
from service.operations.drift import known_drift
from service.operations.resources import Resources
from service.operations.shadow import known_shadow
from service.storage import models, tables, training_jobs

#: Features of a version whose drift is exported, so that the number of series stays bounded.
MOST_FEATURES = 200
UNFINISHED: tuple[JobState, ...] = ("queued", "running")


def get_metrics(resources: Resources, actor: Actor) -> str:
    """All families as text. Raises: ArtifactCorrupted."""
    require(actor, "get_metrics")
    with resources.database.read() as session:
        aliases = models.all_aliases(session, resources.settings.loaded_versions)
        counts = training_jobs.counts_by_state(session, UNFINISHED)
    measured = *_drift(resources, aliases), *_shadow(resources, aliases)
    return exposition([_build(), *resources.meters.families(), _jobs(counts), *measured])


def _build() -> Family:
    return gauge("edgewise_build_info", "The release that answers; always 1.", [({"release": version("edgewise")}, 1)])


def _jobs(counts: Mapping[tuple[JobKind, JobState], int]) -> Family:
    return gauge(
        "edgewise_jobs",
        "Jobs that wait for a worker (queued) or are being computed (running).",
        [
            ({"kind": kind, "state": state}, counts.get((kind, state), 0))
            for kind in get_args(JobKind)
            for state in UNFINISHED
        ],
    )


def _drift(resources: Resources, aliases: Sequence[tables.Alias]) -> Iterator[Family]:
    found = [known_drift(resources, model, number) for model, number in sorted({(a.model, a.version) for a in aliases})]
    told = [one for one in found if one.score_psi is not None]
    yield gauge(
        "edgewise_drift_rows",
        "Decision records that the drift of a version is measured on.",
        [(_version(one), one.rows) for one in found],
    )
    yield gauge(
        "edgewise_out_of_domain_share",
        "Share of the records with a value outside the training domain.",
        [(_version(one), one.out_of_domain_share or 0.0) for one in told],
    )
    yield gauge(
        "edgewise_score_psi",
        "Population stability index of the output against the training rows.",
        [(_version(one), one.score_psi or 0.0) for one in told],
    )
    yield gauge(
        "edgewise_input_psi",
        "Population stability index of an input against the training rows; the farthest moved inputs.",
        [
            ({**_version(one), "feature": feature.feature}, feature.psi)
            for one in told
            for feature in one.features[:MOST_FEATURES]
        ],
    )


def _shadow(resources: Resources, aliases: Sequence[tables.Alias]) -> Iterator[Family]:
    names = sorted({a.model for a in aliases if a.alias == "challenger"})
    found = [one for one in (known_shadow(resources, name) for name in names) if one.champion is not None]
    told = [one for one in found if one.mean_absolute_difference is not None]
    yield gauge(
        "edgewise_shadow_rows",
        "Decision records of the champion on which the challenger is scored.",
        [(_pair(one), one.rows - one.unanswered) for one in found],
    )
    yield gauge(
        "edgewise_shadow_mean_absolute_difference",
        "Mean absolute difference of the challenger's response from the champion's.",
        [(_pair(one), one.mean_absolute_difference or 0.0) for one in told],
    )
    yield gauge(
        "edgewise_shadow_differing_decisions_share",
        "Share of records on which the challenger decides otherwise.",
        [(_pair(one), one.differing_decisions_share) for one in told if one.differing_decisions_share is not None],
    )


def _pair(shadow: Shadow) -> dict[str, str]:
    return {"model": shadow.model, "champion": str(shadow.champion), "challenger": str(shadow.challenger)}


def _version(drift: Drift) -> dict[str, str]:
    return {"model": drift.model, "version": str(drift.version)}
