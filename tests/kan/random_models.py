"""Untrained networks and models with random weights: any function will do where an identity must hold for all."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from kan.features import CategoricalFeature, Feature, NumericFeature
from kan.model import FittedModel
from kan.network import EdgeId, Network, initial_network
from kan.symbolic.library import SymbolicForm

MIXED = (
    NumericFeature("age", "years", 18.0, 90.0),
    NumericFeature("income", None, 0.0, 9000.0, has_missing=True),
    CategoricalFeature("purpose", ("", "car", "house")),
)


def numeric_features(count: int) -> list[NumericFeature]:
    return [NumericFeature(f"f{i}", None, -2.0, 2.0) for i in range(count)]


def random_network(
    features: Sequence[Feature], sizes: Sequence[int], seed: int, degree: int = 3, grid_size: int = 4
) -> Network:
    """Return a network with edges of about unit size, so that hidden nodes also leave their domains."""
    generator = torch.Generator().manual_seed(seed)
    network = initial_network(
        features,
        sizes[:-1],
        sizes[-1],
        grid_sizes=[grid_size] * len(sizes),
        degree=degree,
        base="silu",
        generator=generator,
    )
    with torch.no_grad():
        for position in range(len(sizes)):
            layer = network.layer(position)
            noise = torch.randn(layer.weights.shape, generator=generator, dtype=torch.float64)
            layer.weights.copy_(noise * layer.mask)
            layer.bias.copy_(torch.randn(layer.bias.shape, generator=generator, dtype=torch.float64))
    return network


def network_with_every_form(
    seed: int = 0, hidden: Sequence[int] = (3,), outputs: int = 1, degree: int = 3, grid_size: int = 4
) -> Network:
    """Return a network of `MIXED` with splines, tables, gaps, formulas and removed edges."""
    network = random_network(MIXED, (*hidden, outputs), seed, degree, grid_size)
    network = network.with_symbolic(EdgeId(0, 0, 0), SymbolicForm("sin", 0.05, 0.1, 1.5, 0.2))
    if not hidden:
        return network.with_zero(EdgeId(0, 2, outputs - 1)) if outputs > 1 else network
    network = network.with_symbolic(EdgeId(0, 1, 1), SymbolicForm("tanh", 4e-4, -1.0, 2.0, 0.0))
    last = network.shape[2] - 1
    network = network.with_symbolic(EdgeId(1, 0, last), SymbolicForm("square", 0.3, 0.1, 1.0, -0.5))
    return network.with_zero(EdgeId(0, 2, 2)).with_zero(EdgeId(1, 1, 0))


def random_rows(
    features: Sequence[Feature], count: int, seed: int, spread: float = 1.0
) -> Float[Tensor, "rows inputs"]:
    """Return rows over the domain (`spread` 1) or beyond it, with missing values and unseen categories."""
    generator = torch.Generator().manual_seed(seed)
    columns = []
    for feature in features:
        if isinstance(feature, CategoricalFeature):
            codes = torch.randint(0, len(feature.categories) + 1, (count,), generator=generator)
            columns.append(codes.to(torch.float64))
            continue
        u = spread * (2 * torch.rand(count, generator=generator, dtype=torch.float64) - 1)
        column = feature.centre + feature.half_width * u
        if feature.has_missing:
            column[torch.rand(count, generator=generator) < 0.2] = torch.nan
        columns.append(column)
    return torch.stack(columns, dim=1)


def random_model(seed: int = 0, sizes: Sequence[int] = (3, 1), classes: tuple[str, ...] = ()) -> FittedModel:
    """Return a model of a number, a number with gaps and a category."""
    return FittedModel(
        features=MIXED,
        network=random_network(MIXED, sizes, seed),
        family="multinomial" if classes else "gaussian",
        target="limit",
        classes=classes,
        reference=random_rows(MIXED, 60, seed + 1),
    )
