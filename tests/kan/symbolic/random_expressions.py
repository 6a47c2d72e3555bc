"""Random expression trees, for identities that must hold for all of them."""

import torch
from hypothesis import strategies as st

from kan.symbolic.expressions import Call, Expression, Number, Operation, Power, X
from kan.symbolic.primitives import PRIMITIVES

EXPONENTS = [2.0, 3.0, 5.0, -1.0, -2.0, 0.5, 1.5, -0.5, 1 / 3]
NUMBERS = st.one_of(st.sampled_from([0.0, -0.0, 1.0, -1.0, 2.0]), st.floats(-20.0, 20.0))
POINTS = torch.tensor([-7.3, -2.0, -0.9, -0.31, -0.0, 0.0, 1e-9, 0.2, 0.77, 1.0, 3.1, 40.0], dtype=torch.float64)


def trees(
    names: list[str] | None = None, operators: str = "+-*/", most_leaves: int = 8
) -> st.SearchStrategy[Expression]:
    """Return expressions of x with at most so many numbers and x in them."""
    names = list(PRIMITIVES) if names is None else names

    def larger(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
        return st.one_of(
            st.builds(Operation, st.sampled_from(list(operators)), inner, inner),
            st.builds(Power, inner, st.sampled_from(EXPONENTS)),
            st.builds(Call, st.sampled_from(names), inner),
        )

    return st.recursive(st.one_of(st.just(X), st.builds(Number, NUMBERS)), larger, max_leaves=most_leaves)


def same_bits(one: torch.Tensor, other: torch.Tensor) -> bool:
    """Return whether two tensors hold the same numbers, signs of zeros included; any NaN is like any other."""
    defined = ~one.isnan()
    signs = torch.equal(one[defined].signbit(), other[defined].signbit())
    return signs and torch.allclose(one, other, rtol=0, atol=0, equal_nan=True)
