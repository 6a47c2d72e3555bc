"""B-spline bases on clamped or extended knots, evaluated locally.

Source: C. de Boor, "On calculating with B-splines", J. Approx. Theory 6 (1972); M. G. Cox (1972); the triangular
scheme is algorithm A2.2 of L. Piegl and W. Tiller, "The NURBS Book" (1997).

Symbols: u point, t knots, k degree, M = len(t) - k - 1 basis functions, s the span with t[s] <= u < t[s+1].
Only the k+1 functions B[s-k] … B[s] are not zero at u, so the cost does not grow with the number of knots.
Every input (column) has its own knots. The domain is [t[k], t[M]]; a point outside is evaluated with the
polynomial piece at the nearer border.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor


def basis(
    points: Float[Tensor, "rows inputs"], knots: Float[Tensor, "inputs knots"], degree: int
) -> Float[Tensor, "rows inputs functions"]:
    """Return the value of every B-spline at every point; the values of one point sum to 1."""
    spans = _spans(points, knots, degree)
    local = _local_basis(points, knots, spans, degree, degree)
    return _scattered(local, spans - degree, knots.shape[1] - degree - 1)


def basis_derivative(
    points: Float[Tensor, "rows inputs"], knots: Float[Tensor, "inputs knots"], degree: int
) -> Float[Tensor, "rows inputs functions"]:
    """Return the first derivative of every B-spline at every point; the values of one point sum to 0.

    B'[m,k] = k (B[m,k-1] / (t[m+k] - t[m]) - B[m+1,k-1] / (t[m+k+1] - t[m+1])).
    """
    spans = _spans(points, knots, degree)
    lower = _local_basis(points, knots, spans, degree, degree - 1)  # B[s-k+1,k-1] … B[s,k-1]
    window = _window(knots, spans, degree)  # t[s-k+1] … t[s+k]
    support = window[..., degree:] - window[..., :degree]  # t[m+k] - t[m] for m = s-k+1 … s
    slope = degree * lower / support
    zero = torch.zeros_like(slope[..., :1])
    local = torch.cat([zero, slope], dim=-1) - torch.cat([slope, zero], dim=-1)
    return _scattered(local, spans - degree, knots.shape[1] - degree - 1)


def greville(knots: Float[Tensor, "inputs knots"], degree: int) -> Float[Tensor, "inputs functions"]:
    """Return the Greville abscissae (t[m+1] + … + t[m+k]) / k: with them as coefficients the spline is u itself."""
    return knots[:, 1:-1].unfold(1, degree, 1).mean(dim=-1)


def _spans(points: Tensor, knots: Tensor, degree: int) -> Int[Tensor, "rows inputs"]:
    """Return s for every point, from k to M-1, so that border points belong to the last non-empty interval."""
    inner = knots[:, degree + 1 : -degree - 1].contiguous()
    return torch.searchsorted(inner, points.detach().T.contiguous(), right=True).T + degree


def _window(knots: Tensor, spans: Tensor, degree: int) -> Float[Tensor, "rows inputs window"]:
    """Return the 2k knots t[s-k+1] … t[s+k] around every span."""
    offsets = torch.arange(1 - degree, degree + 1, device=knots.device)
    index = spans.unsqueeze(-1) + offsets
    return knots.expand(spans.shape[0], -1, -1).gather(2, index)


def _local_basis(
    points: Tensor, knots: Tensor, spans: Tensor, degree: int, order: int
) -> Float[Tensor, "rows inputs order_plus_1"]:
    """Return B[s-order] … B[s] of degree `order` (at most k) by the triangular scheme."""
    window = _window(knots, spans, degree)
    right = window[..., degree:] - points.unsqueeze(-1)  # right[j] = t[s+1+j] - u
    left = points.unsqueeze(-1) - window[..., :degree].flip(-1)  # left[j] = u - t[s-j]
    values = [torch.ones_like(points)]
    for j in range(order):
        raised = torch.zeros_like(points)
        following = []
        for r in range(j + 1):
            share = values[r] / (right[..., r] + left[..., j - r])
            following.append(raised + right[..., r] * share)
            raised = left[..., j - r] * share
        values = [*following, raised]
    return torch.stack(values, dim=-1)


def _scattered(local: Tensor, first: Tensor, functions: int) -> Float[Tensor, "rows inputs functions"]:
    """Return the k+1 local values at their places among all M functions."""
    index = first.unsqueeze(-1) + torch.arange(local.shape[-1], device=local.device)
    dense = torch.zeros(*local.shape[:-1], functions, dtype=local.dtype, device=local.device)
    return dense.scatter(-1, index, local)
