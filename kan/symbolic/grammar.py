"""From text to an expression of x: a grammar of our own, so that no text can do anything but arithmetic.

    sum      = product { ("+" | "-") product }
    product  = signed { ("*" | "/") signed }
    signed   = ["-" | "+"] power
    power    = operand [ "^" exponent ]            exponent: a signed number, or a constant in brackets
    operand  = number | "x" | "pi" | name "(" sum ")" | "max" "(" sum "," "0" ")" | "(" sum ")"

The signs − × · ÷ of print are read as - * * /. Length, depth and exponents are limited; every refusal names its place.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

import torch

from kan.errors import InvalidFormula
from kan.symbolic.evaluation import evaluate
from kan.symbolic.expressions import Call, Expression, Number, Operation, Operator, X, depth, power, size, substituted

LARGEST_LENGTH = 500  # characters
LARGEST_DEPTH = 30  # brackets, signs and functions inside each other
CALL_LEVELS = 3  # that a function counts as: in code, nine inside each other may repeat x 2^9 times
LARGEST_SIZE = 400  # operations, numbers and x, with the functions of the library written out
MOST_LEVELS = 60  # of the tree; a chain of sums has one for each term
LARGEST_EXPONENT = 32.0
SHOWN = 20  # characters of the text that a reason repeats
PRINTED = str.maketrans({"−": "-", "×": "*", "·": "*", "÷": "/"})  # the signs of print

_NUMBER = r"(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
_TOKEN = re.compile(_NUMBER + r"|(?P<name>[A-Za-z_][A-Za-z_0-9]*)|(?P<sign>[-+*/^(),])")
_END = ""


@dataclass(frozen=True)
class _Token:
    text: str
    position: int
    kind: str | None


def parse(text: str, functions: Mapping[str, Expression]) -> Expression:
    """Return the expression that a text means; `functions` are the names that it may use, each as a function of x.

    Raises InvalidFormula, with the position in the text.
    """
    if len(text) > LARGEST_LENGTH:
        raise InvalidFormula(text, LARGEST_LENGTH, f"a formula has at most {LARGEST_LENGTH} characters")
    reader = _Reader(text, functions)
    expression = reader.sum(0)
    reader.expect(_END)
    if size(expression) > LARGEST_SIZE or depth(expression) > MOST_LEVELS:
        raise InvalidFormula(text, 0, f"it has more than {LARGEST_SIZE} parts, or {MOST_LEVELS} of them in a chain")
    return expression


def _tokens(text: str) -> list[_Token]:
    printed, tokens, position = text.translate(PRINTED), [], 0
    while position < len(printed):
        if printed[position] in " \t\n":
            position += 1
            continue
        found = _TOKEN.match(printed, position)
        if found is None:
            sign = text[position]
            raise InvalidFormula(text, position, f"{sign!r} (U+{ord(sign):04X}) has no meaning here")
        tokens.append(_Token(found.group(), position, found.lastgroup))
        position = found.end()
    return [*tokens, _Token(_END, len(text), None)]


class _Reader:
    """Reads the tokens from left to right, one method for each line of the grammar; `level` counts the depth."""

    def __init__(self, text: str, functions: Mapping[str, Expression]) -> None:
        self.text, self.functions = text, functions
        self.tokens, self.at = _tokens(text), 0

    @property
    def token(self) -> _Token:
        return self.tokens[self.at]

    def sum(self, level: int) -> Expression:
        left = self.product(level)
        while self.token.text in ("+", "-"):
            left = self._joined(left, self._operator(), self.product(level))
        return left

    def product(self, level: int) -> Expression:
        left = self.signed(level)
        while self.token.text in ("*", "/"):
            left = self._joined(left, self._operator(), self.signed(level))
        return left

    def signed(self, level: int) -> Expression:
        sign = self.token
        if sign.text not in ("+", "-"):
            return self.power(level)
        self._inside(level)
        self.at += 1
        operand = self.signed(level + 1)
        if sign.text == "+":
            return operand
        return Number(-operand.value) if isinstance(operand, Number) else Operation("*", Number(-1.0), operand)

    def power(self, level: int) -> Expression:
        base = self.operand(level)
        if self.token.text != "^":
            return base
        self.at += 1
        start = self.token.position
        exponent = self._exponent(level)
        if self.token.text == "^":
            raise self._refused("brackets say which power comes first")
        if not abs(exponent) <= LARGEST_EXPONENT:
            limits = f"from -{LARGEST_EXPONENT:g} to {LARGEST_EXPONENT:g}"
            raise InvalidFormula(self.text, start, f"an exponent is a number {limits}")
        raised = power(base, exponent)
        return self._constant(raised, start) if isinstance(base, Number) else raised

    def operand(self, level: int) -> Expression:
        token = self.token
        self._inside(level)
        self.at += 1
        if token.kind == "number":
            return self._number(token)
        if token.text == "x":
            return X
        if token.text == "pi":
            return Number(math.pi)
        if token.text == "(":
            inner = self.sum(level + 1)
            self.expect(")")
            return inner
        if token.kind == "name":
            return self._call(token, level)
        self.at -= 1
        raise self._refused("expected a number, x, a function or a bracket")

    def expect(self, text: str) -> None:
        """Go on behind a token; raises InvalidFormula where another one stands."""
        if self.token.text != text:
            hint = "; a power is written with ^" if self.token.text == "*" else ""
            raise self._refused(f"expected {text!r}{hint}" if text else f"expected an operator or the end{hint}")
        self.at += 1

    def _call(self, name: _Token, level: int) -> Expression:
        if name.text not in self.functions and name.text != "max":
            known = ", ".join(sorted([*self.functions, "max"]))
            reason = f"there is no {name.text[:SHOWN]!r}; there are x, pi and the functions {known}"
            raise InvalidFormula(self.text, name.position, reason)
        self.expect("(")
        argument = self.sum(level + CALL_LEVELS)
        if name.text == "max":
            self.expect(",")
            self.expect("0")
        self.expect(")")
        called = substituted(Call("hinge", X) if name.text == "max" else self.functions[name.text], argument)
        if size(called) > LARGEST_SIZE:
            reason = f"the formula has more than {LARGEST_SIZE} parts from here on"
            raise InvalidFormula(self.text, name.position, reason)
        return self._constant(called, name.position) if isinstance(argument, Number) else called

    def _exponent(self, level: int) -> float:
        """Return the number behind ^: signed digits, or brackets without x."""
        start, sign = self.token.position, 1.0
        if self.token.text in ("+", "-"):
            sign = -1.0 if self._operator() == "-" else 1.0
        found = self.operand(level)
        if not isinstance(found, Number):
            raise InvalidFormula(self.text, start, "an exponent is a number")
        return sign * found.value

    def _operator(self) -> Operator:
        operator: Operator = self.token.text  # type: ignore[assignment]  # the caller has looked
        self.at += 1
        return operator

    def _joined(self, left: Expression, operator: Operator, right: Expression) -> Expression:
        joined = Operation(operator, left, right)
        if isinstance(left, Number) and isinstance(right, Number):
            return self._constant(joined, self.token.position)
        return joined

    def _constant(self, expression: Expression, position: int) -> Number:
        """Return what only numbers make as one number; raises InvalidFormula where it has no finite value."""
        value = float(evaluate(expression, torch.zeros((), dtype=torch.float64)))
        if not math.isfinite(value):
            raise InvalidFormula(self.text, position, "the numbers around this place have no finite value")
        return Number(value)

    def _number(self, token: _Token) -> Number:
        value = float(token.text)
        if not math.isfinite(value):
            raise InvalidFormula(self.text, token.position, "this number is larger than any double")
        return Number(value)

    def _inside(self, level: int) -> None:
        if level >= LARGEST_DEPTH:
            raise self._refused(f"a formula is at most {LARGEST_DEPTH} levels deep")

    def _refused(self, reason: str) -> InvalidFormula:
        return InvalidFormula(self.text, self.token.position, reason)
