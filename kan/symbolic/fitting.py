"""Least-squares fits of the library's functions to points of one edge.

The model is y ≈ c · f(a·x + b) + d. For given a and b the best c and d are a linear regression, so only a and
b are searched (variable projection: G. H. Golub and V. Pereyra, SIAM J. Numer. Anal. 10, 1973; the Jacobian
without its second term is L. Kaufman's, BIT 15, 1975): every function is tried on a grid of starts, the best
starts of all functions are improved together by Levenberg–Marquardt steps. Nothing is random.

Symbols: t = (x − m) / h the input mapped to [−1, 1] by the edge's domain, z the standardised y, w weights of
sum 1, f the function's values, centred, r the residual of z, R² = 1 − Σ w (y − ŷ)² / Σ w (y − ȳ)².
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from kan.errors import InvalidSetting, ShapeMismatch
from kan.symbolic.library import FUNCTIONS, SymbolicForm, SymbolicFunction, function_of

STARTS = 4  # starts of one function that are improved
GRID_ROWS = 128  # starts tried at once: small tensors, which PyTorch does not hand to threads that then wait
STEPS = 30  # Levenberg–Marquardt steps at most
NEGLIGIBLE = 1e-6  # unexplained share below which a better fit does not count: splines are not exact either
MARGIN = 1e-3  # distance from a pole or a border of definition, in half widths of the edge's domain
LARGEST_EXPONENT = 50.0  # exp(a·x + b) keeps b = 0 as long as |a·x| stays below
CONSTANT = 1e-12  # values with less relative spread than this are constant
TINY = 1e-30  # keeps the normal equations of a parameter that is not searched solvable
STUCK = 1e8  # damping at which a start has converged
SETTLED = 1e-7  # share of the error below which a step changes nothing that counts
EXACT = 1e-12  # error that is none


@dataclass(frozen=True)
class Candidate:
    """One fitted form with R² and the largest absolute deviation over the points, and its complexity."""

    form: SymbolicForm
    r2: float
    max_abs_deviation: float
    complexity: int

    @property
    def score(self) -> float:
        """The smaller the better: one more unit of complexity must halve the unexplained variance."""
        return math.log2(1 - self.r2 + NEGLIGIBLE) + self.complexity


def pareto(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return the candidates that no other one beats in both complexity and R², simplest first."""
    front: list[Candidate] = []
    for one in sorted(candidates, key=lambda candidate: (candidate.complexity, -candidate.r2)):
        if not front or one.r2 > front[-1].r2:
            front.append(one)
    return front


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


@dataclass(frozen=True)
class _Sample:
    """The points of one edge in their own units, weights of sum 1, and the domain on which a form must be
    defined.
    """

    x: Float[Tensor, " points"]
    y: Float[Tensor, " points"]
    weights: Float[Tensor, " points"]
    domain: tuple[float, float]


@dataclass(frozen=True)
class _Points:
    """The points of one edge in the scale of the search."""

    t: Float[Tensor, " points"]
    z: Float[Tensor, " points"]
    weights: Float[Tensor, " points"]


def fit_candidates(
    x: Float[Tensor, " points"],
    y: Float[Tensor, " values"],
    weights: Float[Tensor, " weights"] | None = None,
    *,
    domain: tuple[float, float] | None = None,
    names: Sequence[str] | None = None,
    held_out: tuple[Tensor, Tensor, Tensor] | None = None,
) -> list[Candidate]:
    """Return one fitted form per function of the library (or of `names`), best `score` first.

    R² and deviation are those at the `held_out` points, values and weights, or at the points of the fit without them.

    Every form is defined on the whole `domain` (default: the range of `x`), poles and borders kept at a
    distance. A function with more parameters than the points can tell apart is left out; a constant `y` has
    no candidates. Raises `ShapeMismatch`, `InvalidSetting` (points, weights or domain that are not usable),
    `UnknownFunction`, `InvalidFormula`.
    """
    functions = _named(names)
    weights = _checked(x, y, weights)
    lower, upper = domain if domain is not None else (float(x.min()), float(x.max()))
    if not (math.isfinite(lower) and math.isfinite(upper) and lower <= float(x.min()) and float(x.max()) <= upper):
        raise InvalidSetting("domain", (lower, upper), "finite borders around every point")
    sample = _Sample(x, y, weights, (lower, upper))
    deviation = y - (weights * y).sum()
    spread = math.sqrt(float((weights * deviation**2).sum()))
    distinct = len(torch.unique(x[weights > 0]))
    functions = [function for function in functions if _enough_points(function, distinct)]
    if not functions or spread <= CONSTANT * float(y.abs().max()):
        return []
    middle, half = (lower + upper) / 2, (upper - lower) / 2
    search, a, b = _started(functions, _Points((x - middle) / half, deviation / spread, weights))
    forms = [_in_units(f, a / half, b - a * middle / half, sample) for f, a, b in _improved(search, a, b)]
    judged = sample if held_out is None else _Sample(*held_out, sample.domain)
    found = [_judged(form, judged) for form in forms if form is not None]
    return sorted(found, key=lambda candidate: (candidate.score, candidate.form.function))


