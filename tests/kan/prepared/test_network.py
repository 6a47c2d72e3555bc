"""Prepared networks against the networks they are made from, and the bits of their rows."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from kan.errors import ShapeMismatch, WrongValueType
from kan.feature_maps import Base
from kan.network import Network, initial_network
from kan.prepared.network import PreparedNetwork
from tests.kan.export.models import MODELS, special_rows
from tests.kan.random_models import MIXED, network_with_every_form, numeric_features, random_network, random_rows

EVERY_FORM = network_with_every_form()
PREPARED = PreparedNetwork.of(EVERY_FORM)
ROWS = random_rows(MIXED, 300, seed=1, spread=1.4).numpy()
OUTPUTS = PREPARED.outputs(ROWS)


@torch.no_grad()
def assert_same_function(network: Network, x: torch.Tensor) -> None:
    prepared = PreparedNetwork.of(network)
    expected = network.trace(x)
    for position, (layer, inputs) in enumerate(zip(prepared.layers, expected.inputs, strict=False)):
        places = layer.edges.targets, layer.edges.sources
        values, slopes = layer.values_and_slopes(np.ascontiguousarray(inputs.numpy().T))
        activations = expected.activations[position][:, *places].numpy().T
        derivatives = network.layer(position).derivatives(inputs)[:, *places].numpy().T
        for found, wanted in ((values, activations), (slopes, derivatives)):
            scale = np.maximum(1.0, np.abs(wanted))
            np.testing.assert_allclose(found / scale, wanted / scale, rtol=0, atol=1e-12)
    outputs = expected.inputs[-1].numpy()
    size = sum(float(layer.abs().max()) for layer in expected.activations if layer.numel()) + 1.0
    np.testing.assert_allclose(prepared.outputs(x.numpy()), outputs, rtol=1e-12, atol=1e-11 * size)


@pytest.mark.parametrize("name", list(MODELS))
def test_prepared_network_is_the_same_function(name: str) -> None:
    model = MODELS[name]()
    assert_same_function(model.network, special_rows(model, 300))


@pytest.mark.parametrize("base", ["silu", "identity", "zero"])
@pytest.mark.parametrize(("degree", "grid_size"), [(1, 2), (2, 5), (5, 4), (3, 40)])
def test_every_base_degree_and_grid_is_the_same_function(base: Base, degree: int, grid_size: int) -> None:
    generator = torch.Generator().manual_seed(degree)
    sizes = (grid_size, grid_size)
    network = initial_network(MIXED, (3,), 2, grid_sizes=sizes, degree=degree, base=base, generator=generator)
    with torch.no_grad():
        for position in range(2):
            layer = network.layer(position)
            layer.weights.copy_(torch.randn(layer.weights.shape, generator=generator, dtype=torch.float64) * layer.mask)
    assert_same_function(network, random_rows(MIXED, 200, seed=2, spread=1.5))


def test_prepared_network_keeps_what_it_was() -> None:
    network = random_network(MIXED, (3, 1), seed=3)
    prepared = PreparedNetwork.of(network)
    before = prepared.outputs(ROWS)
    network.layer(0).rescale(2.0, 1.0)
    assert prepared.outputs(ROWS).tobytes() == before.tobytes()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 299), min_size=1, max_size=70))
def test_rows_have_the_same_bits_in_any_subset_and_order(chosen: list[int]) -> None:
    assert PREPARED.outputs(ROWS[chosen]).tobytes() == OUTPUTS[chosen].tobytes()


@pytest.mark.parametrize("sizes", [(1,), (5, 1), (40, 30, 2)])
def test_rows_have_the_same_bits_alone_and_in_large_batches(sizes: tuple[int, ...]) -> None:
    prepared = PreparedNetwork.of(random_network(MIXED, sizes, seed=4))
    x = random_rows(MIXED, 2500, seed=5, spread=1.4).numpy()
    whole = prepared.outputs(x)
    for row in (0, 1, 15, 16, 1023, 1024, 2499):
        assert prepared.outputs(x[row : row + 1]).tobytes() == whole[row : row + 1].tobytes()
        assert prepared.outputs(x[row:]).tobytes() == whole[row:].tobytes()
    assert prepared.outputs(x[::-1]).tobytes() == whole[::-1].tobytes()
    assert prepared.trace(x).outputs.T.tobytes() == whole.tobytes()


def test_threads_that_share_a_prepared_network_compute_the_same_bits() -> None:
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(PREPARED.outputs, [ROWS[start:] for start in range(40)]))
    for start, outputs in enumerate(found):
        assert outputs.tobytes() == OUTPUTS[start:].tobytes()


def test_no_rows_have_no_outputs() -> None:
    assert PREPARED.outputs(ROWS[:0]).shape == (0, 1)


def test_value_that_is_missing_without_gaps_in_training_stays_undefined() -> None:
    x = random_rows(numeric_features(2), 1, seed=6).numpy()
    x[0, 1] = np.nan
    assert np.isnan(PreparedNetwork.of(random_network(numeric_features(2), (2, 1), seed=7)).outputs(x)).all()


def test_bad_rows_are_refused() -> None:
    with pytest.raises(ShapeMismatch, match=r"expected shape \(rows, 3\), got \(300, 2\)"):
        PREPARED.outputs(ROWS[:, :2])
    for code in (4.0, -1.0, 0.5, np.nan):
        x = ROWS[:3].copy()
        x[1, 2] = code
        with pytest.raises(WrongValueType, match="'input 2', row 1: expected a code from 0 to 3"):
            PREPARED.outputs(x)
