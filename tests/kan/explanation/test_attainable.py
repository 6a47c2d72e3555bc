"""What a feature can add at best and at worst, against SciPy and against forms whose extremes are known."""

import itertools
import math

import pytest
import torch
from scipy.optimize import minimize_scalar

from kan.errors import InvalidSetting, NotAdditive
from kan.explanation.attainable import attainable_contributions
from kan.features import NumericFeature
from kan.model import FittedModel
from kan.network import EdgeId
from kan.symbolic.library import SymbolicForm
from tests.kan.random_models import MIXED, random_model, random_rows


def additive(seed: int = 0, **forms: SymbolicForm) -> FittedModel:
    model = random_model(seed, sizes=(1,))
    network = model.network
    for name, form in forms.items():
        source = [feature.name for feature in MIXED].index(name)
        network = network.with_symbolic(EdgeId(0, source, 0), form)
    return FittedModel(MIXED, network, "gaussian", "limit", (), model.reference)


def test_extremes_of_splines_are_those_that_scipy_finds() -> None:
    model = additive(1)
    least, most = attainable_contributions(model).tolist()

    @torch.no_grad()
    def value(place: float, position: int, sign: float) -> float:
        edge = EdgeId(0, position, 0)
        return sign * model.network.edge_activation(edge, torch.tensor([place], dtype=torch.float64)).item()

    for position, feature in enumerate(MIXED[:2]):
        assert isinstance(feature, NumericFeature)
        for sign, found in ((1.0, least), (-1.0, most)):
            borders = torch.linspace(feature.lower, feature.upper, 9, dtype=torch.float64).tolist()
            best = min(
                float(minimize_scalar(value, bounds=pair, args=(position, sign), method="bounded").fun)
                for pair in itertools.pairwise(borders)
            )
            best = min(best, *(value(border, position, sign) for border in (feature.lower, feature.upper)))
            if feature.has_missing:
                best = min(best, value(math.nan, position, sign))
            assert sign * found[position] == pytest.approx(best, abs=1e-9)


def test_extremes_of_forms_are_the_known_ones() -> None:
    lower, upper = attainable_contributions(
        additive(age=SymbolicForm("square", 1.0, -50.0, 2.0, 1.0), income=SymbolicForm("sin", 0.01, 0.0, 3.0, 0.5))
    ).tolist()
    assert (lower[0], upper[0]) == (pytest.approx(1.0, abs=1e-12), pytest.approx(2 * 40.0**2 + 1, rel=1e-12))
    assert (lower[1], upper[1]) == (pytest.approx(-2.5, abs=1e-12), pytest.approx(3.5, abs=1e-12))


@torch.no_grad()
def test_categories_are_tried_one_by_one_and_unseen_ones_are_not() -> None:
    model = additive()
    codes = torch.arange(3, dtype=torch.float64)
    values = model.network.edge_activation(EdgeId(0, 2, 0), codes)
    lower, upper = attainable_contributions(model).tolist()
    assert (lower[2], upper[2]) == (float(values.min()), float(values.max()))


@torch.no_grad()
def test_no_row_in_the_domain_is_beyond_the_extremes() -> None:
    model = additive(3)
    x = random_rows(MIXED, 5_000, 9)
    x[:, 2] = x[:, 2].clamp(max=2)
    values = model.network.layer(0).activations(x)[:, 0]
    lower, upper = attainable_contributions(model)
    assert bool(((values >= lower - 1e-12) & (values <= upper + 1e-12)).all())


def test_a_feature_that_was_pruned_adds_nothing() -> None:
    model = random_model(0, sizes=(1,))
    pruned = FittedModel(MIXED, model.network.with_zero(EdgeId(0, 0, 0)), "gaussian", "limit", (), model.reference)
    assert attainable_contributions(pruned)[:, 0].tolist() == [0.0, 0.0]


def test_a_network_with_hidden_nodes_has_no_points() -> None:
    with pytest.raises(NotAdditive, match="2 layers"):
        attainable_contributions(random_model(0, sizes=(3, 1)))
    with pytest.raises(InvalidSetting, match="output"):
        attainable_contributions(random_model(0, sizes=(1,)), output=1)
