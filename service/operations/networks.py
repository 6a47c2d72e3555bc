"""Looking into a version: its network, its edges, their charts and candidates, its formula, its exports."""

from typing import Any

from service.domain.exports import Export, ExportFormat
from service.domain.networks import Candidate, EdgeDetail, Formula, Network
from service.domain.permissions import Actor, require
from service.modelling import charts, exports, networks
from service.operations.resources import Resources
from service.storage import models


def get_network(resources: Resources, actor: Actor, model: str, number: int) -> Network:
    """Nodes and active edges of a version. Raises: NotFound, ArtifactCorrupted."""
    require(actor, "get_network")
    return networks.describe_network(resources.registry.get(_digest(resources, model, number)))


def get_edge(resources: Resources, actor: Actor, model: str, number: int, edge: str) -> EdgeDetail:
    """One edge with all its numbers. Raises: NotFound, ArtifactCorrupted."""
    require(actor, "get_edge")
    return networks.describe_edge(resources.registry.get(_digest(resources, model, number)), edge)


def get_edge_chart(resources: Resources, actor: Actor, model: str, number: int, edge: str) -> dict[str, Any]:
    """The plotly figure of an edge. Raises: NotFound, ArtifactCorrupted."""
    require(actor, "get_edge_chart")
    return charts.edge_chart(resources.registry.get(_digest(resources, model, number)), edge)


def list_edge_candidates(
    resources: Resources, actor: Actor, model: str, number: int, edge: str
) -> tuple[Candidate, ...]:
    """Symbolic forms fitted to an edge, best first. Raises: NotFound, ArtifactCorrupted."""
    require(actor, "list_edge_candidates")
    return networks.describe_edge(resources.registry.get(_digest(resources, model, number)), edge).candidates


def get_formula(resources: Resources, actor: Actor, model: str, number: int) -> Formula:
    """The network in closed form. Raises: NotFound, ArtifactCorrupted."""
    require(actor, "get_formula")
    return networks.describe_formula(resources.registry.get(_digest(resources, model, number)))


def get_export(
    resources: Resources, actor: Actor, model: str, number: int, format: ExportFormat, output: int
) -> Export:
    """A version as a program, a query or a document. Raises: NotFound, InvalidRequest, ArtifactCorrupted."""
    require(actor, "get_export")
    loaded = resources.registry.get(_digest(resources, model, number))
    return exports.export_model(loaded, f"{model}-{number}", format, output)


def _digest(resources: Resources, model: str, number: int) -> str:
    with resources.database.read() as session:
        return models.get_version(session, model, number).digest
