"""What is paid for: active edges, many half-active edges, and rough functions.

Source: Z. Liu et al., "KAN: Kolmogorov-Arnold Networks" (2024), section 2.5.1, with the size of an edge measured
exactly: the standard deviation of its activation over the data is sqrt(wᵀ · C · w), C the covariance of the input's
feature map. So the size of all edges costs one small quadratic form each and never the (rows, outputs, inputs) tensor.
Roughness is the P-spline penalty (P. Eilers and B. Marx, "Flexible smoothing with B-splines and penalties", 1996).

Only learned edges pay; a symbolic edge has been paid for when it was snapped.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from kan.layer import LEARNED, Layer
from kan.network import Network

SMALLEST_VARIANCE = 1e-10  # keeps the slope of the square root finite at an edge of size 0


@dataclass(frozen=True)
class Penalties:
    """Weights of the three penalties, relative to a loss of one row."""

    l1: float
    entropy: float
    smoothness: float


def feature_covariance(features: Float[Tensor, "rows inputs width"]) -> Float[Tensor, "inputs width width"]:
    """Return the covariance of every input's feature map over the rows."""
    centred = (features - features.mean(dim=0)).transpose(0, 1)
    return centred.transpose(1, 2) @ centred / len(features)


def edge_sizes(layer: Layer, covariance: Float[Tensor, "inputs width width"]) -> Float[Tensor, "outputs inputs"]:
    """Return the standard deviation of every learned edge's activation, 0 for other edges."""
    weights = layer.weights * layer.mask
    variance = ((weights.transpose(0, 1) @ covariance) * weights.transpose(0, 1)).sum(dim=-1).T
    return (variance.clamp(min=0) + SMALLEST_VARIANCE).sqrt() * (layer.kinds == LEARNED)


def penalty(
    network: Network,
    covariances: Sequence[Tensor],  # (inputs, width, width) per layer
    roughness: Sequence[Tensor],  # (inputs, differences, width) per layer
    penalties: Penalties,
) -> Float[Tensor, ""]:
    """Return l1 · Σ sizes + entropy · Σ_layers H(sizes) + smoothness · Σ |D·w|²; one covariance and one D per layer."""
    total = torch.zeros((), dtype=torch.float64)
    for position, (covariance, differences) in enumerate(zip(covariances, roughness, strict=True)):
        layer = network.layer(position)
        sizes = edge_sizes(layer, covariance)
        total = total + penalties.l1 * sizes.sum() + penalties.entropy * _entropy(sizes)
        rough = differences @ (layer.weights * layer.mask).unsqueeze(-1)
        total = total + penalties.smoothness * rough.square().sum()
    return total


def _entropy(sizes: Float[Tensor, "outputs inputs"]) -> Float[Tensor, ""]:
    """Return -Σ p log p of the shares p of the sizes: small when few edges do the work."""
    shares = sizes / sizes.sum().clamp(min=SMALLEST_VARIANCE)
    return -torch.xlogy(shares, shares.clamp(min=SMALLEST_VARIANCE)).sum()
