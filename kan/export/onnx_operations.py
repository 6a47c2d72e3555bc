"""Operations of ONNX put together to a graph, and formulas as such operations.

Some functions are composed of others because runtimes lack them for float64. The arctangent is that of float32 with
one correction, exact to rounding: arctan u = y + arctan((u − tan y) / (1 + u · tan y)), whose second term is so small
that it equals its argument.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
from onnx import NodeProto, TensorProto, helper, numpy_helper

from kan.symbolic.expressions import Call, Expression, Number, Operation, Power, Variable
from kan.symbolic.primitives import PRIMITIVES

Numbers = float | int | Sequence[Any] | npt.NDArray[Any]

_ARITHMETIC = {"+": "Add", "-": "Sub", "*": "Mul", "/": "Div"}


class Operations:
    """A graph of float64 as it grows: every operation returns the name of its result."""

    def __init__(self) -> None:
        """Begin an empty graph."""
        self.nodes: list[NodeProto] = []
        self.initializers: list[TensorProto] = []

    def apply(self, operator: str, *inputs: str, result: str | None = None, **attributes: Any) -> str:
        """Add an operation."""
        name = result or f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [name], **attributes))
        return name

    def numbers(self, values: Numbers) -> str:
        """Add constant floating-point numbers of any shape."""
        return self._constant(np.asarray(values, dtype=np.float64))

    def indices(self, values: Numbers) -> str:
        """Add constant whole numbers."""
        return self._constant(np.asarray(values, dtype=np.int64))

    def booleans(self, values: Numbers) -> str:
        """Add constant truth values."""
        return self._constant(np.asarray(values, dtype=np.bool_))

    def _constant(self, array: npt.NDArray[Any]) -> str:
        name = f"c{len(self.initializers)}"
        self.initializers.append(numpy_helper.from_array(array, name))
        return name

    def add(self, *terms: str) -> str:
        """Return a sum."""
        total, *rest = terms
        for term in rest:
            total = self.apply("Add", total, term)
        return total

    def multiply(self, left: str, right: str) -> str:
        """Return a product."""
        return self.apply("Mul", left, right)

    def sum(self, values: str, axis: int) -> str:
        """Return the sum over one axis, which disappears."""
        return self.apply("ReduceSum", values, self.indices([axis]), keepdims=0)

    def with_axis(self, values: str, *axes: int) -> str:
        """Return the values with new axes of length 1."""
        return self.apply("Unsqueeze", values, self.indices(axes))

    def cast(self, values: str, element: int = TensorProto.DOUBLE) -> str:
        """Return the values as numbers of another type."""
        return self.apply("Cast", values, to=element)

    def formula(self, expression: Expression, x: str) -> str:
        """Return the value of an expression at x."""
        match expression:
            case Number(value):
                return self.add(self.multiply(x, self.numbers(0.0)), self.numbers(value))
            case Variable():
                return x
            case Operation(operator, left, right):
                return self.apply(_ARITHMETIC[operator], self._operand(left, x), self._operand(right, x))
            case Power(base, exponent):
                return self.apply("Pow", self.formula(base, x), self.numbers(exponent))
            case Call(name, argument):
                u = self.formula(argument, x)
                if name in _COMPOSED:
                    return _COMPOSED[name](self, u)
                return self.apply(PRIMITIVES[name].onnx or "", u)

    def _operand(self, expression: Expression, x: str) -> str:
        return self.numbers(expression.value) if isinstance(expression, Number) else self.formula(expression, x)


def sigmoid(graph: Operations, u: str) -> str:
    """Return 1 / (1 + exp(-u)), more exact than runtimes' own operator."""
    one = graph.numbers(1.0)
    return graph.apply("Div", one, graph.add(one, graph.apply("Exp", graph.apply("Neg", u))))


def _softplus(graph: Operations, u: str) -> str:
    falling = graph.apply("Exp", graph.apply("Neg", graph.apply("Abs", u)))
    return graph.add(graph.apply("Relu", u), graph.apply("Log", graph.add(graph.numbers(1.0), falling)))


def _tangent(graph: Operations, u: str) -> str:
    return graph.apply("Div", graph.apply("Sin", u), graph.apply("Cos", u))


def _arctangent(graph: Operations, u: str) -> str:
    y = graph.cast(graph.apply("Atan", graph.cast(u, TensorProto.FLOAT)))
    sine, cosine = graph.apply("Sin", y), graph.apply("Cos", y)
    above = graph.apply("Sub", graph.multiply(u, cosine), sine)
    return graph.add(y, graph.apply("Div", above, graph.add(cosine, graph.multiply(u, sine))))


def _arcsine(graph: Operations, u: str) -> str:
    # 2 · arctan(u / (1 + √(1 − u²))) stays exact up to the ends.
    one = graph.numbers(1.0)
    root = graph.apply("Sqrt", graph.multiply(graph.apply("Sub", one, u), graph.add(one, u)))
    return graph.multiply(graph.numbers(2.0), _arctangent(graph, graph.apply("Div", u, graph.add(one, root))))


def _arccosine(graph: Operations, u: str) -> str:
    return graph.apply("Sub", graph.numbers(math.pi / 2), _arcsine(graph, u))


def _artanh(graph: Operations, u: str) -> str:
    one = graph.numbers(1.0)
    ratio = graph.apply("Div", graph.add(one, u), graph.apply("Sub", one, u))
    return graph.multiply(graph.numbers(0.5), graph.apply("Log", ratio))


def _step(graph: Operations, u: str) -> str:
    half = graph.numbers(0.5)
    return graph.add(graph.multiply(half, graph.apply("Sign", u)), half)


_COMPOSED: Mapping[str, Callable[[Operations, str], str]] = MappingProxyType(
    {
        "sigmoid": sigmoid,
        "softplus": _softplus,
        "tan": _tangent,
        "arctan": _arctangent,
        "arcsin": _arcsine,
        "arccos": _arccosine,
        "arctanh": _artanh,
        "step": _step,
    }
)
