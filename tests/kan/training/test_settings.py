"""Settings are checked when they are made."""

from dataclasses import replace

import pytest

from kan.errors import InvalidSetting
from kan.regularization import Penalties
from tests.kan.training.runs import PLAIN


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("optimizer", "sgd"),
        ("precision", "float16"),
        ("steps", 0),
        ("learning_rate", 0.0),
        ("learning_rate", float("nan")),
        ("grid_eps", 1.5),
        ("validation_fraction", 1.0),
        ("validation_fraction", -0.1),
        ("batch_size", 0),
        ("memory", 1000),
        ("penalties", Penalties(-1.0, 0.0, 0.0)),
        ("penalties", Penalties(0.0, float("nan"), 0.0)),
        ("penalties", Penalties(0.0, 0.0, -1.0)),
    ],
)
@pytest.mark.usefixtures("no_shape_checks")
def test_settings_out_of_range_are_refused(name: str, value: object) -> None:
    with pytest.raises(InvalidSetting, match=r"l1|entropy|smoothness" if name == "penalties" else name):
        replace(PLAIN, **{name: value})  # type: ignore[arg-type]  # one value of each type


def test_smoothness_may_be_left_to_the_data() -> None:
    assert replace(PLAIN, penalties=Penalties(0.0, 0.0, None)).penalties.smoothness is None
