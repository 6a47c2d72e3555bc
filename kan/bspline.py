"""B-spline bases on clamped or extended knots, evaluated locally.

Source: C. de Boor, "On calculating with B-splines", J. Approx. Theory 6 (1972); M. G. Cox (1972); the triangular
scheme is algorithm A2.2 of L. Piegl and W. Tiller, "The NURBS Book" (1997); L. Ramshaw, "Blossoming" (1987).

Symbols: u point, t knots, k degree, M = len(t) - k - 1 basis functions, s the span with t[s] <= u < t[s+1].
Only the k+1 functions B[s-k] … B[s] are not zero at u, so the cost does not grow with the number of knots.
Every input has its own knots. The domain is [t[k], t[M]]; a point outside is evaluated with the polynomial piece at
the nearer border.

Inside, points are (inputs, rows), and knots and functions around them lie in front: each step of the scheme is then a
few operations on whole blocks of memory. All of them are elementwise, so that no point depends on those beside it.
"""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

COUNTED_KNOTS = 32  # more inner knots are searched in two levels


@dataclass(frozen=True, eq=False)
class LocalBasis:
    """The k+1 functions that are not zero at a point.

    `first` is s - k, `values` are those of B[first] … B[first+k], and their derivatives are
    B'[first+m] = differences[m-1] - differences[m], without the terms that do not exist.
    """

    first: Int[Tensor, "inputs rows"]
    values: Float[Tensor, "degree_plus_1 inputs rows"]
    differences: Float[Tensor, "degree inputs rows"]

    def slopes(self) -> Float[Tensor, "degree_plus_1 inputs rows"]:
        """Return the derivatives of B[first] … B[first+k]."""
        slopes = torch.zeros_like(self.values)
        slopes[1:].copy_(self.differences)
        slopes[:-1].sub_(self.differences)
        return slopes


def local_basis(
    points: Float[Tensor, "inputs rows"],
    knots: Float[Tensor, "inputs knots"],
    degree: int,
    beyond: Float[Tensor, "inputs rows"] | None = None,
) -> LocalBasis:
    """Return values and derivatives at every point, without gradients; the values of one point sum to 1.

    With `beyond` the values are continued linearly by so much: B(u) + beyond · B'(u). Because B(u) is affine in each of
    the k factors that take u (it is the diagonal of its blossom), this moves the last of them by k · beyond.
    """
    spans = _spans(points, knots[:, degree + 1 : -degree - 1])
    windows = knots[:, 1:-1].unfold(1, 2 * degree, 1).permute(2, 0, 1)  # t[s-k+1] … t[s+k] for every s
    distances = windows.gather(2, spans.expand(2 * degree, -1, -1)).sub_(points)
    values, shares = points.new_zeros(degree + 1, *points.shape), points.new_empty(degree, *points.shape)
    values[0] = 1.0
    for order in range(1, degree + 1):
        left, right, share = distances[degree - order : degree], distances[degree : degree + order], shares[:order]
        torch.div(values[:order], torch.sub(right, left, out=share), out=share)  # B[m,order-1] / (t[m+order] - t[m])
        if order == degree and beyond is not None:
            distances.sub_(beyond, alpha=degree)
        torch.mul(right, share, out=values[:order])
        values[1 : order + 1].addcmul_(left, share, value=-1)
    return LocalBasis(spans, values, shares.mul_(degree))


def basis(
    points: Float[Tensor, "rows inputs"], knots: Float[Tensor, "inputs knots"], degree: int
) -> Float[Tensor, "rows inputs functions"]:
    """Return the value of every B-spline at every point; the values of one point sum to 1."""
    local = local_basis(points.T.contiguous(), knots, degree)
    functions = knots.shape[1] - degree - 1
    return spread(local.values, places(local.first, functions, offset=0), points.new_zeros(*points.shape, functions))


def greville(knots: Float[Tensor, "inputs knots"], degree: int) -> Float[Tensor, "inputs functions"]:
    """Return the Greville abscissae (t[m+1] + … + t[m+k]) / k: with them as coefficients the spline is u itself."""
    return knots[:, 1:-1].unfold(1, degree, 1).mean(dim=-1)


def places(first: Int[Tensor, "inputs rows"], width: int, offset: int) -> Int[Tensor, " points"]:
    """Return where B[first] lies in the memory of a (rows, inputs, width) array that has B[0] at `offset`."""
    inputs, rows = first.shape
    starts = torch.arange(offset, rows * inputs * width + offset, width, device=first.device)
    return torch.add(first, starts.view(rows, inputs).T).view(-1)


def spread(
    local: Float[Tensor, "local inputs rows"],
    place: Int[Tensor, " points"],
    dense: Float[Tensor, "rows inputs width"],
) -> Float[Tensor, "rows inputs width"]:
    """Write the local values of every point into a dense array, from its place on."""
    # Function after function with one small index: the index of all at once would be as large as the dense array.
    memory = dense.view(-1)
    for m, values in enumerate(local.flatten(1)):
        memory[m:].scatter_(0, place, values)
    return dense


def _spans(points: Tensor, inner: Float[Tensor, "inputs inner"]) -> Int[Tensor, "inputs rows"]:
    """Return s - k for every point, from 0 to M-k-1, so that border points belong to the last non-empty interval.

    Comparing with every knot is faster than a search, whose branches no processor foresees.
    """
    inputs, count = inner.shape
    if count <= COUNTED_KNOTS:
        return _count(points, inner.T.unsqueeze(2)).long()
    size = math.isqrt(count) + 1
    padding = inner.new_full((inputs, size - count % size), math.inf)
    blocks = torch.cat([inner, padding], dim=1).view(inputs, -1, size)
    block = _count(points, blocks[:, :-1, -1].T.unsqueeze(2))
    own = blocks[..., :-1].permute(2, 0, 1).gather(2, block.long().expand(size - 1, -1, -1))
    return _count(points, own).add_(block, alpha=size).long()


def _count(points: Tensor, knots: Float[Tensor, "knots inputs *rows"]) -> Float[Tensor, "inputs rows"]:
    """Return how many knots are not larger than the point."""
    # An answer as numbers is several times faster than one as truth values.
    return torch.ge(points, knots, out=points.new_empty(len(knots), *points.shape)).sum(dim=0)
