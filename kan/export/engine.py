"""Predictions and contributions of one model, with the standard library of Python alone.

`predict` takes one row, a value for every feature: a number or None for a number, text or None for a category. It
returns the outputs on the link scale and as response, the mean of the explained output over the reference rows
("base_value"), and what every edge and every feature contributes to the difference from it. Run as a program it reads
rows as lines of JSON and writes answers as lines of JSON.
"""

import json
import math
import sys
from collections.abc import Callable
from typing import Any

MODEL: dict[str, Any] = {}
FORMULAS: dict[str, tuple[Callable[[float], float], Callable[[float], float]]] = {}


def predict(row: dict[str, Any]) -> dict[str, Any]:
    """Return the answer for one row; raises ValueError for a row that the model cannot answer."""
    values = _encoded(row) + list(MODEL["biases"])
    activations, slopes = [], []
    for edge in MODEL["edges"]:
        activation, slope = _edge(edge, values[edge["source"]])
        values[edge["target"]] += activation
        activations.append(activation)
        slopes.append(slope)
    link = values[-len(MODEL["outputs"]) :]
    if not all(math.isfinite(value) for value in link):
        raise ValueError("the model has no finite output for this row")
    contributions = _flow(values, activations, slopes)
    features = dict.fromkeys((feature["name"] for feature in MODEL["features"]), 0.0)
    for edge in MODEL["edges"]:
        if edge["source"] < len(MODEL["features"]) and edge["id"] in contributions:
            features[MODEL["features"][edge["source"]]["name"]] += contributions[edge["id"]]
    return {
        "link": link,
        "response": _response(link),
        "base_value": MODEL["base_value"],
        "contributions": contributions,
        "features": features,
    }


def _encoded(row: dict[str, Any]) -> list[float]:
    names = [feature["name"] for feature in MODEL["features"]]
    if set(row) != set(names):
        raise ValueError(f"a row has exactly the features {names}, this one has {list(row)}")
    return [_number(feature, row[feature["name"]]) for feature in MODEL["features"]]


def _number(feature: dict[str, Any], value: Any) -> float:
    """Return a number as it is, a category as its position, NaN for a missing number."""
    name, categories = feature["name"], feature["categories"]
    is_missing = value is None or (isinstance(value, float) and math.isnan(value))
    if categories is not None:
        label = "" if is_missing else value
        if not isinstance(label, str):
            raise ValueError(f"{name!r} is a category (text), not {value!r}")
        return float(categories.index(label) if label in categories else len(categories))
    if is_missing and feature["has_missing"]:
        return math.nan
    if isinstance(value, (int, float)) and math.isfinite(value):
        return float(value)
    raise ValueError(f"{name!r} is a finite number, not {value!r}")


def _edge(edge: dict[str, Any], x: float) -> tuple[float, float]:
    """Return the value of an edge and its slope."""
    if math.isnan(x):
        return edge["missing"], 0.0
    if "table" in edge:
        return edge["table"][int(x)], 0.0
    node = MODEL["nodes"][edge["source"]]
    near = min(max(x, node["lower"]), node["upper"])
    if "formula" in edge:
        value, slope = (_defined(function, near) for function in FORMULAS[edge["formula"]])
    else:
        value, slope = _spline(edge, node, x, near)
    if node["lowest"] <= x <= node["highest"]:
        return value, slope
    slope = edge["slopes"][x > near]
    return value + slope * (x - near), slope


def _defined(function: Callable[[float], float], x: float) -> float:
    """Return the function, NaN where it is not a real number."""
    try:
        value: object = function(x)  # a root of a negative number is complex
    except (ArithmeticError, ValueError):
        return math.nan
    return value if isinstance(value, float) else math.nan


def _spline(edge: dict[str, Any], node: dict[str, Any], x: float, near: float) -> tuple[float, float]:
    interval = sum(x >= one for one in node["breaks"])
    u = (near - node["centre"]) / node["half_width"]
    t = (u - node["middles"][interval]) / node["half_lengths"][interval]
    value = slope = 0.0
    for coefficient in reversed(edge["spline"][interval]):
        value, slope = value * t + coefficient, slope * t + value
    slope /= node["half_lengths"][interval]
    base, base_slope = _base(edge["base"], u)
    return value + edge["base_scale"] * base, (slope + edge["base_scale"] * base_slope) / node["half_width"]


def _base(name: str, u: float) -> tuple[float, float]:
    if name == "silu":
        share = 1 / (1 + math.exp(min(-u, 700.0)))
        return u * share, share + u * share * (1 - share)
    return (u, 1.0) if name == "identity" else (0.0, 0.0)


def _response(link: list[float]) -> list[float]:
    if MODEL["response"] == "identity":
        return list(link)
    if MODEL["response"] == "exp":
        return [math.exp(min(value, 709.0)) for value in link]
    if MODEL["response"] == "sigmoid":
        return [1 / (1 + math.exp(min(-value, 709.0))) for value in link]
    largest = max(link)
    shares = [math.exp(value - largest) for value in link]
    return [share / sum(shares) for share in shares]


def _flow(values: list[float], activations: list[float], slopes: list[float]) -> dict[str, float]:
    """Return the contributions: backwards through the edges for every reference row, then the mean over them."""
    explained = [k for k, edge in enumerate(MODEL["edges"]) if edge["is_explained"]]
    totals = [0.0] * len(explained)
    first, last = len(MODEL["features"]), len(values) - len(MODEL["outputs"]) + MODEL["output"]
    for reference in MODEL["reference"]:
        multipliers = [0.0] * len(values)
        multipliers[last] = 1.0
        for position in reversed(range(len(explained))):
            k = explained[position]
            edge, (activation, start, slope) = MODEL["edges"][k], reference[position]
            above, change = multipliers[edge["target"]], activations[k] - activation
            totals[position] += above * change
            if edge["source"] >= first:
                rounding = MODEL["rounding"] * (abs(activations[k]) + MODEL["largest"][position])
                step, mean = values[edge["source"]] - start, (slopes[k] + slope) / 2
                smooth = abs(mean * step - change) <= rounding
                multipliers[edge["source"]] += above * (mean if smooth else change / step)
    rows = len(MODEL["reference"])
    ids = [MODEL["edges"][k]["id"] for k in explained]
    return {name: total / rows for name, total in zip(ids, totals, strict=True)}


def main() -> None:
    """Answer every line of the standard input."""
    for line in sys.stdin:
        sys.stdout.write(json.dumps(predict(json.loads(line))) + "\n")


if __name__ == "__main__":
    main()
