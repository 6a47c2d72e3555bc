"""From a snapshot to a version: split, fit, prune, snap to formulas where that is as good, measure, store.

The same snapshot, configuration and seed give the same bytes: one thread computes, and nothing in the artifact knows
the time or the machine.
"""

import math
import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version
from types import MappingProxyType
from typing import Any, Literal

import numpy.typing as npt
import polars as pl

from kan.errors import KANError, OutputUndefined
from kan.estimator import KANClassifier, KANRegressor
from kan.features import encode
from kan.model import FittedModel
from kan.serialization import dump
from kan.tables import frame_columns
from kan.training.settings import Progress as EngineProgress
from kan.training.settings import ProgressCallback
from kan.training.trainer import one_thread
from service.domain.canonical import digest_of
from service.domain.feature_schema import Direction, FeatureSchema, TrainingColumns
from service.domain.training_configuration import Metric, Progress, TrainingConfiguration
from service.errors import TrainingFailed
from service.modelling.evaluation import classification_metrics, regression_metrics
from service.modelling.formulas import Estimator, formula_agreement, formula_fidelity, symbolify
from service.modelling.splitting import Rows, Split, split_rows
from service.modelling.tables import read_parquet

CURVE_POINTS = 200
DIRECTIONS: Mapping[Direction, int] = MappingProxyType({"increasing": 1, "decreasing": -1})
LIBRARIES = ("torch", "numpy", "scipy", "scikit-learn", "sympy", "safetensors", "polars")

Stage = Literal["fit", "refit", "symbolify"]


@dataclass(frozen=True)
class TrainedVersion:
    """A trained model as it is stored, with how it came about and how good it is on held-out rows."""

    artifact: bytes
    digest: str
    shape: tuple[int, ...]
    active_edges: int
    edges_before_pruning: int
    metrics: tuple[Metric, ...]
    split: dict[str, str | int]
    history: tuple[Progress, ...]
    library_versions: dict[str, str]
    symbolification: str


def train(
    parquet: bytes,
    schema: FeatureSchema,
    columns: TrainingColumns,
    configuration: TrainingConfiguration,
    report: Callable[[Progress], None],
) -> TrainedVersion:
    """Train a version on a snapshot; what `report` raises stops the training and passes through.

    Raises: TrainingFailed with the engine's reason.
    """
    recorder = _Recorder(report)
    recorder(Progress(stage="data", step=0, steps=1))
    table = read_parquet(parquet)
    split = split_rows(table, columns, configuration.test_fraction, configuration.seed)
    recorder(Progress(stage="data", step=1, steps=1))
    try:
        with one_thread():
            return _train(_Data(table, columns, split), schema, configuration, recorder)
    except KANError as error:
        raise TrainingFailed(str(error)) from error


@dataclass(frozen=True)
class _Data:
    """The rows of a training as the engine takes them."""

    table: pl.DataFrame
    columns: TrainingColumns
    split: Split

    def inputs(self, rows: Rows) -> pl.DataFrame:
        return self.table.select(self.columns.inputs)[rows]

    def observed(self, rows: Rows) -> npt.NDArray[Any]:
        """Codes of the classes, in the order of `columns.classes`, or the numbers to predict."""
        values = self.table[self.columns.target][rows]
        if not self.columns.classes:
            return values.to_numpy()
        codes = {outcome: code for code, outcome in enumerate(self.columns.classes)}
        return values.replace_strict(codes, return_dtype=pl.Int64).to_numpy()


