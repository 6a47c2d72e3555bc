"""Shapes that a spline is held to for every value of its parameters: rising, falling, convex, concave.

A B-spline whose coefficients rise is rising on its whole domain, whatever the data, and one whose control polygon
(coefficients over the Greville abscissae) is convex is convex (C. de Boor, "A Practical Guide to Splines", 1978,
chapter XI: variation diminution). So a shape is a set of bounds: c = T·θ with some θ ≥ 0, and nothing is sampled.

Symbols: c coefficients, θ coordinates, g Greville abscissae. A shape is a sum of the flags below.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

INCREASING, DECREASING, CONVEX, CONCAVE = 1, 2, 4, 8
SHAPES = (0, 1, 2, 4, 5, 6, 8, 9, 10)  # free, and each direction with each curvature


def coordinates(
    shape: int, sites: Float[Tensor, " functions"]
) -> tuple[Float[Tensor, "functions functions"], Bool[Tensor, " functions"]]:
    """Return T with c = T·θ, and which θ must be at least 0, for Greville abscissae `sites`."""
    functions = len(sites)
    bounded = torch.ones(functions, dtype=torch.bool, device=sites.device)
    bounded[0] = False
    if not shape & (CONVEX | CONCAVE):
        sign = -1.0 if shape & DECREASING else 1.0
        steps = sign * torch.eye(functions - 1, dtype=sites.dtype, device=sites.device)
    else:
        # Slopes grow in size from one end; the end is where a bounded slope is the smallest in size.
        steps = torch.ones(functions - 1, functions - 1, dtype=sites.dtype, device=sites.device).tril()
        if shape in (CONVEX | DECREASING, CONCAVE | INCREASING):
            steps = steps.flip(0)
        falls = shape in (CONCAVE, CONVEX | DECREASING, CONCAVE | DECREASING)
        steps = (-steps if falls else steps) * sites.diff().unsqueeze(1)
        bounded[1] = bool(shape & (INCREASING | DECREASING))
    transform = torch.zeros(functions, functions, dtype=sites.dtype, device=sites.device)
    transform[:, 0] = 1.0
    transform[1:, 1:] = steps.cumsum(dim=0)
    return transform, bounded


def held(
    shape: int, coefficients: Float[Tensor, "edges functions"], sites: Float[Tensor, " functions"]
) -> Float[Tensor, "edges functions"]:
    """Return coefficients of the shape near the given ones: the same where they have the shape already.

    Rounding never breaks a direction: rising coefficients are rising to the last bit.
    """
    if shape == 0:
        return coefficients
    transform, bounded = coordinates(shape, sites)
    theta = torch.linalg.solve(transform, coefficients.T)
    theta = torch.where(bounded.unsqueeze(1), theta.clamp(min=0), theta)
    result = (transform @ theta).T
    if shape & INCREASING:
        return result.cummax(dim=1).values
    return result.cummin(dim=1).values if shape & DECREASING else result
