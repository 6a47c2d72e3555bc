"""How strongly each edge is smoothed and shrunk, estimated from the training rows alone.

The quadratic costs of `kan.regularization` are the logarithm of a Gaussian prior whose precision is Σ_k λ_k · Q_k for
each edge. The λ maximise the Laplace approximation of the marginal likelihood (D. MacKay, "A Practical Bayesian
Framework for Backpropagation Networks", 1992; F. Foresee and M. Hagan, "Gauss–Newton Approximation to Bayesian
Learning", 1997) by the generalised Fellner–Schall update (S. Wood and M. Fasiolo, Biometrics 73, 2017, equation 4):

    λ_k ← λ_k · (tr(S⁻·λ_k·Q_k) − tr(H⁻¹·λ_k·Q_k)) / (λ_k · wᵀ·Q_k·w),    S = Σ λ_k·Q_k,  H = G·n/ψ + S

with ψ the dispersion. No rows are held out for it, an edge that does nothing is shrunk towards nothing, and on data
without noise ψ, and with it every penalty, goes to zero.
"""

from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Float
from torch import Tensor

from kan.regularization import ORDERS, Costs
from kan.training.parameters import Parameters

SMALLEST_STRENGTH = 1e-9
LARGEST_SHARE = 1e6  # of an edge's cost in the curvature of the loss: more would change nothing but the rounding
RANGE = 1e-10  # share of the largest eigenvalue below which a direction costs nothing
TINY = 1e-300
# What is expected of the kinds before any data, as one edge each of a variance: nothing of roughness, and of slopes and
# levels a variance of 0.3 on the scale of the link, which keeps separable classes from growing without end.
EXPECTED_EDGES = (0.0, 0.0, 1.0, 1.0)
EXPECTED_VARIANCE = 0.3


@dataclass(frozen=True, eq=False)
class Prior:
    """The costs of one layer without the weights that are not in use, and how their pseudo-determinant is built.

    In a basis of the rough directions of an input where the first roughness is the identity, `ratios` are the
    eigenvalues of the second; `rough` marks them. `ranks` are the ranks of slope and levels, which share no direction
    with them.
    """

    costs: Float[Tensor, "kinds inputs width width"]
    ratios: Float[Tensor, "inputs width"]
    rough: Float[Tensor, "inputs width"]
    ranks: Float[Tensor, "others inputs"]

    @cached_property
    def by_input(self) -> Float[Tensor, "inputs entries kinds"]:
        """The costs as one matrix for each input, which a product of matrices can take."""
        return self.costs.permute(1, 2, 3, 0).flatten(1, 2).contiguous()

    @cached_property
    def largest_entry(self) -> Float[Tensor, "kinds inputs"]:
        """The largest diagonal entry of every cost."""
        return self.costs.diagonal(dim1=2, dim2=3).amax(dim=2)

    def weighted(self, strengths: Float[Tensor, "kinds outputs inputs"]) -> Float[Tensor, "outputs inputs width width"]:
        """Return Σ_k λ_k·Q_k of every edge."""
        sums = strengths.permute(2, 1, 0) @ self.by_input.transpose(1, 2)
        return sums.transpose(0, 1).reshape(*strengths.shape[1:], *self.costs.shape[2:])

    def products(
        self, blocks: Float[Tensor, "matrices outputs inputs width width"]
    ) -> Float[Tensor, "matrices kinds outputs inputs"]:
        """Return tr(Q_k·B) of every kind and edge, for several symmetric matrices B of each edge."""
        matrices, outputs = blocks.shape[:2]
        sums = blocks.permute(2, 0, 1, 3, 4).reshape(blocks.shape[2], matrices * outputs, -1) @ self.by_input
        return sums.view(-1, matrices, outputs, len(self.costs)).permute(1, 3, 2, 0)

    def trace(self, strengths: Float[Tensor, "kinds outputs inputs"]) -> Float[Tensor, "kinds outputs inputs"]:
        """Return tr(S⁻·Q_k) of every kind and edge."""
        first, second = strengths[0].unsqueeze(2), strengths[1].unsqueeze(2)
        share = self.rough / (first + second * self.ratios).clamp(min=TINY)
        others = self.ranks.unsqueeze(1) / strengths[len(ORDERS) :].clamp(min=TINY)
        return torch.cat([share.sum(dim=2).unsqueeze(0), (share * self.ratios).sum(dim=2).unsqueeze(0), others])


