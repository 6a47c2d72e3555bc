"""Bytes and back: the same bits, and nothing but an honest artifact is loaded."""

import json
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors

from kan.constraints import INCREASING
from kan.errors import ArtifactCorrupted
from kan.model import FittedModel
from kan.network import EdgeId
from kan.serialization import digest, dump, load
from kan.symbolic.library import SymbolicForm
from tests.kan.random_models import random_model, random_rows


def model_with_every_form() -> FittedModel:
    model = random_model(sizes=(3, 1))
    network = model.network.with_symbolic(EdgeId(0, 1, 2), SymbolicForm("sin", 1 / 3, 0.1, -2.0, 1e-17))
    network = network.with_symbolic(EdgeId(0, 0, 0), SymbolicForm("exp", 1e-3, 0.0, 1.0, 0.0)).with_zero(
        EdgeId(1, 2, 0)
    )
    return replace(model, network=network, training={"seed": 7, "losses": [[20, 0.1, None]], "note": "é"})


MODEL = model_with_every_form()
DATA = dump(MODEL)


def rewritten(change: Callable[[dict[str, Any], dict[str, torch.Tensor]], None]) -> bytes:
    """Return the artifact after a change of its description and tensors, in canonical form again."""
    tensors = load_tensors(DATA)
    header = json.loads(DATA[8 : 8 + int.from_bytes(DATA[:8], "little")])
    description = json.loads(header["__metadata__"]["kan"])
    change(description, tensors)
    text = json.dumps(description, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return save_tensors(tensors, metadata={"kan": text})


def test_loaded_model_predicts_the_same_bits() -> None:
    rows = random_rows(MODEL.features, 200, seed=9, spread=1.5)
    loaded = load(DATA)
    assert torch.equal(loaded.predict_link(rows), MODEL.predict_link(rows))
    for edge in MODEL.network.edges():
        assert loaded.network.form(edge) == MODEL.network.form(edge)
        assert loaded.network.symbolic_form(edge) == MODEL.network.symbolic_form(edge)


def test_loaded_model_knows_everything_else_too() -> None:
    loaded = load(DATA)
    for name in ("features", "family", "target", "classes", "training"):
        assert getattr(loaded, name) == getattr(MODEL, name)
    assert torch.equal(loaded.reference.nan_to_num(-1), MODEL.reference.nan_to_num(-1))


def test_bytes_survive_a_round_trip() -> None:
    assert dump(load(DATA)) == DATA
    assert rewritten(lambda _description, _tensors: None) == DATA


def test_digest_names_the_hash_and_follows_the_bytes() -> None:
    assert digest(b"") == "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert digest(DATA) != digest(DATA[:-1])


def test_retrained_coefficients_of_a_formula_are_stored() -> None:
    network = MODEL.network.copy()
    with torch.no_grad():
        network.layer(0).coefficients[0, 2] = 0.1 + 0.2
        network.layer(0).coefficients[1, 0] = 1 / 3
    loaded = load(dump(replace(MODEL, network=network))).network
    form = loaded.symbolic_form(EdgeId(0, 1, 2))
    assert form is not None
    assert form.c == 0.1 + 0.2
    rows = random_rows(MODEL.features, 200, seed=9, spread=1.5)
    assert torch.equal(loaded(rows), network(rows))
    for before, after in zip(network.trace(rows).activations, loaded.trace(rows).activations, strict=True):
        assert torch.equal(before, after)
    assert torch.equal(loaded.layer(0).derivatives(rows).nan_to_num(), network.layer(0).derivatives(rows).nan_to_num())


def test_shapes_of_edges_are_stored_where_there_are_any() -> None:
    network = MODEL.network.copy()
    assert not any(name.endswith("shapes") for name in load_tensors(DATA))
    layer = network.layer(0)
    layer.shapes[1, 0] = INCREASING
    layer.refresh_mask()
    with torch.no_grad():
        layer.weights.mul_(layer.mask)
    layer.hold_shapes()
    held = replace(MODEL, network=network)
    loaded = load(dump(held))
    rows = random_rows(MODEL.features, 200, seed=9, spread=1.5)
    assert torch.equal(loaded.network.layer(0).shapes, layer.shapes)
    assert torch.equal(loaded.predict_link(rows), held.predict_link(rows))
    assert dump(loaded) == dump(held)


@given(st.binary(max_size=200))
def test_noise_is_not_an_artifact(noise: bytes) -> None:
    with pytest.raises(ArtifactCorrupted):
        load(noise)


@given(st.integers(0, len(DATA) - 1), st.integers(0, 255))
def test_changed_byte_is_refused_or_loads_as_a_model(position: int, value: int) -> None:
    changed = DATA[:position] + bytes([value]) + DATA[position + 1 :]
    try:
        loaded = load(changed)
    except ArtifactCorrupted:
        return
    assert dump(loaded) == changed  # whatever is accepted is said back byte for byte


@pytest.mark.parametrize("length", [0, 7, 8, 100, len(DATA) // 2, len(DATA) - 1])
def test_cut_artifact_is_refused(length: int) -> None:
    with pytest.raises(ArtifactCorrupted):
        load(DATA[:length])


def put(*path: Any, value: Any) -> Callable[[dict[str, Any], dict[str, torch.Tensor]], None]:
    def change(description: dict[str, Any], _tensors: dict[str, torch.Tensor]) -> None:
        place: Any = description
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value

    return change


def tensor(name: str, edit: Callable[[torch.Tensor], torch.Tensor]) -> Callable[[Any, dict[str, torch.Tensor]], None]:
    def change(_description: Any, tensors: dict[str, torch.Tensor]) -> None:
        tensors[name] = edit(tensors[name].clone()).contiguous()

    return change


def filled(index: Any, value: float) -> Callable[[torch.Tensor], torch.Tensor]:
    def edit(one: torch.Tensor) -> torch.Tensor:
        one[index] = value
        return one

    return edit


def added(name: str, one: torch.Tensor) -> Callable[[Any, dict[str, torch.Tensor]], None]:
    return lambda _description, tensors: tensors.update({name: one})


CHANGES = [
    put("schema_version", value=2),
    put("schema_version", value="1"),
    put("features", value=[]),
    put("features", value=None),
    put("features", 0, "name", value="income"),
    put("features", 0, "name", value=3),
    put("features", 0, "lower", value=91.0),
    put("features", 0, "lower", value="18"),
    put("features", 0, "has_missing", value=1),
    put("features", 0, "kind", value="image"),
    put("features", 2, "categories", value=["x", "x", "y"]),
    put("features", 2, "categories", value=["x", "y"]),
    put("layers", value=[]),
    put("layers", 0, "grid_size", value=10**12),
    put("layers", 0, "grid_size", value=True),
    put("layers", 0, "degree", value=0),
    put("layers", 0, "base", value="eval"),
    put("layers", 0, "symbolic", value=[]),
    put("layers", 0, "symbolic", 0, "function", value="system"),
    put("layers", 0, "symbolic", 0, "a", value=None),
    put("layers", 0, "symbolic", 0, "source", value=2),
    put("layers", 0, "symbolic", 0, "source", value=99),
    put("family", value="tweedie"),
    put("family", value="binomial"),
    put("family", value=["gaussian"]),
    put("classes", value=["a", "b"]),
    put("target", value=None),
    put("training", value=[]),
    tensor("reference", lambda one: one[:, :2]),
    tensor("reference", filled((0, 2), 0.5)),
    tensor("reference", filled((0, 0), math.nan)),
    tensor("layers.0.weights", lambda one: one[:, :, :-1]),
    tensor("layers.0.weights", lambda one: one.float()),
    tensor("layers.0.weights", filled((0, 0, 1), math.inf)),
    tensor("layers.1.weights", filled((0, 2, 1), 1.0)),
    tensor("layers.0.bias", lambda one: one[:1]),
    tensor("layers.0.kinds", filled((0, 0), 7)),
    tensor("layers.0.kinds", filled((1, 1), 2)),
    added("layers.0.shapes", torch.full((3, 3), 3, dtype=torch.int8)),  # rising and falling
    added("layers.0.shapes", torch.full((3, 3), 1, dtype=torch.int8)),  # a table among them
    added("layers.0.shapes", torch.zeros(3, 2, dtype=torch.int8)),
    added("layers.0.shapes", torch.zeros(3, 3)),
    tensor("layers.0.knots", lambda one: one.flip(1)),
    tensor("layers.0.knots", torch.zeros_like),
    lambda _description, tensors: tensors.pop("layers.1.bias"),
    lambda _description, tensors: tensors.update(extra=torch.zeros(1)),
]


@pytest.mark.parametrize("change", CHANGES, ids=[f"change {number}" for number in range(len(CHANGES))])
def test_inconsistent_artifact_is_refused(change: Callable[[Any, Any], None]) -> None:
    with pytest.raises(ArtifactCorrupted):
        load(rewritten(change))


@pytest.mark.parametrize("family", ["poisson", "gamma"])
def test_family_without_classes_is_loaded_and_one_with_them_refused(family: str) -> None:
    assert load(rewritten(put("family", value=family))).link == "log"

    def with_classes(description: dict[str, Any], _tensors: dict[str, torch.Tensor]) -> None:
        description.update(family=family, classes=["a", "b"])

    with pytest.raises(ArtifactCorrupted, match="classes"):
        load(rewritten(with_classes))


def test_numbers_that_json_does_not_know_are_refused() -> None:
    with pytest.raises(ArtifactCorrupted):
        load(rewritten(put("features", 0, "lower", value=math.nan)))
    with pytest.raises(ValueError, match="JSON"):
        dump(replace(MODEL, training={"loss": math.nan}))


def test_deeply_nested_description_is_refused() -> None:
    header = json.dumps({"__metadata__": {"kan": "[" * 100_000}}).encode()
    with pytest.raises(ArtifactCorrupted):
        load(len(header).to_bytes(8, "little") + header)
