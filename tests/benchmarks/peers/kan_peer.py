"""The library of this repository, through the doors that its users take."""

import time
from typing import Any

import numpy as np

from kan import KANClassifier, KANRegressor

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
