"""The inference protocol as a client written by others speaks it: NVIDIA's Triton client, over HTTP."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from tritonclient.http import InferenceServerClient, InferInput, InferRequestedOutput
from tritonclient.utils import InferenceServerException

from service.app import create_app
from service.domain.permissions import Actor
from service.operations import api_keys, predictions
from service.operations.api_keys import ApiKeyRequest
from service.operations.resources import Resources
from service.settings import Settings
from tests.service.serving import served

ROWS = ({"age": 41.0, "purpose": "car", "income": 1000.0}, {"age": 23.0, "purpose": "trip", "income": 200.0})


@pytest.fixture
def caller(settings: Settings, resources: Resources, champion: int) -> Iterator[InferenceServerClient]:
    reachable = settings.model_copy(update={"allowed_hosts": ["127.0.0.1"]})
    with served(create_app(reachable, resources)) as address:
        client = InferenceServerClient(address.removeprefix("http://"))
        yield client
        client.close()


@pytest.fixture
def headers(resources: Resources, developer: Actor) -> dict[str, str]:
    key = api_keys.create_api_key(resources, developer, ApiKeyRequest(label="triton")).key
    return {"Authorization": f"Bearer {key}"}


def tensor(name: str, values: list[Any]) -> InferInput:
    is_text = isinstance(values[0], str)
    given = InferInput(name, [len(values)], "BYTES" if is_text else "FP64")
    given.set_data_from_numpy(np.array(values, dtype=object if is_text else np.float64), binary_data=False)
    return given


def inputs() -> list[InferInput]:
    return [tensor(name, [row[name] for row in ROWS]) for name in ROWS[0]]


def outputs(*names: str) -> list[InferRequestedOutput]:
    return [InferRequestedOutput(name, binary_data=False) for name in names]


def test_the_server_and_the_model_say_that_they_are_ready(
    caller: InferenceServerClient, headers: dict[str, str]
) -> None:
    assert caller.is_server_live()
    assert caller.is_server_ready()
    assert caller.is_model_ready("credit", headers=headers)
    assert not caller.is_model_ready("nobody", headers=headers)
    metadata = caller.get_model_metadata("credit", headers=headers)
    assert {one["name"] for one in metadata["inputs"]} >= set(ROWS[0])


def test_answers_and_contributions_are_those_of_the_decision_records(
    caller: InferenceServerClient, headers: dict[str, str], resources: Resources, developer: Actor
) -> None:
    wanted = outputs("response", "feature_contributions", "prediction_id")
    found = caller.infer("credit", inputs(), outputs=wanted, headers=headers)
    for place, identifier in enumerate(found.as_numpy("prediction_id").tolist()):
        name = identifier.decode() if isinstance(identifier, bytes) else identifier
        record = predictions.get_prediction(resources, developer, name).prediction
        assert float(found.as_numpy("response")[place]) == record.output.response
        assert found.as_numpy("feature_contributions")[place].tolist() == [one.contribution for one in record.features]


def test_a_refusal_is_the_clients_own_error_and_names_what_is_wrong(
    caller: InferenceServerClient, headers: dict[str, str]
) -> None:
    with pytest.raises(InferenceServerException, match="purpose"):
        caller.infer("credit", inputs()[:1], headers=headers)
    with pytest.raises(InferenceServerException, match="key"):
        caller.infer("credit", inputs(), headers={"Authorization": "Bearer wrong"})
