"""What is minimised, and how the link scale becomes an answer: one family per kind of target.

Source: P. McCullagh and J. Nelder, "Generalized Linear Models" (1989), chapters 2, 4, 5, 6 and 8. The curvature is the
expected one, which makes a Gauss–Newton step a step of Fisher scoring.

    gaussian      identity link    half the squared error
    binomial      logit link       negative log-likelihood of the second class
    multinomial   softmax link     negative log-likelihood of the observed class
    poisson       log link         half the deviance; targets are counts of at least 0
    gamma         log link         half the deviance; targets are above 0

Targets are columns of floats: the standardised value, 0 or 1, or one indicator per class.
Symbols: z link, t target, μ response, V(μ) variance function.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.function import once_differentiable

FamilyName = Literal["gaussian", "binomial", "multinomial", "poisson", "gamma"]

SMALLEST_VARIANCE = 1e-10  # keeps the curvature of a certain answer above 0
SMALLEST_PROBABILITY = 1e-280


@dataclass(frozen=True)
class Family:
    """A distribution with its link.

    `loss` is per row, `slopes` are its ∂loss/∂z, `response` maps the link scale to the answer, `factors` are columns f
    with Σ f·fᵀ the expected ∂²loss/∂z², and `residuals` are numbers q with Σ q·f = ∂loss/∂z. `has_dispersion` says
    whether the spread around μ is estimated.
    """

    name: FamilyName
    link: str
    loss: Callable[[Tensor, Tensor], Tensor]
    slopes: Callable[[Tensor, Tensor], Tensor]
    response: Callable[[Tensor], Tensor]
    factors: Callable[[Tensor], Tensor]
    residuals: Callable[[Tensor, Tensor], Tensor]
    has_dispersion: bool = False

    def pearson(
        self, link: Float[Tensor, "rows outputs"], target: Float[Tensor, "rows outputs"]
    ) -> Float[Tensor, " rows"]:
        """Return (t − μ)² / V(μ) of every row, whose mean estimates the dispersion."""
        error = (target - self.response(link)).square()
        variance = {"poisson": self.response(link), "gamma": self.response(link).square()}.get(self.name)
        return (error if variance is None else error / variance.clamp(min=SMALLEST_VARIANCE)).sum(dim=1)

    def start(
        self,
        target: Float[Tensor, "rows outputs"],
        weights: Float[Tensor, " rows"],
        offset: Float[Tensor, "rows outputs"],
    ) -> Float[Tensor, " outputs"]:
        """Return the constant link that, with the offsets, fits the targets best; classes have no offset."""
        total = weights.sum()
        if self.name == "gaussian":
            return weights @ (target - offset) / total
        if self.name == "binomial":
            return torch.logit((weights @ target / total).clamp(1e-6, 1 - 1e-6))
        if self.name == "gamma":
            return (weights @ (target * torch.exp(-offset)) / total).clamp(min=1e-12).log()
        return (weights @ target / (weights @ offset.exp())).clamp(min=1e-12).log()


def mean_loss(
    family: Family,
    link: Float[Tensor, "rows outputs"],
    target: Float[Tensor, "rows outputs"],
    weights: Float[Tensor, " rows"] | None = None,
) -> Float[Tensor, ""]:
    """Return the loss averaged over the rows, with weights where given."""
    if weights is None:
        weights = link.new_ones(len(link))
    return _MeanLoss.apply(link, target, weights, family)  # type: ignore[no-any-return, no-untyped-call]  # untyped in torch


class _MeanLoss(torch.autograd.Function):
    """The gradient is known: no graph of the loss is kept."""

    @staticmethod
    def forward(ctx: Any, link: Tensor, target: Tensor, weights: Tensor, family: Family) -> Tensor:
        total = weights.sum()
        if ctx.needs_input_grad[0]:
            ctx.save_for_backward(family.slopes(link, target).mul_((weights / total).unsqueeze(1)))
        return (family.loss(link, target) * weights).sum() / total

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None, None]:
        (slopes,) = ctx.saved_tensors
        return slopes * gradient, None, None, None


def _gaussian(link: Tensor, target: Tensor) -> Float[Tensor, " rows"]:
    return (link - target).square().sum(dim=1) / 2


def _binomial(link: Tensor, target: Tensor) -> Float[Tensor, " rows"]:
    # log(1 + exp(z)) - t·z, written so that exp never overflows
    return (link.clamp(min=0) + torch.log1p(torch.exp(-link.abs())) - target * link).sum(dim=1)


def _multinomial(link: Tensor, target: Tensor) -> Float[Tensor, " rows"]:
    return torch.logsumexp(link, dim=1) - (target * link).sum(dim=1)


def _poisson(link: Tensor, target: Tensor) -> Float[Tensor, " rows"]:
    return (torch.exp(link) - target - target * link + torch.xlogy(target, target)).sum(dim=1)


def _gamma(link: Tensor, target: Tensor) -> Float[Tensor, " rows"]:
    return (target * torch.exp(-link) - 1 + link - torch.log(target)).sum(dim=1)


def _sigmoid(link: Tensor) -> Tensor:
    return 1 / (1 + torch.exp(-link))


def _softmax(link: Tensor) -> Tensor:
    shifted = torch.exp(link - link.amax(dim=1, keepdim=True))
    return shifted / shifted.sum(dim=1, keepdim=True)


def _identity(link: Tensor) -> Tensor:
    return link


def _unit_factors(link: Tensor) -> Float[Tensor, "rows directions outputs"]:
    return torch.eye(link.shape[1], dtype=link.dtype, device=link.device).expand(len(link), -1, -1)


def _binomial_factors(link: Tensor) -> Float[Tensor, "rows 1 1"]:
    response = _sigmoid(link)
    return (response * (1 - response)).clamp(min=SMALLEST_VARIANCE).sqrt().unsqueeze(2)


def _multinomial_factors(link: Tensor) -> Float[Tensor, "rows directions outputs"]:
    # Σ_c p_c (e_c − p)(e_c − p)ᵀ = diag(p) − p·pᵀ
    response = _softmax(link)
    difference = torch.eye(link.shape[1], dtype=link.dtype, device=link.device) - response.unsqueeze(1)
    return response.sqrt().unsqueeze(2) * difference


def _poisson_factors(link: Tensor) -> Float[Tensor, "rows 1 1"]:
    return torch.exp(link / 2).clamp(min=SMALLEST_VARIANCE).unsqueeze(2)


def _binomial_slopes(link: Tensor, target: Tensor) -> Float[Tensor, "rows outputs"]:
    return _sigmoid(link) - target


def _binomial_residuals(link: Tensor, target: Tensor) -> Float[Tensor, "rows 1"]:
    return _binomial_slopes(link, target) / _binomial_factors(link)[:, 0]


def _multinomial_slopes(link: Tensor, target: Tensor) -> Float[Tensor, "rows outputs"]:
    return _softmax(link) - target


def _multinomial_residuals(link: Tensor, target: Tensor) -> Float[Tensor, "rows outputs"]:
    response = _softmax(link)
    return (response - target) / response.clamp(min=SMALLEST_PROBABILITY).sqrt()


def _poisson_slopes(link: Tensor, target: Tensor) -> Float[Tensor, "rows outputs"]:
    return torch.exp(link) - target


def _poisson_residuals(link: Tensor, target: Tensor) -> Float[Tensor, "rows 1"]:
    return _poisson_slopes(link, target) / _poisson_factors(link)[:, 0]


def _gamma_slopes(link: Tensor, target: Tensor) -> Float[Tensor, "rows outputs"]:
    return 1 - target * torch.exp(-link)


def _gaussian_slopes(link: Tensor, target: Tensor) -> Float[Tensor, "rows outputs"]:
    return link - target


FAMILIES: Mapping[str, Family] = MappingProxyType(
    {
        family.name: family
        for family in (
            Family(
                "gaussian", "identity", _gaussian, _gaussian_slopes, _identity, _unit_factors, _gaussian_slopes, True
            ),
            Family("binomial", "logit", _binomial, _binomial_slopes, _sigmoid, _binomial_factors, _binomial_residuals),
            Family(
                "multinomial",
                "softmax",
                _multinomial,
                _multinomial_slopes,
                _softmax,
                _multinomial_factors,
                _multinomial_residuals,
            ),
            Family("poisson", "log", _poisson, _poisson_slopes, torch.exp, _poisson_factors, _poisson_residuals, True),
            Family("gamma", "log", _gamma, _gamma_slopes, torch.exp, _unit_factors, _gamma_slopes, True),
        )
    }
)
