"""From a snapshot to a version: split, fit, prune, snap to formulas where that is as good, measure, store.

The same snapshot, configuration and seed give the same bytes: one thread computes, and nothing in the artifact knows
the time or the machine.
"""

import math
import platform
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Any, Literal

import polars as pl
import torch

from kan.errors import KANError, OutputUndefined, TrainingDiverged
from kan.estimator import KANClassifier, KANEstimator, KANRegressor
from kan.model import FittedModel
from kan.serialization import dump
from kan.training.settings import Progress as EngineProgress
from kan.training.settings import ProgressCallback
from kan.training.trainer import one_thread
from service.domain.canonical import digest_of
from service.domain.feature_schema import FeatureSchema, TrainingColumns
from service.domain.training_configuration import Metric, Progress, TrainingConfiguration
from service.errors import TrainingFailed
from service.modelling.evaluation import classification_metrics, regression_metrics
from service.modelling.splitting import Rows, Split, split_rows
from service.modelling.tables import read_parquet

#: Formulas may cost so much loss, as a share of the splines' loss and in absolute terms.
FORMULA_SHARE, FORMULA_LOSS = 0.05, 0.005
#: A second try with formulas admits only this share of the misfit that the first one did.
STRICTER = 0.1
CURVE_POINTS = 200
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

    def target(self, rows: Rows) -> pl.Series:
        """Codes of the classes, in the order of `columns.classes`, or the numbers to predict."""
        values = self.table[self.columns.target][rows]
        if not self.columns.classes:
            return values
        codes = {outcome: code for code, outcome in enumerate(self.columns.classes)}
        return values.replace_strict(codes, return_dtype=pl.Int64)


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
            self(
                Progress(
                    stage=stage,
                    step=progress.step,
                    steps=progress.steps,
                    loss=_finite(progress.loss),
                    validation_loss=_finite(progress.validation_loss),
                    active_edges=progress.active_edges,
                )
            )

        return callback

    def kept_loss(self, start: int) -> tuple[str, float]:
        """Kind and loss of the network that the engine kept since event `start`: validation, else training."""
        events = self.events[start:]
        validation = [event.validation_loss for event in events if event.validation_loss is not None]
        if validation:
            return "validation", min(validation)
        training = [event.loss for event in events if event.loss is not None]
        return "training", training[-1] if training else math.inf

    def curve(self) -> tuple[Progress, ...]:
        """Events with a loss, evenly thinned."""
        events = [event for event in self.events if event.loss is not None]
        stride = max(1, -(-len(events) // CURVE_POINTS))
        return tuple(events[::-1][::stride][::-1])


def _train(
    data: _Data, schema: FeatureSchema, configuration: TrainingConfiguration, recorder: _Recorder
) -> TrainedVersion:
    estimator = _estimator(data.columns, schema, configuration)
    rows = data.split.training
    estimator.fit(data.inputs(rows), data.target(rows).to_numpy(), callback=recorder.stage("fit"))
    before = len(estimator.model_.network.active_edges())
    recorder(Progress(stage="prune", step=0, steps=1, active_edges=before))
    start = len(recorder.events)
    estimator.simplify(max_edges=configuration.maximum_edges, callback=recorder.stage("refit"))
    edges = len(estimator.model_.network.active_edges())
    splines, (_, spline_loss) = estimator.model_, recorder.kept_loss(start)
    said = "Symbolic forms were not asked for."
    if configuration.symbolify:
        said = _symbolify(estimator, configuration.minimum_r2, spline_loss, recorder)
    recorder(Progress(stage="evaluate", step=0, steps=1, active_edges=edges))
    try:
        metrics = _metrics(estimator, data)
    except OutputUndefined:
        estimator.model_, said = splines, "Splines were kept: a formula has no value for some held-out rows."
        metrics = _metrics(estimator, data)
    fidelity = _formula_fidelity(splines, estimator.model_)
    model = _named(estimator.model_, data, configuration, {"symbolification": said, "formula_r2": fidelity})
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


def _estimator(columns: TrainingColumns, schema: FeatureSchema, configuration: TrainingConfiguration) -> KANEstimator:
    features = [feature for feature in schema.features if feature.name in columns.inputs]
    kind = KANClassifier if columns.classes else KANRegressor
    estimator: KANEstimator = kind(
        configuration.hidden,
        grid_size=configuration.grid_size,
        degree=configuration.degree,
        steps=configuration.steps,
        categorical=[feature.name for feature in features if feature.kind == "categorical"],
        units={feature.name: feature.unit for feature in features if feature.unit},
        random_state=configuration.seed,
    )
    if configuration.sparsity is not None:
        # The engine's own penalties stand in this proportion.
        entropy = configuration.sparsity * estimator.entropy / estimator.l1
        estimator.set_params(l1=configuration.sparsity, entropy=entropy)
    return estimator


def _symbolify(estimator: KANEstimator, minimum_r2: float, spline_loss: float, recorder: _Recorder) -> str:
    """Snap edges to formulas if the loss bears it, at once or with stricter fits; say what was decided.

    The loss is that of the validation rows, or of the training rows where the engine keeps none for validation.
    """
    splines: FittedModel = estimator.model_
    allowed = spline_loss + FORMULA_SHARE * abs(spline_loss) + FORMULA_LOSS
    refusal = "no edge has a formula that fits"
    for needed in (minimum_r2, 1 - STRICTER * (1 - minimum_r2)):
        start = len(recorder.events)
        try:
            estimator.symbolify(needed, callback=recorder.stage("symbolify"))
        except TrainingDiverged:
            refusal = "the refit with formulas diverged"
        else:
            kind, loss = recorder.kept_loss(start)
            network = estimator.model_.network
            edges = network.active_edges()
            formulas = sum(network.form(edge) == "symbolic" for edge in edges)
            losses = f"{kind} loss {loss:.4g} with formulas, {spline_loss:.4g} with splines"
            if formulas and loss <= allowed:
                return f"{formulas} of {len(edges)} edges are formulas of R² ≥ {needed:g}: {losses}."
            refusal = losses if formulas else refusal
        estimator.model_ = splines
    return f"Splines were kept: {refusal}."


def _metrics(estimator: KANEstimator, data: _Data) -> tuple[Metric, ...]:
    rows = data.split.test
    observed = data.target(rows).to_numpy()
    if data.columns.classes:
        return classification_metrics(observed, estimator.predict_proba(data.inputs(rows)))
    return regression_metrics(observed, estimator.predict(data.inputs(rows)))


@torch.no_grad()
def _formula_fidelity(splines: FittedModel, model: FittedModel) -> dict[str, float]:
    """R² of every formula's fit to the spline that it replaced, over the reference rows.

    Factor and constant of the fit are free, because the refit afterwards chose them anew.
    """
    before = splines.network.trace(splines.reference)
    fidelity: dict[str, float] = {}
    for edge in model.network.active_edges():
        if model.network.form(edge) != "symbolic" or splines.network.form(edge) != "spline":
            continue
        x = before.inputs[edge.layer][:, edge.source]
        present = ~x.isnan()
        spline = before.activations[edge.layer][present, edge.target, edge.source]
        both = torch.stack([spline, model.network.edge_activation(edge, x[present])])
        (spline_variance, shared), (_, formula_variance) = torch.cov(both, correction=0).tolist()
        product = spline_variance * formula_variance
        fidelity[str(edge)] = min(shared**2 / product, 1.0) if product > 0 else 0.0
    return fidelity


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
