"""The graph of ONNX: that it is valid, and where it goes beyond parity."""

import json
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from kan.export.formats import export
from tests.kan.export.models import MODELS, deep, root_at_the_border


@pytest.mark.parametrize("name", MODELS)
def test_a_graph_is_valid_and_of_a_widely_supported_version(name: str) -> None:
    graph = onnx.load_from_string(export(MODELS[name](), "onnx"))
    onnx.checker.check_model(graph, full_check=True)
    assert [(one.domain, one.version) for one in graph.opset_import] == [("", 17)]


def test_the_metadata_say_what_columns_mean() -> None:
    graph = onnx.load_from_string(export(deep(), "onnx"))
    metadata = {one.key: one.value for one in graph.metadata_props}
    assert [one["name"] for one in json.loads(metadata["features"])] == ["age", "income", "purpose"]
    assert json.loads(metadata["contributions"])[:2] == ["0.0.0", "0.0.2"]


@pytest.mark.parametrize(("name", "kind"), [("onnx", np.float64), ("onnx-float32", np.float32)])
def test_missing_and_unknown_categories_are_those_of_the_model(name: str, kind: type[np.floating[Any]]) -> None:
    session = onnxruntime.InferenceSession(export(deep(), name))
    x = np.array([[40.0, 100.0, code] for code in (0.0, np.nan, 3.0, -1.0, 17.0)], dtype=kind)
    (link,) = session.run(["link"], {"x": x})
    assert link.dtype == kind
    assert link[0] == link[1]
    assert link[2] == link[3] == link[4] != link[0]


def test_an_answer_that_is_not_defined_is_nan() -> None:
    session = onnxruntime.InferenceSession(export(deep(), "onnx"))
    (link,) = session.run(["link"], {"x": np.array([[np.nan, 100.0, 1.0]])})
    assert np.isnan(link).all()
    session = onnxruntime.InferenceSession(export(root_at_the_border(), "onnx"))
    (link,) = session.run(["link"], {"x": np.array([[0.0], [-1.0]])})
    assert np.isfinite(link).flatten().tolist() == [True, False]


def test_the_shape_of_the_input_is_the_features() -> None:
    session = onnxruntime.InferenceSession(export(deep(), "onnx"))
    (answer,) = session.run(["contributions"], {"x": torch.zeros(0, 3, dtype=torch.float64).numpy()})
    assert answer.shape == (0, 7)
