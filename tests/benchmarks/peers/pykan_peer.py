"""pykan, the library of the authors of the KAN paper: L-BFGS with its own settings."""

import importlib
import resource
import time
from typing import Any

import numpy as np
import torch

pykan = importlib.import_module("kan")  # its package is called kan too, which a type checker would take for ours

LIBRARY = ["x", "x^2", "x^3", "x^4", "exp", "log", "sqrt", "tanh", "sin", "abs"]  # of its first tutorial
Answer = tuple[dict[str, Any], dict[str, Any]]


class _Ended(Exception):
    """The target or the limit was reached in the middle of a fit."""


def warm_up() -> None:
    """Fit a small network for one step."""
    rows = {name: torch.rand(20, 1) for name in ("train_input", "train_label", "test_input", "test_label")}
    pykan.KAN(width=[1, 1], grid=3, k=3, auto_save=False).fit(rows, steps=1)


def regress_until(
    data: dict[str, Any], *, width: list[int], grid: int, precision: str, target: float, limit_s: float, seed: int
) -> Answer:
    """Fit until the test RMSE is at the target or the time is up; looks at the test rows do not count as time."""
    torch.set_default_dtype(getattr(torch, precision))
    rows = _dataset(data)
    model = pykan.KAN(width=width, grid=grid, k=3, seed=seed, auto_save=False)
    curve: list[tuple[float, float]] = []
    started, watching = time.perf_counter(), 0.0

    def watch() -> torch.Tensor:
        nonlocal watching
        looked = time.perf_counter()
        error = _rmse(model, rows)
        curve.append((looked - started - watching, error))
        if error <= target or curve[-1][0] > limit_s:
            raise _Ended
        watching += time.perf_counter() - looked
        return torch.tensor(error)

    try:
        model.fit(rows, opt="LBFGS", steps=100_000, metrics=[watch])
    except _Ended:
        seconds, error = curve[-1]
    return {"seconds": seconds, "rmse": error, "reached": error <= target, "curve": curve}, {}


def refine(
    data: dict[str, Any], *, width: list[int], grids: list[int], steps: int, penalty: float, seed: int
) -> Answer:
    """Fit on the first grid, then refine to each next one and fit again.

    pykan keeps its automatic checkpoints here, for refining reads them; they take milliseconds.
    """
    torch.set_default_dtype(torch.float64)
    rows, errors = _dataset(data), []
    started = time.perf_counter()
    model = pykan.KAN(width=width, grid=grids[0], k=3, seed=seed)
    seconds = []
    for position, grid in enumerate(grids):
        if position > 0:
            model = model.refine(grid)
        model.fit(rows, opt="LBFGS", steps=steps, lamb=penalty)
        seconds.append(time.perf_counter() - started)
        errors.append(_rmse(model, rows))
    model(rows["train_input"])
    scores = [float(score) for score in model.feature_score]
    return {"seconds": seconds[-1], "rmse": errors[-1], "rmses": errors, "times": seconds, "scores": scores}, {}


def learn_in_turn(data: dict[str, Any], *, parts: int, grid: int, seed: int) -> Answer:
    """Fit to one part after the other with the settings of pykan's own tutorial on continual learning."""
    torch.set_default_dtype(torch.float64)
    fixed = {"noise_scale": 0.1, "sp_trainable": False, "sb_trainable": False, "base_fun": "zero"}
    model = pykan.KAN(width=[1, 1], grid=grid, k=3, seed=seed, auto_save=False, **fixed)
    answers, started = {}, time.perf_counter()
    for part in range(parts):
        known = {"X_train": data[f"X_{part}"], "y_train": data[f"y_{part}"], "X_test": data["X"], "y_test": data["y"]}
        model.fit(_dataset(known), opt="LBFGS", steps=100, update_grid=False)
        answers[f"after_{part}"] = _predicted(model, torch.tensor(data["X"]))
    return {"seconds": time.perf_counter() - started}, answers


def formulas(data: dict[str, Any], *, width: list[int], seed: int) -> Answer:
    """Fit, prune, refine, turn splines into formulas and fit those, step by step as in pykan's first tutorial.

    pykan keeps its automatic checkpoints here, for pruning and refining read them. `functions` has the function of
    every edge that is left.
    """
    torch.set_default_dtype(torch.float64)
    rows, started = _dataset(data), time.perf_counter()
    model = pykan.KAN(width=width, grid=3, k=3, seed=seed)
    model.fit(rows, opt="LBFGS", steps=50, lamb=1e-3)
    model = model.prune()
    model.fit(rows, opt="LBFGS", steps=50)
    model = model.refine(10)
    model.fit(rows, opt="LBFGS", steps=50)
    begun = time.perf_counter()
    model.auto_symbolic(lib=LIBRARY)
    symbolified = time.perf_counter()
    model.fit(rows, opt="LBFGS", steps=50)
    figures = {"seconds": time.perf_counter() - started, "times": {"formulas": symbolified - begun}}
    return {**figures, "functions": _functions(model), "rmse": _rmse(model, rows)}, {}


def candidates(data: dict[str, Any], *, width: list[int], limit_gib: int, seed: int) -> Answer:
    """Fit the sine to one edge of a network that was fitted to 1,000 of the rows and has looked at all of them."""
    resource.setrlimit(resource.RLIMIT_AS, (limit_gib * 2**30,) * 2)
    torch.set_default_dtype(torch.float64)
    rows = _dataset(data)
    few = {name: values[:1000] for name, values in rows.items()}
    model = pykan.KAN(width=width, grid=3, k=3, seed=seed, auto_save=False)
    model.fit(few, opt="LBFGS", steps=20)
    model.get_act(rows["train_input"])
    started = time.perf_counter()
    model.suggest_symbolic(0, 0, 0, lib=["sin"], verbose=False)
    return {"seconds": time.perf_counter() - started}, {}


def _functions(model: Any) -> dict[str, str]:
    names = {
        f"{layer}.{source}.{target}": name
        for layer, edges in enumerate(model.symbolic_fun)
        for target, row in enumerate(edges.funs_name)
        for source, name in enumerate(row)
    }
    return {edge: name for edge, name in names.items() if name != "0"}


def _dataset(data: dict[str, Any]) -> dict[str, torch.Tensor]:
    dtype = torch.get_default_dtype()
    rows = {}
    for part in ("train", "test"):
        rows[f"{part}_input"] = torch.tensor(data[f"X_{part}"], dtype=dtype)
        rows[f"{part}_label"] = torch.tensor(data[f"y_{part}"], dtype=dtype).unsqueeze(1)
    return rows


def _predicted(model: Any, x: torch.Tensor) -> Any:
    with torch.no_grad():
        return model(x).numpy()[:, 0].astype(np.float64)


def _rmse(model: Any, rows: dict[str, torch.Tensor]) -> float:
    with torch.no_grad():
        return float((model(rows["test_input"]) - rows["test_label"]).square().mean().sqrt())
