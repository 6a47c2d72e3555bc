"""Shapley values and interactions by their definitions, coalition by coalition: an oracle for small games."""

import math
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from kan.network import Network


@torch.no_grad()
def values_by_definition(
    network: Network, x: Tensor, reference: Tensor, output: int, groups: Sequence[Sequence[int]]
) -> Float[Tensor, "coalitions rows"]:
    """Return the mean output of every coalition; bit g of its number says whether group g has the values of the row."""
    members = torch.zeros(2 ** len(groups), x.shape[1], dtype=torch.bool)
    for g, group in enumerate(groups):
        members[:, list(group)] = (torch.arange(len(members)) >> g & 1).bool().unsqueeze(1)
    parts = []
    for inside in members.split(256):
        mixed = torch.where(inside[:, None, None], x[:, None], reference)
        outputs = network(mixed.flatten(0, 2))[:, output]
        parts.append(outputs.view(len(inside), len(x), -1).mean(dim=2))
    return torch.cat(parts)


def shapley_by_definition(values: Float[Tensor, "coalitions rows"]) -> Float[Tensor, "rows groups"]:
    """Return Σ |S|! (d − 1 − |S|)! / d! · (v(S ∪ g) − v(S))."""
    players = int(math.log2(len(values)))
    found = torch.zeros(players, values.shape[1], dtype=torch.float64)
    for player in range(players):
        for coalition in range(len(values)):
            if not coalition >> player & 1:
                size = coalition.bit_count()
                weight = math.factorial(size) * math.factorial(players - 1 - size) / math.factorial(players)
                found[player] += weight * (values[coalition | 1 << player] - values[coalition])
    return found.T


def interaction_by_definition(values: Float[Tensor, "coalitions rows"], one: int, other: int) -> Float[Tensor, " rows"]:
    """Return Σ |S|! (d − 2 − |S|)! / (d − 1)! · (v(S ∪ both) − v(S ∪ one) − v(S ∪ other) + v(S))."""
    players = int(math.log2(len(values)))
    found = torch.zeros(values.shape[1], dtype=torch.float64)
    for coalition in range(len(values)):
        if not coalition & (1 << one | 1 << other):
            size = coalition.bit_count()
            weight = math.factorial(size) * math.factorial(players - 2 - size) / math.factorial(players - 1)
            both = values[coalition | 1 << one | 1 << other] + values[coalition]
            found += weight * (both - values[coalition | 1 << one] - values[coalition | 1 << other])
    return found
