"""scikit-learn estimators: fit, update, simplify, symbolify, calibrate, explain, save.

Settings and everything that needs no target are in `kan.estimation`.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import torch
from jaxtyping import Float
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.utils import check_array, check_consistent_length, column_or_1d
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets
from torch import Tensor

from kan.conformal import calibrated_classes, calibrated_numbers, intervals, outcome_sets
from kan.errors import InvalidTarget, OneClassTarget
from kan.estimation import KANEstimator
from kan.losses import FamilyName
from kan.model import FittedModel
from kan.training.settings import ProgressCallback, require


class KANRegressor(RegressorMixin, KANEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """Regression with a Kolmogorov-Arnold network; the output is in the unit of the target."""

    _families = ("gaussian", "poisson", "gamma")

    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        offset: Any = None,
        callback: ProgressCallback | None = None,
        checkpoint: str | Path | None = None,
    ) -> Self:
        """Train on a table and one number per row; what `callback` raises stops the run and passes through.

        `offset` is a known part of the link: the logarithm of the exposure of a count. With a `checkpoint` file the
        run can be interrupted; the same call goes on where it stood. Raises the errors of `infer_features` and
        `encode`, InvalidTarget, InvalidSetting, TrainingDiverged, CheckpointRefused.
        """
        require("class_weight", self.class_weight, self.class_weight is None, "None: a regressor has no classes")
        family = self._family()
        require("family", family, family in self._families, f"auto or one of {self._families}")
        target = self._checked_target(y)
        with self._attempt() as learner:
            learner._fit(
                X,
                target,
                family,
                _name(y),
                sample_weight=sample_weight,
                offset=offset,
                callback=callback,
                checkpoint=checkpoint,
            )
        return self

    def partial_fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        offset: Any = None,
        callback: ProgressCallback | None = None,
    ) -> Self:
        """Learn on from more rows on the same knots, and keep what the rows before have said; the first call is `fit`.

        Additive models stay as they are where no new row lies; with hidden layers what was learned is kept about, by a
        quadratic that stands for the rows before.

        Name the `domains` of features whose first rows do not reach all values to come. Raises what `fit` raises, and
        TrainingDataUnavailable for a model without its rows.
        """
        if not hasattr(self, "model_"):
            return self.fit(X, y, sample_weight, offset=offset, callback=callback)
        target = self._checked_target(y)
        return self._update(X, target, sample_weight=sample_weight, offset=offset, callback=callback)

    def _family(self) -> FamilyName:
        return "gaussian" if self.family == "auto" else self.family

    def predict(self, X: Any, *, offset: Any = None) -> npt.NDArray[np.float64]:
        """Return the expected target of every row, with an offset of the link where one is given."""
        return self.model_response(X, offset=offset)[:, 0]

    def calibrate(self, X: Any, y: Any, *, offset: Any = None) -> Self:
        """Learn from rows that took no part in the fit how wide intervals must be; raises what `fit` raises."""
        observed = torch.from_numpy(self._checked_target(y).astype(np.float64))
        expected = torch.from_numpy(self.predict(X, offset=offset))
        check_consistent_length(expected, observed)
        self.model_ = replace(self.model_, calibration=calibrated_numbers(observed, expected, self.model_.family))
        return self

    def predict_interval(self, X: Any, coverage: float = 0.9, *, offset: Any = None) -> npt.NDArray[np.float64]:
        """Return the least and the largest target of every row: (rows, 2) numbers that hold it with this probability.

        Raises NotCalibrated, CalibrationTooSmall, InvalidSetting.
        """
        expected = torch.from_numpy(self.predict(X, offset=offset))
        found: npt.NDArray[np.float64] = intervals(
            self.model_.require_calibration(), expected, self.model_.family, coverage
        ).numpy()
        return found

    def _checked_target(self, y: Any) -> npt.NDArray[Any]:
        target: npt.NDArray[np.float64] = check_array(_one_column(y), ensure_2d=False, dtype=np.float64, input_name="y")
        _check_range(target, self._family())
        return target

    def _encoded_target(self, y: npt.NDArray[Any]) -> Float[Tensor, "rows outputs"]:
        return torch.from_numpy(y.astype(np.float64)).unsqueeze(1)


class KANClassifier(ClassifierMixin, KANEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """Classification with a Kolmogorov-Arnold network: logit link for two classes, softmax for more."""

    _families = ("binomial", "multinomial")

    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        callback: ProgressCallback | None = None,
        checkpoint: str | Path | None = None,
    ) -> Self:
        """Train on a table and one label per row; what `callback` raises stops the run and passes through.

        With a `checkpoint` file the run can be interrupted; the same call goes on where it stood. Raises the errors
        of `infer_features` and `encode`, InvalidTarget, OneClassTarget, InvalidSetting, TrainingDiverged,
        CheckpointRefused.
        """
        target = self._checked_target(y)
        return self._fit_classes(X, target, np.unique(target), _name(y), sample_weight, callback, checkpoint)

    def partial_fit(
        self,
        X: Any,
        y: Any,
        classes: Any = None,
        sample_weight: Any = None,
        *,
        callback: ProgressCallback | None = None,
    ) -> Self:
        """Learn on from more rows on the same knots, and keep what the rows before have said; the first call is `fit`.

        Additive models stay as they are where no new row lies; with hidden layers what was learned is kept about, by a
        quadratic that stands for the rows before.

        The first call names all `classes` if its rows lack some. Raises what `fit` raises, InvalidTarget for a class
        that was not named, and TrainingDataUnavailable for a model without its rows.
        """
        target = self._checked_target(y)
        if not hasattr(self, "model_"):
            named = np.unique(target if classes is None else classes)
            return self._fit_classes(X, target, named, _name(y), sample_weight, callback, None)
        return self._update(X, target, sample_weight=sample_weight, offset=None, callback=callback)

    def _fit_classes(
        self,
        X: Any,
        target: npt.NDArray[Any],
        classes: npt.NDArray[Any],
        name: str,
        sample_weight: Any,
        callback: ProgressCallback | None,
        checkpoint: str | Path | None,
    ) -> Self:
        require("family", self.family, self.family == "auto", "auto: the number of classes decides")
        if len(classes) < 2:
            raise OneClassTarget(classes.tolist()[0])
        family: FamilyName = "binomial" if len(classes) == 2 else "multinomial"
        with self._attempt() as learner:
            learner.classes_ = classes
            learner._fit(
                X,
                target,
                family,
                name,
                sample_weight=sample_weight,
                offset=None,
                callback=callback,
                checkpoint=checkpoint,
            )
        return self

    def decision_function(self, X: Any) -> npt.NDArray[np.float64]:
        """Return the link scale: the logit of the second class, or one column per class."""
        x = self._encoded(X)
        link: npt.NDArray[np.float64] = self.model_.predict_link(x).numpy()
        return link[:, 0] if self.model_.family == "binomial" else link

    def predict_proba(self, X: Any) -> npt.NDArray[np.float64]:
        """Return the probability of every class, in the order of `classes_`."""
        response = self.model_response(X)
        return np.hstack([1 - response, response]) if self.model_.family == "binomial" else response

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """Return the most probable class of every row."""
        link = self.decision_function(X)
        code = (link > 0).astype(int) if link.ndim == 1 else link.argmax(axis=1)
        chosen: npt.NDArray[Any] = self.classes_[code]
        return chosen

    def calibrate(self, X: Any, y: Any) -> Self:
        """Learn from rows that took no part in the fit when a class can be ruled out; raises what `fit` raises."""
        probabilities = torch.from_numpy(self.predict_proba(X))
        target = self._checked_target(y)
        check_consistent_length(probabilities, target)
        self._encoded_target(target)  # refuses an unknown class
        codes = torch.from_numpy(np.searchsorted(self.classes_, target))
        self.model_ = replace(self.model_, calibration=calibrated_classes(codes, probabilities))
        return self

    def predict_set(self, X: Any, coverage: float = 0.9) -> npt.NDArray[np.bool_]:
        """Return (rows, classes) flags of the classes that a row may have; every class is held with this probability.

        Raises NotCalibrated, InvalidSetting.
        """
        probabilities = torch.from_numpy(self.predict_proba(X))
        found: npt.NDArray[np.bool_] = outcome_sets(self.model_.require_calibration(), probabilities, coverage).numpy()
        return found

    def _adopt(self, model: FittedModel) -> None:
        super()._adopt(model)
        self.classes_ = np.array(model.training.get("classes", model.classes))

    def _checked_target(self, y: Any) -> npt.NDArray[Any]:
        target: npt.NDArray[Any] = check_array(_one_column(y), ensure_2d=False, dtype=None, input_name="y")
        check_classification_targets(target)
        return target

    def _weights(self, y: npt.NDArray[Any], sample_weight: Any) -> Float[Tensor, " rows"] | None:
        """Return the weights of the rows times those of their classes."""
        weights = super()._weights(y, sample_weight)
        if self.class_weight is None:
            return weights
        of_classes = torch.from_numpy(compute_sample_weight(self.class_weight, y))
        return of_classes if weights is None else weights * of_classes

    def _encoded_target(self, y: npt.NDArray[Any]) -> Float[Tensor, "rows outputs"]:
        for label in np.unique(y):
            if label not in self.classes_:
                raise InvalidTarget(f"{label!r} is none of the classes {self.classes_.tolist()}")
        indicators = torch.from_numpy((y[:, None] == self.classes_[None, :]).astype(np.float64))
        return indicators[:, 1:] if len(self.classes_) == 2 else indicators


def _one_column(y: Any) -> npt.NDArray[Any]:
    if y is None:
        raise InvalidTarget("the estimator requires y to be passed, but the target y is None")
    column: npt.NDArray[Any] = column_or_1d(y, warn=True)
    return column


def _check_range(target: npt.NDArray[np.float64], family: str) -> None:
    """Raise InvalidTarget where a family with a log link cannot have produced the target."""
    if family == "poisson" and ((target < 0).any() or not target.sum() > 0):
        raise InvalidTarget("the family poisson needs counts of at least 0, and some above 0")
    if family == "gamma" and (target <= 0).any():
        raise InvalidTarget("the family gamma needs amounts above 0")


def _name(y: Any) -> str:
    """Return the name of a pandas or polars series, else "target"."""
    name = getattr(y, "name", None)
    return name if isinstance(name, str) and name else "target"
