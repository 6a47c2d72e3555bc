"""Versions beside each other: what differs between two, and which came from which."""

from typing import Any

from service.domain.canonical import timestamp
from service.domain.comparisons import (
    ComparedVersion,
    Lineage,
    LineageEdge,
    LineageNode,
    MetricDifference,
    SettingDifference,
    VersionComparison,
)
from service.domain.documents import from_stored
from service.domain.permissions import Actor, require
from service.domain.revisions import read_changes
from service.domain.training_configuration import Metric
from service.modelling.comparisons import edge_differences, prediction_impact
from service.operations.resources import Resources
from service.storage import models, revisions, tables, users


def compare_versions(resources: Resources, actor: Actor, model: str, number: int, other: int) -> VersionComparison:
    """What differs between two versions of a model. Raises: NotFound, ArtifactCorrupted."""
    require(actor, "compare_versions")
    with resources.database.read() as session:
        left, right = (models.get_version(session, model, one) for one in (number, other))
    loaded = [resources.registry.get(one.digest) for one in (left, right)]
    return VersionComparison(
        model=model,
        left=_side(left),
        right=_side(right),
        same_held_out_rows=_held_out(left) == _held_out(right),
        settings=_settings(left.configuration, right.configuration),
        metrics=_metrics(left, right),
        edges=edge_differences(*loaded),
        impact=prediction_impact(*loaded),
    )


def get_lineage(resources: Resources, actor: Actor, model: str) -> Lineage:
    """All versions of a model and which came from which. Raises: NotFound."""
    require(actor, "get_lineage")
    with resources.database.read() as session:
        models.get_model(session, model)
        rows = models.versions_of(session, model)
        changes = {row.version: row for row in revisions.revisions_of(session, model)}
        pointing: dict[int, list[str]] = {}
        for alias in models.aliases_of(session, [model]):
            pointing.setdefault(alias.version, []).append(alias.alias)
        people = users.printed_names(session, {row.created_by for row in rows})
    nodes = tuple(
        LineageNode(
            number=row.number,
            state=row.state,
            digest=row.digest,
            aliases=tuple(pointing.get(row.number, ())),
            active_edges=row.active_edges,
            created_at=timestamp(row.created_at),
            created_by=people[row.created_by],
        )
        for row in rows
    )
    edges = tuple(
        LineageEdge(
            parent=row.parent,
            child=row.number,
            operations=_operations(changes.get(row.number)),
            message=row.message,
        )
        for row in rows
        if row.parent is not None
    )
    return Lineage(nodes=nodes, edges=edges)


def _operations(revision: tables.Revision | None) -> tuple[str, ...]:
    return () if revision is None else tuple(change.operation for change in read_changes(revision.changes))


def _side(version: tables.ModelVersion) -> ComparedVersion:
    return ComparedVersion(
        number=version.number,
        state=version.state,
        digest=version.digest,
        dataset_digest=version.dataset_digest,
        active_edges=version.active_edges,
        shape=tuple(version.shape),
    )


def _held_out(version: tables.ModelVersion) -> tuple[str, str]:
    return version.dataset_digest, version.split["test_rows_digest"]


def _settings(left: dict[str, Any], right: dict[str, Any]) -> tuple[SettingDifference, ...]:
    names = sorted({*left, *right})
    return tuple(
        SettingDifference(name=name, left=left.get(name), right=right.get(name))
        for name in names
        if left.get(name) != right.get(name)
    )


def _metrics(left: tables.ModelVersion, right: tables.ModelVersion) -> tuple[MetricDifference, ...]:
    """The measures that both have, in the order of the left."""
    first, second = ([from_stored(Metric, one) for one in version.metrics] for version in (left, right))
    others = {metric.name: metric for metric in second}
    return tuple(
        MetricDifference(
            name=one.name,
            better=one.better,
            left=one.value,
            left_interval=_interval(one),
            right=others[one.name].value,
            right_interval=_interval(others[one.name]),
            difference=others[one.name].value - one.value,
        )
        for one in first
        if one.name in others
    )


def _interval(metric: Metric) -> tuple[float, float] | None:
    return None if metric.lower is None or metric.upper is None else (metric.lower, metric.upper)
