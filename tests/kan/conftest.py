"""What the tests of `kan` share."""

from collections.abc import Iterator

import pytest
from jaxtyping import config


@pytest.fixture
def no_shape_checks() -> Iterator[None]:
    """Let values of any type through to the code that must refuse them itself."""
    config.update("jaxtyping_disable", True)
    yield
    config.update("jaxtyping_disable", False)
