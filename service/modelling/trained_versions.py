"""From a trained model to a version as it is stored: measured on held-out rows, calibrated, named, written."""

import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Any

from kan.errors import KANError
from kan.estimator import KANClassifier
from kan.explanation.formula import complexity
from kan.model import FittedModel
from kan.serialization import dump
from kan.training.trainer import one_thread
from service.domain.canonical import digest_of, digest_of_json
from service.domain.feature_schema import TrainingColumns
from service.domain.training_configuration import CalibrationBin, Metric, Progress, TrainingConfiguration
from service.errors import TrainingFailed
from service.modelling.evaluation import calibration, classification_metrics, regression_metrics
from service.modelling.formulas import Estimator
from service.modelling.recording import Recorder
from service.modelling.splitting import Rows
from service.modelling.training_data import TrainingData

LIBRARIES = ("edgewise", "torch", "numpy", "scipy", "scikit-learn", "sympy", "safetensors", "polars")


@dataclass(frozen=True)
class TrainedVersion:
    """A trained model as it is stored, with how it came about and how good it is on held-out rows."""

    artifact: bytes
    digest: str
    shape: tuple[int, ...]
    active_edges: int
    edges_before_pruning: int
    complexity: int
    metrics: tuple[Metric, ...]
    calibration: tuple[CalibrationBin, ...] | None
    split: dict[str, str | int]
    history: tuple[Progress, ...]
    library_versions: dict[str, str]
    symbolification: str


def computed(
    parquet: bytes,
    columns: TrainingColumns,
    configuration: TrainingConfiguration,
    report: Callable[[Progress], None],
    compute: Callable[[TrainingData, Recorder], TrainedVersion],
) -> TrainedVersion:
    """Compute a version on the rows of a snapshot, in one thread; what `report` raises passes through.

    Raises: what `compute` raises, and TrainingFailed with the engine's reason.
    """
    recorder = Recorder(report)
    recorder(Progress(stage="data", step=0, steps=1))
    data = TrainingData.read(parquet, columns, configuration)
    recorder(Progress(stage="data", step=1, steps=1))
    try:
        with one_thread():
            return compute(data, recorder)
    except KANError as error:
        raise TrainingFailed(str(error)) from error


def library_versions() -> dict[str, str]:
    """The releases that the bytes of a version depend on."""
    return {"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}}


def release() -> str:
    """A short name of these releases together: what was begun with others is not continued."""
    return digest_of_json(library_versions()).removeprefix("sha256:")[:12]


def measured(estimator: Estimator, data: TrainingData, rows: Rows) -> tuple[Metric, ...]:
    """The measures of a model on some rows. Raises: the engine's OutputUndefined."""
    observed = data.observed(rows)
    if isinstance(estimator, KANClassifier):
        return classification_metrics(observed, estimator.predict_proba(data.inputs(rows)))
    return regression_metrics(observed, estimator.predict(data.inputs(rows)))


def finished(
    estimator: Estimator,
    data: TrainingData,
    configuration: TrainingConfiguration,
    recorder: Recorder,
    *,
    metrics: tuple[Metric, ...],
    edges_before: int,
    symbolification: str,
    findings: Mapping[str, Any],
) -> TrainedVersion:
    """The version of a model whose training has ended; `findings` go into the record of its artifact."""
    model = _named(_calibrated(estimator, data), data, configuration, findings)
    artifact = dump(model)
    edges = len(model.network.active_edges())
    recorder(Progress(stage="evaluate", step=1, steps=1, active_edges=edges))
    return TrainedVersion(
        artifact=artifact,
        digest=digest_of(artifact),
        shape=model.network.shape,
        active_edges=edges,
        edges_before_pruning=edges_before,
        complexity=complexity(model),
        metrics=metrics,
        calibration=_calibration(estimator, data),
        split=data.split.record(),
        history=recorder.curve(),
        library_versions=library_versions(),
        symbolification=symbolification,
    )


def _calibration(estimator: Estimator, data: TrainingData) -> tuple[CalibrationBin, ...] | None:
    rows = data.split.test
    if not isinstance(estimator, KANClassifier) or len(data.columns.classes) != 2:
        return None
    return calibration(data.observed(rows), estimator.predict_proba(data.inputs(rows))[:, 1])


def _calibrated(estimator: Estimator, data: TrainingData) -> FittedModel:
    """The model with what makes its intervals hold: scores of the rows that it was not trained on."""
    rows = data.split.test
    estimator.calibrate(data.inputs(rows), data.observed(rows))
    model: FittedModel = estimator.model_
    return model


def _named(
    model: FittedModel, data: TrainingData, configuration: TrainingConfiguration, findings: Mapping[str, Any]
) -> FittedModel:
    """The model with the names of target and classes, and the record of its training."""
    record = {
        **model.training,
        "classes": list(data.columns.classes),
        "request": configuration.model_dump(mode="json"),
        "split": data.split.record(),
        **findings,
    }
    return replace(data.titled(model), training=record)
