"""The Open Inference Protocol, version 2: documents, and the way between tensors and rows.

An input is one tensor for each feature, of shape [rows] or [rows, 1], or one tensor `input` of shape [rows, features]
in the order of the metadata. A missing value is null, which the protocol leaves open. Contributions are output tensors
that are there when they are asked for; the parameter `names` of such a tensor is the JSON list of its columns.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from service.domain.documents import Document
from service.domain.predictions import Explain, Prediction, Predictions, Value
from service.errors import FieldError, InvalidRequest

PLATFORM = "edgewise_kan"
#: The name of the one tensor that holds all features.
INPUT = "input"
NUMBERS = frozenset({"FP64", "FP32", "FP16", "INT8", "INT16", "INT32", "INT64", "UINT8", "UINT16", "UINT32", "UINT64"})
Datatype = Literal["FP64", "FP32", "FP16", "INT8", "INT16", "INT32", "INT64", "UINT8", "UINT16", "UINT32", "UINT64",
                   "BYTES", "BOOL"]  # fmt: skip
Parameters = dict[str, str | float | bool | None]
#: Text that can be sent back: without NUL and without halves of characters.
Name = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00]*$")]
FEATURE_CONTRIBUTIONS = "feature_contributions"
EDGE_CONTRIBUTIONS = "edge_contributions"


class Received(BaseModel):
    """A document of the protocol, whose extensions by others are read over."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)


class InputTensor(Received):
    """Values of a feature, or of all of them, flat in row-major order or nested."""

    name: Name
    shape: list[int] = Field(min_length=1, max_length=2)
    datatype: Datatype
    data: list[Any]
    parameters: dict[str, Any] | None = None


class RequestedOutput(Received):
    """An output tensor that shall be in the answer."""

    name: Name
    parameters: dict[str, Any] | None = None


class InferenceRequest(Received):
    """What to predict; the parameter `reference` names what contributions are measured against."""

    id: Name | None = None
    inputs: list[InputTensor] = Field(min_length=1)
    outputs: list[RequestedOutput] | None = None
    parameters: dict[str, Any] | None = None


class OutputTensor(Document):
    """Values of one output, flat in row-major order."""

    name: str
    shape: tuple[int, ...]
    datatype: Datatype
    parameters: Parameters | None = Field(None, exclude_if=lambda parameters: parameters is None)
    data: tuple[float | str | None, ...]


class InferenceResponse(Document):
    """The answer; `prediction_id` names the decision records."""

    model_name: str
    model_version: str
    id: str | None = Field(None, exclude_if=lambda identifier: identifier is None)
    parameters: Parameters | None = Field(None, exclude_if=lambda parameters: parameters is None)
    outputs: tuple[OutputTensor, ...]


class TensorMetadata(Document):
    """A tensor as metadata describe it; −1 is any size."""

    name: str
    datatype: Datatype
    shape: tuple[int, ...]


class ModelMetadata(Document):
    """What a model takes and gives."""

    name: str
    versions: tuple[str, ...]
    platform: str = PLATFORM
    inputs: tuple[TensorMetadata, ...]
    outputs: tuple[TensorMetadata, ...]


class ModelReady(Document):
    """Whether a model answers."""

    name: str
    ready: bool


class ServerMetadata(Document):
    """Who answers."""

    name: str
    version: str
    extensions: tuple[str, ...]


class ServerLive(Document):
    """The process answers."""

    live: bool


class ServerReady(Document):
    """The service can serve."""

    ready: bool


def describe_inputs(features: Mapping[str, bool]) -> tuple[TensorMetadata, ...]:
    """One tensor for each feature; `features` says by name whether it is a number."""
    return tuple(
        TensorMetadata(name=name, datatype="FP64" if is_number else "BYTES", shape=(-1,))
        for name, is_number in features.items()
    )


def describe_outputs(classes: int, features: int, edges: int) -> tuple[TensorMetadata, ...]:
    """The tensors of an answer; those of contributions are there when they are asked for."""
    found = [
        TensorMetadata(name="prediction_id", datatype="BYTES", shape=(-1,)),
        TensorMetadata(name="response", datatype="FP64", shape=(-1,)),
        TensorMetadata(name="link", datatype="FP64", shape=(-1,)),
        TensorMetadata(name="base_value", datatype="FP64", shape=(-1,)),
    ]
    if classes:
        found.append(TensorMetadata(name="outcome", datatype="BYTES", shape=(-1,)))
        found.append(TensorMetadata(name="probabilities", datatype="FP64", shape=(-1, classes)))
    found.append(TensorMetadata(name=FEATURE_CONTRIBUTIONS, datatype="FP64", shape=(-1, features)))
    found.append(TensorMetadata(name=EDGE_CONTRIBUTIONS, datatype="FP64", shape=(-1, edges)))
    return tuple(found)


def explanation_of(request: InferenceRequest, outputs: Sequence[TensorMetadata]) -> Explain:
    """How much of an explanation the outputs that are asked for need. Raises: InvalidRequest for an unknown one."""
    known = [output.name for output in outputs]
    asked = [output.name for output in request.outputs or ()]
    for position, name in enumerate(asked):
        if name not in known:
            raise InvalidRequest(
                FieldError(f"/outputs/{position}/name", f"There is no output '{name}': ask for {', '.join(known)}.")
            )
    if EDGE_CONTRIBUTIONS in asked:
        return "edges"
    return "features" if FEATURE_CONTRIBUTIONS in asked else "none"


