"""A fitted model: links, responses, reference rows."""

from dataclasses import replace

import pytest
import torch

from kan.errors import OutputUndefined
from kan.losses import FamilyName
from kan.model import REFERENCE_ROWS, output_names, reference_rows
from kan.network import EdgeId
from kan.symbolic.library import SymbolicForm
from tests.kan.random_models import random_model, random_rows


def test_response_is_on_the_scale_of_the_family() -> None:
    model = random_model(sizes=(3,), classes=("a", "b", "c"))
    response = model.predict_response(model.reference)
    assert model.link == "softmax"
    assert torch.allclose(response, torch.softmax(model.predict_link(model.reference), dim=1), atol=1e-14)


def test_gaussian_response_is_the_link() -> None:
    model = random_model()
    assert torch.equal(model.predict_response(model.reference), model.predict_link(model.reference))


@pytest.mark.parametrize("family", ["poisson", "gamma"])
def test_response_with_a_log_link_is_above_zero(family: FamilyName) -> None:
    model = replace(random_model(), family=family)
    assert model.link == "log"
    expected = model.predict_link(model.reference).exp()
    torch.testing.assert_close(model.predict_response(model.reference), expected, rtol=1e-15, atol=0)


@pytest.mark.parametrize("classes", [(), ("a", "b", "c")])
def test_other_rows_do_not_change_a_bit(classes: tuple[str, ...]) -> None:
    model = random_model(sizes=(len(classes) or 1,), classes=classes)
    rows = random_rows(model.features, 4101, seed=1)
    assert torch.equal(model.predict_link(rows)[-5:], model.predict_link(rows[-5:]))
    assert torch.equal(model.predict_response(rows)[-5:], model.predict_response(rows[-5:]))


def test_row_without_a_finite_value_is_an_error() -> None:
    model = random_model()
    logarithm = SymbolicForm("log", 1.0, -50.0, 1.0, 0.0)
    undefined = replace(model, network=model.network.with_symbolic(EdgeId(0, 0, 0), logarithm))
    rows = random_rows(model.features, 3, seed=2)
    rows[:, 0] = torch.tensor([60.0, 30.0, 70.0])
    with pytest.raises(OutputUndefined, match="Row 1"):
        undefined.predict_link(rows)


def test_reference_is_fixed_by_the_seed_and_keeps_the_order() -> None:
    rows = torch.arange(1000.0, dtype=torch.float64).unsqueeze(1)
    first, second, other = (reference_rows(rows, seed) for seed in (1, 1, 2))
    assert torch.equal(first, second)
    assert not torch.equal(first, other)
    assert len(first) == len(first.unique()) == REFERENCE_ROWS
    assert torch.equal(first, first.sort(dim=0).values)


def test_small_table_is_its_own_reference() -> None:
    rows = torch.arange(5.0, dtype=torch.float64).unsqueeze(1)
    assert torch.equal(reference_rows(rows, 0), rows)


def test_outputs_are_named_after_target_or_classes() -> None:
    assert list(output_names(random_model())) == ["limit"]
    assert list(output_names(random_model(sizes=(3,), classes=("a", "b", "c")))) == ["a", "b", "c"]
