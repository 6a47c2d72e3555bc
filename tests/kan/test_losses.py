"""Losses and responses against SciPy and scikit-learn."""

import numpy as np
import pytest
import torch
from scipy import special
from sklearn.metrics import log_loss

from kan.losses import FAMILIES, mean_loss

RNG = np.random.default_rng(0)


def test_binomial_loss_is_the_log_loss() -> None:
    link, target = RNG.normal(size=(40, 1)) * 3, RNG.integers(0, 2, (40, 1)).astype(float)
    found = mean_loss(FAMILIES["binomial"], torch.from_numpy(link), torch.from_numpy(target))
    assert float(found) == pytest.approx(log_loss(target[:, 0], special.expit(link[:, 0])), rel=1e-12)


def test_multinomial_loss_is_the_log_loss() -> None:
    link, codes = RNG.normal(size=(40, 3)) * 3, RNG.integers(0, 3, 40)
    found = mean_loss(FAMILIES["multinomial"], torch.from_numpy(link), torch.from_numpy(np.eye(3)[codes]))
    assert float(found) == pytest.approx(log_loss(codes, special.softmax(link, axis=1)), rel=1e-12)


def test_gaussian_loss_is_half_the_squared_error() -> None:
    link, target = torch.tensor([[1.0], [2.0]]).double(), torch.tensor([[3.0], [2.0]]).double()
    assert float(mean_loss(FAMILIES["gaussian"], link, target)) == 1.0


@pytest.mark.parametrize("name", ["gaussian", "binomial", "multinomial"])
def test_weight_two_counts_as_two_rows(name: str) -> None:
    link = torch.from_numpy(RNG.normal(size=(3, 2)))
    target = torch.eye(3, 2).double()
    weights = torch.tensor([2.0, 1.0, 0.0]).double()
    repeated = mean_loss(FAMILIES[name], link[[0, 0, 1]], target[[0, 0, 1]])
    assert float(mean_loss(FAMILIES[name], link, target, weights)) == pytest.approx(float(repeated), rel=1e-12)


@pytest.mark.parametrize("name", ["binomial", "multinomial"])
def test_extreme_links_stay_finite(name: str) -> None:
    link = torch.tensor([[1e4, -1e4], [-1e4, 1e4]]).double().requires_grad_()
    loss = mean_loss(FAMILIES[name], link, torch.tensor([[0.0, 1.0], [1.0, 0.0]]).double())
    loss.backward()
    assert float(loss.detach()) == pytest.approx(2e4, rel=1e-9)
    assert link.grad is not None
    assert bool(link.grad.isfinite().all())
    response = FAMILIES[name].response(link.detach())
    assert bool(response.isfinite().all())
    assert bool(((response >= 0) & (response <= 1)).all())


def test_responses_are_those_of_scipy() -> None:
    link = RNG.normal(size=(10, 3)) * 5
    np.testing.assert_allclose(FAMILIES["binomial"].response(torch.from_numpy(link)).numpy(), special.expit(link))
    expected = special.softmax(link, axis=1)
    np.testing.assert_allclose(FAMILIES["multinomial"].response(torch.from_numpy(link)).numpy(), expected)
    assert FAMILIES["gaussian"].response(torch.from_numpy(link)) is not None
