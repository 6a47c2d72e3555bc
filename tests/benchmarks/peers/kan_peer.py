"""The library of this repository, through the doors that its users take."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from kan import KANClassifier, KANRegressor
from kan.explanation.dependence import dependence
from kan.explanation.uncertainty import quantile
from kan.model import FittedModel
from kan.serialization import dump, load
from kan.snapping import edge_candidates

Answer = tuple[dict[str, Any], dict[str, Any]]


def warm_up() -> None:
    """Fit a small table."""
    x = np.random.default_rng(0).uniform(size=(60, 2))
    KANRegressor(hidden=(1,), grid_size=3, random_state=0).fit(x, x.prod(axis=1))


def regress(data: dict[str, Any], *, seed: int, simplified: bool = False, **settings: Any) -> Answer:
    """Fit a regressor; return the predictions of the test rows.

    `simplified` removes idle edges afterwards and tells which inputs are left, outside the time of the fit.
    """
    model, curve = KANRegressor(random_state=seed, **settings), []
    started = time.perf_counter()
    model.fit(
        data["X_train"],
        data["y_train"],
        callback=lambda progress: curve.append((time.perf_counter() - started, progress.step, progress.loss)),
    )
    seconds = time.perf_counter() - started
    figures = {"seconds": seconds, "progress": curve}
    arrays = {"test": model.predict(data["X_test"])}
    if simplified:
        model.simplify()
        figures["inputs"] = sorted({edge.source for edge in model.model_.network.active_edges() if edge.layer == 0})
        figures["simplified_seconds"] = time.perf_counter() - started
        arrays["simplified"] = model.predict(data["X_test"])
    return figures, arrays


def classify(data: dict[str, Any], *, seed: int, **settings: Any) -> Answer:
    """Fit a classifier; return the logits of the rows of every table whose name begins with "X_"."""
    model = KANClassifier(random_state=seed, **settings)
    started = time.perf_counter()
    model.fit(data["X_train"], data["y_train"])
    seconds = time.perf_counter() - started
    tables = {name.removeprefix("X_"): table for name, table in data.items() if name.startswith("X_")}
    logits = {name: model.decision_function(table) for name, table in tables.items() if name != "train"}
    return {"seconds": seconds}, logits


def covered(data: dict[str, Any], *, seed: int, has_classes: bool, coverage: float) -> Answer:
    """Fit, calibrate on other rows, and count on held-out rows how often the truth is inside."""
    model = (KANClassifier if has_classes else KANRegressor)(random_state=seed)
    started = time.perf_counter()
    model.fit(data["X_train"], data["y_train"])
    seconds = time.perf_counter() - started
    model.calibrate(data["X_calibration"], data["y_calibration"])
    truth = data["y_test"]
    if has_classes:
        held = model.predict_set(data["X_test"], coverage)
        inside = held[np.arange(len(truth)), np.searchsorted(model.classes_, truth)]
        size = held.sum(axis=1)
    else:
        lower, upper = model.predict_interval(data["X_test"], coverage).T
        inside, size = (lower <= truth) & (truth <= upper), (upper - lower) / truth.std()
    found, bare = len(dump(model.model_)), len(dump(replace(model.model_, covariance_factor=None)))
    figures = {
        "seconds": seconds,
        "covered": float(inside.mean()),
        "size": float(size.mean()),
        "covariance_kib": (found - bare) / 1024,
        "parameters": model.model_.network.parameter_count,
    }
    return figures, {}


def shape_bands(data: dict[str, Any], *, seed: int, coverage: float) -> Answer:
    """Fit an additive model; return every shape function with the half-width of its band at even points."""
    model = KANRegressor(random_state=seed)
    started = time.perf_counter()
    model.fit(data["X_train"], data["y_train"])
    seconds = time.perf_counter() - started
    found = [dependence(model.model_, feature.name) for feature in model.model_.features]
    return {"seconds": seconds}, {
        "x": np.array([one.x for one in found]),
        "curves": np.array([one.y for one in found]),
        "halves": quantile(coverage) * np.array([one.deviation for one in found]),
        "reference": model.model_.reference.numpy(),
    }


def learn_in_turn(data: dict[str, Any], *, parts: int, seed: int, **settings: Any) -> Answer:
    """Learn one part after the other."""
    model = KANRegressor(random_state=seed, **settings)
    answers, started = {}, time.perf_counter()
    for part in range(parts):
        model.partial_fit(data[f"X_{part}"], data[f"y_{part}"])
        answers[f"after_{part}"] = model.predict(data["X"])
    return {"seconds": time.perf_counter() - started}, answers


def formulas(
    data: dict[str, Any], *, seed: int, tolerance: float = 0.005, has_classes: bool = False, **settings: Any
) -> Answer:
    """Fit, simplify within a tolerance, symbolify; return the predictions or logits of the test rows after each stage.

    `seconds` is the time of the three stages, `candidates_seconds` that of nothing but fitting forms to every spline,
    which is outside of it. `functions` has the function of every edge, or what else the edge is.
    """
    model = (KANClassifier if has_classes else KANRegressor)(random_state=seed, **settings)
    stages = {
        "splines": lambda: model.fit(data["X_train"], data["y_train"]),
        "simplified": lambda: model.simplify(tolerance),
        "formulas": model.symbolify,
    }
    times, answers, models = {}, {}, {}
    for name, stage in stages.items():
        times[name] = _timed(stage)
        answers[name] = (model.decision_function if has_classes else model.predict)(data["X_test"])
        models[name] = model.model_
    found = model.model_.training["stages"][-1]
    losses = {name: found[name] for name in ("loss_splines", "loss_formulas", "largest_loss")}
    figures = {
        "times": times,
        "candidates_seconds": _timed(lambda: _fit_candidates(models["simplified"])),
        "functions": _functions(model.model_),
        **losses,
    }
    return {"seconds": sum(times.values()), **figures}, answers


def fitted(data: dict[str, Any], *, seed: int, **settings: Any) -> Answer:
    """Fit a regressor; return it as the bytes of a file."""
    model = KANRegressor(random_state=seed, **settings)
    seconds = _timed(lambda: model.fit(data["X_train"], data["y_train"]))
    return {"seconds": seconds}, {"model": np.frombuffer(dump(model.model_), dtype=np.uint8)}


def candidates(data: dict[str, Any]) -> Answer:
    """Fit forms to every spline of a model."""
    model = load(data["model"].tobytes())
    return {"seconds": _timed(lambda: _fit_candidates(model))}, {}


def symbolify(data: dict[str, Any]) -> Answer:
    """Symbolify a model on its rows."""
    model = KANRegressor.from_model(load(data["model"].tobytes()), data["X_train"], data["y_train"])
    return {"seconds": _timed(model.symbolify)}, {}


def _fit_candidates(model: FittedModel) -> None:
    for edge in model.network.active_edges():
        edge_candidates(model, edge)


def _functions(model: FittedModel) -> dict[str, str]:
    forms = {edge: model.network.symbolic_form(edge) for edge in model.network.active_edges()}
    return {str(edge): model.network.form(edge) if form is None else form.function for edge, form in forms.items()}


def _timed(action: Callable[[], Any]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started
