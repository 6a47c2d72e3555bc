"""scikit-learn estimators: fit, simplify, symbolify, explain, save.

The contract is scikit-learn's: `__init__` stores settings, `fit` checks them and returns `self`, learned attributes
end in an underscore. X is a numpy array, a pandas or polars data frame, or a mapping from names to columns; text
columns are categories, NaN and None are missing values.

The defaults come from held-out losses on seven tables of 180 to 1,000 rows (scikit-learn's and synthetic ones).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Self, get_args

import numpy as np
import numpy.typing as npt
import sympy
import torch
from jaxtyping import Float
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils import Tags, check_array, check_consistent_length, check_random_state, column_or_1d
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data
from torch import Tensor

from kan.errors import ArtifactCorrupted, InvalidTarget, NoRows, OneClassTarget, TrainingDataUnavailable
from kan.explanation.edge_flow import EdgeFlow, edge_flow
from kan.explanation.formula import network_formula
from kan.features import Column, encode, infer_features
from kan.layer import LARGEST_DEGREE, LARGEST_GRID_SIZE, Base
from kan.losses import FamilyName
from kan.model import FittedModel, reference_rows
from kan.network import Network, initial_network
from kan.pruning import prune
from kan.regularization import Penalties
from kan.serialization import dump, load
from kan.snapping import symbolify
from kan.tables import array_columns, frame_columns, holds_text, is_columns, is_frame
from kan.training.first_order import History
from kan.training.settings import ProgressCallback, TrainingSettings, require
from kan.training.trainer import start, train

CURVE_POINTS = 50  # points of a loss curve that a training record keeps


class KANEstimator(BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """What the regressor and the classifier share.

    hidden: nodes of every hidden layer; () is an additive model.
    grid_size, degree, base: intervals and degree of the splines; silu, identity or zero beside them.
    grid_eps: share of the uniform grid in the knots, from 0 (quantiles) to 1.
    l1, entropy, smoothness: weights of the penalties on active edges, on many half-active edges, and on roughness;
        the first two are divided by the square root of the number of rows, the last by the number.
    steps, learning_rate, batch_size: the optimiser; a table of up to batch_size rows is one batch.
    validation_fraction: share of the rows held out to stop early, if that is at least 20 rows; None holds out 0.2
        with hidden layers, and nothing without, where the penalties suffice.
    categorical, units: names of categorical features (text columns are found by themselves), unit by feature name.
    random_state: seed; the same seed gives the same model to the last bit.
    """

    _families: ClassVar[tuple[FamilyName, ...]]

    def __init__(
        self,
        hidden: Sequence[int] = (),
        *,
        grid_size: int = 5,
        degree: int = 3,
        base: Base = "silu",
        grid_eps: float = 0.3,
        l1: float = 0.1,
        entropy: float = 0.02,
        smoothness: float = 0.5,
        steps: int = 600,
        learning_rate: float = 0.03,
        batch_size: int = 8192,
        validation_fraction: float | None = None,
        categorical: Collection[str] = (),
        units: Mapping[str, str] | None = None,
        random_state: int | None = None,
    ) -> None:
        """Store the settings; `fit` checks them."""
        self.hidden = hidden
        self.grid_size = grid_size
        self.degree = degree
        self.base = base
        self.grid_eps = grid_eps
        self.l1 = l1
        self.entropy = entropy
        self.smoothness = smoothness
        self.steps = steps
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.validation_fraction = validation_fraction
        self.categorical = categorical
        self.units = units
        self.random_state = random_state

    def __sklearn_tags__(self) -> Tags:
        """Tell scikit-learn that text and missing values are welcome."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        return tags

    def simplify(
        self, threshold: float = 0.02, max_edges: int | None = None, *, callback: ProgressCallback | None = None
    ) -> Self:
        """Remove edges that do less than `threshold` times the largest one, keep at most `max_edges`, and refit.

        Raises InvalidSetting, NoEdgesLeft, TrainingDataUnavailable, TrainingDiverged.
        """
        x, _ = self._training_rows("simplify")
        pruned = prune(self.model_.network, x, threshold=threshold, max_edges=max_edges)
        return self._refit(pruned, "simplify", callback)

    def symbolify(self, minimum_r2: float = 0.995, *, callback: ProgressCallback | None = None) -> Self:
        """Snap every edge that a formula describes with at least this R² to the formula, and refit.

        Raises InvalidSetting, TrainingDataUnavailable, TrainingDiverged.
        """
        require("minimum_r2", minimum_r2, 0 <= minimum_r2 <= 1, "a number from 0 to 1")
        self._training_rows("symbolify")
        return self._refit(symbolify(self.model_, minimum_r2=minimum_r2).network, "symbolify", callback)

    def formula(self) -> list[sympy.Expr]:
        """Return every output on the link scale as a SymPy expression; splines stay named functions."""
        check_is_fitted(self, "model_")
        return network_formula(self.model_)

    def explain(self, X: Any, *, output: int = 0) -> EdgeFlow:
        """Return the contribution of every edge to one output of every row, measured against the reference rows."""
        return edge_flow(self.model_.network, self._encoded(X), self.model_.reference, output=output)

    def save(self, path: str | Path) -> None:
        """Write the model to a file."""
        check_is_fitted(self, "model_")
        Path(path).write_bytes(dump(self.model_))

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Return the estimator that `save` wrote, without training data; raises ArtifactCorrupted."""
        return cls.from_model(load(Path(path).read_bytes()))

    @classmethod
    def from_model(cls, model: FittedModel, X: Any = None, y: Any = None) -> Self:
        """Return an estimator around a model; given its training data it can be simplified and symbolified further.

        Raises ArtifactCorrupted for a model of another family, and what `encode` raises for unfit data.
        """
        configuration = model.training.get("configuration", {})
        estimator = cls(**{name: value for name, value in configuration.items() if name in cls._get_param_names()})
        if model.family not in cls._families:
            raise ArtifactCorrupted(f"it holds a {model.family} model, which is not for {cls.__name__}")
        estimator._adopt(model)
        if X is not None:
            estimator._rows = estimator._encoded(X), estimator._encoded_target(column_or_1d(y))
        return estimator

    def model_response(self, X: Any) -> npt.NDArray[np.float64]:
        """Return the response of every row and output: expected target, positive probability, or all probabilities."""
        x = self._encoded(X)
        response: npt.NDArray[np.float64] = self.model_.predict_response(x).numpy()
        return response

    def _adopt(self, model: FittedModel) -> None:
        self.model_ = model
        self.n_features_in_ = len(model.features)

    def _encoded_target(self, y: npt.NDArray[Any]) -> Float[Tensor, "rows outputs"]:
        raise NotImplementedError

    def _fit(
        self, X: Any, y: npt.NDArray[Any], family: FamilyName, name: str, callback: ProgressCallback | None
    ) -> Self:
        """Train a new network; `y` has passed the checks of its kind."""
        self._check_architecture()
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        columns = self._columns(X, reset=True)
        features = infer_features(columns, categorical=self.categorical, units=self.units)
        x = encode(features, columns)
        if len(x) < 2:
            raise NoRows(rows=len(x), minimum=2)
        check_consistent_length(x, y)
        target, settings = self._encoded_target(y), self._settings(seed, self.steps, len(x))
        network = initial_network(
            features,
            tuple(self.hidden),
            target.shape[1],
            grid_size=self.grid_size,
            degree=self.degree,
            base=self.base,
            generator=torch.Generator().manual_seed(seed),
        )
        started = start(network, x, target, family, settings)
        trained, history = train(started, x, target, family, settings, callback=callback)
        labels = np.asarray(getattr(self, "classes_", ())).tolist()
        training = {
            "configuration": self._configuration(),
            "seed": seed,
            "rows": len(x),
            "classes": labels,
            "stages": [_summary("fit", trained, history)],
        }
        classes, reference = tuple(str(label) for label in labels), reference_rows(x, seed)
        self._rows = x, target
        self.model_ = FittedModel(features, trained, family, name, classes, reference, training)
        return self

    def _refit(self, network: Network, stage: str, callback: ProgressCallback | None) -> Self:
        """Train an edited network on the training data and put it in place of the old one."""
        x, target = self._training_rows(stage)
        training = self.model_.training
        settings = self._settings(training["seed"], max(1, self.steps // 2), len(x))
        trained, history = train(network, x, target, self.model_.family, settings, stage=stage, callback=callback)
        stages = [*training["stages"], _summary(stage, trained, history)]
        self.model_ = replace(self.model_, network=trained, training={**training, "stages": stages})
        return self

    def _columns(self, X: Any, *, reset: bool) -> Mapping[str, Column]:
        """Return the table as columns; `reset` learns the names, otherwise they are compared."""
        if is_columns(X):
            if reset:
                self.n_features_in_ = len(X)
            columns: Mapping[str, Column] = X
            return columns
        if is_frame(X):
            validate_data(self, X, reset=reset, skip_check_array=True)
            return frame_columns(X)
        if holds_text(X):
            validate_data(self, X, reset=reset, skip_check_array=True)
            array = X
        else:
            array = validate_data(self, X, reset=reset, dtype=np.float64, ensure_all_finite="allow-nan")
        return array_columns(array, None if reset else [feature.name for feature in self.model_.features])

    def _encoded(self, X: Any) -> Float[Tensor, "rows features"]:
        check_is_fitted(self, "model_")
        return encode(self.model_.features, self._columns(X, reset=False))

    def _training_rows(self, method: str) -> tuple[Tensor, Tensor]:
        check_is_fitted(self, "model_")
        rows: tuple[Tensor, Tensor] | None = getattr(self, "_rows", None)
        if rows is None:
            raise TrainingDataUnavailable(method)
        return rows

    def _settings(self, seed: int, steps: int, rows: int) -> TrainingSettings:
        per_root, per_row = rows**-0.5, 1 / rows
        automatic = 0.2 if len(self.hidden) > 0 else 0.0
        return TrainingSettings(
            penalties=Penalties(self.l1 * per_root, self.entropy * per_root, self.smoothness * per_row),
            steps=steps,
            learning_rate=self.learning_rate,
            grid_eps=self.grid_eps,
            validation_fraction=automatic if self.validation_fraction is None else self.validation_fraction,
            batch_size=self.batch_size,
            seed=seed,
        )

    def _check_architecture(self) -> None:
        nodes_are_positive = all(nodes >= 1 for nodes in self.hidden)
        require("hidden", self.hidden, nodes_are_positive, "a sequence of node counts of at least 1")
        require("grid_size", self.grid_size, 1 <= self.grid_size <= LARGEST_GRID_SIZE, f"1 to {LARGEST_GRID_SIZE}")
        require("degree", self.degree, 1 <= self.degree <= LARGEST_DEGREE, f"1 to {LARGEST_DEGREE}")
        require("base", self.base, self.base in get_args(Base), f"one of {get_args(Base)}")

    def _configuration(self) -> dict[str, Any]:
        """Return the settings in the form that JSON keeps."""
        configuration = self.get_params(deep=False)
        seed = self.random_state if isinstance(self.random_state, int) else None
        lists = {"hidden": list(self.hidden), "categorical": list(self.categorical)}
        return {**configuration, **lists, "units": dict(self.units or {}), "random_state": seed}


class KANRegressor(RegressorMixin, KANEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """Regression with a Kolmogorov-Arnold network; the output is in the unit of the target."""

    _families = ("gaussian",)

    def fit(self, X: Any, y: Any, *, callback: ProgressCallback | None = None) -> Self:
        """Train on a table and one number per row; what `callback` raises stops the run and passes through.

        Raises the errors of `infer_features` and `encode`, InvalidTarget, InvalidSetting, TrainingDiverged.
        """
        target = _one_column(y)
        target = check_array(target, ensure_2d=False, dtype=np.float64, input_name="y")
        return self._fit(X, target, "gaussian", _name(y), callback)

    def predict(self, X: Any) -> npt.NDArray[np.float64]:
        """Return the expected target of every row."""
        return self.model_response(X)[:, 0]

    def _encoded_target(self, y: npt.NDArray[Any]) -> Float[Tensor, "rows outputs"]:
        return torch.from_numpy(y.astype(np.float64)).unsqueeze(1)


class KANClassifier(ClassifierMixin, KANEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """Classification with a Kolmogorov-Arnold network: logit link for two classes, softmax for more."""

    _families = ("binomial", "multinomial")

    def fit(self, X: Any, y: Any, *, callback: ProgressCallback | None = None) -> Self:
        """Train on a table and one label per row; what `callback` raises stops the run and passes through.

        Raises the errors of `infer_features` and `encode`, InvalidTarget, OneClassTarget, InvalidSetting,
        TrainingDiverged.
        """
        target = _one_column(y)
        target = check_array(target, ensure_2d=False, dtype=None, input_name="y")
        check_classification_targets(target)
        self.classes_ = np.unique(target)
        if len(self.classes_) < 2:
            raise OneClassTarget(self.classes_.tolist()[0])
        return self._fit(X, target, "binomial" if len(self.classes_) == 2 else "multinomial", _name(y), callback)

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

    def _adopt(self, model: FittedModel) -> None:
        super()._adopt(model)
        self.classes_ = np.array(model.training.get("classes", model.classes))

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


def _name(y: Any) -> str:
    """Return the name of a pandas or polars series, else "target"."""
    name = getattr(y, "name", None)
    return name if isinstance(name, str) and name else "target"


def _summary(stage: str, network: Network, history: History) -> dict[str, Any]:
    """Return one stage of a training record: what was kept, and at most 50 points of the loss curve."""
    stride = -(-len(history.losses) // CURVE_POINTS)
    return {
        "stage": stage,
        "active_edges": len(network.active_edges()),
        "kept_step": history.kept_step,
        "losses": [list(point) for point in history.losses[::-1][::stride][::-1]],
    }
