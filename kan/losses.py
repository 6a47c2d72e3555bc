"""What is minimised, and how the link scale becomes an answer: one family per kind of target.

Source: P. McCullagh and J. Nelder, "Generalized Linear Models" (1989), chapters 2, 4 and 5.

    gaussian      identity link    half the squared error
    binomial      logit link       negative log-likelihood of the second class
    multinomial   softmax link     negative log-likelihood of the observed class

Targets are columns of floats: the standardised value, 0 or 1, or one indicator per class.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

FamilyName = Literal["gaussian", "binomial", "multinomial"]


@dataclass(frozen=True)
class Family:
    """A distribution with its link; `loss` is per row, `response` maps the link scale to the answer."""

    name: FamilyName
    link: str
    loss: Callable[[Tensor, Tensor], Tensor]
    response: Callable[[Tensor], Tensor]


def mean_loss(
    family: Family,
    link: Float[Tensor, "rows outputs"],
    target: Float[Tensor, "rows outputs"],
    weights: Float[Tensor, " rows"] | None = None,
) -> Float[Tensor, ""]:
    """Return the loss averaged over the rows, with weights where given."""
    losses = family.loss(link, target)
    return losses.mean() if weights is None else (losses * weights).sum() / weights.sum()


def _gaussian(link: Tensor, target: Tensor) -> Float[Tensor, " rows"]:
    return (link - target).square().sum(dim=1) / 2


def _binomial(link: Tensor, target: Tensor) -> Float[Tensor, " rows"]:
    # log(1 + exp(z)) - t·z, written so that exp never overflows
    return (link.clamp(min=0) + torch.log1p(torch.exp(-link.abs())) - target * link).sum(dim=1)


def _multinomial(link: Tensor, target: Tensor) -> Float[Tensor, " rows"]:
    return torch.logsumexp(link, dim=1) - (target * link).sum(dim=1)


def _sigmoid(link: Tensor) -> Tensor:
    return 1 / (1 + torch.exp(-link))


def _softmax(link: Tensor) -> Tensor:
    shifted = torch.exp(link - link.amax(dim=1, keepdim=True))
    return shifted / shifted.sum(dim=1, keepdim=True)


def _identity(link: Tensor) -> Tensor:
    return link


FAMILIES: Mapping[str, Family] = MappingProxyType(
    {
        "gaussian": Family("gaussian", "identity", _gaussian, _identity),
        "binomial": Family("binomial", "logit", _binomial, _sigmoid),
        "multinomial": Family("multinomial", "softmax", _multinomial, _softmax),
    }
)
