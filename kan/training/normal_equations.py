"""Loss, gradient and Gauss–Newton matrix of a network, from the structure of its Jacobian.

An edge is linear in its weights and a node is a sum, so ∂z/∂w[l,j,i,m] = δ[l+1,j] · Φ[l,i,m](x[l,i]), with δ the
sensitivity of an output to a node: δ[l,i] = Σ_j δ[l+1,j] · φ′[l,j,i](x[l,i]). The generalised Gauss–Newton matrix
(N. Schraudolph, 2002) is G = Σ_rows Jᵀ·H·J with H = Σ f·fᵀ the curvature of the loss; the sensitivities start at the
factors f, so that G is the Gram matrix of what arrives at the weights. Rows are taken in chunks: memory is bounded and
no (rows, parameters) matrix of a large table exists.

Chunks of a large table are computed by several threads and summed in their order, so that the bits do not depend on
the number of threads.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import torch
from jaxtyping import Float
from torch import Tensor

from kan.layer import Layer
from kan.losses import Family
from kan.network import Network
from kan.training.parameters import Parameters
from kan.training.rows import Rows

LARGEST_CHUNK = 8192  # rows
SINGLE_PRECISION_ROWS = 200_000
THREADED_WORK = 2e9  # multiplications below which threads cost more than they bring

Part = TypeVar("Part")


@dataclass(frozen=True, eq=False)
class NormalEquations:
    """Mean loss at the current parameters, its gradient, and the Gauss–Newton matrix."""

    loss: float
    gradient: Float[Tensor, " parameters"]
    gram: Float[Tensor, "parameters parameters"]
    pearson: float


@dataclass(frozen=True, eq=False)
class _Traced:
    """One layer at some rows: features and their slopes; of symbolic edges slopes and derivatives by a, b and c."""

    features: Float[Tensor, "rows inputs width"]
    slopes: Float[Tensor, "rows inputs width"] | None
    symbolic: tuple[Tensor, Tensor] | None


class Chunks:
    """The rows of a training in chunks of bounded memory, with the first layer's features where there is room."""

    def __init__(self, network: Network, parameters: Parameters, rows: Rows, family: Family, memory: int) -> None:
        """Divide the rows; `memory` bounds one chunk's Jacobian and all kept features, each, in bytes."""
        self.network, self.parameters, self.rows, self.family = network, parameters, rows, family
        outputs = rows.target.shape[1]
        item = rows.x.element_size()
        widest = max(network.layer(at).weights.numel() for at in range(len(network.layers)))
        row_bytes = item * outputs * (parameters.size + 2 * widest)
        self.size = max(1, min(LARGEST_CHUNK, memory // row_bytes))
        self.total = float(rows.weights.sum())
        self.starts = range(0, len(rows), self.size)
        work = len(rows) * outputs * parameters.size**2
        self.workers = min(len(self.starts), os.cpu_count() or 1) if work > THREADED_WORK else 1
        first = network.layer(0)
        keep = len(rows) * first.in_features * first.width * item <= memory
        self.kept = {at: first.features(rows.x[at : at + self.size]) for at in self.starts} if keep else {}

    def normal_equations(self) -> NormalEquations:
        """Return loss, gradient and Gauss–Newton matrix at the network's present parameters."""
        gram = gradient = None
        loss = pearson = 0.0
        with self._mapped(self._partial) as parts:
            for part in parts:
                gram = part.gram if gram is None else gram.add_(part.gram)
                gradient = part.gradient if gradient is None else gradient.add_(part.gradient)
                loss, pearson = loss + part.loss, pearson + part.pearson
        assert gram is not None  # there is at least one chunk  # noqa: S101
        assert gradient is not None  # the same  # noqa: S101
        total = self.total
        return NormalEquations(loss / total, gradient / total, gram / total, pearson / total)

    def loss(self) -> float:
        """Return the mean loss at the network's present parameters."""
        with self._mapped(self._partial_loss) as parts:
            return sum(parts) / self.total

    @contextmanager
    def _mapped(self, function: Callable[[int], Part]) -> Iterator[Iterator[Part]]:
        if self.workers == 1:
            yield map(function, self.starts)
            return
        with ThreadPoolExecutor(self.workers, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            yield pool.map(function, self.starts)

    @torch.no_grad()
    def _partial_loss(self, start: int) -> float:
        rows = self.rows.part(slice(start, start + self.size))
        link = self.network.evaluate(rows.x, self.kept.get(start)) + rows.offset
        losses = self.family.loss(link, rows.target)
        return float((losses * rows.weights).sum())

    @torch.no_grad()
    def _partial(self, start: int) -> NormalEquations:
        rows = self.rows.part(slice(start, start + self.size))
        traced, nodes = _traced(self.network, rows.x, self.kept.get(start))
        link = nodes + rows.offset
        losses = self.family.loss(link, rows.target)
        pearson = self.family.pearson(link, rows.target)
        root = rows.weights.sqrt()
        factors = self.family.factors(link) * root.reshape(-1, 1, 1)
        residuals = self.family.residuals(link, rows.target) * root.unsqueeze(1)
        jacobian = _jacobian(self.network, self.parameters, traced, factors).flatten(0, 1)
        return NormalEquations(
            float((losses * rows.weights).sum()),
            jacobian.T @ residuals.flatten(),
            self._gram(jacobian),
            float((pearson * rows.weights).sum()),
        )

    def _gram(self, jacobian: Float[Tensor, "curved parameters"]) -> Float[Tensor, "parameters parameters"]:
        """Return JᵀJ; of a large table in single precision, which bends a step a little and not where it ends."""
        if len(self.rows) <= SINGLE_PRECISION_ROWS:
            return jacobian.T @ jacobian
        single = jacobian.float()
        return (single.T @ single).to(jacobian.dtype)


@torch.no_grad()
def link_jacobian(
    network: Network, parameters: Parameters, x: Float[Tensor, "rows inputs"]
) -> Float[Tensor, "rows outputs parameters"]:
    """Return the derivative of every output on the link scale by every parameter."""
    traced, nodes = _traced(network, x)
    outputs = torch.eye(nodes.shape[1], dtype=nodes.dtype, device=nodes.device).expand(len(x), -1, -1)
    return _jacobian(network, parameters, traced, outputs)


def _traced(
    network: Network, x: Float[Tensor, "rows inputs"], kept: Float[Tensor, "rows inputs width"] | None = None
) -> tuple[list[_Traced], Float[Tensor, "rows outputs"]]:
    """Return what the Jacobian needs of every layer, and the outputs; `kept` are features of the first layer."""
    traced, nodes = [], x
    for position in range(len(network.layers)):
        layer, slopes = network.layer(position), None
        if position == 0:
            features = layer.features(nodes) if kept is None else kept
        else:
            features, slopes = layer.features_and_slopes(nodes)
        symbolic = (layer.symbolic_terms(nodes)[1], layer.symbolic_jacobian(nodes)) if layer.forms else None
        traced.append(_Traced(features, slopes, symbolic))
        nodes = layer.combine(features, nodes)
    return traced, nodes


def _jacobian(
    network: Network,
    parameters: Parameters,
    traced: list[_Traced],
    sensitivity: Float[Tensor, "rows directions outputs"],
) -> Float[Tensor, "rows directions parameters"]:
    """Return what every direction at the outputs becomes at every parameter."""
    parts: list[Tensor] = []
    for position in reversed(range(len(traced))):
        layer, place, one = network.layer(position), parameters.places[position], traced[position]
        own = [_outer(sensitivity, one.features.flatten(1), place.used), sensitivity]
        if one.symbolic is not None:
            edges, _ = place.free.nonzero(as_tuple=True)
            targets = torch.tensor([target for target, _ in layer.forms], device=edges.device)[edges]
            own.append(sensitivity[:, :, targets] * one.symbolic[1][:, place.free].unsqueeze(1))
        parts = own + parts
        if position > 0:
            sensitivity = sensitivity @ _edge_slopes(layer, one)
    return torch.cat(parts, dim=2)


def _outer(
    sensitivity: Float[Tensor, "rows directions outputs"], features: Float[Tensor, "rows features"], used: Tensor
) -> Float[Tensor, "rows directions used"]:
    """Return δ[j] · Φ[i,m] for the weights in use."""
    if sensitivity.shape[2] == 1:
        return sensitivity * features[:, used].unsqueeze(1)
    outer = sensitivity.unsqueeze(3) * features.reshape(len(features), 1, 1, -1)
    return outer.flatten(2)[:, :, used]


def _edge_slopes(layer: Layer, traced: _Traced) -> Float[Tensor, "rows outputs inputs"]:
    """Return φ′ of every edge, by one matrix product per input."""
    assert traced.slopes is not None  # only the first layer has none  # noqa: S101
    weights = layer.weights * layer.mask
    slopes = (traced.slopes.transpose(0, 1) @ weights.permute(1, 2, 0)).permute(1, 2, 0)
    if traced.symbolic is None:
        return slopes
    index = torch.tensor(list(layer.forms), device=slopes.device).T
    rows = torch.arange(len(slopes), device=slopes.device).unsqueeze(1)
    return slopes.index_put((rows, index[0], index[1]), traced.symbolic[0], accumulate=True)
