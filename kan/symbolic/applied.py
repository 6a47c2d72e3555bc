"""The symbolic edges of a layer at some rows: values, slopes, and derivatives by their coefficients.

Inside an edge's domain it is c · f(a·x + b) + d; beyond it, it continues linearly from the nearest border.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from kan.symbolic.library import SymbolicFunction, function_of


@dataclass(frozen=True, eq=False)
class AppliedForms:
    """All symbolic edges of a layer on some rows: functions, coefficients, inputs inside and beyond the domain."""

    functions: list[str]
    a: Float[Tensor, " symbolic"]
    b: Float[Tensor, " symbolic"]
    c: Float[Tensor, " symbolic"]
    d: Float[Tensor, " symbolic"]
    near: Float[Tensor, "rows symbolic"]
    beyond: Float[Tensor, "rows symbolic"]
    missing: Bool[Tensor, "rows symbolic"]

    @cached_property
    def values(self) -> Float[Tensor, "rows symbolic"]:
        """Every edge; 0 where the input is missing."""
        return torch.where(self.missing, 0.0, self.c * (self._f + self._beyond(self.a * self._slope)) + self.d)

    @cached_property
    def slopes(self) -> Float[Tensor, "rows symbolic"]:
        """The slope of every edge; 0 where the input is missing."""
        return torch.where(self.missing, 0.0, self.c * (self.a * self._slope))

    def by_coefficients(self) -> Float[Tensor, "rows symbolic 3"]:
        """Return the derivatives by a, b and c; 0 where the input is missing, or where they are infinite."""
        slope, bend = self._slope, self._applied(SymbolicFunction.second_derivative)
        bent = slope + self._beyond(self.a * bend)
        by_a, by_c = bent * self.near + self._beyond(slope), self.a * self._beyond(slope)
        found = torch.stack([self.c * by_a, self.c * bent, self._f + by_c], dim=2)
        return torch.where(self.missing.unsqueeze(2) | ~found.isfinite(), 0.0, found)

    @cached_property
    def _f(self) -> Float[Tensor, "rows symbolic"]:
        return self._applied(SymbolicFunction.evaluate)

    @cached_property
    def _slope(self) -> Float[Tensor, "rows symbolic"]:
        return self._applied(SymbolicFunction.derivative)

    @cached_property
    def _inner(self) -> Float[Tensor, "rows symbolic"]:
        return self.a * self.near + self.b

    def _beyond(self, slope: Float[Tensor, "rows symbolic"]) -> Float[Tensor, "rows symbolic"]:
        """Return slope · beyond; 0 in the domain, where the slope of a root or a logarithm may be infinite."""
        return torch.where(self.beyond == 0, 0.0, slope) * self.beyond

    def _applied(self, method: Callable[[SymbolicFunction, Tensor], Tensor]) -> Float[Tensor, "rows symbolic"]:
        """Return f or one of its derivatives at a·x + b of every edge, one call for each function."""
        values = torch.empty_like(self._inner)
        for name in dict.fromkeys(self.functions):
            edges = [k for k, function in enumerate(self.functions) if function == name]
            values[:, edges] = method(function_of(name), self._inner[:, edges])
        return values
