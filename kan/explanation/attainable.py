"""The least and the most that each feature of an additive model can add, whatever its value.

Scorecards rank reasons by the points that an applicant lies below the maximum of each characteristic. Where a network
has one layer, every edge is the shape function of its feature, and the best points are its extremes over the training
domain, the categories that training saw, and the missing value where there was one.

Symbols: φ the edge from a feature to the output. Its extremes are searched on a grid that is refined around the best
place until the place is known to 1e-12 of the domain, so that φ, flat there, is known to rounding.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from kan.errors import InvalidSetting, NotAdditive
from kan.features import CategoricalFeature
from kan.model import FittedModel

FIRST_POINTS = 1025
POINTS = 65
ROUNDS = 6


@torch.no_grad()
def attainable_contributions(model: FittedModel, output: int = 0) -> Float[Tensor, "2 features"]:
    """Return the least and the most of φ per feature for one output, on the link scale.

    Raises `NotAdditive` (hidden nodes), `InvalidSetting` (no such output).
    """
    if len(model.network.layers) > 1:
        raise NotAdditive(len(model.network.layers))
    if not 0 <= output < model.network.shape[-1]:
        raise InvalidSetting("output", output, f"a whole number from 0 to {model.network.shape[-1] - 1}")
    return torch.stack([-_most(model, output, -1.0), _most(model, output, 1.0)])


def _most(model: FittedModel, output: int, sign: float) -> Float[Tensor, " features"]:
    """Return the largest sign · φ per feature."""
    lower, upper = _domains(model)
    may_be_missing = torch.tensor(
        [not isinstance(one, CategoricalFeature) and one.has_missing for one in model.features]
    )
    gaps = torch.where(may_be_missing, torch.nan, lower)
    found = _values(model, gaps[None], output, sign)[0].where(may_be_missing, -torch.inf)
    for points in (FIRST_POINTS, *[POINTS] * ROUNDS):
        places = _places(model, lower, upper, points)
        best, at = _values(model, places, output, sign).max(dim=0)
        found = torch.maximum(found, best)
        step = (upper - lower) / (points - 1)
        middle = places.gather(0, at[None])[0]
        lower, upper = torch.maximum(lower, middle - step), torch.minimum(upper, middle + step)
    return found


def _domains(model: FittedModel) -> tuple[Float[Tensor, " features"], Float[Tensor, " features"]]:
    ends = [
        (0.0, len(one.categories) - 1.0) if isinstance(one, CategoricalFeature) else (one.lower, one.upper)
        for one in model.features
    ]
    lower, upper = torch.tensor(ends, dtype=torch.float64).T
    return lower, upper


def _places(
    model: FittedModel, lower: Float[Tensor, " features"], upper: Float[Tensor, " features"], points: int
) -> Float[Tensor, "points features"]:
    """Return a grid from lower to upper; the codes of categories are whole."""
    shares = torch.linspace(0.0, 1.0, points, dtype=torch.float64)[:, None]
    places = torch.minimum(lower + (upper - lower) * shares, upper)
    codes = torch.arange(points, dtype=torch.float64)
    for position, feature in enumerate(model.features):
        if isinstance(feature, CategoricalFeature):
            places[:, position] = codes.clamp(max=len(feature.categories) - 1)
    return places


def _values(
    model: FittedModel, x: Float[Tensor, "points features"], output: int, sign: float
) -> Float[Tensor, "points features"]:
    return sign * model.network.layer(0).activations(x)[:, output]
