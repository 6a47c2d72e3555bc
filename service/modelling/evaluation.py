"""How good a model is on rows that it has not seen, and how sure that is.

Brier score: G. W. Brier, "Verification of forecasts expressed in terms of probability" (1950), over all classes for
more than two, and over the positive class for two. AUC for more than two classes is the mean over one class against
the rest. Intervals are 95 % percentiles of bootstrap resamples of the rows (B. Efron, 1979), drawn by a fixed seed, so
that the same rows give the same interval. Shares in calibration bins have the interval of E. B. Wilson (1927).
"""

import math
from collections.abc import Callable, Iterator, Mapping
from statistics import NormalDist
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from service.domain.training_configuration import CalibrationBin, Metric

Numbers = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
#: From how often each row is drawn (resamples × rows) to the measure of each resample.
Measure = Callable[[Numbers], Numbers]

RESAMPLES = 500
SEED = 20_260_101
CHUNK = 4_000_000  # numbers at a time
COVERAGE = 0.95
BINS = 10
SMALLEST_PROBABILITY = float(np.finfo(np.float64).eps)
BETTER: Mapping[str, Literal["higher", "lower"]] = {"auc": "higher", "accuracy": "higher", "r2": "higher"}


def classification_metrics(outcomes: Codes, probabilities: Numbers) -> tuple[Metric, ...]:
    """AUC, log loss, Brier score and accuracy of `probabilities` (rows × classes) for `outcomes` (class codes)."""
    classes, rows = probabilities.shape[1], np.arange(len(outcomes))
    errors = (probabilities - np.eye(classes)[outcomes]) ** 2
    given = probabilities[rows, outcomes] / probabilities.sum(axis=1)
    curves = range(1, 2) if classes == 2 else range(classes)
    areas = [_area(outcomes == code, probabilities[:, code]) for code in curves]
    measures = {
        "auc": lambda counts: np.mean([area(counts) for area in areas], axis=0),
        "log_loss": _mean(-np.log(np.clip(given, SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY))),
        "brier": _mean(errors[:, 1] if classes == 2 else errors.sum(axis=1)),
        "accuracy": _mean((probabilities.argmax(axis=1) == outcomes).astype(float)),
    }
    return _measured(measures, len(outcomes))


def regression_metrics(observed: Numbers, predicted: Numbers) -> tuple[Metric, ...]:
    """Root mean squared error, R² and mean absolute error, the first and the last in the unit of the target."""
    squares, centred = (observed - predicted) ** 2, observed - observed.mean()

    def explained(counts: Numbers) -> Numbers:
        total = counts @ centred**2 - (counts @ centred) ** 2 / counts.sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            share: Numbers = 1 - (counts @ squares) / total
        return share

    measures = {
        "rmse": lambda counts: np.sqrt(_mean(squares)(counts)),
        "r2": explained,
        "mae": _mean(np.abs(observed - predicted)),
    }
    return _measured(measures, len(observed))


def calibration(outcomes: Codes, probabilities: Numbers) -> tuple[CalibrationBin, ...]:
    """What was predicted and what happened in at most ten bins of equally many rows, equal probabilities together.

    `probabilities` are those of the positive class, `outcomes` 1 where it came.
    """
    bins = np.minimum((rankdata(probabilities, "min") - 1) * BINS // len(outcomes), BINS - 1).astype(int)
    found = []
    for one in np.unique(bins):
        said, happened = probabilities[bins == one], outcomes[bins == one]
        rows, share = len(said), float(happened.mean())
        lower, upper = wilson_interval(share, rows)
        found.append(
            CalibrationBin(
                rows=rows,
                least=float(said.min()),
                most=float(said.max()),
                predicted=float(said.mean()),
                observed=share,
                lower=lower,
                upper=upper,
            )
        )
    return tuple(found)


def wilson_interval(share: float, rows: int) -> tuple[float, float]:
    """The 95 % interval of a share that was observed in some rows."""
    z = NormalDist().inv_cdf((1 + COVERAGE) / 2)
    centre, scale = share + z * z / (2 * rows), 1 + z * z / rows
    half = z * math.sqrt(share * (1 - share) / rows + z * z / (4 * rows * rows))
    return max(0.0, (centre - half) / scale), min(1.0, (centre + half) / scale)


def _measured(measures: Mapping[str, Measure], rows: int) -> tuple[Metric, ...]:
    values = {name: float(measure(np.ones((1, rows)))[0]) for name, measure in measures.items()}
    drawn: dict[str, list[Numbers]] = {name: [] for name in measures}
    for counts in _resamples(rows):
        for name, measure in measures.items():
            drawn[name].append(measure(counts))
    return tuple(_metric(name, values[name], rows, np.concatenate(drawn[name])) for name in measures)


def _metric(name: str, value: float, rows: int, resampled: Numbers) -> Metric:
    """The measure with its interval; resamples that lack a class, or all variation, say nothing."""
    known = resampled[np.isfinite(resampled)]
    tails = (1 - COVERAGE) / 2, (1 + COVERAGE) / 2
    lower, upper = np.quantile(known, tails).tolist() if len(known) else (None, None)
    return Metric(name=name, value=value, rows=rows, better=BETTER.get(name, "lower"), lower=lower, upper=upper)


def _resamples(rows: int) -> Iterator[Numbers]:
    """How often each row is drawn in each resample, some resamples at a time."""
    random = np.random.Generator(np.random.PCG64(SEED))
    chunk = max(1, CHUNK // rows)
    for start in range(0, RESAMPLES, chunk):
        size = min(chunk, RESAMPLES - start)
        drawn = random.integers(0, rows, (size, rows)) + rows * np.arange(size)[:, None]
        yield np.bincount(drawn.ravel(), minlength=size * rows).reshape(size, rows).astype(float)


def _mean(values: Numbers) -> Measure:
    def measure(counts: Numbers) -> Numbers:
        mean: Numbers = counts @ values / counts.sum(axis=1)
        return mean

    return measure


def _area(is_positive: npt.NDArray[np.bool_], scores: Numbers) -> Measure:
    """The area under the ROC curve: how often a positive row is above a negative one, ties counted half."""
    order = np.argsort(scores, kind="stable")
    starts = np.flatnonzero(np.diff(scores[order], prepend=np.nan) != 0)
    positive = is_positive[order].astype(float)

    def measure(counts: Numbers) -> Numbers:
        weights = counts[:, order]
        above = np.add.reduceat(weights * positive, starts, axis=1)
        below = np.add.reduceat(weights * (1 - positive), starts, axis=1)
        won = (above * (below.cumsum(axis=1) - below / 2)).sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            area: Numbers = won / (above.sum(axis=1) * below.sum(axis=1))
        return area

    return measure
