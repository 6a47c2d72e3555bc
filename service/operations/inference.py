"""Predictions by other protocols: tensors or data frames in and out, recorded like every other prediction.

A version is named by its number or by an alias; without one the champion is meant. Whatever the protocol, the row is
answered and recorded by `operations.predictions`, which also decides who may.
"""

from importlib.metadata import version as release_of

from pydantic import ValidationError

from service.domain.inference import (
    InferenceRequest,
    InferenceResponse,
    ModelMetadata,
    ModelReady,
    ServerMetadata,
    describe_inputs,
    describe_outputs,
    explanation_of,
    response_of,
    rows_of,
)
from service.domain.invocations import Invocation, InvocationAnswer, frame_of, invocation_rows, read_invocation
from service.domain.permissions import Actor, require
from service.domain.predictions import Explain, PredictionRequest, Predictions, Value
from service.errors import FieldError, InvalidRequest, NoChampion, NonFiniteNumber, NotFound
from service.modelling.interfaces import Interface, interface_of
from service.operations import predictions
from service.operations.resources import Resources
from service.operations.versions import is_usable, require_usable
from service.storage import models, tables
from service.storage.database import Session

CHAMPION = "champion"


def describe_server() -> ServerMetadata:
    """Who answers; no tensor is sent in binary form."""
    return ServerMetadata(name="edgewise", version=release_of("edgewise"), extensions=())


def get_inference_model(resources: Resources, actor: Actor, model: str, version: str | None) -> ModelMetadata:
    """What a version takes and gives. Raises: NotFound, NoChampion, VersionNotApproved, ApprovalExpired."""
    require(actor, "get_inference_model")
    with resources.database.read() as session:
        found = require_usable(resources, _version(session, model, version))
        usable = [str(one.number) for one in models.versions_of(session, model) if is_usable(resources, one)]
    interface = interface_of(resources.registry.get(found.digest))
    return ModelMetadata(
        name=model,
        versions=tuple(usable),
        inputs=describe_inputs(interface.features),
        outputs=describe_outputs(interface.classes, len(interface.features), interface.edges),
    )


def get_inference_model_ready(resources: Resources, actor: Actor, model: str, version: str | None) -> ModelReady:
    """Whether a version may be used and can be loaded. Raises: NotFound, ArtifactCorrupted."""
    require(actor, "get_inference_model_ready")
    with resources.database.read() as session:
        models.get_model(session, model)
        try:
            found = _version(session, model, version)
        except NoChampion:
            return ModelReady(name=model, ready=False)
    is_ready = is_usable(resources, found)
    if is_ready:
        resources.registry.get(found.digest)
    return ModelReady(name=model, ready=is_ready)


def create_inference(
    resources: Resources,
    actor: Actor,
    model: str,
    version: str | None,
    request: InferenceRequest,
    key: str | None = None,
) -> InferenceResponse:
    """Predict the rows that tensors hold. Records: predictions.created. Raises: as predictions.create_predictions."""
    require(actor, "create_inference")
    interface, number = _interface(resources, model, version)
    outputs = describe_outputs(interface.classes, len(interface.features), interface.edges)
    rows = rows_of(request, interface.features)
    asked = _asked(rows, explanation_of(request, outputs), (request.parameters or {}).get("reference"))
    return response_of(request, _predict(resources, actor, model, number, asked, key), outputs)


def create_invocation(
    resources: Resources,
    actor: Actor,
    model: str,
    version: str | None,
    invocation: Invocation,
    key: str | None = None,
) -> InvocationAnswer:
    """Predict the rows of a data frame. Records: predictions.created. Raises: as predictions.create_predictions."""
    require(actor, "create_invocation")
    frame = read_invocation(invocation)
    interface, number = _interface(resources, model, version)
    asked = _asked(invocation_rows(frame, interface.features), frame.explain, frame.reference)
    return frame_of(_predict(resources, actor, model, number, asked, key))


def _predict(
    resources: Resources, actor: Actor, model: str, number: int | None, asked: PredictionRequest, key: str | None
) -> Predictions:
    if number is None:
        return predictions.create_predictions(resources, actor, model, asked, key)
    return predictions.create_version_predictions(resources, actor, model, number, asked, key)


def _interface(resources: Resources, model: str, version: str | None) -> tuple[Interface, int | None]:
    """What the version takes, and its number unless the champion is meant, which the prediction finds itself."""
    with resources.database.read() as session:
        found = require_usable(resources, _version(session, model, version))
    is_champion = version in (None, CHAMPION)
    return interface_of(resources.registry.get(found.digest)), None if is_champion else found.number


def _version(session: Session, model: str, version: str | None) -> tables.ModelVersion:
    name = version or CHAMPION
    if name.isdecimal():
        return models.get_version(session, model, int(name))
    if name == CHAMPION:
        return models.get_champion(session, model)
    models.get_model(session, model)
    alias = models.find_alias(session, model, name)
    if alias is None:
        raise NotFound("version", f"{model} {name}")
    return models.get_version(session, model, alias.version)


def _asked(rows: tuple[dict[str, Value], ...], explain: Explain, reference: object) -> PredictionRequest:
    """The native request; what it refuses is told as the native route does."""
    try:
        return PredictionRequest.model_validate({"rows": rows, "explain": explain, "reference": reference})
    except ValidationError as error:
        found = error.errors()[0]
        place = found["loc"]
        if found["type"] == "finite_number" and len(place) > 2:
            raise NonFiniteNumber(int(place[1]), str(place[2])) from None
        raise InvalidRequest(FieldError("/" + "/".join(map(str, place[:3])), found["msg"])) from None
