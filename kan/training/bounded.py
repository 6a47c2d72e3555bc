"""One quadratic step under bounds, by an active set.

Source: J. Kim and H. Park, "Fast Nonnegative Matrix Factorization: An Active-Set-Like Method and Comparisons", SIAM J.
Sci. Comput. 33 (2011), block principal pivoting with its backup rule of one exchange at a time.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

EXCHANGES = 3  # full exchanges that may fail to improve before single ones
LARGEST_SWEEPS = 500
ROUNDING = 1e-12  # share of the gradient that is no pull


def bounded_step(
    matrix: Float[Tensor, "parameters parameters"],
    gradient: Float[Tensor, " parameters"],
    lower: Float[Tensor, " parameters"],
) -> Float[Tensor, " parameters"] | None:
    """Return p ≥ lower with the smallest pᵀ·matrix·p/2 + gradientᵀ·p, None where the matrix is not positive definite.

    `lower` is minus infinity where a parameter is free.
    """
    active = torch.zeros(len(lower), dtype=torch.bool, device=lower.device)
    fewest, patience = len(lower) + 1, EXCHANGES
    slack = ROUNDING * float(gradient.abs().max())
    step: Tensor | None = None
    for _ in range(LARGEST_SWEEPS):
        step = _solved(matrix, gradient, lower, active)
        if step is None:
            return None
        pull = matrix @ step + gradient
        below = ~active & (step < lower)
        pulled = active & (pull < -slack)
        wrong = below | pulled
        count = int(wrong.sum())
        if count == 0:
            return step
        if count < fewest:
            fewest, patience = count, EXCHANGES
        elif patience > 0:
            patience -= 1
        else:
            last = int(wrong.nonzero().flatten()[-1])
            wrong = torch.zeros_like(wrong)
            wrong[last] = True
        active = active ^ wrong
    return None if step is None else torch.maximum(step, lower)


def _solved(
    matrix: Tensor, gradient: Tensor, lower: Tensor, active: Bool[Tensor, " parameters"]
) -> Float[Tensor, " parameters"] | None:
    """Return the minimum with the active parameters at their bounds."""
    step = torch.where(active, lower, 0.0)
    free = ~active
    if bool(free.all()):
        factor, failed = torch.linalg.cholesky_ex(matrix)
        return None if failed else -torch.cholesky_solve(gradient.unsqueeze(1), factor)[:, 0]
    index = free.nonzero().flatten()
    factor, failed = torch.linalg.cholesky_ex(matrix[index][:, index])
    if failed:
        return None
    right = gradient[index] + matrix[index] @ step
    step[index] = -torch.cholesky_solve(right.unsqueeze(1), factor)[:, 0]
    return step
