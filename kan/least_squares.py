"""Least squares that give the same bits every time.

LAPACK's drivers may order their sums by where the memory happens to lie, which would give one seed two models. Here
the normal equations are solved by Gauss-Jordan elimination, one elementwise step after another; a B-spline basis that
is sampled in every interval is well conditioned, and the matrix positive definite, so that no pivoting is needed.
"""

import torch
from jaxtyping import Float
from torch import Tensor

SMALLEST_PIVOT = 1e-14  # share of the largest diagonal entry below which a coefficient is left at 0


def least_squares(
    bases: Float[Tensor, "problems rows functions"], targets: Float[Tensor, "problems rows outputs"]
) -> Float[Tensor, "problems functions outputs"]:
    """Return the coefficients that bring the bases nearest to the targets, for every problem."""
    transposed = bases.transpose(1, 2).contiguous()
    gram = transposed @ bases.contiguous()
    system = torch.cat([gram, transposed @ targets.contiguous()], dim=2)
    functions = gram.shape[1]
    smallest = SMALLEST_PIVOT * gram.diagonal(dim1=1, dim2=2).amax(dim=1, keepdim=True)
    for m in range(functions):
        pivot = system[:, m, m : m + 1]
        row = torch.where(pivot > smallest, system[:, m] / pivot, 0.0)
        system = system - system[:, :, m : m + 1] * row.unsqueeze(1)
        system[:, m] = row
    return system[:, :, functions:]
