"""The library of this repository, through the doors that its users take."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from kan import KANClassifier, KANRegressor
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
