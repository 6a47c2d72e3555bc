"""What changes of a version would do, tried on some of its rows with a short refit, for an answer at once."""

from collections.abc import Sequence

import torch

from kan.errors import KANError, OutputUndefined
from kan.losses import FAMILIES
from kan.model import FittedModel
from kan.network import EdgeId
from kan.training.trainer import one_thread
from service.domain.feature_schema import TrainingColumns
from service.domain.revisions import Change, PreviewedLoss, RevisionPreview, named_edges
from service.domain.training_configuration import TrainingConfiguration
from service.errors import TrainingFailed
from service.modelling.changes import learner, learner_on, make, require_possible
from service.modelling.edge_overlays import overlay
from service.modelling.formulas import Estimator, formula_agreement
from service.modelling.networks import described_agreement
from service.modelling.registry import LoadedModel
from service.modelling.splitting import Rows
from service.modelling.trained_versions import measured
from service.modelling.training_data import TrainingData

TRAINING_ROWS = 1500
TEST_ROWS = 1000
STEPS = 15


def preview(
    parquet: bytes,
    columns: TrainingColumns,
    configuration: TrainingConfiguration,
    parent: LoadedModel,
    changes: Sequence[Change],
) -> RevisionPreview:
    """Make the changes on at most 1,500 rows, with at most 15 steps a training; nothing is kept.

    Raises: a leaf of InvalidRevision, TrainingFailed.
    """
    require_possible(parent.fitted, columns, changes)
    data = TrainingData.read(parquet, columns, configuration)
    try:
        with one_thread():
            return _preview(data, parent, changes)
    except KANError as error:
        raise TrainingFailed(str(error)) from error


def _preview(data: TrainingData, parent: LoadedModel, changes: Sequence[Change]) -> RevisionPreview:
    rows = _Looked(data)
    estimator = learner_on(parent.fitted, data, rows.part)
    estimator.set_params(steps=STEPS)
    opened: list[FittedModel] = []
    make(estimator, changes, None, opened.append)
    model: FittedModel = estimator.model_
    return RevisionPreview(
        training_rows=len(rows.training),
        active_edges=len(model.network.active_edges()),
        before=rows.loss(learner(parent.fitted, data.columns)),
        changed=rows.loss_if_defined(learner(opened[0], data.columns)) if opened else None,
        after=rows.loss(estimator),
        edges=tuple(overlay(parent, LoadedModel("", model), edge) for edge in _shown(parent.fitted, model, changes)),
        agreement=described_agreement(formula_agreement(parent.fitted, model, data.encoded(rows.test, model))),
    )


def _shown(before: FittedModel, after: FittedModel, changes: Sequence[Change]) -> list[EdgeId]:
    """The edges that were named, and those that have become something else."""
    named = [EdgeId.parse(edge) for edge in named_edges(changes)]
    others = [edge for edge in before.network.active_edges() if before.network.form(edge) != after.network.form(edge)]
    return list(dict.fromkeys([*named, *others]))


class _Looked:
    """The rows that a preview looks at, evenly spread over all."""

    def __init__(self, data: TrainingData) -> None:
        self.data = data
        self.part = slice(None, None, _stride(data.split.training, TRAINING_ROWS))
        self.training = data.split.training[self.part]
        self.test = data.split.test[:: _stride(data.split.test, TEST_ROWS)]

    @torch.no_grad()
    def loss(self, estimator: Estimator) -> PreviewedLoss:
        """Raises: the engine's OutputUndefined."""
        model: FittedModel = estimator.model_
        link = model.predict_link(self.data.encoded(self.training, model))
        observed = torch.tensor(self.data.observed(self.training))
        if model.family == "multinomial":
            observed = torch.nn.functional.one_hot(observed, len(self.data.columns.classes))
        target = observed.double().reshape(len(link), -1)
        return PreviewedLoss(
            loss=float(FAMILIES[model.family].loss(link, target).mean()),
            metrics=measured(estimator, self.data, self.test),
        )

    def loss_if_defined(self, estimator: Estimator) -> PreviewedLoss | None:
        """None where a formula has no value for some of the rows before the refit."""
        try:
            return self.loss(estimator)
        except OutputUndefined:
            return None


def _stride(rows: Rows, most: int) -> int:
    return -(-len(rows) // most)