class _Recorder:
    """Passes progress on and keeps it; a callback of the engine under the service's name of a stage."""

    def __init__(self, report: Callable[[Progress], None]) -> None:
        self.report = report
        self.events: list[Progress] = []

    def __call__(self, progress: Progress) -> None:
        self.events.append(progress)
        self.report(progress)

    def stage(self, stage: Stage) -> ProgressCallback:
        def callback(progress: EngineProgress) -> None:
            event = Progress(
                stage=stage,
                step=progress.step,
                steps=progress.steps,
                loss=_finite(progress.loss),
                validation_loss=_finite(progress.validation_loss),
                active_edges=progress.active_edges,
                optimizer=progress.optimizer,
                damping=_finite(progress.damping),
                grid_size=progress.grid_size,
                seconds=progress.seconds,
            )
            # A refit that only compares is told, so that it can be cancelled, and left out of the curve.
            if progress.stage == "compare":
                self.report(event)
            else:
                self(event)

        return callback

    def curve(self) -> tuple[Progress, ...]:
        """Events with a loss, evenly thinned."""
        events = [event for event in self.events if event.loss is not None]
        stride = max(1, -(-len(events) // CURVE_POINTS))
        return tuple(events[::-1][::stride][::-1])


def _train(
    data: _Data, schema: FeatureSchema, configuration: TrainingConfiguration, recorder: _Recorder
) -> TrainedVersion:
    estimator = _estimator(data.columns, schema, configuration)
    inputs, observed = data.inputs(data.split.training), data.observed(data.split.training)
    estimator.fit(inputs, observed, callback=recorder.stage("fit"))
    before = len(estimator.model_.network.active_edges())
    recorder(Progress(stage="prune", step=0, steps=1, active_edges=before))
    estimator.simplify(configuration.tolerance, configuration.maximum_edges, callback=recorder.stage("refit"))
    edges = len(estimator.model_.network.active_edges())
    splines, said = estimator.model_, "Symbolic forms were not asked for."
    if configuration.symbolify:
        said = symbolify(estimator, configuration.formula_tolerance, recorder.stage("symbolify"))
    recorder(Progress(stage="evaluate", step=0, steps=1, active_edges=edges))
    try:
        metrics = _metrics(estimator, data)
    except OutputUndefined:
        estimator.model_, said = splines, "Splines were kept: a formula has no value for some held-out rows."
        metrics = _metrics(estimator, data)
    findings: dict[str, Any] = {"symbolification": said, "formula_r2": formula_fidelity(estimator.model_)}
    if estimator.model_ is not splines:
        x = encode(splines.features, frame_columns(data.inputs(data.split.test)))
        findings["formula_agreement"] = formula_agreement(splines, estimator.model_, x)
    model = _named(estimator.model_, data, configuration, findings)
    artifact = dump(model)
    recorder(Progress(stage="evaluate", step=1, steps=1, active_edges=len(model.network.active_edges())))
    return TrainedVersion(
        artifact=artifact,
        digest=digest_of(artifact),
        shape=model.network.shape,
        active_edges=len(model.network.active_edges()),
        edges_before_pruning=before,
        metrics=metrics,
        split=data.split.record(),
        history=recorder.curve(),
        library_versions={"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}},
        symbolification=said,
    )


def _estimator(columns: TrainingColumns, schema: FeatureSchema, configuration: TrainingConfiguration) -> Estimator:
    features = [feature for feature in schema.features if feature.name in columns.inputs]
    kind = KANClassifier if columns.classes else KANRegressor
    return kind(
        configuration.hidden,
        grid_size=configuration.grid_size,
        degree=configuration.degree,
        optimizer=configuration.optimizer,
        steps=configuration.steps,
        monotone={name: DIRECTIONS[direction] for name, direction in columns.monotone.items()},
        categorical=[feature.name for feature in features if feature.kind == "categorical"],
        units={feature.name: feature.unit for feature in features if feature.unit},
        random_state=configuration.seed,
    )


def _metrics(estimator: Estimator, data: _Data) -> tuple[Metric, ...]:
    rows = data.split.test
    observed = data.observed(rows)
    if isinstance(estimator, KANClassifier):
        return classification_metrics(observed, estimator.predict_proba(data.inputs(rows)))
    return regression_metrics(observed, estimator.predict(data.inputs(rows)))


def _named(
    model: FittedModel, data: _Data, configuration: TrainingConfiguration, findings: dict[str, Any]
) -> FittedModel:
    """The model with the names of target and classes, and the record of its training."""
    record = {
        **model.training,
        "classes": list(data.columns.classes),
        "request": configuration.model_dump(mode="json"),
        "split": data.split.record(),
        **findings,
    }
    return replace(model, target=data.columns.target, classes=data.columns.classes, training=record)


def _finite(loss: float | None) -> float | None:
    return loss if loss is not None and math.isfinite(loss) else None
