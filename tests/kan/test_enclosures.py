"""No edge leaves its enclosure, whatever its form, degree and base, inside and outside its domain."""

import pytest
import torch

from kan.enclosures import Pieces, edge_enclosure
from kan.feature_maps import Base
from kan.layer import Layer, LayerInput
from kan.symbolic.intervals import Interval
from kan.symbolic.library import SymbolicForm

FORMS = [
    SymbolicForm("sin", 1.3, 0.2, 2.0, 0.1),
    SymbolicForm("abs", 1.0, -0.3, 1.0, 0.0),
    SymbolicForm("step", 1.0, -0.3, 2.0, 0.0),
    SymbolicForm("sqrt", 1.0, 1.0, 1.0, 0.0),
    SymbolicForm("log(3 + x) * max(x - 0.2, 0)", 1.0, 0.0, 1.0, 0.0),
]


def layer_of(degree: int = 3, base: Base = "silu", form: SymbolicForm | None = None) -> Layer:
    layer = Layer([LayerInput(centre=3.0, half_width=2.0)], 1, grid_size=5, degree=degree, base=base)
    generator = torch.Generator().manual_seed(degree)
    with torch.no_grad():
        layer.weights.copy_(torch.randn(layer.weights.shape, generator=generator, dtype=torch.float64) * layer.mask)
    if form is not None:
        layer.set_symbolic(0, 0, SymbolicForm(form.function, form.a / 2, form.b - 1.5 * form.a, form.c, form.d))
    return layer


def pieces_between(layer: Layer, lower: float, upper: float, count: int) -> Pieces:
    even = torch.linspace(lower, upper, count + 1, dtype=torch.float64)
    breaks = torch.cat([even, layer.knots[0].clamp(lower, upper)]).unique()
    return Pieces(breaks[:-1], breaks[1:])


def contains(bounds: Interval, values: torch.Tensor) -> bool:
    slack = 1e-12 * (1 + values.abs().max())
    return not bool(((values < bounds.lower - slack) | (values > bounds.upper + slack)).any())


@torch.no_grad()
def is_enclosed(layer: Layer, pieces: Pieces) -> bool:
    """Return whether values are inside, and chords of every piece no steeper than its slopes."""
    found, values = edge_enclosure(layer, 0, 0, pieces), []
    for share in torch.linspace(0, 1, 7, dtype=torch.float64):
        u = pieces.lower + share * (pieces.upper - pieces.lower)
        values.append(layer.activations((3.0 + 2.0 * u).unsqueeze(1))[:, 0, 0])
    chord = (values[-1] - values[0]) / (pieces.upper - pieces.lower)
    wide = pieces.upper - pieces.lower > 1e-9
    slopes = Interval(found.slopes.lower[wide], found.slopes.upper[wide])
    return all(contains(found.values, one) for one in values) and contains(slopes, chord[wide])


@pytest.mark.parametrize("base", ["silu", "identity", "zero"])
@pytest.mark.parametrize("degree", [1, 2, 3, 5])
def test_splines_stay_in_their_enclosure(degree: int, base: Base) -> None:
    layer = layer_of(degree, base)
    assert is_enclosed(layer, pieces_between(layer, -1.5, 1.7, 40))


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.function)
def test_formulas_stay_in_their_enclosure(form: SymbolicForm) -> None:
    layer = layer_of(form=form)
    assert is_enclosed(layer, pieces_between(layer, -1.0 if form.function == "sqrt" else -1.5, 1.7, 40))


def test_enclosures_shrink_with_the_third_power_of_the_pieces() -> None:
    layer, line = layer_of(form=FORMS[0]), layer_of(form=SymbolicForm("linear", 1.0, 0.0, 1.0, 0.0))
    excess = []
    for count in (50, 500):
        pieces = pieces_between(layer, -1.0, 1.0, count)
        difference = edge_enclosure(layer, 0, 0, pieces).minus(edge_enclosure(line, 0, 0, pieces)).tightened(pieces)
        ends = torch.stack([2 * torch.sin(1.3 * u + 0.2) + 0.1 - u for u in (pieces.lower, pieces.upper)])
        excess.append(float((difference.values.upper - ends.amax(dim=0)).max()))
    assert excess[1] < excess[0] / 80


def test_jump_has_no_slope() -> None:
    layer = layer_of(form=FORMS[2])
    found = edge_enclosure(layer, 0, 0, Pieces(torch.tensor([0.2, 0.4]).double(), torch.tensor([0.4, 0.5]).double()))
    assert bool(found.slopes.lower.isnan()[0])
    assert found.slopes.upper[1] < 1e-200


def test_slope_at_a_root_is_unknown_and_its_value_is_not() -> None:
    layer = layer_of(form=FORMS[3])
    pieces = pieces_between(layer, -1.0 - 1e-14, 1.0, 10)
    found = edge_enclosure(layer, 0, 0, pieces)
    assert found.values.is_defined
    assert not found.slopes.is_defined
