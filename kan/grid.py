"""Knots that follow the data.

Interior knots blend a uniform and a quantile grid (Z. Liu et al., "KAN: Kolmogorov-Arnold Networks", 2024,
section 2.5), `t = grid_eps · uniform + (1 - grid_eps) · quantile`. The blend itself keeps neighbours at least
`grid_eps · (upper - lower) / G` apart, so ties, binary and constant inputs never collapse a grid.

Symbols: G intervals (`grid_size`), k degree; knots are clamped (the border knots are repeated k more times),
so there are G + k basis functions and the first and last coefficient are the values at the borders.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from kan.sampling import evenly

MINIMUM_SPACING = 0.05  # smallest share of the uniform grid in the blend
QUANTILE_ROWS = 50_000  # evenly chosen rows that show where the data are
FULLY_COVERED, SMALLEST_COVERED = 0.99, 0.1  # shares of a domain that points reach
RELATIVE_SPREAD = 1e-9  # a column whose range is smaller than this share of its size counts as constant


def adaptive_knots(
    points: Float[Tensor, "rows inputs"],
    *,
    grid_size: int,
    degree: int,
    grid_eps: float | Sequence[float],
    margin: float = 0.0,
    domain: tuple[Float[Tensor, " inputs"], Float[Tensor, " inputs"]] | None = None,
) -> Float[Tensor, "inputs knots"]:
    """Return clamped knots from the smallest to the largest point of every column; NaN is ignored.

    `grid_eps` is one number or one for each column. `margin` widens the domain on both sides by this share of the
    range; `domain` gives it instead of the points.
    A column without spread gets a uniform grid of length 2 around its value (around 0 without any value).
    """
    lower, upper, constant = column_ranges(points)
    steps = torch.linspace(0, 1, grid_size + 1, dtype=points.dtype, device=points.device)
    widening = margin * (upper - lower)
    lower, upper = (lower - widening, upper + widening) if domain is None else domain
    uniform = lower.unsqueeze(1) + (upper - lower).unsqueeze(1) * steps
    shares = [grid_eps] * len(lower) if isinstance(grid_eps, float | int) else grid_eps
    if all(share == 1 for share in shares):
        uniform[:, -1] = upper
        return clamped(uniform, degree)
    some = evenly(points, QUANTILE_ROWS)
    filled = torch.where(constant | some.isnan().all(dim=0), torch.zeros_like(some), some)
    filled = torch.minimum(torch.maximum(filled, lower), upper)
    quantile = torch.nanquantile(filled, steps, dim=0).T
    if domain is not None:
        _fill_gaps(quantile, filled, steps, lower, upper)
    weight = lower.new_tensor(shares).clamp(min=MINIMUM_SPACING).unsqueeze(1)
    blend = torch.where(constant.unsqueeze(1), uniform, weight * uniform + (1 - weight) * quantile)
    blend[:, 0], blend[:, -1] = lower, upper
    return clamped(blend, degree)


def _fill_gaps(quantile: Tensor, points: Tensor, steps: Tensor, lower: Tensor, upper: Tensor) -> None:
    """Let quantiles count the part of a domain that no point reaches yet as if points were spread over it evenly."""
    covered = (quantile[:, -1] - quantile[:, 0]) / (upper - lower)
    for column in (covered < FULLY_COVERED).nonzero().flatten().tolist():
        share = max(float(covered[column]), SMALLEST_COVERED)
        count = round(len(points) * (1 - share) / share) + 2
        ends = float(lower[column]), float(upper[column])
        even = torch.linspace(*ends, count, dtype=points.dtype, device=points.device)
        quantile[column] = torch.nanquantile(torch.cat([points[:, column], even]), steps)


def clamped(breakpoints: Float[Tensor, "inputs breakpoints"], degree: int) -> Float[Tensor, "inputs knots"]:
    """Return the knots with both borders repeated `degree` more times."""
    first = breakpoints[:, :1].expand(-1, degree)
    last = breakpoints[:, -1:].expand(-1, degree)
    return torch.cat([first, breakpoints, last], dim=1)


def column_ranges(
    points: Float[Tensor, "rows inputs"],
) -> tuple[Float[Tensor, " inputs"], Float[Tensor, " inputs"], Bool[Tensor, " inputs"]]:
    """Return lower and upper border of every column and whether it is constant; NaN is ignored.

    A constant column reaches one unit to both sides of its value.
    """
    missing = points.isnan()
    lower = points.masked_fill(missing, torch.inf).amin(dim=0)
    upper = points.masked_fill(missing, -torch.inf).amax(dim=0)
    empty = missing.all(dim=0)
    lower, upper = lower.masked_fill(empty, 0.0), upper.masked_fill(empty, 0.0)
    size = torch.maximum(lower.abs(), upper.abs())
    constant = (upper - lower) <= RELATIVE_SPREAD * size
    middle = lower / 2 + upper / 2
    return torch.where(constant, middle - 1, lower), torch.where(constant, middle + 1, upper), constant
