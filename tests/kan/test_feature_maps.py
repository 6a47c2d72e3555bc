"""Feature maps by compiled loops are those of PyTorch's operations, with their derivatives and sums."""

from typing import Any

import pytest
import torch

from kan.feature_maps import Base, CompiledFeatures, FeatureMaps, LocalFeatures, accumulated, differentiable
from kan.grid import clamped

BASES: tuple[Base, ...] = ("silu", "identity", "zero")
ROWS = 300


def maps_and_rows(
    *, base: Base = "silu", degree: int = 3, grid_size: int = 7, gaps: bool = True, dtype: torch.dtype = torch.float64
) -> tuple[FeatureMaps, torch.Tensor]:
    """Return maps of three inputs, the first of which may have gaps, and rows inside, on and outside the domains."""
    generator = torch.Generator().manual_seed(degree)
    inner = torch.rand(3, grid_size - 1, generator=generator, dtype=dtype).sort(dim=1).values * 1.8 - 0.9
    ends = torch.ones(3, 1, dtype=dtype)
    knots = clamped(torch.cat([-ends, inner, ends], dim=1), degree)
    centre, half_width = torch.tensor([[0.0, 2.0, -1.0], [1.0, 4.0, 0.5]], dtype=dtype)
    has_missing = torch.tensor([True, False, False]) if gaps else None
    maps = FeatureMaps(knots, degree, base, centre, half_width, has_missing, grid_size + degree + 4)
    u = torch.rand(ROWS, 3, generator=generator, dtype=dtype) * 3 - 1.5
    u[0], u[1], u[2] = -1.0, 1.0, inner[:, 0]
    x = u * half_width + centre
    if gaps:
        x[5:9, 0] = torch.nan
    return maps, x


def both(maps: FeatureMaps, x: torch.Tensor) -> tuple[CompiledFeatures, LocalFeatures]:
    return maps.compiled_at(x, with_slopes=True), maps.traced_at(x)


@pytest.mark.parametrize("gaps", [True, False])
@pytest.mark.parametrize("degree", [1, 2, 3, 5])
@pytest.mark.parametrize("base", BASES)
def test_both_ways_give_the_same_maps_slopes_and_sums(base: Base, degree: int, gaps: bool) -> None:
    maps, x = maps_and_rows(base=base, degree=degree, gaps=gaps)
    compiled, traced = both(maps, x)
    weights = torch.randn(4, 3, maps.width, generator=torch.Generator().manual_seed(1), dtype=x.dtype)
    close: dict[str, Any] = {"atol": 1e-11, "rtol": 1e-11}
    torch.testing.assert_close(compiled.dense_values(), traced.dense_values(), **close)
    torch.testing.assert_close(compiled.dense_slopes(), traced.dense_slopes(), **close)
    torch.testing.assert_close(compiled.weighted(weights), traced.weighted(weights), **close)
    torch.testing.assert_close(compiled.weighted_slopes(weights), traced.weighted_slopes(weights), **close)
    gradient = torch.randn(ROWS, 3, maps.width, generator=torch.Generator().manual_seed(2), dtype=x.dtype)
    torch.testing.assert_close(compiled.pulled(gradient), traced.pulled(gradient), **close)


def test_sums_over_edges_have_the_bits_of_sums_over_whole_maps() -> None:
    maps, x = maps_and_rows()
    weights = torch.randn(4, 3, maps.width, generator=torch.Generator().manual_seed(1), dtype=x.dtype)
    found = maps.compiled_at(x, with_slopes=True)
    assert torch.equal(found.weighted(weights), accumulated(found.dense_values(), weights))
    assert torch.equal(found.weighted_slopes(weights), accumulated(found.dense_slopes(), weights))


def test_no_row_depends_on_those_beside_it() -> None:
    maps, x = maps_and_rows()
    together = maps.at(x).dense_values()
    for row in (0, 6, 17, ROWS - 1):
        assert torch.equal(maps.at(x[row : row + 1]).dense_values()[0], together[row])


def test_a_missing_value_is_one_and_any_other_stays_no_number() -> None:
    maps, x = maps_and_rows()
    x[7] = torch.nan
    values = maps.at(x).dense_values()
    assert values[7, 0].nonzero().flatten().tolist() == [maps.functions + 1]
    assert values[7, 1].isnan().any()
    assert not values[6, 1:].isnan().any()
    assert not maps.at(x).dense_slopes()[7, 0].any()


def test_the_gradient_of_maps_is_their_slope() -> None:
    maps, x = maps_and_rows(gaps=False)
    rows = x.clone().requires_grad_()
    pull = torch.randn(ROWS, 3, maps.width, generator=torch.Generator().manual_seed(3), dtype=x.dtype)
    (gradient,) = torch.autograd.grad(differentiable(rows, maps), rows, pull)
    torch.testing.assert_close(gradient, (maps.at(x).dense_slopes() * pull).sum(dim=2))


def test_single_precision_stays_single() -> None:
    maps, x = maps_and_rows(dtype=torch.float32)
    compiled, traced = both(maps, x)
    assert compiled.dense_values().dtype == torch.float32
    torch.testing.assert_close(compiled.dense_values(), traced.dense_values(), atol=1e-4, rtol=1e-4)


def test_no_rows_have_empty_maps() -> None:
    maps, x = maps_and_rows()
    assert maps.at(x[:0]).dense_values().shape == (0, 3, maps.width)
