"""Changes of a trained model, made by the engine; what it refuses is said in the words of the request."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import kan.errors
from kan.errors import KANError
from kan.estimator import KANClassifier, KANRegressor
from kan.model import FittedModel
from kan.network import EdgeId
from kan.symbolic.library import FUNCTIONS
from kan.training.settings import ProgressCallback
from service.domain.feature_schema import TrainingColumns
from service.domain.revisions import Change, Prune, Refine, Retrain, Snap, Unsnap, Zero
from service.errors import (
    EdgewiseError,
    RevisionEdgeUnknown,
    RevisionFormRefused,
    RevisionFormulaInvalid,
    RevisionFunctionUnknown,
    RevisionLeavesNoEdge,
    RevisionSettingRefused,
    TrainingFailed,
)
from service.modelling.certificates import SIGNS
from service.modelling.formulas import Estimator
from service.modelling.training_data import TrainingData

PENALTIES = ("smoothness", "l1", "entropy")


def learner(model: FittedModel, columns: TrainingColumns) -> Estimator:
    """An estimator around a stored model, its classes as the codes that the rows of a training have."""
    kind = KANClassifier if columns.classes else KANRegressor
    return kind.from_model(_coded(model, columns))


def learner_on(model: FittedModel, data: TrainingData, rows: slice = slice(None)) -> Estimator:
    """The same with its training rows, or some of them, so that it can learn on."""
    kind = KANClassifier if data.columns.classes else KANRegressor
    chosen = data.split.training[rows]
    return kind.from_model(_coded(model, data.columns), data.inputs(chosen), data.observed(chosen))


def require_possible(model: FittedModel, columns: TrainingColumns, changes: Sequence[Change]) -> None:
    """Make all changes that need no rows; raises a leaf of InvalidRevision for the first that is refused."""
    estimator = learner(model, columns)
    for position, change in enumerate(changes):
        edited(estimator, change, position)


def edited(estimator: Estimator, change: Change, position: int) -> None:
    """Make a change that needs no rows, and check one that does. Raises: a leaf of InvalidRevision."""
    with _in_words_of_the_request(position, change):
        match change:
            case Snap():
                _snap(estimator, change, position)
            case Unsnap():
                estimator.unsnap(change.edge)
            case Zero():
                _remove(estimator, change.edge, position)
            case Refine():
                estimator.refine(change.grid_size)
            case Retrain():
                for edge in change.frozen_edges:
                    estimator.model_.network.require(EdgeId.parse(edge))
                if change.monotone is not None:
                    estimator.direct({name: SIGNS[direction] for name, direction in change.monotone.items()})
            case Prune():
                pass


def trained(estimator: Estimator, change: Change, position: int, callback: ProgressCallback | None) -> bool:
    """Make the part of a change that is a training, and say whether there is one. Raises: a leaf of InvalidRevision."""
    with _in_words_of_the_request(position, change):
        match change:
            case Prune():
                estimator.simplify(change.tolerance, change.maximum_edges, callback=callback)
            case Retrain():
                asked = {name: getattr(change, name) for name in PENALTIES}
                estimator.set_params(**{name: value for name, value in asked.items() if value is not None})
                estimator.refit(frozen=change.frozen_edges, callback=callback)
            case _:
                return False
    return True


def make(
    estimator: Estimator,
    changes: Sequence[Change],
    callback: ProgressCallback | None,
    before_refit: Callable[[FittedModel], None] = lambda _: None,
) -> None:
    """Make all changes in their order, and refit what they leave open.

    `before_refit` sees the model once all changes are made, where a refit follows. Raises: a leaf of InvalidRevision,
    TrainingFailed.
    """
    is_open = False
    for position, change in enumerate(changes):
        edited(estimator, change, position)
        is_open = not trained(estimator, change, position, callback)
    if is_open:
        before_refit(estimator.model_)
        try:
            estimator.refit(callback=callback)
        except KANError as error:
            raise TrainingFailed(str(error)) from error


def _coded(model: FittedModel, columns: TrainingColumns) -> FittedModel:
    return replace(model, training={**model.training, "classes": list(range(len(columns.classes)))})


def _snap(estimator: Estimator, change: Snap, position: int) -> None:
    if change.function is not None and change.function not in FUNCTIONS:
        raise RevisionFunctionUnknown(position, change.function, tuple(FUNCTIONS))
    estimator.snap(change.edge, change.function or change.formula or "", change.fixed)


def _remove(estimator: Estimator, edge: str, position: int) -> None:
    if estimator.model_.network.form(EdgeId.parse(edge)) == "zero":
        raise RevisionFormRefused(position, f"Edge {edge} is zero already.")
    estimator.remove(edge)


@contextmanager
def _in_words_of_the_request(position: int, change: Change) -> Iterator[None]:
    try:
        yield
    except KANError as error:
        raise _refusal(error, position, change) from error


def _refusal(error: KANError, position: int, change: Change) -> EdgewiseError:
    match error:
        case kan.errors.InvalidEdge():
            return RevisionEdgeUnknown(position, error.edge)
        case kan.errors.EdgeFormRefused():
            return RevisionFormRefused(position, str(error))
        case kan.errors.InvalidFormula():
            return RevisionFormulaInvalid(position, error.position, error.reason)
        case kan.errors.UnknownFunction():
            return RevisionFormulaInvalid(position, 0, f"there is no {error.function[:40]!r}")
        case kan.errors.NoEdgesLeft():
            return RevisionLeavesNoEdge(position)
        case kan.errors.UnknownFeature():
            return RevisionSettingRefused(position, "monotone", str(error))
        case kan.errors.InvalidSetting():
            return RevisionSettingRefused(position, error.name, str(error))
    return TrainingFailed(f"change {position + 1} ({change.operation}): {error}")
