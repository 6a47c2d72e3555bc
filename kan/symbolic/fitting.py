"""Least-squares fits of the library's functions to points of one edge, see `kan.symbolic.search`.

The model is y ≈ c · f(a·x + b) + d, R² = 1 − Σ w (y − ŷ)² / Σ w (y − ȳ)² with weights w.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from kan.errors import InvalidSetting, ShapeMismatch
from kan.symbolic.library import FUNCTIONS, SymbolicForm, SymbolicFunction, function_of
from kan.symbolic.search import CONSTANT, Points, enough_points, searched

TOGETHER = 8  # curves that are fitted at once
NEGLIGIBLE = 1e-6  # unexplained share below which a better fit does not count: splines are not exact either
LARGEST_EXPONENT = 50.0  # exp(a·x + b) keeps b = 0 as long as |a·x| stays below


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


@dataclass(frozen=True, eq=False)
class Curve:
    """The points of one edge in their own units, weights, and the domain on which a form must be defined.

    Without `weights` all points count the same, without a `domain` it is the range of `x`. `held_out` are points,
    values and weights at which forms are judged; without them they are judged where they are fitted.
    """

    x: Float[Tensor, " points"]
    y: Float[Tensor, " values"]
    weights: Float[Tensor, " weights"] | None = None
    domain: tuple[float, float] | None = None
    held_out: tuple[Tensor, Tensor, Tensor] | None = None


@dataclass(frozen=True)
class _Sample:
    """The points of one edge, weights of sum 1, and the domain."""

    x: Float[Tensor, " points"]
    y: Float[Tensor, " points"]
    weights: Float[Tensor, " points"]
    domain: tuple[float, float]


def fit_candidates(curves: Sequence[Curve], names: Sequence[str] | None = None) -> list[list[Candidate]]:
    """Return for every curve one fitted form per function of the library (or of `names`), best `score` first.

    Every form is defined on the whole domain of its curve, poles and borders kept at a distance. A function with more
    parameters than the points can tell apart is left out; a constant curve has no candidates. Several curves together
    take hardly longer than one. Raises `ShapeMismatch`, `InvalidSetting` (points, weights or domain that are not
    usable), `UnknownFunction`, `InvalidFormula`.
    """
    functions = _named(names)
    samples = [_sampled(curve) for curve in curves]
    found: list[list[Candidate]] = []
    for start in range(0, len(curves), TOGETHER):
        part = samples[start : start + TOGETHER]
        for curve, sample, forms in zip(curves[start:], part, _fitted(part, functions), strict=False):
            judged = sample if curve.held_out is None else _Sample(*curve.held_out, sample.domain)
            candidates = [_judged(form, judged) for form in forms]
            found.append(sorted(candidates, key=lambda candidate: (candidate.score, candidate.form.function)))
    return found


def _sampled(curve: Curve) -> _Sample:
    x, y, weights = curve.x, curve.y, _checked(curve.x, curve.y, curve.weights)
    lower, upper = curve.domain if curve.domain is not None else (float(x.min()), float(x.max()))
    if not (math.isfinite(lower) and math.isfinite(upper) and lower <= float(x.min()) and float(x.max()) <= upper):
        raise InvalidSetting("domain", (lower, upper), "finite borders around every point")
    return _Sample(x, y, weights, (lower, upper))


def _fitted(samples: Sequence[_Sample], functions: Sequence[SymbolicFunction]) -> list[list[SymbolicForm]]:
    """Return the forms of every sample that are usable."""
    points = [_scaled(sample) for sample in samples]
    distinct = [len(torch.unique(sample.x[sample.weights > 0])) for sample in samples]
    tasks = [
        (function, at)
        for function in functions
        for at, own in enumerate(points)
        if own is not None and enough_points(function, distinct[at])
    ]
    forms: list[list[SymbolicForm]] = [[] for _ in samples]
    for function, at, scale, shift in searched(tasks, points) if tasks else []:
        lower, upper = samples[at].domain
        middle, half = (lower + upper) / 2, (upper - lower) / 2
        form = _in_units(function, scale / half, shift - scale * middle / half, samples[at])
        forms[at] += [] if form is None else [form]
    return forms


def _scaled(sample: _Sample) -> Points | None:
    """Return the points in the scale of the search, None where the values are constant."""
    lower, upper = sample.domain
    deviation = sample.y - (sample.weights * sample.y).sum()
    spread = math.sqrt(float((sample.weights * deviation**2).sum()))
    if spread <= CONSTANT * float(sample.y.abs().max()):
        return None
    return Points((sample.x - (lower + upper) / 2) / ((upper - lower) / 2), deviation / spread, sample.weights)


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
