"""From a version and changes of it to the version that follows: make them, refit, measure on the same rows, store.

The same parent, snapshot and changes give the same bytes: one thread computes, and what is stored knows neither who
asked nor why.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch

from kan.model import FittedModel
from kan.network import EdgeId
from kan.snapping import reference_grid
from service.domain.feature_schema import TrainingColumns
from service.domain.revisions import Change, Prune, Snap
from service.domain.training_configuration import Progress, TrainingConfiguration
from service.modelling.changes import learner, learner_on, make
from service.modelling.formulas import formula_agreement
from service.modelling.recording import Recorder
from service.modelling.registry import LoadedModel
from service.modelling.trained_versions import TrainedVersion, computed, finished, measured
from service.modelling.training_data import TrainingData

#: What the record of a parent says about formulas that may no longer be there.
OUTDATED = ("formula_agreement", "formula_certificates", "formula_r2", "parent_agreement", "revision")


def revise(
    parquet: bytes,
    columns: TrainingColumns,
    configuration: TrainingConfiguration,
    parent: LoadedModel,
    changes: Sequence[Change],
    report: Callable[[Progress], None],
) -> TrainedVersion:
    """Make the version that follows from changes of its parent, on the snapshot and the split of that.

    What `report` raises stops it and passes through. Raises: a leaf of InvalidRevision, TrainingFailed.
    """

    def compute(data: TrainingData, recorder: Recorder) -> TrainedVersion:
        return _revise(data, configuration, parent, changes, recorder)

    return computed(parquet, columns, configuration, report, compute)


def _revise(
    data: TrainingData,
    configuration: TrainingConfiguration,
    parent: LoadedModel,
    changes: Sequence[Change],
    recorder: Recorder,
) -> TrainedVersion:
    before = len(parent.fitted.network.active_edges())
    if any(isinstance(change, Prune) for change in changes):
        recorder(Progress(stage="prune", step=0, steps=1, active_edges=before))
    estimator = learner_on(parent.fitted, data)
    make(estimator, changes, recorder.stage("refit"))
    model: FittedModel = estimator.model_
    recorder(Progress(stage="evaluate", step=0, steps=1, active_edges=len(model.network.active_edges())))
    rows = data.split.test
    said = _forms_in_words(model, changes)
    agreement = formula_agreement(parent.fitted, model, data.encoded(rows, model))
    findings = {
        "symbolification": said,
        "formula_r2": _formula_r2(parent.fitted, model),
        "parent_agreement": agreement,
        "revision": {
            "parent": parent.digest,
            "changes": [change.model_dump(mode="json", exclude_defaults=True) for change in changes],
        },
    }
    return finished(
        learner(_without_outdated(model), data.columns),
        data,
        configuration,
        recorder,
        metrics=measured(estimator, data, rows),
        edges_before=before,
        symbolification=said,
        findings=findings,
    )


def _without_outdated(model: FittedModel) -> FittedModel:
    kept = {name: value for name, value in model.training.items() if name not in OUTDATED}
    return replace(model, training=kept)


def _forms_in_words(model: FittedModel, changes: Sequence[Change]) -> str:
    edges = model.network.active_edges()
    formulas = sum(model.network.form(edge) == "symbolic" for edge in edges)
    by_hand = len({change.edge for change in changes if isinstance(change, Snap)})
    return f"{formulas} of {len(edges)} edges are formulas; {by_hand} of them were chosen by hand in this revision."


def _formula_r2(parent: FittedModel, model: FittedModel) -> Mapping[str, float]:
    """R² of every formula to the curve that it replaced: as the parent says, or to the parent's curve."""
    known: dict[str, Any] = parent.training.get("formula_r2", {})
    found: dict[str, float] = {}
    for edge in model.network.active_edges():
        form = model.network.symbolic_form(edge)
        if form is None:
            continue
        earlier = parent.network.symbolic_form(edge)
        if earlier is not None and earlier.function == form.function:
            found |= {name: known[name] for name in [str(edge)] if name in known}
        else:
            found |= _explained(parent, model, edge)
    return found


@torch.no_grad()
def _explained(parent: FittedModel, model: FittedModel, edge: EdgeId) -> dict[str, float]:
    """R² of an edge to that of the parent at the points of its fit, but for a constant; nothing for a flat one."""
    grid = reference_grid(parent, edge)
    if grid is None:
        return {}
    weights = grid.weights / grid.weights.sum()
    missed = grid.y - model.network.edge_activation(edge, grid.x)
    variance = float(weights @ (grid.y - weights @ grid.y).square())
    if not variance > 0:
        return {}
    return {str(edge): 1 - float(weights @ (missed - weights @ missed).square()) / variance}
