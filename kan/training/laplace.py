"""How sure a training is of its numbers: the covariance of the parameters around the optimum.

Laplace approximation of the posterior (D. MacKay, "A Practical Bayesian Framework for Backpropagation Networks", 1992)
with the generalised Gauss–Newton matrix G and the prior of `kan.training.evidence`:

    covariance = (n/ψ · G + Σ λ·Q)⁻¹ = L·Lᵀ

L is kept, as a lower triangle in single precision: L·Lᵀ is a covariance whatever its rounding. It counts the smoothing
as a prior, so that bands cover about as often as they say over the domain as a whole (G. Wahba, "Bayesian confidence
intervals for the cross-validated smoothing spline", 1983). Bounds of a monotone edge are left out: they can only make
it surer. The choice of forms and of edges is taken as given.
"""

from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor

from kan.losses import Family
from kan.network import Network
from kan.regularization import Penalties
from kan.training.gauss_newton import GaussNewton, Past, Regularization
from kan.training.parameters import Parameters
from kan.training.rows import Rows
from kan.training.trainer import one_thread, target_scaling, to_unit_of_target

LARGEST = 2000  # parameters; the triangle of so many takes 8 MB


def covariance_factor(
    network: Network,
    rows: Rows,
    family: Family,
    penalties: Penalties,
    regularization: Regularization | None,
    *,
    memory: int,
    past: Float[Tensor, "parameters parameters"] | None = None,
) -> Float[Tensor, "parameters parameters"] | None:
    """Return L of a network that was trained on the rows, in single precision.

    `past` is the Gauss–Newton matrix of earlier rows, summed over them. None where nothing is known about the noise,
    as after first-order steps, where there are more than `LARGEST` parameters, or where the matrix is singular.
    """
    if regularization is None or regularization.strengths is None or network.parameter_count > LARGEST:
        return None
    centre, scale = target_scaling(rows, family)
    standard = network.copy()
    standard.layer(len(standard.layers) - 1).rescale(1 / scale, -centre / scale)
    scaled = replace(rows, target=(rows.target - centre) / scale, offset=rows.offset / scale)
    state = replace(regularization)
    to_unit_of_target(state, 1 / scale)
    units = output_units(network, scale)
    earlier = None
    if past is not None:
        values = Parameters(standard).read()
        gram = past * units * units.unsqueeze(1) / (scale**2 * len(rows))
        earlier = Past(gram, torch.zeros_like(values), values)
    with one_thread():
        engine = GaussNewton(standard, scaled, family, penalties, state, memory=memory, past=earlier)
        covariance = engine.covariance()
        if covariance is None:
            return None
        factor, failed = torch.linalg.cholesky_ex(covariance)
    return None if failed else (factor * units.unsqueeze(1)).float()


def output_units(network: Network, scale: float) -> Float[Tensor, " parameters"]:
    """Return by how much every parameter grows with the scale of the outputs: those that they are linear in do."""
    units = torch.ones(network.parameter_count, dtype=torch.float64)
    place = Parameters(network).places[-1]
    units[place.weights] = units[place.bias] = scale
    is_factor = torch.arange(3).expand_as(place.free)[place.free] == 2
    units[place.coefficients] = torch.where(is_factor, scale, 1.0)
    return units
