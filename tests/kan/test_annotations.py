"""The promise of `make test` to every test of `kan`: shapes and types of arguments are checked at every call."""

import pytest
import torch
from jaxtyping import TypeCheckError

from kan.bspline import greville


def test_a_wrong_shape_is_refused_by_its_annotation() -> None:
    with pytest.raises(TypeCheckError):
        greville(torch.zeros(7), 3)
