"""Other models on the split of a version: linear, boosted trees, a random forest, a perceptron; each against the KAN.

Compared are the Brier score of classes and the RMSE of a quantity: unlike the log loss, neither hangs on a single
probability of zero. The interval is that of a paired bootstrap (B. Efron and R. Tibshirani, "An Introduction to the
Bootstrap", 1993): the same rows are drawn for both models, so what makes rows hard for both cancels.
"""

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from kan.estimator import KANClassifier, KANRegressor
from kan.training.trainer import one_thread
from service.domain.challengers import Challenger, ChallengerName, ChallengerReport, conclude
from service.domain.feature_schema import TrainingColumns
from service.domain.training_configuration import Metric, Progress, TrainingConfiguration
from service.modelling.evaluation import classification_metrics, regression_metrics
from service.modelling.registry import LoadedModel
from service.modelling.training_data import TrainingData

RESAMPLES = 2000
TREES = 300
#: Boosted trees split categories as sets up to this many, a gap included; beyond, by the order of their codes.
MAXIMUM_SPLIT_CATEGORIES = 254
#: From so many rows on the perceptron keeps a tenth of them to stop early.
EARLY_STOPPING_ROWS = 1000

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class _Contender:
    """A model to fit, with what it is called and how it is set."""

    name: ChallengerName
    title: str
    settings: str
    model: BaseEstimator


def challenge(
    parquet: bytes,
    columns: TrainingColumns,
    configuration: TrainingConfiguration,
    loaded: LoadedModel,
    report: Callable[[Progress], None],
) -> ChallengerReport:
    """Fit every challenger on the rows that the version was trained on and compare on those it was measured on.

    The same inputs give the same report; what `report` raises stops the comparison and passes through.
    """
    data = TrainingData.read(parquet, columns, configuration)
    split = data.split
    x, categorical = _matrix(data)
    observed = data.observed(split.test)
    with one_thread():
        own = _kan_answers(loaded, data)
    challengers = []
    contenders = list(_contenders(columns, categorical, x, len(split.training), configuration.seed))
    for step, contender in enumerate(contenders):
        report(Progress(stage="evaluate", step=step, steps=len(contenders)))
        answers = _fitted_answers(contender.model, x, data)
        challengers.append(_measured(contender, columns, observed, answers, own, configuration.seed))
    report(Progress(stage="evaluate", step=len(contenders), steps=len(contenders)))
    compared = "Brier score" if columns.classes else "RMSE"
    is_wrong, verdict = conclude(compared, challengers)
    return ChallengerReport(
        compared=compared,
        rows=len(observed),
        resamples=RESAMPLES,
        seed=configuration.seed,
        metrics=_metrics(columns, observed, own),
        challengers=tuple(challengers),
        kan_is_wrong_tool=is_wrong,
        verdict=verdict,
        library_versions={name: version(name) for name in ("scikit-learn", "numpy")},
    )


def paired_interval(own: Numbers, other: Numbers, *, is_root: bool, seed: int) -> tuple[float, float, float]:
    """The difference of the mean losses, other minus own, and its 95 % percentile interval; roots where `is_root`."""
    random = np.random.Generator(np.random.PCG64(seed))
    losses = np.column_stack([own, other])

    def difference(means: Numbers) -> float:
        mine, theirs = np.sqrt(means) if is_root else means
        return float(theirs - mine)

    drawn = [difference(losses[random.integers(0, len(losses), len(losses))].mean(axis=0)) for _ in range(RESAMPLES)]
    lower, upper = np.quantile(drawn, [0.025, 0.975])
    return difference(losses.mean(axis=0)), float(lower), float(upper)


def _measured(
    contender: _Contender,
    columns: TrainingColumns,
    observed: npt.NDArray[Any],
    answers: Numbers,
    own: Numbers,
    seed: int,
) -> Challenger:
    is_root = not columns.classes
    difference, lower, upper = paired_interval(
        _losses(columns, observed, own), _losses(columns, observed, answers), is_root=is_root, seed=seed
    )
    return Challenger(
        name=contender.name,
        title=contender.title,
        settings=contender.settings,
        metrics=_metrics(columns, observed, answers),
        difference=difference,
        lower=lower,
        upper=upper,
    )


def _metrics(columns: TrainingColumns, observed: npt.NDArray[Any], answers: Numbers) -> tuple[Metric, ...]:
    return classification_metrics(observed, answers) if columns.classes else regression_metrics(observed, answers)


