"""How much every feature moves the answers, and how much of it only together with another feature.

The strength of a feature is the standard deviation, and the mean size, of its contributions over the reference rows.
Interactions follow J. Friedman and B. Popescu, "Predictive Learning via Rule Ensembles" (2008), section 8.1, with PD
the centred partial dependence over the reference rows:

    D[r] = PD_jk(x_j[r], x_k[r]) − PD_j(x_j[r]) − PD_k(x_k[r]),    H² = Σ D² / Σ PD_jk²

H² is a share and large also where little is shared, so the size √(mean D²) on the link scale stands beside it. Two
features without a common node before the outputs cannot interact: their D is 0, and they are left out.
"""

import itertools
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from kan.explanation.dependence import partial_dependence
from kan.explanation.edge_flow import edge_flow, trace_reference
from kan.layer import ZERO
from kan.model import FittedModel
from kan.network import Network
from kan.sampling import evenly

ROWS = 64  # reference rows of which every one meets every other
MOST_FEATURES = 30  # whose pairs are looked at, the strongest first
TINY = 1e-300


@dataclass(frozen=True)
class FeatureStrength:
    """Standard deviation and mean size of a feature's contributions, on the link scale."""

    feature: str
    deviation: float
    mean_size: float


@dataclass(frozen=True)
class Interaction:
    """What two features do together beyond what each does: its size on the link scale, and H²."""

    first: str
    second: str
    size: float
    h_squared: float


@torch.no_grad()
def feature_strengths(model: FittedModel) -> list[FeatureStrength]:
    """Return the strength of every feature, the strongest first; with several outputs the root mean square of them."""
    background, outputs = trace_reference(model.network, model.reference), model.network.shape[-1]
    variance, square = (torch.zeros(len(model.features), dtype=torch.float64) for _ in range(2))
    for output in range(outputs):
        shares = edge_flow(model.network, model.reference, background, output=output).feature_contributions
        variance += shares.var(dim=0, correction=0) / outputs
        square += shares.abs().mean(dim=0).square() / outputs
    found = [
        FeatureStrength(feature.name, deviation, size)
        for feature, deviation, size in zip(
            model.features, variance.sqrt().tolist(), square.sqrt().tolist(), strict=True
        )
    ]
    return sorted(found, key=lambda one: (-one.deviation, one.feature))


@torch.no_grad()
def interactions(model: FittedModel) -> list[Interaction]:
    """Return all pairs of features that can interact, the strongest first; with several outputs summed over them.

    Of more than `MOST_FEATURES` features those are looked at whose own dependence is strongest.
    """
    rows, network = evenly(model.reference, ROWS), model.network
    pairs = _pairs(network)
    alone = {place: _centred(network, rows, [place]) for place in sorted({place for pair in pairs for place in pair})}
    strongest = sorted(alone, key=lambda place: (-float(alone[place].square().sum()), place))[:MOST_FEATURES]
    names = [feature.name for feature in model.features]
    found = []
    for first, second in pairs:
        if first not in strongest or second not in strongest:
            continue
        together = _centred(network, rows, [first, second])
        beyond = (together - alone[first] - alone[second]).square().sum()
        share = float(beyond / together.square().sum().clamp(min=TINY))
        size = float((beyond / (len(rows) * network.shape[-1])).sqrt())
        found.append(Interaction(names[first], names[second], size, share))
    return sorted(found, key=lambda one: (-one.size, one.first, one.second))


def _centred(
    network: Network, rows: Float[Tensor, "rows features"], places: list[int]
) -> Float[Tensor, "rows outputs"]:
    values = partial_dependence(network, rows, places, rows[:, places])
    return values - values.mean(dim=0)


def _pairs(network: Network) -> list[tuple[int, int]]:
    """Return the pairs of inputs that reach a common node between inputs and outputs."""
    reached: list[set[int]] = [{place} for place in range(network.shape[0])]
    pairs: set[tuple[int, int]] = set()
    for position in range(len(network.layers) - 1):
        kinds = network.layer(position).kinds
        reached = [
            {place for source in (row != ZERO).nonzero().flatten().tolist() for place in reached[source]}
            for row in kinds
        ]
        pairs.update(pair for places in reached for pair in itertools.combinations(sorted(places), 2))
    return sorted(pairs)
