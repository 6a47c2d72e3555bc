"""LightGBM, gradient boosting of trees, with its defaults; text columns are categories."""

import time
from typing import Any

import lightgbm
import numpy as np
import pandas

Answer = tuple[dict[str, Any], dict[str, Any]]


def warm_up() -> None:
    """Fit a small table."""
    x = np.arange(200.0).reshape(100, 2)
    lightgbm.LGBMRegressor(n_estimators=1, verbose=-1).fit(x, x[:, 0])


def classify(data: dict[str, Any], *, seed: int, **settings: Any) -> Answer:
    """Fit a classifier; return the logits of the rows of every table whose name begins with "X_"."""
    model = lightgbm.LGBMClassifier(random_state=seed, verbose=-1, **settings)
    seconds, tables = _fit(model, data)
    logits = {name: model.predict(table, raw_score=True) for name, table in tables.items() if name != "train"}
    return {"seconds": seconds}, logits


def regress(data: dict[str, Any], *, seed: int, **settings: Any) -> Answer:
    """Fit a regressor; return the predictions of the test rows."""
    model = lightgbm.LGBMRegressor(random_state=seed, verbose=-1, **settings)
    seconds, tables = _fit(model, data)
    return {"seconds": seconds}, {"test": model.predict(tables["test"])}


def tree_shap(data: dict[str, Any], *, seed: int, repetitions: int, repeated: int, **settings: Any) -> Answer:
    """Fit a classifier; explain the rows, `repeated` so often, by TreeSHAP."""
    model = lightgbm.LGBMClassifier(random_state=seed, verbose=-1, n_jobs=1, **settings).fit(data["X"], data["y"])
    times, x = [], np.tile(data["X"], (repeated, 1))
    for _ in range(repetitions):
        started = time.perf_counter()
        model.predict(x, pred_contrib=True)
        times.append(time.perf_counter() - started)
    rows_per_second, accuracy = len(x) / min(times), float(model.score(data["X"], data["y"]))
    return {"seconds": min(times), "rows_per_second": rows_per_second, "accuracy": accuracy}, {}


def _fit(model: Any, data: dict[str, Any]) -> tuple[float, dict[str, Any]]:
    tables = {name.removeprefix("X_"): _table(table) for name, table in data.items() if name.startswith("X_")}
    started = time.perf_counter()
    model.fit(tables["train"], data["y_train"])
    return time.perf_counter() - started, tables


def _table(table: Any) -> Any:
    if not isinstance(table, dict):
        return table
    frame = pandas.DataFrame(table)
    return frame.astype(dict.fromkeys(frame.select_dtypes(exclude="number").columns, "category"))


def explain(data: dict[str, Any], *, repetitions: int, seed: int, **settings: Any) -> Answer:
    """Fit a classifier; measure scores and TreeSHAP of the rows of "X_rows" per second with one thread, at best."""
    model = lightgbm.LGBMClassifier(random_state=seed, verbose=-1, n_jobs=1, **settings)
    booster = model.fit(data["X_train"], data["y_train"]).booster_
    rows = data["X_rows"]
    some = rows[: len(rows) // 10]
    times: dict[str, list[float]] = {"scores": [], "flows": []}
    for _ in range(repetitions):
        for name, part, asked in (("scores", rows, {"raw_score": True}), ("flows", some, {"pred_contrib": True})):
            started = time.perf_counter()
            booster.predict(part, num_threads=1, **asked)
            times[name].append((time.perf_counter() - started) / len(part))
    figures = {name: 1 / min(one) for name, one in times.items()}
    return {**figures, "seconds": len(rows) / figures["flows"]}, {}


def batch(data: dict[str, Any], *, rows: int, threads: int, seed: int, **settings: Any) -> Answer:
    """Fit a classifier; explain so many rows by TreeSHAP, part by part, and keep nothing."""
    model = lightgbm.LGBMClassifier(random_state=seed, verbose=-1, **settings)
    booster, part = model.fit(data["X_train"], data["y_train"]).booster_, data["X_rows"]
    started, began = time.perf_counter(), time.process_time()
    for first in range(0, rows, len(part)):
        booster.predict(part[: rows - first], num_threads=threads, pred_contrib=True)
    seconds, cpu = time.perf_counter() - started, time.process_time() - began
    return {"seconds": seconds, "rows_per_second": rows / seconds, "rows_per_cpu_second": rows / cpu}, {}
