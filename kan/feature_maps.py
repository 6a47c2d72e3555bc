"""The feature maps of numeric inputs: a base, B-splines, and whether the value is missing.

    Φ = base(u), B_1(u) … B_M(u), missing        u = (x - centre) / half_width

Outside the knots every feature continues linearly. Where the value of an input with gaps is NaN, `missing` is 1 and
all other features are 0; any other NaN stays NaN.

On a processor compiled loops compute them, on another device PyTorch's operations.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.autograd.function import once_differentiable

from kan import feature_loops
from kan.bspline import LocalBasis, local_basis, places, spread

Base = Literal["silu", "identity", "zero"]


@runtime_checkable  # tests check annotations
class Expanded(Protocol):
    """The feature maps of some rows."""

    def dense_values(self) -> Float[Tensor, "rows inputs width"]:
        """Return the whole feature maps."""

    def dense_slopes(self) -> Float[Tensor, "rows inputs width"]:
        """Return their derivatives by x."""

    def pulled(self, gradient: Float[Tensor, "rows inputs width"]) -> Float[Tensor, "rows inputs"]:
        """Return the gradient by x of what has a gradient by the feature maps."""

    def weighted(self, weights: Float[Tensor, "outputs inputs width"]) -> Float[Tensor, "rows outputs inputs"]:
        """Return Σ weight · feature of every edge, each row to the last bit independent of the rows beside it."""

    def weighted_slopes(self, weights: Float[Tensor, "outputs inputs width"]) -> Float[Tensor, "rows outputs inputs"]:
        """Return Σ weight · slope of every edge."""


@dataclass(frozen=True, eq=False)
class FeatureMaps:
    """How numeric inputs are expanded to `width` columns; `has_missing` is None where none has gaps."""

    knots: Float[Tensor, "inputs knots"]
    degree: int
    base: Base
    centre: Float[Tensor, " inputs"]
    half_width: Float[Tensor, " inputs"]
    has_missing: Bool[Tensor, " inputs"] | None
    width: int

    @property
    def functions(self) -> int:
        """Number of B-splines of every input."""
        return self.knots.shape[1] - self.degree - 1

    def at(self, x: Float[Tensor, "rows inputs"], *, with_slopes: bool = True) -> Expanded:
        """Return what is not zero at some rows, without gradients; slopes only where they are wanted."""
        if self.knots.device.type == "cpu":
            return self.compiled_at(x, with_slopes=with_slopes)
        return self.traced_at(x)

    def compiled_at(self, x: Float[Tensor, "rows inputs"], *, with_slopes: bool) -> "CompiledFeatures":
        """Return what is not zero by compiled loops."""
        points = x.detach().to(self.knots.dtype).T.contiguous()
        inputs, rows = points.shape
        # Spans are as wide as numbers, so that loops over both take the same steps.
        spans = np.empty((inputs, rows), np.uint64 if points.dtype == torch.float64 else np.uint32)
        values = points.new_empty(inputs, self.degree + 2, rows)
        slopes = torch.empty_like(values) if with_slopes else values[:0]
        missing = np.empty((0 if self.has_missing is None else inputs, rows), np.bool_)
        gaps = np.empty(0, np.bool_) if self.has_missing is None else self.has_missing.numpy()
        feature_loops.expand(
            points.numpy(),
            self.knots.numpy(),
            self.centre.numpy(),
            self.half_width.numpy(),
            gaps,
            feature_loops.BASES[self.base],
            spans,
            values.numpy(),
            slopes.numpy(),
            missing,
        )
        return CompiledFeatures(spans, values, slopes, missing, self.functions, self.width)

    def traced_at(self, x: Float[Tensor, "rows inputs"]) -> "LocalFeatures":
        """Return what is not zero by PyTorch's operations."""
        lower, upper, half_width = self.knots[:, :1], self.knots[:, -1:], self.half_width.unsqueeze(1)
        u, missing = (x.T - self.centre.unsqueeze(1)) / half_width, None
        if self.has_missing is not None:
            missing = u.isnan() & self.has_missing.unsqueeze(1)
            u = torch.where(missing, lower, u)
        inside = torch.minimum(torch.maximum(u, lower), upper)
        beyond = u - inside
        local = local_basis(inside, self.knots, self.degree, beyond)
        base, base_slopes = _base_and_slopes(self.base, inside)
        base = torch.addcmul(base, beyond, base_slopes)
        base_slopes = base_slopes / half_width
        local.differences.div_(half_width)
        if missing is not None:
            for part in (base, base_slopes, local.values, local.differences):
                part.masked_fill_(missing, 0.0)
        return LocalFeatures(base, base_slopes, local, missing, self.functions, self.width)