def scaled_form(
    formula: str,
    x: Float[Tensor, " points"],
    y: Float[Tensor, " points"],
    weights: Float[Tensor, " points"],
    domain: tuple[float, float],
) -> SymbolicForm | None:
    """Return a formula of x as it is, times the factor and plus the constant that bring it nearest to the points.

    None where it is constant, or not defined on the whole domain. Raises `UnknownFunction`, `InvalidFormula`.
    """
    return _in_units(function_of(formula), 1.0, 0.0, _Sample(x, y, weights / weights.sum(), domain))


def _named(names: Sequence[str] | None) -> list[SymbolicFunction]:
    if names is None:
        return [function for function in FUNCTIONS.values() if function.automatic]
    if len(names) == 0:
        raise InvalidSetting("names", [], "at least one function")
    return [function_of(name) for name in dict.fromkeys(names)]


def _checked(x: Tensor, y: Tensor, weights: Tensor | None) -> Tensor:
    """Return the weights with sum 1, after a look at all three arguments."""
    weights = torch.ones_like(x) if weights is None else weights
    for what, points in (("y", y), ("weights", weights)):
        if points.shape != x.shape:
            raise ShapeMismatch(what, f"({len(x)},) as x", points.shape)
    if len(x) == 0:
        raise InvalidSetting("x", [], "at least one point")
    for what, points in (("x", x), ("y", y), ("weights", weights)):
        if not bool(torch.isfinite(points).all()):
            raise InvalidSetting(what, float(points[~torch.isfinite(points)][0]), "finite numbers")
    if bool((weights < 0).any()) or float(weights.sum()) <= 0:
        raise InvalidSetting("weights", float(weights.min()), "numbers of at least 0, one of them above 0")
    return weights / weights.sum()


def _enough_points(function: SymbolicFunction, distinct: int) -> bool:
    """Return whether points remain to contradict a fit; a line through two points is accepted."""
    if function.freedom == "none":
        return distinct >= 2
    return distinct > 2 + sum(_space(function).free)


@dataclass(frozen=True)
class _Search:
    """All starts of all functions, `STARTS` rows per function: u = a·sign·t + b, and the box of a and b."""

    functions: list[SymbolicFunction]
    points: _Points
    sign: Float[Tensor, " starts"]
    box_a: Float[Tensor, "2 starts"]
    box_b: Float[Tensor, "2 starts"]

    def part(self, at: list[int], rows: Int[Tensor, " rows"]) -> "_Search":
        """Return the search of some of the functions, those `at` these places, with their rows."""
        functions = [self.functions[place] for place in at]
        return _Search(functions, self.points, self.sign[rows], self.box_a[:, rows], self.box_b[:, rows])

    def argument(self, a: Tensor, b: Tensor) -> Float[Tensor, "starts points"]:
        """Return u."""
        return (a * self.sign)[:, None] * self.points.t + b[:, None]

    def values(self, u: Float[Tensor, "starts points"]) -> Float[Tensor, "starts points"]:
        """Return f(u), every function on its own rows."""
        return torch.cat([f.evaluate(rows) for f, rows in zip(self.functions, torch.split(u, STARTS), strict=True)])

    def slopes(self, u: Float[Tensor, "starts points"]) -> Float[Tensor, "starts points"]:
        """Return f′(u), every function on its own rows."""
        return torch.cat([f.derivative(rows) for f, rows in zip(self.functions, torch.split(u, STARTS), strict=True)])


