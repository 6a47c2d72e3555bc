"""From a snapshot to a version: split, fit, prune, snap to formulas where that is as good, measure, store.

The same snapshot, configuration and seed give the same bytes: one thread computes, and nothing in the artifact knows
the time or the machine.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy.typing as npt
import polars as pl

from kan.errors import CheckpointRefused, OutputUndefined
from kan.estimator import KANClassifier, KANRegressor
from kan.model import FittedModel
from service.domain.feature_schema import Direction, FeatureSchema, TrainingColumns
from service.domain.training_configuration import Progress, TrainingConfiguration
from service.errors import StorageFull
from service.modelling.certificates import formula_certificates
from service.modelling.formulas import (
    Estimator,
    formula_agreement,
    formula_fidelity,
    has_formulas,
    symbolification,
    symbolify,
)
from service.modelling.recording import Recorder, Stage
from service.modelling.stages import StageFiles, kept_or_computed
from service.modelling.trained_versions import TrainedVersion, computed, finished, measured, release
from service.modelling.training_data import TrainingData

DIRECTIONS: Mapping[Direction, int] = MappingProxyType({"increasing": 1, "decreasing": -1})


def train(
    parquet: bytes,
    schema: FeatureSchema,
    columns: TrainingColumns,
    configuration: TrainingConfiguration,
    report: Callable[[Progress], None],
    files: StageFiles | None = None,
) -> TrainedVersion:
    """Train a version on a snapshot; what `report` raises stops the training and passes through.

    The stages are kept in `files`, where there are some: a training that was interrupted goes on there.

    Raises: TrainingFailed with the engine's reason.
    """

    def compute(data: TrainingData, recorder: Recorder) -> TrainedVersion:
        return _train(data, schema, configuration, recorder, files)

    return computed(parquet, columns, configuration, report, compute)


def _train(
    data: TrainingData,
    schema: FeatureSchema,
    configuration: TrainingConfiguration,
    recorder: Recorder,
    files: StageFiles | None,
) -> TrainedVersion:
    stages = _Stages(data, configuration, recorder, files, _estimator(data.columns, schema, configuration))
    before, splines, chosen = stages.run()
    said = symbolification(chosen) if configuration.symbolify else "Symbolic forms were not asked for."
    recorder(Progress(stage="evaluate", step=0, steps=1, active_edges=len(splines.network.active_edges())))
    try:
        metrics = measured(stages.around(chosen), data, data.split.test)
    except OutputUndefined:
        chosen, said = splines, "Splines were kept: a formula has no value for some held-out rows."
        metrics = measured(stages.around(chosen), data, data.split.test)
    return finished(
        stages.around(chosen),
        data,
        configuration,
        recorder,
        metrics=metrics,
        edges_before=before,
        symbolification=said,
        findings=_findings(splines, chosen, said, data),
    )


def _findings(splines: FittedModel, chosen: FittedModel, said: str, data: TrainingData) -> dict[str, Any]:
    """What is known about the formulas: why they are there, and how far they are from the splines."""
    findings: dict[str, Any] = {"symbolification": said, "formula_r2": formula_fidelity(chosen)}
    if has_formulas(chosen):
        x = data.encoded(data.split.test, splines)
        findings["formula_agreement"] = formula_agreement(splines, chosen, x)
        findings["formula_certificates"] = formula_certificates(data.titled(splines), data.titled(chosen))
    return findings


@dataclass(frozen=True)
class _Stages:
    """Fit, refit with fewer edges, formulas: each is kept when it is done and not computed again."""

    data: TrainingData
    configuration: TrainingConfiguration
    recorder: Recorder
    files: StageFiles | None
    empty: Estimator

    def run(self) -> tuple[int, FittedModel, FittedModel]:
        """The number of edges before pruning, the model with splines and the model that is chosen."""
        fitted = self._kept("fit", self._fit)
        before = len(fitted.network.active_edges())
        splines = self._kept("refit", lambda: self._simplify(fitted, before))
        if not self.configuration.symbolify:
            return before, splines, splines
        return before, splines, self._kept("symbolify", lambda: self._symbolify(splines))

    def around(self, model: FittedModel, rows: tuple[Any, Any] = (None, None)) -> Estimator:
        """An estimator around a model, which with rows can learn on."""
        return type(self.empty).from_model(model, *rows)

    def _kept(self, stage: Stage, compute: Callable[[], FittedModel]) -> FittedModel:
        return kept_or_computed(self.files, f"{stage}-{release()}", self.recorder.events, compute)

    def _rows(self) -> tuple[pl.DataFrame, npt.NDArray[Any]]:
        rows = self.data.split.training
        return self.data.inputs(rows), self.data.observed(rows)

    def _fit(self) -> FittedModel:
        checkpoint = self.files.path(f"fit-{release()}.checkpoint") if self.files else None
        try:
            return self._fitted(checkpoint)
        except CheckpointRefused:
            if checkpoint is None:
                raise
            checkpoint.unlink(missing_ok=True)  # damaged, or of other libraries: it only saves time
            return self._fitted(checkpoint)

    def _fitted(self, checkpoint: Path | None) -> FittedModel:
        try:
            fitted = self.empty.fit(*self._rows(), callback=self.recorder.stage("fit"), checkpoint=checkpoint)
        except OSError as error:  # only the checkpoint is written
            raise StorageFull(error.strerror or str(error)) from error
        model: FittedModel = fitted.model_
        return model

    def _simplify(self, fitted: FittedModel, edges: int) -> FittedModel:
        self.recorder(Progress(stage="prune", step=0, steps=1, active_edges=edges))
        asked = self.configuration
        estimator = self.around(fitted, self._rows())
        estimator.simplify(asked.tolerance, asked.maximum_edges, callback=self.recorder.stage("refit"))
        return estimator.model_

    def _symbolify(self, splines: FittedModel) -> FittedModel:
        estimator = self.around(splines, self._rows())
        return symbolify(estimator, self.configuration.formula_tolerance, self.recorder.stage("symbolify"))


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
