"""A network together with what its numbers mean: features, family, classes, reference rows, training record."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from kan.errors import OutputUndefined
from kan.features import Feature
from kan.losses import FAMILIES, FamilyName
from kan.network import Network

REFERENCE_ROWS = 256
CHUNK_ROWS = 4096


@dataclass(frozen=True, eq=False)
class FittedModel:
    """A trained network, ready to be predicted with, explained and stored.

    `reference` holds encoded training rows: contributions are measured against them, symbolic fits use them.
    `classes` is empty for gaussian; for binomial the second one is the positive class.
    `training` is a record (configuration, seed, history, what was learned about the noise) of what JSON can hold.
    """

    features: tuple[Feature, ...]
    network: Network
    family: FamilyName
    target: str
    classes: tuple[str, ...]
    reference: Float[Tensor, "reference features"]
    training: dict[str, Any] = field(default_factory=dict)

    @property
    def link(self) -> str:
        """Name of the link: identity, logit or softmax."""
        return FAMILIES[self.family].link

    @torch.no_grad()
    def predict_link(self, x: Float[Tensor, "rows features"]) -> Float[Tensor, "rows outputs"]:
        """Return the outputs on the link scale (gaussian: the target's unit); raises OutputUndefined."""
        outputs = torch.cat([self.network(chunk) for chunk in x.split(CHUNK_ROWS)])
        undefined = (~outputs.isfinite().all(dim=1)).nonzero().flatten()
        if len(undefined):
            raise OutputUndefined(int(undefined[0]))
        return outputs

    def predict_response(self, x: Float[Tensor, "rows features"]) -> Float[Tensor, "rows outputs"]:
        """Return the expected target (gaussian), the positive class's probability, or all classes' probabilities."""
        return FAMILIES[self.family].response(self.predict_link(x))


def reference_rows(x: Float[Tensor, "rows features"], seed: int) -> Float[Tensor, "reference features"]:
    """Return at most 256 of the rows, in their order, chosen by the seed alone."""
    if len(x) <= REFERENCE_ROWS:
        return x.clone()
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(seed))
    return x[order[:REFERENCE_ROWS].sort().values].clone()


def output_names(model: FittedModel) -> Sequence[str]:
    """Return one name per output: the target, or the classes of a multinomial model."""
    return model.classes if model.family == "multinomial" else (model.target,)