def _losses(columns: TrainingColumns, observed: npt.NDArray[Any], answers: Numbers) -> Numbers:
    """Row by row, what the compared loss is the mean, or the root of the mean, of."""
    if not columns.classes:
        return np.asarray((answers - observed) ** 2, dtype=np.float64)
    errors = (answers - np.eye(len(columns.classes))[observed]) ** 2
    return np.asarray(errors[:, 1] if len(columns.classes) == 2 else errors.sum(axis=1), dtype=np.float64)


def _kan_answers(loaded: LoadedModel, data: TrainingData) -> Numbers:
    rows = data.inputs(data.split.test)
    if data.columns.classes:
        return np.asarray(KANClassifier.from_model(loaded.fitted, None, None).predict_proba(rows))
    return np.asarray(KANRegressor.from_model(loaded.fitted, None, None).predict(rows))


def _fitted_answers(model: Any, x: Numbers, data: TrainingData) -> Numbers:
    training, test = data.split.training, data.split.test
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a perceptron that has not converged is still a challenger
        model.fit(x[training], data.observed(training))
    return np.asarray(model.predict_proba(x[test]) if data.columns.classes else model.predict(x[test]))


def _matrix(data: TrainingData) -> tuple[Numbers, list[int]]:
    """Inputs of all rows as numbers, NaN where missing, and the positions of the categorical ones.

    A category is the number of its name among those of the training rows; others are one more, as "unseen".
    """
    table = data.table.select(data.columns.inputs)
    encoded, categorical = [], []
    for position, column in enumerate(table):
        if column.dtype == pl.String:
            categorical.append(position)
            known = sorted(column[data.split.training].drop_nulls().unique())
            codes = {name: float(code) for code, name in enumerate(known)}
            coded = column.replace_strict(codes, default=float(len(known)), return_dtype=pl.Float64)
            encoded.append(coded.set(column.is_null(), None).to_numpy())
        else:
            encoded.append(column.cast(pl.Float64).to_numpy())
    return np.column_stack([values.astype(np.float64) for values in encoded]), categorical


def _contenders(
    columns: TrainingColumns, categorical: list[int], x: Numbers, rows: int, seed: int
) -> Iterator[_Contender]:
    is_class = bool(columns.classes)

    def dense(model: BaseEstimator) -> Pipeline:
        return make_pipeline(_dense(categorical, x.shape[1]), model)

    linear = LogisticRegression(max_iter=2000) if is_class else LinearRegression()
    words = "logistic regression, L2 penalty 1" if is_class else "ordinary least squares"
    yield _Contender("linear", "logistic regression" if is_class else "linear regression", words, dense(linear))
    boosted = HistGradientBoostingClassifier if is_class else HistGradientBoostingRegressor
    split_as_sets = [one for one in categorical if np.nanmax(x[:, one], initial=0) < MAXIMUM_SPLIT_CATEGORIES]
    yield _Contender(
        "gradient_boosting",
        "gradient boosting",
        "histogram gradient boosting, library defaults",
        boosted(categorical_features=split_as_sets, random_state=seed),
    )
    forest = RandomForestClassifier if is_class else RandomForestRegressor
    yield _Contender(
        "random_forest", "a random forest", f"{TREES} trees", dense(forest(n_estimators=TREES, random_state=seed))
    )
    stops = rows >= EARLY_STOPPING_ROWS
    perceptron = (MLPClassifier if is_class else MLPRegressor)(
        hidden_layer_sizes=(64, 32), max_iter=500, early_stopping=stops, random_state=seed
    )
    yield _Contender(
        "perceptron",
        "a perceptron",
        "hidden layers of 64 and 32, Adam" + (", stopped early" if stops else ""),
        dense(perceptron if is_class else TransformedTargetRegressor(perceptron, transformer=StandardScaler())),
    )


def _dense(categorical: list[int], width: int) -> ColumnTransformer:
    """Numbers standardised, gaps the median with a flag; categories one-hot, a gap as one of them."""
    numeric = [position for position in range(width) if position not in categorical]
    numbers = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
    return ColumnTransformer(
        [
            ("numbers", numbers, numeric),
            ("categories", OneHotEncoder(handle_unknown="ignore", sparse_output=False), categorical),
        ]
    )
