"""The limits of a training's settings."""

from typing import Any

import pytest
from pydantic import ValidationError

from service.domain.training_configuration import TrainingConfiguration


def test_the_defaults_are_valid_and_survive_their_json() -> None:
    configuration = TrainingConfiguration()
    assert TrainingConfiguration.model_validate_json(configuration.model_dump_json()) == configuration


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("target", ""),
        ("hidden", [0]),
        ("hidden", [65]),
        ("hidden", [1] * 5),
        ("grid_size", 0),
        ("grid_size", 51),
        ("degree", 0),
        ("degree", 6),
        ("steps", 0),
        ("steps", 5001),
        ("tolerance", -0.1),
        ("tolerance", 1.0),
        ("optimizer", "sgd"),
        ("monotone", {"age": "sideways"}),
        ("monotone", {"age": 1}),
        ("monotone", {"": "increasing"}),
        ("maximum_edges", 0),
        ("formula_tolerance", -0.01),
        ("formula_tolerance", 1.0),
        ("test_fraction", 0.01),
        ("test_fraction", 0.6),
        ("seed", -1),
        ("seed", 2**31),
        ("seed", 1.0),
        ("symbolify", 1),
        ("inputs", ["age", "age"]),
        ("unknown", 1),
    ],
)
def test_a_setting_outside_its_limits_is_refused(field: str, value: Any) -> None:
    with pytest.raises(ValidationError):
        TrainingConfiguration.model_validate({field: value})


def test_what_the_engine_and_the_dataset_decide_is_left_open() -> None:
    configuration = TrainingConfiguration()
    assert (configuration.optimizer, configuration.steps, configuration.monotone) == ("auto", None, None)


def test_json_lists_become_tuples() -> None:
    configuration = TrainingConfiguration.model_validate_json('{"hidden": [3, 2], "inputs": ["a", "b"]}')
    assert (configuration.hidden, configuration.inputs) == ((3, 2), ("a", "b"))