@dataclass(frozen=True, eq=False)
class CompiledFeatures:
    """What compiled loops have found, see `kan.feature_loops`; slopes are empty where nobody wanted them."""

    spans: np.ndarray
    values: Float[Tensor, "inputs local rows"]
    slopes: Float[Tensor, "known local rows"]
    missing: np.ndarray
    functions: int
    width: int

    def dense_values(self) -> Float[Tensor, "rows inputs width"]:
        """Return the whole feature maps."""
        return self._dense(self.values, self.missing)

    def dense_slopes(self) -> Float[Tensor, "rows inputs width"]:
        """Return their derivatives by x."""
        return self._dense(self.slopes, self.missing[:0])

    def _dense(self, local: Tensor, missing: np.ndarray) -> Float[Tensor, "rows inputs width"]:
        inputs, rows = self.spans.shape
        dense = local.new_empty(rows, inputs, self.width)
        feature_loops.spread(self.spans, local.numpy(), missing, self.functions + 1, dense.numpy())
        return dense

    def pulled(self, gradient: Float[Tensor, "rows inputs width"]) -> Float[Tensor, "rows inputs"]:
        """Return the gradient by x of what has a gradient by the feature maps."""
        pull = gradient.new_empty(gradient.shape[:2])
        feature_loops.collect(self.spans, self.slopes.numpy(), gradient.contiguous().numpy(), pull.numpy())
        return pull

    def weighted(self, weights: Float[Tensor, "outputs inputs width"]) -> Float[Tensor, "rows outputs inputs"]:
        """Return Σ weight · feature of every edge, each row to the last bit independent of the rows beside it."""
        return self._weighted(self.values, self.missing, weights)

    def weighted_slopes(self, weights: Float[Tensor, "outputs inputs width"]) -> Float[Tensor, "rows outputs inputs"]:
        """Return Σ weight · slope of every edge."""
        return self._weighted(self.slopes, self.missing[:0], weights)

    def _weighted(self, local: Tensor, missing: np.ndarray, weights: Tensor) -> Float[Tensor, "rows outputs inputs"]:
        edges = local.new_empty(local.shape[2], *weights.shape[:2])
        known = weights.detach().contiguous().numpy()
        feature_loops.weigh(self.spans, local.numpy(), missing, self.functions + 1, known, edges.numpy())
        return edges


@dataclass(frozen=True, eq=False)
class LocalFeatures:
    """What PyTorch's operations have found; `missing` is None where no input has gaps."""

    base: Float[Tensor, "inputs rows"]
    base_slopes: Float[Tensor, "inputs rows"]
    local: LocalBasis
    missing: Bool[Tensor, "inputs rows"] | None
    functions: int
    width: int

    @cached_property
    def place(self) -> Int[Tensor, " points"]:
        """Where the first local B-spline of every point lies in the memory of the whole feature maps."""
        return places(self.local.first, self.width, offset=1)

    def dense_values(self) -> Float[Tensor, "rows inputs width"]:
        """Return the whole feature maps."""
        values = self._dense(self.base, self.local.values)
        if self.missing is not None:
            values[:, :, self.functions + 1] = self.missing.T
        return values

    def dense_slopes(self) -> Float[Tensor, "rows inputs width"]:
        """Return their derivatives by x."""
        return self._dense(self.base_slopes, self.local.slopes())

    def _dense(self, base: Tensor, local: Tensor) -> Float[Tensor, "rows inputs width"]:
        dense = base.new_zeros(base.shape[1], base.shape[0], self.width)
        dense[:, :, 0] = base.T
        return spread(local, self.place, dense)

    def pulled(self, gradient: Float[Tensor, "rows inputs width"]) -> Float[Tensor, "rows inputs"]:
        """Return the gradient by x of what has a gradient by the feature maps."""
        return (gradient * self.dense_slopes()).sum(dim=2)

    def weighted(self, weights: Float[Tensor, "outputs inputs width"]) -> Float[Tensor, "rows outputs inputs"]:
        """Return Σ weight · feature of every edge, each row to the last bit independent of the rows beside it."""
        return accumulated(self.dense_values(), weights)

    def weighted_slopes(self, weights: Float[Tensor, "outputs inputs width"]) -> Float[Tensor, "rows outputs inputs"]:
        """Return Σ weight · slope of every edge."""
        return accumulated(self.dense_slopes(), weights)


def differentiable(x: Float[Tensor, "rows inputs"], maps: FeatureMaps) -> Float[Tensor, "rows inputs width"]:
    """Return the feature maps of `x`. The slopes are their gradient: no graph of the recursion is kept."""
    if not x.requires_grad:
        return maps.at(x, with_slopes=False).dense_values()
    return _Expansion.apply(x, maps)  # type: ignore[no-any-return, no-untyped-call]  # torch declares no type of it


class _Expansion(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, maps: FeatureMaps) -> Tensor:
        ctx.expanded = maps.at(x)
        return ctx.expanded.dense_values()  # type: ignore[no-any-return]  # a context has no types

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return ctx.expanded.pulled(gradient), None


def accumulated(
    features: Float[Tensor, "rows inputs width"], weights: Float[Tensor, "outputs inputs width"]
) -> Float[Tensor, "rows outputs inputs"]:
    """Return Σ_m weights[j,i,m] · features[r,i,m] term by term: a matrix product would depend on the number of rows."""
    by_term = features.permute(2, 1, 0).contiguous()  # rows last: they are many, inputs and outputs few
    total = features.new_zeros(*weights.shape[:2], len(features))
    for values, factors in zip(by_term, weights.permute(2, 0, 1).unsqueeze(3), strict=True):
        total = total + values * factors
    return total.permute(2, 0, 1).contiguous()


def base_values(name: Base, u: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Return the base function at every element of `u`."""
    return _base_and_slopes(name, u)[0]


def _base_and_slopes(name: Base, u: Float[Tensor, "*shape"]) -> tuple[Float[Tensor, "*shape"], Float[Tensor, "*shape"]]:
    if name == "silu":
        # Not torch.sigmoid, whose last bit depends on where an element lies in memory.
        sigmoid = torch.exp(-u).add_(1).reciprocal_()
        return (values := u * sigmoid), torch.addcmul(sigmoid, values, 1 - sigmoid)
    return (u, torch.ones_like(u)) if name == "identity" else (torch.zeros_like(u), torch.zeros_like(u))
