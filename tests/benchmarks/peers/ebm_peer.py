"""InterpretML's explainable boosting machines, with their defaults."""

import time
from typing import Any

import numpy as np
import pandas
from interpret.glassbox import ExplainableBoostingClassifier, ExplainableBoostingRegressor

Answer = tuple[dict[str, Any], dict[str, Any]]


def warm_up() -> None:
    """Fit a small table."""
    x = np.arange(200.0).reshape(100, 2)
    ExplainableBoostingRegressor(outer_bags=1, max_rounds=1).fit(x, x[:, 0])


def classify(data: dict[str, Any], *, seed: int, **settings: Any) -> Answer:
    """Fit a classifier; return the logits of the test rows."""
    model = ExplainableBoostingClassifier(random_state=seed, **settings)
    seconds = _fit(model, data)
    return {"seconds": seconds}, {"test": model.decision_function(_table(data["X_test"]))}


def regress(data: dict[str, Any], *, seed: int, **settings: Any) -> Answer:
    """Fit a regressor; return the predictions of the test rows."""
    model = ExplainableBoostingRegressor(random_state=seed, **settings)
    seconds = _fit(model, data)
    return {"seconds": seconds}, {"test": model.predict(_table(data["X_test"]))}


def _fit(model: Any, data: dict[str, Any]) -> float:
    x, y = _table(data["X_train"]), data["y_train"]
    started = time.perf_counter()
    model.fit(x, y)
    return time.perf_counter() - started


def _table(table: Any) -> Any:
    return pandas.DataFrame(table) if isinstance(table, dict) else table