def rows_of(request: InferenceRequest, features: Mapping[str, bool]) -> tuple[dict[str, Value], ...]:
    """The rows that the tensors hold; `features` says by name whether it is a number. Raises: InvalidRequest."""
    tensors = {tensor.name: tensor for tensor in request.inputs}
    if len(tensors) < len(request.inputs):
        raise InvalidRequest(FieldError("/inputs", "An input occurs twice: send one tensor of each name."))
    if set(tensors) == {INPUT} and INPUT not in features:
        return _rows_of_matrix(request.inputs[0], list(features))
    columns = {}
    for position, tensor in enumerate(request.inputs):
        if len(tensor.shape) == 2 and tensor.shape[1] != 1:
            raise _refused(position, "shape", f"'{tensor.name}' is one feature: its shape is [rows] or [rows, 1].")
        is_number = features.get(tensor.name)
        if is_number is not None and is_number == (tensor.datatype not in NUMBERS):
            wanted = "FP64" if is_number else "BYTES"
            raise _refused(position, "datatype", f"'{tensor.name}' has the datatype {wanted}, not {tensor.datatype}.")
        columns[tensor.name] = _flat(position, tensor)
    lengths = {len(column) for column in columns.values()}
    if len(lengths) > 1:
        raise InvalidRequest(FieldError("/inputs", "The inputs have different numbers of rows."))
    return tuple(dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True))


def _rows_of_matrix(tensor: InputTensor, names: Sequence[str]) -> tuple[dict[str, Value], ...]:
    if tensor.datatype not in NUMBERS:
        raise _refused(0, "datatype", "'input' holds numbers (FP64): send one tensor for each feature instead.")
    if len(tensor.shape) != 2 or tensor.shape[1] != len(names):
        raise _refused(0, "shape", f"'input' has the shape [rows, {len(names)}], in the order of the metadata.")
    values = _flat(0, tensor)
    width = len(names)
    return tuple(dict(zip(names, values[start : start + width], strict=True)) for start in range(0, len(values), width))


def _flat(position: int, tensor: InputTensor) -> list[Value]:
    """The values of a tensor one after the other, as many as its shape says."""
    values: list[Any] = tensor.data
    if values and isinstance(values[0], list):
        if len(tensor.shape) != 2 or len(values) != tensor.shape[0]:
            raise _refused(position, "data", "Nested data have as many lists as the first number of the shape.")
        if any(not isinstance(row, list) or len(row) != tensor.shape[1] for row in values):
            raise _refused(position, "data", "Each list has as many values as the second number of the shape.")
        values = [value for row in values for value in row]
    size = 1
    for number in tensor.shape:
        size *= number
    if size != len(values) or size < 1 or min(tensor.shape) < 1:
        raise _refused(position, "data", f"The shape {tensor.shape} does not go with {len(values):,} values.")
    for place, value in enumerate(values):
        if isinstance(value, list | dict):
            raise _refused(position, f"data/{place}", "A value is a number, a text, true, false or null.")
    return values


def _refused(position: int, place: str, detail: str) -> InvalidRequest:
    return InvalidRequest(FieldError(f"/inputs/{position}/{place}", detail))


def response_of(request: InferenceRequest, answer: Predictions, outputs: Sequence[TensorMetadata]) -> InferenceResponse:
    """The tensors that were asked for; where none was named, all but the contributions."""
    optional = (FEATURE_CONTRIBUTIONS, EDGE_CONTRIBUTIONS)
    asked = [output.name for output in request.outputs or ()]
    chosen = asked or [output.name for output in outputs if output.name not in optional]
    known = {output.name: output for output in outputs}
    return InferenceResponse(
        model_name=answer.model,
        model_version=str(answer.version),
        id=request.id,
        outputs=tuple(_tensor(known[name], answer.predictions) for name in dict.fromkeys(chosen)),
    )


_SINGLE: Mapping[str, Callable[[Prediction], float | str | None]] = {
    "prediction_id": lambda one: one.id,
    "response": lambda one: one.output.response,
    "link": lambda one: one.output.link,
    "base_value": lambda one: one.base_value,
    "outcome": lambda one: one.output.outcome,
}


def _tensor(described: TensorMetadata, predictions: Sequence[Prediction]) -> OutputTensor:
    name = described.name
    if name in _SINGLE:
        data = tuple(_SINGLE[name](one) for one in predictions)
        return OutputTensor(name=name, datatype=described.datatype, shape=(len(data),), data=data)
    rows = [_named(name, one) for one in predictions]
    columns = list(rows[0])
    return OutputTensor(
        name=name,
        datatype=described.datatype,
        shape=(len(rows), len(columns)),
        parameters={"names": json.dumps(columns)},
        data=tuple(row[column] for row in rows for column in columns),
    )


def _named(name: str, one: Prediction) -> dict[str, float]:
    """Numbers of a row by the name of their column."""
    if name == "probabilities":
        return {outcome.outcome: outcome.probability for outcome in one.output.probabilities}
    if name == FEATURE_CONTRIBUTIONS:
        return {feature.feature: feature.contribution for feature in one.features}
    return {edge.edge: edge.contribution for edge in one.edges}