def _grid(function: SymbolicFunction) -> tuple[Tensor, Tensor, Tensor]:
    """Return sign, a and b of every start of one function."""
    space = _space(function)
    signs = _ONE if function.mirrored and function.domain not in ("positive", "nonzero") else torch.cat([_ONE, -_ONE])
    crossed = torch.meshgrid(signs, space.scales, space.offsets, indexing="ij")
    sign, a, offset = (part.reshape(-1) for part in crossed)
    return sign, a, a * offset if space.moved else offset


def _started(functions: list[SymbolicFunction], points: _Points) -> tuple[_Search, Tensor, Tensor]:
    """Return the search with a and b at the best grid points, the best one repeated where the grid is small."""
    kept = []
    for function in functions:
        sign, a, b = _grid(function)
        rows = torch.split(torch.stack([a * sign, b], dim=1), GRID_ROWS)
        values = (function.evaluate(part[:, :1] * points.t + part[:, 1:]) for part in rows)
        error = torch.cat([_regressed(value, points).error for value in values])
        order = torch.argsort(error, stable=True)[:STARTS]
        order = torch.cat([order, order[:1].expand(STARTS - len(order))])
        kept.append(torch.stack([sign[order], a[order], b[order]]))
    sign, a, b = torch.cat(kept, dim=1)
    spaces = [_space(function) for function in functions for _ in range(STARTS)]
    box_a = torch.tensor([space.box_a for space in spaces], dtype=torch.float64).T
    box_b = torch.tensor([space.box_b for space in spaces], dtype=torch.float64).T
    return _Search(functions, points, sign, box_a, box_b), a, b


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


def _regressed(f: Float[Tensor, "starts points"], points: _Points) -> _Regression:
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


def _improved(search: _Search, a: Tensor, b: Tensor) -> list[tuple[SymbolicFunction, float, float]]:
    """Return the best (a, b) of every function, in the scale of t, after Levenberg–Marquardt steps.

    A function whose starts have all converged takes no more of them.
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
        if len(at) < len(search.functions):
            left = going.repeat_interleave(STARTS).nonzero()[:, 0]
            search, rows, fit = search.part(at, left), rows[left], fit.part(left)
            a, b, u, damping = a[left], b[left], u[left], damping[left]
    best = errors.reshape(-1, STARTS).argmin(1) + STARTS * torch.arange(len(everything.functions))
    a, b = (found_a * everything.sign)[best], found_b[best]
    return list(zip(everything.functions, a.tolist(), b.tolist(), strict=True))


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


def _in_units(function: SymbolicFunction, a: float, b: float, sample: _Sample) -> SymbolicForm | None:
    """Return the form in the unit of x, in the shortest notation, with c and d by regression; None where
    unusable.
    """
    lower, upper = sample.domain
    if function.freedom == "none":
        a, b = 1.0, 0.0
    elif function.freedom in ("shift", "kink", "jump"):
        a, b = math.copysign(1.0, a), b / abs(a)
    elif function.freedom == "scale" and abs(a) * max(abs(lower), abs(upper)) <= LARGEST_EXPONENT:
        b = 0.0
    elif function.freedom == "phase":
        b = math.remainder(b, 2 * math.pi)
    f = function.evaluate(a * sample.x + b)
    mean = (sample.weights * f).sum()
    centred = f - mean
    square = float((sample.weights * centred**2).sum())
    if not 0 < square < math.inf or math.sqrt(square) <= CONSTANT * float(f.abs().max()):
        return None
    c = float((sample.weights * centred * sample.y).sum()) / square
    d = float((sample.weights * sample.y).sum() - c * mean)
    if not (math.isfinite(c) and math.isfinite(d)):
        return None
    form = SymbolicForm(function.name, a, b, c, d)
    return form if form.defined_between(lower, upper) else None


def _judged(form: SymbolicForm, sample: _Sample) -> Candidate:
    """Return the candidate with R² and deviation of the form as it would be served."""
    error = sample.y - form.evaluate(sample.x)
    spread = sample.y - (sample.weights * sample.y).sum() / sample.weights.sum()
    variance = float((sample.weights * spread**2).sum())
    r2 = 1 - float((sample.weights * error**2).sum()) / variance if variance > 0 else 0.0
    return Candidate(form, r2, float(error.abs().max()), form.complexity)
