"""A network together with what its numbers mean: features, family, classes, reference rows, training record."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from kan.conformal import Calibration
from kan.elementary import RESPONSES
from kan.errors import NotCalibrated, OutputUndefined
from kan.features import Feature
from kan.losses import FAMILIES, FamilyName
from kan.network import Network
from kan.prepared.network import PreparedNetwork

REFERENCE_ROWS = 256


@dataclass(frozen=True, eq=False)
class FittedModel:
    """A trained network, ready to be predicted with, explained and stored.

    `reference` holds encoded training rows: contributions are measured against them, symbolic fits use them.
    `classes` is empty for gaussian; for binomial the second one is the positive class.
    `training` is a record (configuration, seed, history, what was learned about the noise) of what JSON can hold.
    `covariance_factor` is L of `kan.training.laplace`, its rows in the order of `kan.training.parameters`; None where
    nothing is known of how sure the network is. `calibration` comes from rows that took no part in the fit.
    """

    features: tuple[Feature, ...]
    network: Network
    family: FamilyName
    target: str
    classes: tuple[str, ...]
    reference: Float[Tensor, "reference features"]
    training: dict[str, Any] = field(default_factory=dict)
    covariance_factor: Float[Tensor, "parameters parameters"] | None = None
    calibration: Calibration | None = None

    @property
    def link(self) -> str:
        """Name of the link: identity, logit or softmax."""
        return FAMILIES[self.family].link

    def with_network(self, network: Network) -> "FittedModel":
        """Return a model around a changed network, of which neither the covariance nor a calibration is known."""
        return replace(self, network=network, covariance_factor=None, calibration=None)

    def require_calibration(self) -> Calibration:
        """Return the calibration; raises NotCalibrated."""
        if self.calibration is None:
            raise NotCalibrated
        return self.calibration

    @cached_property
    def prepared(self) -> PreparedNetwork:
        """The network as it was when it was first asked for an answer."""
        return PreparedNetwork.of(self.network)

    def predict_link(self, x: Float[Tensor, "rows features"]) -> Float[Tensor, "rows outputs"]:
        """Return the outputs on the link scale (gaussian: the target's unit); raises OutputUndefined."""
        outputs = self.prepared.outputs(x.detach().double().numpy())
        undefined = np.flatnonzero(~np.isfinite(outputs).all(axis=1))
        if len(undefined):
            raise OutputUndefined(int(undefined[0]))
        return torch.from_numpy(outputs)

    def predict_response(self, x: Float[Tensor, "rows features"]) -> Float[Tensor, "rows outputs"]:
        """Return the expected target (gaussian), the positive class's probability, or all classes' probabilities."""
        return self.response(self.predict_link(x))

    def response(self, link: Float[Tensor, "rows outputs"]) -> Float[Tensor, "rows outputs"]:
        """Return the responses that belong to outputs, each row to the last bit independent of the others."""
        with np.errstate(over="ignore"):
            return torch.from_numpy(RESPONSES[self.link](link.numpy()))


def reference_rows(x: Float[Tensor, "rows features"], seed: int) -> Float[Tensor, "reference features"]:
    """Return at most 256 of the rows, in their order, chosen by the seed alone."""
    if len(x) <= REFERENCE_ROWS:
        return x.clone()
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(seed))
    return x[order[:REFERENCE_ROWS].sort().values].clone()


def output_names(model: FittedModel) -> Sequence[str]:
    """Return one name per output: the target, or the classes of a multinomial model."""
    return model.classes if model.family == "multinomial" else (model.target,)
