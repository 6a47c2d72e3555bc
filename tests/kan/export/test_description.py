"""The JSON document: computing by its own words gives the answers of the model."""

import json
import math
from typing import Any

import pytest
import torch

from kan.export.formats import export
from kan.symbolic.library import SymbolicForm
from tests.kan.export.models import MODELS, deep, labelled, root_at_the_border, special_rows


def _inside(edge: dict[str, Any], near: float) -> float:
    if edge["form"] == "symbolic":
        form = SymbolicForm(edge["function"], *(edge[name] for name in "abcd"))
        return float(form.evaluate(torch.tensor(near, dtype=torch.float64)))
    piece = next(one for one in edge["pieces"] if near < one["to"] or one is edge["pieces"][-1])
    t = (near - piece["middle"]) / piece["half_length"]
    u = (near - edge["centre"]) / edge["half_width"]
    base = {"silu": u / (1 + math.exp(-u)), "identity": u, "zero": 0.0}[edge["base"]]
    polynomial = sum(float(c) * t**n for n, c in enumerate(piece["coefficients"]))
    return float(edge["base_scale"] * base + polynomial)


def _value(edge: dict[str, Any], x: Any) -> float:
    if edge["form"] == "table":
        return float(edge["values"].get(x or "", edge["unseen"]))
    if x is None:
        return float(edge["missing"])
    lower, upper = edge["domain"]
    near = min(max(x, lower), upper)
    slope = float(edge["slopes"][x > near] or 0.0)
    return _inside(edge, near) + slope * float(x - near)


def _outputs(document: dict[str, Any], row: dict[str, Any]) -> list[float]:
    nodes: list[Any] = list(row.values())
    for layer, biases in enumerate(document["biases"]):
        following = list(biases)
        for edge in document["edges"]:
            own, source, target = map(int, edge["edge"].split("."))
            if own == layer:
                following[target] += _value(edge, nodes[source])
        nodes = following
    return nodes


@pytest.mark.parametrize("name", MODELS)
def test_the_document_describes_the_function(name: str) -> None:
    model = MODELS[name]()
    document = json.loads(export(model, "json"))
    x = special_rows(model, 120)
    with torch.no_grad():
        wanted = model.network(x)
    found = torch.tensor([_outputs(document, row) for row in labelled(model, x)], dtype=torch.float64)
    assert float(((found - wanted).abs() / wanted.abs().clamp(min=1.0)).max()) <= 1e-9


def test_the_document_names_features_units_and_the_reference() -> None:
    document = json.loads(export(deep(), "json"))
    assert document["features"][0]["unit"] == "years"
    assert document["features"][2]["categories"] == ["", "car", "house"]
    assert document["reference"]["rows"] == 40
    assert document["reference"]["digest"].startswith("sha256:")


def test_a_slope_that_is_not_finite_is_null() -> None:
    document = json.loads(export(root_at_the_border(), "json"))
    assert document["edges"][0]["slopes"][0] is None
