"""Knots that follow the data.

Interior knots blend a uniform and a quantile grid (Z. Liu et al., "KAN: Kolmogorov-Arnold Networks", 2024,
section 2.5), `t = grid_eps · uniform + (1 - grid_eps) · quantile`. The blend itself keeps neighbours at least
`grid_eps · (upper - lower) / G` apart, so ties, binary and constant inputs never collapse a grid.

Symbols: G intervals (`grid_size`), k degree; knots are clamped (the border knots are repeated k more times),
so there are G + k basis functions and the first and last coefficient are the values at the borders.
"""

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

MINIMUM_SPACING = 0.05  # smallest share of the uniform grid in the blend
RELATIVE_SPREAD = 1e-9  # a column whose range is smaller than this share of its size counts as constant


def adaptive_knots(
    points: Float[Tensor, "rows inputs"], *, grid_size: int, degree: int, grid_eps: float, margin: float = 0.0
) -> Float[Tensor, "inputs knots"]:
    """Return clamped knots from the smallest to the largest point of every column; NaN is ignored.

    `margin` widens the domain on both sides by this share of the range.
    A column without spread gets a uniform grid of length 2 around its value (around 0 without any value).
    """
    lower, upper, constant = column_ranges(points)
    steps = torch.linspace(0, 1, grid_size + 1, dtype=points.dtype)
    widening = margin * (upper - lower)
    lower, upper = lower - widening, upper + widening
    uniform = lower.unsqueeze(1) + (upper - lower).unsqueeze(1) * steps
    filled = torch.where(constant, torch.zeros_like(points), points)
    quantile = torch.from_numpy(np.nanquantile(filled.numpy(), steps.numpy(), axis=0).T).to(points.dtype)
    weight = max(grid_eps, MINIMUM_SPACING)
    blend = torch.where(constant.unsqueeze(1), uniform, weight * uniform + (1 - weight) * quantile)
    blend[:, 0], blend[:, -1] = lower, upper
    return clamped(blend, degree)


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
