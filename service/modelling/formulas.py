"""Formulas in place of splines, where the network loses little by them; which edges became what, in a sentence."""

import math
from typing import Any

from jaxtyping import Float
from torch import Tensor

from kan.estimator import KANClassifier, KANRegressor
from kan.explanation.fidelity import fidelity
from kan.model import FittedModel
from kan.training.settings import ProgressCallback

Estimator = KANClassifier | KANRegressor

#: Probability from which the positive class is decided, where decisions are compared.
DECISION = 0.5


def symbolify(estimator: Estimator, tolerance: float, callback: ProgressCallback) -> FittedModel:
    """The model with formulas, or the one before where no edge has become one."""
    splines: FittedModel = estimator.model_
    found: FittedModel = estimator.symbolify(tolerance, callback=callback).model_
    return found if has_formulas(found) else splines


def symbolification(model: FittedModel) -> str:
    """What was decided about the formulas of a model that `symbolify` returned, as a sentence."""
    formulas = _formulas(model)
    if not formulas:
        return "Splines were kept: no edge has a formula that the network bears."
    found = model.training["stages"][-1]
    share = f"{100 * abs(found['lost']):.2g} % {'less' if found['lost'] > 0 else 'more'}"
    return (
        f"{len(formulas)} of {len(found['edges'])} splines are formulas: they explain {share} than the splines, "
        "on rows held out for the choice."
    )


def has_formulas(model: FittedModel) -> bool:
    """Whether `symbolify` has put a formula in place of a spline."""
    return bool(_formulas(model))


def _formulas(model: FittedModel) -> list[dict[str, Any]]:
    return [edge for edge in chosen_forms(model).values() if edge["function"] is not None]


def formula_fidelity(model: FittedModel) -> dict[str, float]:
    """R² of every formula to the spline that it replaced, before the refit."""
    return {edge: found["r2"] for edge, found in chosen_forms(model).items() if found["r2"] is not None}


def formula_agreement(splines: FittedModel, formulas: FittedModel, x: Float[Tensor, "rows features"]) -> dict[str, Any]:
    """How far the answers with formulas are from those with splines, on rows and at most; plain numbers for a record.

    A bound that is not proved is None.
    """
    found = fidelity(splines, formulas, x, threshold=DECISION if splines.family == "binomial" else None)
    bounds = [bound if math.isfinite(bound) else None for bound in found.proved_bound]
    return {
        "rows": found.data.rows,
        "rmse": found.data.response_rmse,
        "largest": found.data.response_largest,
        "largest_dense": found.dense.response_largest,
        "flipped": found.data.flipped,
        "same_top": found.data.same_top,
        "proved_link_bounds": bounds,
    }


def chosen_forms(model: FittedModel) -> dict[str, dict[str, Any]]:
    """What became of every spline edge, by its name; nothing where formulas were not asked for or not kept."""
    last = next(reversed(model.training.get("stages", [])), None)
    return {edge["edge"]: edge for edge in last["edges"]} if last and last["stage"] == "symbolify" else {}
