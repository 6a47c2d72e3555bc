"""Versions: what they are made of and how they look inside."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from service.api.dependencies import Caller, EdgeId, Injected, ModelName, RequestedPage, VersionNumber
from service.domain.certificates import Certificates
from service.domain.documents import Document
from service.domain.exports import EXPORT_MEDIA_TYPES, ExportFormat
from service.domain.networks import Candidate, EdgeDetail, Formula, Network
from service.domain.pages import Page
from service.operations import challengers, evidence, networks, versions
from service.operations.challengers import Challengers
from service.operations.training_jobs import TrainingJob
from service.operations.versions import Version, VersionInputs

router = APIRouter(tags=["versions"], prefix="/models/{model}/versions")


class Figure(Document):
    """A plotly figure."""

    data: list[dict[str, Any]]
    layout: dict[str, Any]


@router.get("")
def list_versions(resources: Injected, actor: Caller, model: ModelName, page: RequestedPage) -> Page[Version]:
    """Versions of a model, newest first."""
    return versions.list_versions(resources, actor, model, page)


@router.get("/{number}")
def get_version(resources: Injected, actor: Caller, model: ModelName, number: VersionNumber) -> Version:
    """One version."""
    return versions.get_version(resources, actor, model, number)


@router.get("/{number}/inputs")
def get_version_inputs(resources: Injected, actor: Caller, model: ModelName, number: VersionNumber) -> VersionInputs:
    """What a row must hold to be predicted."""
    return versions.get_version_inputs(resources, actor, model, number)


@router.get("/{number}/network")
def get_network(resources: Injected, actor: Caller, model: ModelName, number: VersionNumber) -> Network:
    """Nodes, active edges, and the stages of the training."""
    return networks.get_network(resources, actor, model, number)


@router.get("/{number}/edges/{edge}")
def get_edge(resources: Injected, actor: Caller, model: ModelName, number: VersionNumber, edge: EdgeId) -> EdgeDetail:
    """One edge with all its numbers."""
    return networks.get_edge(resources, actor, model, number, edge)


@router.get("/{number}/edges/{edge}/chart")
def get_edge_chart(resources: Injected, actor: Caller, model: ModelName, number: VersionNumber, edge: EdgeId) -> Figure:
    """The edge's curve, its data density and its symbolic candidates as a plotly figure."""
    return Figure.model_validate(networks.get_edge_chart(resources, actor, model, number, edge))


@router.get("/{number}/edges/{edge}/candidates")
def list_edge_candidates(
    resources: Injected, actor: Caller, model: ModelName, number: VersionNumber, edge: EdgeId
) -> Page[Candidate]:
    """Symbolic forms fitted to the edge, best first."""
    return Page[Candidate](items=networks.list_edge_candidates(resources, actor, model, number, edge))


@router.get("/{number}/formula")
def get_formula(resources: Injected, actor: Caller, model: ModelName, number: VersionNumber) -> Formula:
    """The network in closed form, as far as its edges have one."""
    return networks.get_formula(resources, actor, model, number)


@router.get("/{number}/certificates")
def get_version_certificates(
    resources: Injected, actor: Caller, model: ModelName, number: VersionNumber
) -> Certificates:
    """What is proved for the whole domain: ranges, directions, largest slopes, formulas against splines."""
    return versions.get_version_certificates(resources, actor, model, number)


@router.post("/{number}/challengers", status_code=202)
def create_challengers(
    resources: Injected, actor: Caller, model: ModelName, number: VersionNumber, response: Response
) -> TrainingJob:
    """Queue a comparison with linear models, trees and a perceptron on the split of the version."""
    job = challengers.create_challengers(resources, actor, model, number)
    response.headers["Location"] = f"/api/v1/training-jobs/{job.id}"
    return job


@router.get("/{number}/challengers")
def get_challengers(resources: Injected, actor: Caller, model: ModelName, number: VersionNumber) -> Challengers:
    """How other models do on the same rows, and whether one of them is the better tool."""
    return challengers.get_challengers(resources, actor, model, number)


@router.get(
    "/{number}/export/{format}",
    response_class=Response,
    responses={200: {"content": {one: {} for one in EXPORT_MEDIA_TYPES}, "description": "The file."}},
)
def get_export(
    resources: Injected,
    actor: Caller,
    model: ModelName,
    number: VersionNumber,
    format: ExportFormat,
    output: Annotated[int, Query(ge=0, description="The output whose contributions are computed.")] = 0,
) -> Response:
    """The version as a program, a query or a document that gives the same answers and contributions elsewhere."""
    found = networks.get_export(resources, actor, model, number, format, output)
    headers = {"Content-Disposition": f'attachment; filename="{found.filename}"'}
    return Response(found.content, media_type=found.media_type, headers=headers)


@router.get(
    "/{number}/evidence",
    response_class=Response,
    responses={200: {"content": {"application/zip": {}}, "description": "The package."}},
)
def get_evidence(resources: Injected, actor: Caller, model: ModelName, number: VersionNumber) -> Response:
    """All that speaks for a version, in one zip that verifies without the service."""
    found = evidence.get_evidence(resources, actor, model, number)
    headers = {"Content-Disposition": f'attachment; filename="{found.filename}"'}
    return Response(found.content, media_type=found.media_type, headers=headers)
