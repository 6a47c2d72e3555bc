"""Whether the splines of a trained network become formulas: where that costs little loss and breaks no promise.

Both networks are finished when they are compared, on the same rows: all that they were trained on. The losses of a run
by step would not do, because a network with hidden layers meets a part of its rows at the end only.
"""

from typing import Any

import numpy.typing as npt
import polars as pl
import torch

from kan.constraints import DECREASING, INCREASING
from kan.edges import edge_domain
from kan.errors import OutputUndefined, TrainingDiverged
from kan.estimator import KANClassifier, KANRegressor
from kan.losses import FAMILIES, mean_loss
from kan.model import FittedModel
from kan.network import EdgeId, Network
from kan.training.settings import ProgressCallback

Estimator = KANClassifier | KANRegressor
#: Codes of classes, or numbers.
Observed = npt.NDArray[Any]

#: Formulas may cost so much loss, as a share of the splines' loss and in absolute terms.
FORMULA_SHARE, FORMULA_LOSS = 0.05, 0.005
#: A second try with formulas admits only this share of the misfit that the first one did.
STRICTER = 0.1
#: Where the direction of a formula is looked at.
DIRECTION_POINTS = 1001
#: Share of its rise or fall by which rounding may turn a formula.
ROUNDING = 1e-9


def symbolify(
    estimator: Estimator, inputs: pl.DataFrame, observed: Observed, minimum_r2: float, callback: ProgressCallback
) -> str:
    """Snap edges to formulas if that costs little, at once or with stricter fits; say what was decided.

    `inputs` and `observed` are the rows of the training.
    """
    splines: FittedModel = estimator.model_
    spline_loss = training_loss(estimator, inputs, observed)
    allowed = spline_loss + FORMULA_SHARE * abs(spline_loss) + FORMULA_LOSS
    refusal = "no edge has a formula that fits"
    for needed in (minimum_r2, 1 - STRICTER * (1 - minimum_r2)):
        try:
            estimator.symbolify(needed, callback=callback)
            loss = training_loss(estimator, inputs, observed)
        except (TrainingDiverged, OutputUndefined):
            refusal = "the refit with formulas diverged"
        else:
            formulas, edges = _formulas(estimator.model_.network), estimator.model_.network.active_edges()
            turned = next((edge for edge in formulas if _turns(estimator.model_, edge)), None)
            losses = f"training loss {loss:.4g} with formulas, {spline_loss:.4g} with splines"
            if formulas and turned is None and loss <= allowed:
                return f"{len(formulas)} of {len(edges)} edges are formulas of R² ≥ {needed:g}: {losses}."
            if formulas:
                refusal = losses if turned is None else f"the formula of edge {turned} leaves its direction"
        estimator.model_ = splines
    return f"Splines were kept: {refusal}."


def training_loss(estimator: Estimator, inputs: pl.DataFrame, observed: Observed) -> float:
    """Mean loss over rows as the engine minimises it: a quantity is measured in its standard deviations.

    Raises kan's OutputUndefined.
    """
    family = FAMILIES[estimator.model_.family]
    if isinstance(estimator, KANClassifier):
        link = torch.from_numpy(estimator.decision_function(inputs)).reshape(len(observed), -1)
        codes = torch.tensor(observed)
        is_one_output = link.shape[1] == 1
        target = codes.unsqueeze(1) if is_one_output else torch.nn.functional.one_hot(codes, link.shape[1])
        return float(mean_loss(family, link, target.to(link.dtype)))
    link, numbers = torch.from_numpy(estimator.predict(inputs)), torch.tensor(observed)
    variance = float(numbers.var()) or 1.0
    return float(mean_loss(family, link.unsqueeze(1), numbers.unsqueeze(1))) / variance


@torch.no_grad()
def formula_fidelity(splines: FittedModel, model: FittedModel) -> dict[str, float]:
    """R² of every formula's fit to the spline that it replaced, over the reference rows.

    Factor and constant of the fit are free, because the refit afterwards chose them anew.
    """
    before = splines.network.trace(splines.reference)
    fidelity: dict[str, float] = {}
    for edge in _formulas(model.network):
        if splines.network.form(edge) != "spline":
            continue
        x = before.inputs[edge.layer][:, edge.source]
        present = ~x.isnan()
        spline = before.activations[edge.layer][present, edge.target, edge.source]
        both = torch.stack([spline, model.network.edge_activation(edge, x[present])])
        (spline_variance, shared), (_, formula_variance) = torch.cov(both, correction=0).tolist()
        product = spline_variance * formula_variance
        fidelity[str(edge)] = min(shared**2 / product, 1.0) if product > 0 else 0.0
    return fidelity


def _formulas(network: Network) -> list[EdgeId]:
    return [edge for edge in network.active_edges() if network.form(edge) == "symbolic"]


@torch.no_grad()
def _turns(model: FittedModel, edge: EdgeId) -> bool:
    """Whether a formula moves against the direction that its spline was held to, somewhere in the edge's domain.

    Hidden nodes can leave the domain that the training rows fill, so that theirs is looked at on both sides too.
    """
    shape = int(model.network.layer(edge.layer).shapes[edge.target, edge.source])
    if not shape & (INCREASING | DECREASING):
        return False
    lower, upper = edge_domain(model, edge)
    beyond = upper - lower if edge.layer > 0 else 0.0
    x = torch.linspace(lower - beyond, upper + beyond, DIRECTION_POINTS, dtype=torch.float64)
    moves = model.network.edge_activation(edge, x).diff()
    against = -moves if shape & INCREASING else moves
    return bool((against > ROUNDING * moves.abs().sum()).any())
