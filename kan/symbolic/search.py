"""The search for a and b of y ≈ c · f(a·x + b) + d, for many functions and several edges at once.

For given a and b the best c and d are a linear regression, so only a and b are searched (variable projection:
G. H. Golub and V. Pereyra, SIAM J. Numer. Anal. 10, 1973; the Jacobian without its second term is L. Kaufman's, BIT 15,
1975): every function is tried on a grid of starts, the best starts of all functions and edges are improved together by
Levenberg–Marquardt steps. Nothing is random.

Symbols: t = (x − m) / h the input mapped to [−1, 1] by the edge's domain, z the standardised y, w weights of sum 1, f
the function's values, centred, r the residual of z.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from kan.symbolic.library import SymbolicFunction

STARTS = 4  # starts of one function that are improved
GRID_ROWS = 128  # starts tried at once: small tensors, which PyTorch does not hand to threads that then wait
STEPS = 30  # Levenberg–Marquardt steps at most
MARGIN = 1e-3  # distance from a pole or a border of definition, in half widths of the edge's domain
CONSTANT = 1e-12  # values with less relative spread than this are constant
ROUNDED = 1e-12  # share of a sum of squares below which a difference of such sums is rounding
TINY = 1e-30  # keeps the normal equations of a parameter that is not searched solvable
STUCK = 1e8  # damping at which a start has converged
SETTLED = 1e-7  # share of the error below which a step changes nothing that counts
EXACT = 1e-12  # error that is none


def _evenly(lower: float, upper: float, count: int) -> Float[Tensor, " count"]:
    return torch.linspace(lower, upper, count, dtype=torch.float64)


def _logarithmic(lower: float, upper: float, count: int) -> Float[Tensor, " count"]:
    return torch.logspace(math.log10(lower), math.log10(upper), count, dtype=torch.float64)


@dataclass(frozen=True)
class _Space:
    """Where a and b are searched, for u = a·(±t) + b with a > 0: starts, and the box that steps may not
    leave.

    The starts of b are `offsets`, or a times them if `moved` (so that the function's centre is at t =
    ∓offset).
    """

    scales: Float[Tensor, " scales"]
    offsets: Float[Tensor, " offsets"]
    box_a: tuple[float, float]
    box_b: tuple[float, float]
    moved: bool = False

    @property
    def free(self) -> tuple[bool, bool]:
        """Whether a and b are searched."""
        return self.box_a[0] < self.box_a[1], self.box_b[0] < self.box_b[1]


_ONE = _evenly(1.0, 1.0, 1)
_SPACES = {
    "none": _Space(_ONE, 0 * _ONE, (1.0, 1.0), (0.0, 0.0)),
    "shift": _Space(_ONE, _evenly(-3.0, 3.0, 25), (1.0, 1.0), (-20.0, 20.0)),
    "gap": _Space(_ONE, 1 + _logarithmic(MARGIN, 100.0, 31), (1.0, 1.0), (1 + MARGIN, 101.0)),
    "kink": _Space(_ONE, _evenly(-0.98, 0.98, 50), (1.0, 1.0), (-0.99, 0.99)),
    "jump": _Space(_ONE, _evenly(-0.995, 0.995, 399), (1.0, 1.0), (-0.995, 0.995)),
    "scale": _Space(_logarithmic(0.1, 40.0, 40), 0 * _ONE, (0.05, 50.0), (0.0, 0.0)),
    "phase": _Space(_evenly(0.5, 30.0, 60), _evenly(0.0, 7 / 8 * math.pi, 8), (0.3, 40.0), (-math.inf, math.inf)),
    "unit": _Space(_evenly(0.1, 0.98, 23), _evenly(-0.9, 0.9, 19), (0.02, 1 - MARGIN), (MARGIN - 1, 1 - MARGIN)),
    "turn": _Space(_evenly(0.1, 1.52, 24), _evenly(-1.4, 1.4, 15), (0.02, 1.57), (-1.57, 1.57)),
    "both": _Space(_logarithmic(0.2, 40.0, 16), _evenly(-1.5, 1.5, 25), (0.1, 60.0), (-100.0, 100.0), moved=True),
}


def _space(function: SymbolicFunction) -> _Space:
    by_domain = {"positive": "gap", "nonzero": "gap", "unit": "unit", "turn": "turn"}
    return _SPACES[by_domain.get(function.domain, function.freedom)]


Task = tuple[SymbolicFunction, int]  # a function to fit, and to which of several curves


@dataclass(frozen=True)
class Points:
    """Points in the scale of the search, of one edge or row by row of several; some at the end may have no weight."""

    t: Float[Tensor, "*rows points"]
    z: Float[Tensor, "*rows points"]
    weights: Float[Tensor, "*rows points"]

    def part(self, rows: Int[Tensor, " rows"]) -> "Points":
        """Return some rows, also repeatedly."""
        return Points(self.t[rows], self.z[rows], self.weights[rows])


def enough_points(function: SymbolicFunction, distinct: int) -> bool:
    """Return whether points remain to contradict a fit; a line through two points is accepted."""
    if function.freedom == "none":
        return distinct >= 2
    return distinct > 2 + sum(_space(function).free)


def searched(
    tasks: Sequence[Task], points: Sequence[Points | None]
) -> list[tuple[SymbolicFunction, int, float, float]]:
    """Return every task with the a and b that leave least of its curve unexplained, in the scale of t.

    Tasks of the same function stand side by side; None are curves without tasks.
    """
    return _improved(*_started(tasks, points))


@dataclass(frozen=True)
class _Search:
    """All starts of all tasks, `STARTS` rows each: u = a·sign·t + b, and the box of a and b.

    Tasks of the same function stand side by side.
    """

    tasks: list[Task]
    points: Points
    sign: Float[Tensor, " starts"]
    box_a: Float[Tensor, "2 starts"]
    box_b: Float[Tensor, "2 starts"]

    def part(self, at: list[int], rows: Int[Tensor, " rows"]) -> "_Search":
        """Return the search of some of the tasks, those `at` these places, with their rows."""
        tasks = [self.tasks[place] for place in at]
        return _Search(tasks, self.points.part(rows), self.sign[rows], self.box_a[:, rows], self.box_b[:, rows])

    def argument(self, a: Tensor, b: Tensor) -> Float[Tensor, "starts points"]:
        """Return u."""
        return (a * self.sign)[:, None] * self.points.t + b[:, None]

    def values(self, u: Float[Tensor, "starts points"]) -> Float[Tensor, "starts points"]:
        """Return f(u), every function on its own rows."""
        return torch.cat([function.evaluate(rows) for function, rows in self._by_function(u)])

    def slopes(self, u: Float[Tensor, "starts points"]) -> Float[Tensor, "starts points"]:
        """Return f′(u), every function on its own rows."""
        return torch.cat([function.derivative(rows) for function, rows in self._by_function(u)])

    def _by_function(self, u: Float[Tensor, "starts points"]) -> list[tuple[SymbolicFunction, Tensor]]:
        groups = [list(tasks) for _, tasks in itertools.groupby(self.tasks, key=lambda task: task[0].name)]
        parts = torch.split(u, [STARTS * len(tasks) for tasks in groups])
        return [(tasks[0][0], rows) for tasks, rows in zip(groups, parts, strict=True)]


def _grid(function: SymbolicFunction) -> tuple[Tensor, Tensor, Tensor]:
    """Return sign, a and b of every start of one function."""
    space = _space(function)
    signs = _ONE if function.mirrored and function.domain not in ("positive", "nonzero") else torch.cat([_ONE, -_ONE])
    crossed = torch.meshgrid(signs, space.scales, space.offsets, indexing="ij")
    sign, a, offset = (part.reshape(-1) for part in crossed)
    return sign, a, a * offset if space.moved else offset


def _started(tasks: Sequence[Task], points: Sequence[Points | None]) -> tuple[_Search, Tensor, Tensor]:
    """Return the search with a and b at the best grid points, the best one repeated where the grid is small.

    Every curve gets as many points as the longest, by repeating its last one without weight.
    """
    kept, rows = [], []
    for function, at in tasks:
        own = points[at]
        assert own is not None  # a constant curve has no tasks  # noqa: S101
        sign, a, b = _grid(function)
        parts = torch.split(torch.stack([a * sign, b], dim=1), GRID_ROWS)
        values = (function.evaluate(part[:, :1] * own.t + part[:, 1:]) for part in parts)
        error = torch.cat([_unexplained(value, own) for value in values])
        order = torch.argsort(error, stable=True)[:STARTS]
        order = torch.cat([order, order[:1].expand(STARTS - len(order))])
        kept.append(torch.stack([sign[order], a[order], b[order]]))
        rows += [at] * STARTS
    sign, a, b = torch.cat(kept, dim=1)
    spaces = [_space(function) for function, _ in tasks for _ in range(STARTS)]
    box_a = torch.tensor([space.box_a for space in spaces], dtype=torch.float64).T
    box_b = torch.tensor([space.box_b for space in spaces], dtype=torch.float64).T
    padded = _padded(points).part(torch.tensor(rows))
    return _Search(list(tasks), padded, sign, box_a, box_b), a, b


def _padded(points: Sequence[Points | None]) -> Points:
    """Return the points of all curves as rows of the same length."""
    most = max(len(own.t) for own in points if own is not None)
    t, z, weights = torch.zeros(3, len(points), most, dtype=torch.float64)
    for at, own in enumerate(points):
        if own is not None:
            count = len(own.t)
            t[at, :count], z[at, :count], weights[at, :count] = own.t, own.z, own.weights
            t[at, count:] = own.t[-1]
    return Points(t, z, weights)


@dataclass(frozen=True)
class _Regression:
    """z on 1 and f: residual, weighted square of it, slope c, and f centred and scaled to length 1."""

    residual: Float[Tensor, "starts points"]
    error: Float[Tensor, " starts"]
    c: Float[Tensor, "starts 1"]
    direction: Float[Tensor, "starts points"]

    def where(self, better: Bool[Tensor, " starts"], other: "_Regression") -> "_Regression":
        """Return this regression for the rows that are better and the other one for the rest."""
        column = better[:, None]
        return _Regression(
            torch.where(column, self.residual, other.residual),
            torch.where(better, self.error, other.error),
            torch.where(column, self.c, other.c),
            torch.where(column, self.direction, other.direction),
        )

    def part(self, rows: Int[Tensor, " rows"]) -> "_Regression":
        """Return some rows."""
        return _Regression(self.residual[rows], self.error[rows], self.c[rows], self.direction[rows])


def _regressed(f: Float[Tensor, "starts points"], points: Points) -> _Regression:
    """Return the best c and d for every row of f; a row that is constant or not finite explains nothing."""
    f = torch.where(torch.isfinite(f).all(1, keepdim=True), f, 0.0)
    centred = f - (f * points.weights).sum(1, keepdim=True)
    length = (points.weights * centred**2).sum(1, keepdim=True).sqrt()
    varies = length > CONSTANT * f.abs().amax(1, keepdim=True)
    direction = torch.where(varies, centred / length, 0.0)
    share = (points.weights * direction * points.z).sum(1, keepdim=True)
    residual = points.z - share * direction
    error = (points.weights * residual**2).sum(1)
    return _Regression(residual, error, torch.where(varies, share / length, 0.0), direction)


def _unexplained(f: Float[Tensor, "starts points"], points: Points) -> Float[Tensor, " starts"]:
    """Return the error of `_regressed` by a few sums, near enough to choose by it."""
    shifted = f - f[:, :1]
    sums = shifted @ torch.stack([points.weights, points.weights * points.z], dim=1)
    square = shifted.square() @ points.weights
    variance = square - sums[:, 0].square()
    share = torch.where(variance > ROUNDED * square, sums[:, 1].square() / variance, 0.0)
    return 1 - share.nan_to_num(nan=0.0).clamp(max=1.0)


def _improved(search: _Search, a: Tensor, b: Tensor) -> list[tuple[SymbolicFunction, int, float, float]]:
    """Return the best (a, b) of every task, in the scale of t, after Levenberg–Marquardt steps.

    A task whose starts have all converged takes no more of them.
    """
    everything, rows = search, torch.arange(len(a))
    found_a, found_b = a.clone(), b.clone()
    u = search.argument(a, b)
    fit = _regressed(search.values(u), search.points)
    errors, damping = fit.error.clone(), torch.full_like(a, 1e-2)
    for _ in range(STEPS):
        step_a, step_b = _step(search, u, fit, damping)
        next_a = (a + step_a).clamp(search.box_a[0], search.box_a[1])
        next_b = (b + step_b).clamp(search.box_b[0], search.box_b[1])
        next_u = search.argument(next_a, next_b)
        trial = _regressed(search.values(next_u), search.points)
        better = trial.error < fit.error
        has_converged = (trial.error - fit.error).abs() <= SETTLED * (fit.error + EXACT)
        a, b = torch.where(better, next_a, a), torch.where(better, next_b, b)
        u, fit = torch.where(better[:, None], next_u, u), trial.where(better, fit)
        damping = torch.where(better, damping / 5, damping * 4)
        found_a[rows], found_b[rows], errors[rows] = a, b, fit.error
        going = ~(has_converged | (damping > STUCK)).reshape(-1, STARTS).all(1)
        at = going.nonzero()[:, 0].tolist()
        if not at:
            break
        if len(at) < len(search.tasks):
            left = going.repeat_interleave(STARTS).nonzero()[:, 0]
            search, rows, fit = search.part(at, left), rows[left], fit.part(left)
            a, b, u, damping = a[left], b[left], u[left], damping[left]
    best = errors.reshape(-1, STARTS).argmin(1) + STARTS * torch.arange(len(everything.tasks))
    scales, shifts = (found_a * everything.sign)[best].tolist(), found_b[best].tolist()
    return [(*task, a, b) for task, a, b in zip(everything.tasks, scales, shifts, strict=True)]


def _step(search: _Search, u: Tensor, fit: _Regression, damping: Tensor) -> tuple[Tensor, Tensor]:
    """Return the damped Gauss–Newton step; the residual's Jacobian is −c·P(f′·∂u), where P removes 1 and f."""
    weights = search.points.weights
    slopes = -fit.c * search.slopes(u)
    columns = torch.stack([slopes * search.sign[:, None] * search.points.t, slopes])
    columns = columns - (weights * columns).sum(2, keepdim=True)
    columns = columns - (weights * columns * fit.direction).sum(2, keepdim=True) * fit.direction
    free = torch.stack([search.box_a[0] < search.box_a[1], search.box_b[0] < search.box_b[1]])
    columns = torch.where(free[:, :, None] & torch.isfinite(columns), columns, 0.0)
    gradient_a, gradient_b = (weights * columns * fit.residual).sum(2)
    square_a, square_b = (weights * columns**2).sum(2) * (1 + damping) + TINY
    mixed = (weights * columns[0] * columns[1]).sum(1)
    determinant = square_a * square_b - mixed**2
    step_a = (mixed * gradient_b - square_b * gradient_a) / determinant
    step_b = (mixed * gradient_a - square_a * gradient_b) / determinant
    return torch.nan_to_num(step_a, 0.0, 0.0, 0.0), torch.nan_to_num(step_b, 0.0, 0.0, 0.0)
