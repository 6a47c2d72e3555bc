"""What is proved of all edges of a layer on every piece of their inputs: a parabola with its error, bounds of slopes.

On a piece with middle m, φ(m + t) differs from value + slope·t + bend·t²/2 by no more than `error` (Taylor models of
second order: M. Berz and G. Hoffstätter, "Computation and application of Taylor polynomials with interval remainder
bounds", 1998). Sums of edges are sums of these numbers, so that what cancels between two edges of an input cancels.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from kan.certification.axes import Axes
from kan.enclosures import Enclosure, Pieces, edge_enclosure
from kan.layer import Layer
from kan.ranges import domain_of
from kan.symbolic.direction import direction
from kan.symbolic.intervals import ROUNDING, Interval


@dataclass(frozen=True, eq=False)
class EdgePieces:
    """Numbers of every edge of a layer on every piece; slopes are by the input in its own unit, ±∞ where unknown."""

    value: Float[Tensor, "outputs inputs pieces"]
    slope: Float[Tensor, "outputs inputs pieces"]
    bend: Float[Tensor, "outputs inputs pieces"]
    error: Float[Tensor, "outputs inputs pieces"]
    slope_lower: Float[Tensor, "outputs inputs pieces"]
    slope_upper: Float[Tensor, "outputs inputs pieces"]
    bias: Float[Tensor, " outputs"]

    @property
    def is_defined(self) -> bool:
        """Whether every edge is proved to be defined on all pieces."""
        return bool(self.value.isfinite().all() & self.error.isfinite().all())

    def size(self, axes: Axes) -> Float[Tensor, "outputs inputs"]:
        """Return the largest number that enters the parabolas of every edge, of which rounding is a share."""
        reach = (axes.upper - axes.lower) / 2
        terms = self.value.abs() + self.slope.abs() * reach + self.bend.abs() * reach**2 + self.error
        return terms.amax(dim=2)


@torch.no_grad()
def edge_pieces(layer: Layer, axes: Axes) -> EdgePieces:
    """Return what is proved of every edge of a layer."""
    shape = (6, layer.out_features, *axes.lower.shape)
    found = torch.zeros(shape, dtype=torch.float64)
    for target in range(layer.out_features):
        for source in range(layer.in_features):
            form, count = layer.form(target, source), int(axes.numbers[source])
            if form == "zero":
                continue
            if count:
                numbers = _numeric(layer, target, source, axes.pieces(source))
                found[:, target, source, :count] = numbers
            others = slice(count, int(axes.counts[source]))
            start = 0 if form == "table" else layer.functions + 1
            found[0, target, source, others] = layer.weights[target, source, start:][: others.stop - count]
    value, slope, bend, error, least, most = found
    return EdgePieces(value, slope, bend, error, least, most, layer.bias.detach())


def _numeric(layer: Layer, target: int, source: int, pieces: Pieces) -> Float[Tensor, "parts pieces"]:
    """Return value, slope, bend, error and bounds of the slope of an edge on pieces that hold numbers."""
    enclosure = edge_enclosure(layer, target, source, pieces)
    lower, upper = enclosure.slopes.lower, enclosure.slopes.upper
    lower, upper = (
        lower.nan_to_num(nan=-torch.inf, neginf=-torch.inf),
        upper.nan_to_num(nan=torch.inf, posinf=torch.inf),
    )
    form = layer.symbolic_form(target, source)
    if form is not None:
        domain = torch.tensor(domain_of(layer, source), dtype=torch.float64)
        sign = direction(form.expression, Interval(domain[:1], domain[1:]))
        lower = lower.clamp(min=0) if sign in (0, 1) else lower
        upper = upper.clamp(max=0) if sign in (0, -1) else upper
    half_width = layer.inputs[source].half_width
    share = ROUNDING * (half_width != 1)
    slopes = [(lower - lower.abs() * share) / half_width, (upper + upper.abs() * share) / half_width]
    return torch.stack([*_parabola(enclosure, pieces.radius), *slopes])


def _parabola(enclosure: Enclosure, radius: Float[Tensor, " pieces"]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return value, slope, bend and error; without a bend a line, without slopes a constant."""
    value, value_error = _centred(enclosure.value)
    slope, slope_error = _centred(enclosure.slope)
    bend, bend_error = _centred(enclosure.bends)
    middle, half = _centred(enclosure.slopes)
    constant, spread = _centred(enclosure.values)
    error = value_error + slope_error * radius + bend_error * radius**2 / 2
    has_bend, has_slope = error.isfinite() & bend.isfinite(), half.isfinite() & value_error.isfinite()
    line_error = value_error + half * radius
    nothing = torch.zeros_like(value)
    return (
        torch.where(has_bend | has_slope, value, constant),
        torch.where(has_bend, slope, torch.where(has_slope, middle, nothing)),
        torch.where(has_bend, bend, nothing),
        torch.where(has_bend, error, torch.where(has_slope, line_error, spread)) * (1 + 4 * ROUNDING),
    )


def _centred(one: Interval) -> tuple[Tensor, Tensor]:
    """Return the middle of intervals and no less than half their length."""
    middle = one.lower / 2 + one.upper / 2
    return middle, torch.maximum(one.upper - middle, middle - one.lower) * (1 + ROUNDING)
