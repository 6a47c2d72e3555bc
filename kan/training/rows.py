"""The rows that a network is trained on, and how some of them are held out."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from kan.losses import Family, mean_loss
from kan.network import Network

SMALLEST_VALIDATION = 20  # fewer held-out rows say too little to stop on


@dataclass(frozen=True)
class Rows:
    """Encoded rows, their targets, their weights (of mean 1 in all), and a known part of the link (exposure)."""

    x: Float[Tensor, "rows inputs"]
    target: Float[Tensor, "rows outputs"]
    weights: Float[Tensor, " rows"]
    offset: Float[Tensor, "rows outputs"]

    def __len__(self) -> int:
        """Return how many rows there are."""
        return len(self.x)

    def part(self, index: Tensor | slice) -> "Rows":
        """Return some of the rows, with their weights as they are."""
        parts = (self.x, self.target, self.weights, self.offset)
        if isinstance(index, Tensor) and index.dtype == torch.int64:  # several times faster than the index of anything
            return Rows(*(one.index_select(0, index) for one in parts))
        return Rows(*(one[index] for one in parts))

    def loss(self, family: Family, nodes: Float[Tensor, "rows outputs"]) -> Float[Tensor, ""]:
        """Return the weighted mean loss of a network's outputs."""
        return mean_loss(family, nodes + self.offset, self.target, self.weights)

    def loss_of(self, family: Family, network: Network) -> float:
        """Return the weighted mean loss of a network at the rows, outside of any gradient."""
        with torch.no_grad():
            return float(self.loss(family, network.evaluate(self.x)))

    def to(self, device: torch.device, dtype: torch.dtype) -> "Rows":
        """Return the rows on a device."""
        moved = (one.to(device, dtype) for one in (self.x, self.target, self.weights, self.offset))
        return Rows(*moved)


def weighted_rows(
    x: Float[Tensor, "rows inputs"],
    target: Float[Tensor, "rows outputs"],
    weights: Float[Tensor, " rows"] | None = None,
    offset: Float[Tensor, " rows"] | None = None,
) -> Rows:
    """Return rows with weights of mean 1 and an offset, 1 and 0 where not given."""
    ones = torch.ones(len(x), dtype=x.dtype, device=x.device)
    scaled = ones if weights is None else weights / weights.mean()
    known = torch.zeros_like(target) if offset is None else offset.unsqueeze(1).expand(-1, target.shape[1])
    return Rows(x, target, scaled, known)


def split(rows: Rows, family: Family, fraction: float, generator: torch.Generator) -> tuple[Rows, Rows | None]:
    """Return training and validation rows, drawn class by class; no validation rows where they would be too few."""
    held_out = _held_out(rows.target, family, fraction, generator)
    if int(held_out.sum()) < SMALLEST_VALIDATION:
        return rows, None
    return rows.part(~held_out), rows.part(held_out)


def joined(first: Rows, second: Rows) -> Rows:
    """Return the rows of both."""
    parts = ((one, getattr(second, name)) for name, one in vars(first).items())
    return Rows(*(torch.cat(pair) for pair in parts))


def sample(rows: Rows, size: int, generator: torch.Generator) -> Rows:
    """Return `size` rows drawn without replacement, in their order; all where there are no more."""
    if size >= len(rows):
        return rows
    chosen: Int[Tensor, " size"] = torch.randperm(len(rows), generator=generator)[:size].sort().values
    return rows.part(chosen)


def _held_out(target: Tensor, family: Family, fraction: float, generator: torch.Generator) -> Tensor:
    """Return which rows are held out: the same share of every class."""
    held_out = torch.zeros(len(target), dtype=torch.bool)
    groups = torch.zeros(len(target), dtype=torch.long)
    if family.name in ("binomial", "multinomial"):
        groups = target.argmax(dim=1) if target.shape[1] > 1 else target[:, 0].long()
    for group in groups.unique():
        members = (groups == group).nonzero().flatten()
        order = torch.randperm(len(members), generator=generator)
        held_out[members[order[: int(len(members) * fraction)]]] = True
    return held_out
