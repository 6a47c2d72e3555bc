"""What the estimators share: tables, and the course of a fit, an update and a refit.

The contract is scikit-learn's: `__init__` stores settings, `fit` checks them and returns `self`, learned attributes
end in an underscore. X is a numpy array, a pandas or polars data frame, or a mapping from names to columns; text
columns are categories, NaN and None are missing values.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
import torch
from jaxtyping import Float
from sklearn.utils import check_consistent_length, check_random_state
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from kan.answers import AnsweringEstimator, column_of
from kan.errors import ArtifactCorrupted, InvalidTarget, NoRows, TrainingDataUnavailable
from kan.features import encode, infer_features
from kan.growth import grown
from kan.losses import FAMILIES, FamilyName
from kan.model import FittedModel, reference_rows
from kan.network import EdgeId, Network
from kan.ranges import settle_domains
from kan.serialization import dump, load
from kan.simplification import simplify
from kan.snapping import direct, fitted_form, refine, remove, snap, unsnap
from kan.symbolic.library import Parameter, SymbolicForm
from kan.symbolification import symbolify
from kan.tables import default_names
from kan.training.continual import Memory, keep_known, recorded, regularization_of, remember, update
from kan.training.gauss_newton import Regularization
from kan.training.history import History
from kan.training.laplace import covariance_factor
from kan.training.rows import Rows, weighted_rows
from kan.training.settings import ProgressCallback
from kan.training.trainer import one_thread, train

CURVE_POINTS = 50  # points of a loss curve that a training record keeps


class KANEstimator(AnsweringEstimator):
    """What the regressor and the classifier share."""

    _families: ClassVar[tuple[FamilyName, ...]]
    _rows: Rows | None = None
    _memory: Memory | None = None

    def simplify(
        self, tolerance: float = 0.005, max_edges: int | None = None, *, callback: ProgressCallback | None = None
    ) -> Self:
        """Remove as many edges as the loss bears and refit: sparsify, prune, refit, compare.

        The loss may rise by `tolerance` times what the model explains beyond a constant. At most `max_edges` stay,
        whatever that costs. Raises InvalidSetting, NoEdgesLeft, TrainingDataUnavailable, TrainingDiverged.
        """
        rows = self._training_rows("simplify")
        model, settings = self.model_, self._settings(self.model_.training["seed"], len(rows), self.model_.network)
        with one_thread():
            network, history, found = simplify(
                model.network, rows, model.family, settings, tolerance=tolerance, max_edges=max_edges, callback=callback
            )
        stage = {**_summary("simplify", network, history), **asdict(found)}
        return self._adopt_network(network, stage, history)

    def symbolify(
        self,
        tolerance: float = 0.005,
        library: Sequence[str] | None = None,
        *,
        callback: ProgressCallback | None = None,
    ) -> Self:
        """Let splines become formulas where the whole network bears it, and refit; the others stay splines.

        The loss on held-out rows may rise by `tolerance` times what the model explains beyond a constant. `library`
        names the functions to choose from: those of `kan.symbolic.library.FUNCTIONS`, or formulas such as
        "log(1 + x^2)". What was chosen, and how sure that is, is in the last stage of `model_.training`. Raises
        InvalidSetting, UnknownFunction, InvalidFormula, TrainingDataUnavailable.
        """
        rows = self._training_rows("symbolify")
        model, settings = self.model_, self._settings(self.model_.training["seed"], len(rows), self.model_.network)
        with one_thread():
            network, history, found = symbolify(
                model, rows, settings, tolerance=tolerance, names=library, callback=callback
            )
        stage = {**_summary("symbolify", network, history), **asdict(found)}
        return self._adopt_network(network, stage, history)

    def snap(self, edge: str, function: str | SymbolicForm, fixed: Sequence[Parameter] | None = None) -> Self:
        """Make an edge a formula: a function of the library fitted to it, a formula of x as typed, or a whole form.

        A refit leaves the parameters named in `fixed` as they are; if nothing is said, a and b of a typed formula.
        Nothing else changes before `refit`. Raises InvalidEdge, EdgeFormRefused, UnknownFunction, InvalidFormula.
        """
        check_is_fitted(self, "model_")
        place = EdgeId.parse(edge)
        form = fitted_form(self.model_, place, function, fixed) if isinstance(function, str) else function
        return self._edited(snap(self.model_, place, form))

    def unsnap(self, edge: str) -> Self:
        """Make a formula a spline again, the nearest one; raises InvalidEdge, EdgeFormRefused."""
        check_is_fitted(self, "model_")
        return self._edited(unsnap(self.model_, EdgeId.parse(edge)))

    def remove(self, edge: str) -> Self:
        """Set an edge to zero, its mean moved into the bias; raises InvalidEdge, NoEdgesLeft."""
        check_is_fitted(self, "model_")
        return self._edited(remove(self.model_, EdgeId.parse(edge)))

    def refine(self, grid_size: int) -> Self:
        """Give every spline `grid_size` intervals, a multiple of what it has; the functions stay the same.

        Raises InvalidSetting.
        """
        check_is_fitted(self, "model_")
        return self._edited(refine(self.model_, grid_size))

    def direct(self, monotone: Mapping[str, int]) -> Self:
        """Hold an additive model to other directions than before, 1 or -1 by feature; `refit` makes the best of it.

        Raises InvalidSetting, UnknownFeature, EdgeFormRefused for a formula that does not have its direction.
        """
        check_is_fitted(self, "model_")
        edited = direct(self.model_, monotone)
        self.monotone = dict(monotone)
        return self._edited(edited)

    def refit(self, *, frozen: Collection[str] = (), callback: ProgressCallback | None = None) -> Self:
        """Train the network on from where it is, after changes by hand; the edges named in `frozen` stay as they are.

        Formulas keep their functions, removed edges stay removed. Settings that were changed since count, and are
        recorded. Raises InvalidEdge, InvalidSetting, TrainingDataUnavailable, TrainingDiverged.
        """
        rows, model = self._training_rows("refit"), self.model_
        settings = self._settings(model.training["seed"], len(rows), model.network)
        start = model.network.frozen(EdgeId.parse(edge) for edge in frozen)
        trained, history = train([start], rows, model.family, settings, stage="refit", is_refit=True, callback=callback)
        if history.regularization is not None:
            keep_known(history.regularization, trained, regularization_of(model.network, model.training))
        trained = trained.frozen(())
        settle_domains(trained, model.features, rows.x)
        self.model_ = replace(model, training={**model.training, "configuration": self._configuration()})
        stage = {**_summary("refit", trained, history), **({"frozen": sorted(frozen)} if frozen else {})}
        return self._adopt_network(trained, stage, history)

    def save(self, path: str | Path) -> None:
        """Write the model to a file."""
        check_is_fitted(self, "model_")
        Path(path).write_bytes(dump(self.model_))

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Return the estimator that `save` wrote, without training data; raises ArtifactCorrupted."""
        return cls.from_model(load(Path(path).read_bytes()))

    @classmethod
    def from_model(
        cls, model: FittedModel, X: Any = None, y: Any = None, sample_weight: Any = None, *, offset: Any = None
    ) -> Self:
        """Return an estimator around a model; given its training data it can learn on and be refined further.

        Weights of rows and classes and an `offset` of the link count as in `fit`. Raises ArtifactCorrupted for a model
        of another family, and what `fit` raises for data that it refuses.
        """
        if model.family not in cls._families:
            raise ArtifactCorrupted(f"it holds a {model.family} model, which is not for {cls.__name__}")
        estimator = cls._configured(model.training.get("configuration", {}))
        estimator._adopt(model)
        if X is not None:
            target = estimator._checked_target(y)
            estimator._rows = estimator._rows_of(estimator._encoded(X), target, sample_weight, offset)
        return estimator

    def _adopt(self, model: FittedModel) -> None:
        self.model_ = model
        self._rows, self._memory = None, None
        names = [feature.name for feature in model.features]
        self.n_features_in_ = len(names)
        if names != default_names(len(names)):
            self.feature_names_in_ = np.array(names, dtype=object)

    @contextmanager
    def _attempt(self) -> Iterator[Self]:
        """Give a copy to learn with, and become it in the end; what raises before leaves the estimator as it was."""
        learner = copy(self)
        yield learner
        self.__dict__ = learner.__dict__

    def _checked_target(self, y: Any) -> npt.NDArray[Any]:
        """Return a target as one column that can be learned; raises InvalidTarget, ValueError."""
        raise NotImplementedError

    def _encoded_target(self, y: npt.NDArray[Any]) -> Float[Tensor, "rows outputs"]:
        raise NotImplementedError

    def _fit(
        self,
        X: Any,
        y: npt.NDArray[Any],
        family: FamilyName,
        name: str,
        *,
        sample_weight: Any,
        offset: Any,
        callback: ProgressCallback | None,
        checkpoint: str | Path | None,
    ) -> None:
        """Train a new network, in an attempt; `y` has passed the checks of its kind."""
        self._check_architecture()
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        columns = self._columns(X, reset=True)
        features = infer_features(columns, categorical=self.categorical, units=self.units, domains=self.domains)
        rows = self._rows_of(encode(features, columns), y, sample_weight, offset)
        if len(rows) < 2:
            raise NoRows(rows=len(rows), minimum=2)
        settings = replace(self._settings(seed, len(rows)), grid_eps=self._grid_shares(features))
        starts = self._starts(features, rows, family, settings)
        file = None if checkpoint is None else Path(checkpoint)
        trained, history = train(starts, rows, family, settings, callback=callback, checkpoint=file)
        stages = [_summary("fit", trained, history)]
        if self.interactions > 0:
            limit = self.interactions
            found = grown(trained, starts[0], features, rows, family, settings, limit=limit, callback=callback)
            if found is not None:
                trained, history, gain = found
                stages.append({**_summary("pairs", trained, history), **gain})
        labels = np.asarray(getattr(self, "classes_", ())).tolist()
        training = {
            "configuration": self._configuration(),
            "seed": seed,
            "rows": len(rows),
            "classes": labels,
            "regularization": recorded(history.regularization),
            "stages": stages,
        }
        classes, reference = tuple(str(label) for label in labels), reference_rows(rows.x, seed)
        self._rows, self._memory = rows, None
        sure = covariance_factor(
            trained, rows, FAMILIES[family], settings.penalties, history.regularization, memory=settings.memory
        )
        self.model_ = FittedModel(features, trained, family, name, classes, reference, training, sure)

    def _update(
        self, X: Any, y: npt.NDArray[Any], *, sample_weight: Any, offset: Any, callback: ProgressCallback | None
    ) -> Self:
        """Fit the model to more rows without the old ones; `y` has passed the checks of its kind."""
        model, memory = self.model_, self._memory
        rows = self._rows_of(self._encoded(X), y, sample_weight, offset)
        settings = self._settings(model.training["seed"], len(rows), model.network)
        if memory is None:
            old, known = self._training_rows("partial_fit"), regularization_of(model.network, model.training)
            memory = remember(model.network, old, model.family, settings, known)
        past = memory.gram
        network, history, memory = update(model.network, memory, rows, model.family, settings, callback=callback)
        self._rows = rows
        self._adopt_network(network, _summary("update", network, history), history, past)
        self._memory = memory
        both = torch.cat([model.reference, rows.x])
        self.model_ = replace(self.model_, reference=reference_rows(both, model.training["seed"]))
        self._rows = None
        return self

    def _edited(self, model: FittedModel) -> Self:
        """Put a model that was changed by hand in place of the old one."""
        self.model_, self._memory = model, None
        return self

    def _adopt_network(
        self, network: Network, stage: dict[str, Any], history: History | None, past: Tensor | None = None
    ) -> Self:
        """Put a trained network in place of the old one; without a history nothing was trained.

        `past` is the Gauss–Newton matrix of rows before those that are held.
        """
        training, rows = self.model_.training, self._training_rows(str(stage["stage"]))
        record = {**training, "stages": [*training["stages"], stage]}
        if history is not None:
            record["regularization"] = recorded(history.regularization)
        settings = self._settings(training["seed"], len(rows), network)
        sure = covariance_factor(
            network,
            rows,
            FAMILIES[self.model_.family],
            settings.penalties,
            regularization_of(network, record),
            memory=settings.memory,
            past=past,
        )
        self._memory = None
        changed = self.model_.with_network(network)
        self.model_ = replace(changed, training=record, covariance_factor=sure)
        return self

    def _rows_of(self, x: Tensor, y: npt.NDArray[Any], sample_weight: Any, offset: Any) -> Rows:
        check_consistent_length(x, y)
        weights = self._weights(y, sample_weight)
        if weights is not None and ((weights < 0).any() or not weights.sum() > 0):
            raise InvalidTarget("sample_weight holds negative numbers or only zeros")
        known = None if offset is None else column_of("offset", offset, len(x))
        return weighted_rows(x, self._encoded_target(y), weights, known)

    def _weights(self, y: npt.NDArray[Any], sample_weight: Any) -> Float[Tensor, " rows"] | None:
        """Return the weight of every row, None where all count alike."""
        return None if sample_weight is None else column_of("sample_weight", sample_weight, len(y))

    def _training_rows(self, method: str) -> Rows:
        check_is_fitted(self, "model_")
        if self._rows is None:
            raise TrainingDataUnavailable(method, updated=self._memory is not None)
        return self._rows


def _summary(stage: str, network: Network, history: History | None) -> dict[str, Any]:
    """Return one stage of a training record: what was kept, and at most 50 points of the loss curve."""
    if history is None:
        return {"stage": stage, "active_edges": len(network.active_edges()), "kept_step": 0, "losses": []}
    stride = -(-len(history.losses) // CURVE_POINTS)
    return {
        "stage": stage,
        "optimizer": history.optimizer,
        **_noise(history.regularization),
        "active_edges": len(network.active_edges()),
        "kept_step": history.kept_step,
        "losses": [list(point) for point in history.losses[::-1][::stride][::-1]],
    }


def _noise(regularization: Regularization | None) -> dict[str, float]:
    if regularization is None:
        return {}
    return {"dispersion": regularization.dispersion, "degrees_of_freedom": regularization.freedom}
