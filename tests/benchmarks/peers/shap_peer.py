"""SHAP: its Kernel and Exact explainers on a network of one hidden layer, written anew with SciPy's B-splines."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import shap
from scipy.interpolate import BSpline

Answer = tuple[dict[str, Any], dict[str, Any]]
DEGREE = 3


def warm_up() -> None:
    """Explain one row of a sum."""
    shap.KernelExplainer(lambda x: x.sum(axis=1), np.zeros((1, 3))).shap_values(np.ones((1, 3)), silent=True)


def kernel(data: dict[str, Any], *, rows: int) -> Answer:
    """Explain the first rows by weighted regression on sampled coalitions, as many as SHAP takes by itself."""
    explainer, x = shap.KernelExplainer(_network(data), data["reference"]), data["X"][:rows]
    started = time.perf_counter()
    values = explainer.shap_values(x, silent=True)
    return _answer(started, values, rows)


def exact(data: dict[str, Any], *, rows: int, active: list[int]) -> Answer:
    """Explain the first rows by all coalitions of the `active` features."""
    network, reference, x = _network(data), data["reference"], data["X_few"][:rows]

    def restricted(columns: np.ndarray) -> np.ndarray:
        whole = np.repeat(reference[:1], len(columns), axis=0)
        whole[:, active] = columns
        return network(whole)

    masker = shap.maskers.Independent(reference[:1, active])
    explainer = shap.explainers.Exact(restricted, masker)
    started = time.perf_counter()
    found = explainer(x[:, active], max_evals=2 ** (len(active) + 1)).values
    values = np.zeros_like(x)
    values[:, active] = found
    return _answer(started, values, rows)


def _answer(started: float, values: np.ndarray, rows: int) -> Answer:
    seconds = time.perf_counter() - started
    return {"seconds": seconds, "rows_per_second": rows / seconds}, {"values": values}


def _network(data: dict[str, Any]) -> Callable[[np.ndarray], np.ndarray]:
    first, last = ([data[f"{name}_{part}"] for part in ("knots", "weights", "bias")] for name in ("first", "last"))

    def outputs(x: np.ndarray) -> np.ndarray:
        u = (x - data["centre"]) / data["half_width"]
        return _layer(_layer(u, *first), *last)[:, 0]

    return outputs


def _layer(u: np.ndarray, knots: np.ndarray, weights: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Return Σ base · silu(u) + spline(u), continued linearly beyond the first and the last knot."""
    count = knots.shape[1] - DEGREE - 1
    total = np.repeat(bias[None], len(u), axis=0)
    for source in range(u.shape[1]):
        targets = np.flatnonzero(np.abs(weights[:, source]).sum(axis=1))
        if not len(targets):
            continue
        spline = BSpline(knots[source], weights[targets, source, 1 : count + 1].T, DEGREE)
        near = np.clip(u[:, source], knots[source, DEGREE], knots[source, count])
        share = 1 / (1 + np.exp(-near))
        slope = share * (1 + near * (1 - share))
        beyond = (u[:, source] - near)[:, None]
        base = weights[targets, source, 0]
        total[:, targets] += spline(near) + (near * share)[:, None] * base
        total[:, targets] += beyond * (spline.derivative()(near) + slope[:, None] * base)
    return total
