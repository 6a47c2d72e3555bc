"""Trees of expressions: the builders leave out what does nothing, and no tree is too deep to be measured."""

import pytest
from hypothesis import given

from kan.symbolic.evaluation import evaluate
from kan.symbolic.expressions import (
    ONE,
    ZERO,
    Call,
    Expression,
    Number,
    Operation,
    Power,
    X,
    add,
    affine,
    children,
    depth,
    divide,
    multiply,
    power,
    size,
    substituted,
    subtract,
)
from tests.kan.symbolic.random_expressions import POINTS, same_bits, trees

TWO, SINE = Number(2.0), Call("sin", X)


@pytest.mark.parametrize(
    ("built", "expected"),
    [
        (add(ZERO, X), X),
        (add(X, ZERO), X),
        (subtract(X, ZERO), X),
        (subtract(ZERO, X), Operation("*", Number(-1.0), X)),
        (multiply(ZERO, SINE), ZERO),
        (multiply(SINE, ZERO), ZERO),
        (multiply(ONE, SINE), SINE),
        (multiply(SINE, ONE), SINE),
        (divide(ZERO, X), ZERO),
        (divide(X, ONE), X),
        (divide(X, TWO), Operation("/", X, TWO)),
        (power(X, 0.0), ONE),
        (power(X, 1.0), X),
        (power(X, -2.0), Power(X, -2.0)),
        (affine(1.0, SINE, 0.0), SINE),
        (affine(2.0, SINE, -1.0), Operation("+", Operation("*", TWO, SINE), Number(-1.0))),
        (affine(0.0, SINE, 3.0), Number(3.0)),
    ],
)
def test_builders_leave_out_what_does_nothing(built: Expression, expected: Expression) -> None:
    assert built == expected


def test_size_counts_every_part_and_depth_the_levels() -> None:
    tree = Operation("+", Power(SINE, 2.0), TWO)
    assert children(tree) == (Power(SINE, 2.0), TWO)
    assert (size(tree), depth(tree)) == (5, 4)
    assert (size(X), depth(X)) == (1, 1)


def test_tree_deeper_than_the_stack_is_measured() -> None:
    tree: Expression = X
    for _ in range(5_000):
        tree = Operation("+", tree, X)
    assert (size(tree), depth(tree)) == (10_001, 5_001)


@given(trees(), trees())
def test_substitution_is_composition(outer: Expression, inner: Expression) -> None:
    composed = evaluate(substituted(outer, inner), POINTS)
    assert same_bits(composed, evaluate(outer, evaluate(inner, POINTS)))
