"""What a fitted estimator answers: outputs, explanations, proofs, changes that reach a goal, formulas."""

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Any, Literal, overload

import numpy as np
import numpy.typing as npt
import sympy
import torch
from jaxtyping import Float
from sklearn.utils import check_array
from sklearn.utils.validation import check_is_fitted, validate_data
from torch import Tensor

from kan.certification.certificate import Certificate
from kan.certification.certify import BOXES, SECONDS, certify
from kan.configuration import ConfiguredEstimator
from kan.explanation.coalitions import group_positions, trace_games
from kan.explanation.counterfactual import Counterfactuals, counterfactuals
from kan.explanation.edge_flow import EdgeFlow, edge_flow
from kan.explanation.formula import network_formula
from kan.explanation.goals import Goal
from kan.explanation.options import Adjustable
from kan.explanation.shapley import ShapleyValues, shapley_values
from kan.explanation.uncertainty import link_deviation
from kan.features import Column, encode
from kan.model import FittedModel
from kan.tables import array_columns, frame_columns, holds_text, is_columns, is_frame
from kan.training.settings import require


class AnsweringEstimator(ConfiguredEstimator):
    """An estimator as far as it need not learn: it reads tables and asks its model."""

    model_: FittedModel

    def formula(self, digits: int | None = None, *, simplified: bool = False) -> list[sympy.Expr]:
        """Return every output on the link scale as a SymPy expression; splines stay named functions.

        The numbers are exact, or rounded to `digits`; a `simplified` form is checked to be equal.
        """
        check_is_fitted(self, "model_")
        return network_formula(self.model_, digits, simplified)

    @overload
    def explain(
        self, X: Any, *, output: int = 0, by: Literal["edges"] = "edges", reference: Any = None
    ) -> EdgeFlow: ...

    @overload
    def explain(
        self,
        X: Any,
        *,
        output: int = 0,
        by: Literal["features"],
        reference: Any = None,
        groups: Mapping[str, Sequence[str]] | None = None,
    ) -> ShapleyValues: ...

    def explain(
        self,
        X: Any,
        *,
        output: int = 0,
        by: Literal["edges", "features"] = "edges",
        reference: Any = None,
        groups: Mapping[str, Sequence[str]] | None = None,
    ) -> EdgeFlow | ShapleyValues:
        """Return what moves one output of every row away from its mean over reference rows, those of training if none.

        By edges: the contribution of every edge. By features: Shapley values, one column per feature, or first one per
        group of `groups` (features by the name of the group), then one per feature in no group. Raises InvalidSetting,
        UnknownFeature, IdentityViolated.
        """
        x = self._encoded(X)
        rows = self.model_.reference if reference is None else self._encoded(reference)
        if by == "edges":
            require("groups", groups, groups is None, "nothing, as edges have no groups; by='features' has")
            return edge_flow(self.model_.network, x, rows, output=output)
        require("by", by, by == "features", "'edges' or 'features'")
        places = group_positions([feature.name for feature in self.model_.features], groups or {})
        return shapley_values(trace_games(self.model_.network, rows, output=output, groups=places), x)

    def certify(
        self,
        features: Sequence[str] | None = None,
        *,
        expected: Mapping[str, int] | None = None,
        boxes: int = BOXES,
        seconds: float = SECONDS,
    ) -> tuple[Certificate, ...]:
        """Return facts proved for the whole domain: range of the output, direction and largest slope by feature.

        What is asked for are all numeric features where none are named. A direction that is `expected` (1 or −1 by
        feature) is proved or refuted; for the others the likelier one is. Raises UnknownFeature, InvalidSetting.
        """
        check_is_fitted(self, "model_")
        return certify(self.model_, features=features, expected=expected, boxes=boxes, seconds=seconds)

    def counterfactuals(
        self,
        X: Any,
        goal: Goal,
        adjustable: Sequence[Adjustable] | None = None,
        *,
        immutable: Collection[str] = (),
        most_changes: int | None = None,
        alternatives: int = 1,
    ) -> list[Counterfactuals]:
        """Return for every row the smallest changes with which the output reaches a goal, each scored by the network.

        Raises what `kan.explanation.counterfactual.counterfactuals` raises.
        """
        rows = self._encoded(X)
        answer = partial(counterfactuals, immutable=immutable, most_changes=most_changes, alternatives=alternatives)
        return [answer(self.model_, row, goal, adjustable) for row in rows]

    def predict_std(self, X: Any, *, output: int = 0) -> npt.NDArray[np.float64]:
        """Return how sure the model is of every row: the standard deviation of one output on the link scale.

        It tells what more rows could change, not the noise around the answer. Raises UncertaintyUnknown.
        """
        x = self._encoded(X)
        deviation: npt.NDArray[np.float64] = link_deviation(self.model_, x, output=output).numpy()
        return deviation

    def model_response(self, X: Any, *, offset: Any = None) -> npt.NDArray[np.float64]:
        """Return the response of every row and output: expected target, positive probability, or all probabilities."""
        x = self._encoded(X)
        link = self.model_.predict_link(x)
        if offset is not None:
            link = link + column_of("offset", offset, len(x)).unsqueeze(1)
        response: npt.NDArray[np.float64] = self.model_.response(link).numpy()
        return response

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


def column_of(name: str, values: Any, rows: int) -> Float[Tensor, " rows"]:
    """Return one finite number per row; raises InvalidSetting, and ValueError where a value is no finite number."""
    checked: npt.NDArray[np.float64] = check_array(values, ensure_2d=False, dtype=np.float64, input_name=name)
    require(name, f"shape {checked.shape}", checked.shape == (rows,), f"one number for each of the {rows} rows")
    return torch.from_numpy(np.array(checked))
