"""Losses, responses and curvatures against SciPy, scikit-learn and automatic differentiation."""

import numpy as np
import pytest
import torch
from scipy import special
from sklearn.metrics import log_loss, mean_gamma_deviance, mean_poisson_deviance

from kan.losses import FAMILIES, Family, mean_loss

RNG = np.random.default_rng(0)
LINKS = {
    "gaussian": torch.from_numpy(RNG.normal(size=(30, 2)) * 3),
    "binomial": torch.from_numpy(RNG.normal(size=(30, 1)) * 3),
    "multinomial": torch.from_numpy(RNG.normal(size=(30, 4)) * 3),
    "poisson": torch.from_numpy(RNG.normal(size=(30, 1)) * 2),
    "gamma": torch.from_numpy(RNG.normal(size=(30, 1)) * 2),
}
TARGETS = {
    "gaussian": torch.from_numpy(RNG.normal(size=(30, 2))),
    "binomial": torch.from_numpy(RNG.integers(0, 2, (30, 1)).astype(float)),
    "multinomial": torch.from_numpy(np.eye(4)[RNG.integers(0, 4, 30)]),
    "poisson": torch.from_numpy(RNG.poisson(2.0, (30, 1)).astype(float)),
    "gamma": torch.from_numpy(RNG.gamma(2.0, size=(30, 1))),
}
NAMES = list(FAMILIES)


def hessian(family: Family, link: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Return the second derivative of the loss of one row."""
    found = torch.autograd.functional.hessian(lambda one: family.loss(one.unsqueeze(0), target.unsqueeze(0))[0], link)
    assert isinstance(found, torch.Tensor)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_residuals_times_factors_are_the_gradient(name: str) -> None:
    family, link, target = FAMILIES[name], LINKS[name].clone().requires_grad_(), TARGETS[name]
    (expected,) = torch.autograd.grad(family.loss(link, target).sum(), link)
    with torch.no_grad():
        found = torch.einsum("rq,rqo->ro", family.residuals(link, target), family.factors(link))
    torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", ["gaussian", "binomial", "multinomial", "poisson"])
def test_factors_make_the_second_derivative_of_a_canonical_link(name: str) -> None:
    family, link, target = FAMILIES[name], LINKS[name], TARGETS[name]
    factors = family.factors(link)
    for row in range(len(link)):
        expected = hessian(family, link[row], target[row])
        torch.testing.assert_close(factors[row].T @ factors[row], expected, rtol=1e-9, atol=1e-9)


def test_factors_make_the_mean_second_derivative_of_gamma() -> None:
    family, link = FAMILIES["gamma"], LINKS["gamma"]
    mean = family.response(link)  # the second derivative is linear in the target, so its mean is that at the mean
    for row in range(len(link)):
        expected = hessian(family, link[row], mean[row])
        factor = family.factors(link)[row]
        torch.testing.assert_close(factor.T @ factor, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(("name", "deviance"), [("poisson", mean_poisson_deviance), ("gamma", mean_gamma_deviance)])
def test_loss_with_a_log_link_is_half_the_deviance(name: str, deviance: object) -> None:
    assert callable(deviance)
    link, target = LINKS[name], TARGETS[name]
    expected = deviance(target[:, 0].numpy(), link[:, 0].exp().numpy()) / 2
    assert float(mean_loss(FAMILIES[name], link, target)) == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("name", ["gaussian", "poisson", "gamma"])
def test_loss_is_zero_at_the_truth_and_above_it_elsewhere(name: str) -> None:
    target = TARGETS[name].clamp(min=0.3) if name != "gaussian" else TARGETS[name]
    truth = target if name == "gaussian" else target.log()
    assert float(FAMILIES[name].loss(truth, target).abs().max()) < 1e-14
    assert bool((FAMILIES[name].loss(truth + 0.01, target) > 0).all())
    assert bool((FAMILIES[name].loss(LINKS[name], TARGETS[name]) >= 0).all())


def test_count_of_zero_costs_its_expectation() -> None:
    link = torch.tensor([[-30.0], [0.0], [2.0]], dtype=torch.float64)
    torch.testing.assert_close(FAMILIES["poisson"].loss(link, torch.zeros_like(link)), link[:, 0].exp())


@pytest.mark.parametrize(
    ("name", "spread"), [(name, 0.0) for name in NAMES] + [(name, 0.7) for name in ("gaussian", "poisson", "gamma")]
)
def test_constant_start_has_the_smallest_mean_loss_beside_the_offsets(name: str, spread: float) -> None:
    family, target = FAMILIES[name], TARGETS[name]
    weights = torch.from_numpy(RNG.uniform(0.1, 2, 30))
    offset = spread * torch.from_numpy(RNG.normal(size=tuple(target.shape)))
    start = family.start(target, weights, offset).requires_grad_()
    (slope,) = torch.autograd.grad(mean_loss(family, start + offset, target, weights), start)
    assert float(slope.abs().max()) < 1e-10


@pytest.mark.parametrize("name", ["poisson", "gamma", "gaussian"])
def test_pearson_statistic_is_about_one_for_data_of_its_own_family(name: str) -> None:
    generator = np.random.default_rng(1)
    link = generator.normal(size=(20_000, 1))
    mean = np.exp(link)
    draws = {"poisson": generator.poisson(mean), "gamma": generator.gamma(1.0, mean), "gaussian": mean}
    target = torch.from_numpy(draws[name].astype(float))
    shown = torch.from_numpy(mean + generator.normal(size=mean.shape) if name == "gaussian" else link)
    assert float(FAMILIES[name].pearson(shown, target).mean()) == pytest.approx(1.0, abs=0.05)


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
    np.testing.assert_array_equal(FAMILIES["gaussian"].response(torch.from_numpy(link)).numpy(), link)
    for name in ("poisson", "gamma"):
        np.testing.assert_allclose(FAMILIES[name].response(torch.from_numpy(link)).numpy(), np.exp(link))