def priors(parameters: Parameters, costs: list[Costs]) -> list[Prior]:
    """Return the priors of all layers."""
    found = []
    for place, cost in zip(parameters.places, costs, strict=True):
        used = (place.positions >= 0).any(dim=0).to(cost.kinds.dtype)
        kinds = cost.kinds * used.unsqueeze(2) * used.unsqueeze(1)
        values, vectors = torch.linalg.eigh(kinds[0])
        rough = (values > RANGE * values.amax(dim=1, keepdim=True).clamp(min=TINY)).to(kinds.dtype)
        white = vectors * torch.where(rough > 0, values.clamp(min=TINY).rsqrt(), 0.0).unsqueeze(1)
        ratios, turned = torch.linalg.eigh(white.transpose(1, 2) @ kinds[1] @ white)
        inside = (turned.square() * rough.unsqueeze(2)).sum(dim=1)  # 1 for a rough direction, 0 for another
        ranks = (kinds[len(ORDERS) :].diagonal(dim1=2, dim2=3) > 0).to(kinds.dtype).sum(dim=2)
        ranks[0] = ranks[0].clamp(max=1)
        found.append(Prior(kinds, ratios.clamp(min=0), inside, ranks))
    return found


def starting_strengths(parameters: Parameters, layers: list[Prior]) -> list[Tensor]:
    """Return λ of every kind, output and input per layer; 0 where an edge has no such cost."""
    strengths = []
    for place, prior in zip(parameters.places, layers, strict=True):
        learned = (place.positions >= 0).any(dim=2)
        exists = prior.largest_entry > 0
        both = exists.unsqueeze(1) & learned
        strengths.append(both.to(prior.costs.dtype))
    return strengths


def precision(strengths: list[Tensor], layers: list[Prior]) -> list[Tensor]:
    """Return Σ_k λ_k·Q_k of every edge as (outputs, inputs, width, width) per layer."""
    return [prior.weighted(one) for one, prior in zip(strengths, layers, strict=True)]


def updated(
    parameters: Parameters,
    layers: list[Prior],
    strengths: list[Tensor],
    values: Float[Tensor, " parameters"],
    inverse: Float[Tensor, "parameters parameters"],
    curvature: Float[Tensor, " parameters"],
    *,
    tied: bool,
) -> list[Tensor]:
    """Return λ after one step; `inverse` is H⁻¹ and `curvature` the diagonal of G, in the unit of H.

    The edges into a node share λ of slopes and of levels, so that correlated inputs share what they say; where all is
    tied they share λ of roughness too.
    """
    padded, curved = torch.nn.functional.pad(values, (0, 1)), torch.nn.functional.pad(curvature, (0, 1))
    result = []
    parts = zip(parameters.padded, parameters.gathered(inverse), layers, strengths, strict=True)
    for at, block, prior, old in parts:
        weights = padded[at]
        there = (old > 0).to(old.dtype)
        known, paid = prior.products(torch.stack([block, weights.unsqueeze(3) * weights.unsqueeze(2)]))
        gain, paid = (prior.trace(old) - known).clamp(min=0) * there, paid * there
        shared = slice(0 if tied else len(ORDERS), len(old))
        for part in (gain, paid):
            part[shared] = part[shared].sum(dim=2, keepdim=True)
        count = there.sum(dim=2, keepdim=True).clamp(min=1.0)
        expected = count * old.new_tensor(EXPECTED_EDGES).reshape(-1, 1, 1)
        largest = LARGEST_SHARE * curved[at].amax(dim=2) / prior.largest_entry.clamp(min=TINY).unsqueeze(1)
        new = (old * gain + expected) / (paid + EXPECTED_VARIANCE * expected).clamp(min=TINY)
        new = torch.minimum(new, largest.clamp(min=SMALLEST_STRENGTH))
        result.append(new.clamp(min=SMALLEST_STRENGTH) * there)
    return result
