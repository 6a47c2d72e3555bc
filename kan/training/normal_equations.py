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
from kan.symbolic.applied import AppliedForms
from kan.training.parameters import Parameters, Place
from kan.training.rows import Rows

LARGEST_CHUNK = 8192  # rows
SINGLE_PRECISION_ROWS = 200_000
GRAM_BLOCK = 96  # columns of a Gram matrix that are computed at once, with those behind them
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
    """One layer at some rows: features and their slopes, symbolic edges; None where there is no use for them."""

    features: Float[Tensor, "rows inputs width"] | None
    slopes: Float[Tensor, "rows inputs width"] | None
    symbolic: AppliedForms | None


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
        keep = first.has_weights and len(rows) * first.in_features * first.width * item <= memory
        self.kept = {at: first.features(rows.x[at : at + self.size]) for at in self.starts} if keep else {}
        self.remembered: tuple[list[_Traced], Tensor] | None = None

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

    def loss(self, *, remember: bool = False) -> float:
        """Return the mean loss at the network's present parameters.

        If it shall be remembered and there is one chunk, what was traced serves the equations at the same parameters;
        `forget` it where they change.
        """
        self.forget()
        if remember and len(self.starts) == 1:
            self.remembered = self._traced(0)
        with self._mapped(self._partial_loss) as parts:
            return sum(parts) / self.total

    def forget(self) -> None:
        """Drop what `loss` has remembered."""
        self.remembered = None

    @torch.no_grad()
    def _traced(self, start: int) -> tuple[list[_Traced], Float[Tensor, "rows outputs"]]:
        """Return one chunk traced, as it is remembered or anew."""
        if self.remembered is not None:
            return self.remembered
        return _traced(self.network, self.rows.x[start : start + self.size], self.kept.get(start))

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
        known = self.remembered
        nodes = self.network.evaluate(rows.x, self.kept.get(start)) if known is None else known[1]
        link = nodes + rows.offset
        losses = self.family.loss(link, rows.target)
        return float((losses * rows.weights).sum())

    @torch.no_grad()
    def _partial(self, start: int) -> NormalEquations:
        rows = self.rows.part(slice(start, start + self.size))
        traced, nodes = self._traced(start)
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
            return _gram_matrix(jacobian)
        return _gram_matrix(jacobian.float()).to(jacobian.dtype)


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
        layer = network.layer(position)
        features, slopes = kept if position == 0 else None, None
        if layer.has_weights and position > 0:
            features, slopes = layer.features_and_slopes(nodes)
        elif layer.has_weights and features is None:
            features = layer.features(nodes)
        symbolic = layer.applied_forms(nodes) if layer.forms else None
        traced.append(_Traced(features, slopes, symbolic))
        nodes = layer.combine(features, nodes, symbolic)
    return traced, nodes


def _jacobian(
    network: Network,
    parameters: Parameters,
    traced: list[_Traced],
    sensitivity: Float[Tensor, "rows directions outputs"],
) -> Float[Tensor, "rows directions parameters"]:
    """Return what every direction at the outputs becomes at every parameter."""
    jacobian = sensitivity.new_empty(*sensitivity.shape[:2], parameters.size)
    for position in reversed(range(len(traced))):
        layer, place, one = network.layer(position), parameters.places[position], traced[position]
        if one.features is not None:
            _write_outer(sensitivity, one.features.flatten(1), place, jacobian[:, :, place.weights])
        jacobian[:, :, place.bias] = sensitivity
        if one.symbolic is not None:
            derivatives = one.symbolic.by_coefficients()[:, place.free].unsqueeze(1)
            torch.mul(sensitivity[:, :, place.bent], derivatives, out=jacobian[:, :, place.coefficients])
        if position > 0:
            sensitivity = sensitivity @ _edge_slopes(layer, one)
    return jacobian


def _gram_matrix(jacobian: Float[Tensor, "rows columns"]) -> Float[Tensor, "columns columns"]:
    """Return JᵀJ: the upper triangle in blocks of columns, the lower one as its mirror image."""
    columns = jacobian.shape[1]
    if columns <= GRAM_BLOCK:
        return jacobian.T @ jacobian
    gram = jacobian.new_empty(columns, columns)
    for start in range(0, columns, GRAM_BLOCK):
        stop = start + GRAM_BLOCK
        gram[start:stop, start:] = jacobian[:, start:stop].T @ jacobian[:, start:]
        gram[stop:, start:stop] = gram[start:stop, stop:].T
    return gram


def _write_outer(
    sensitivity: Float[Tensor, "rows directions outputs"],
    features: Float[Tensor, "rows features"],
    place: Place,
    outer: Float[Tensor, "rows directions used"],
) -> None:
    """Write δ[j] · Φ[i,m] for the weights in use."""
    chosen = features.index_select(1, place.columns).unsqueeze(1)
    if place.targets is None:  # every output uses the same features
        torch.mul(sensitivity.unsqueeze(3), chosen.unsqueeze(2), out=outer.unflatten(2, (sensitivity.shape[2], -1)))
    else:
        torch.mul(sensitivity.index_select(2, place.targets), chosen, out=outer)


def _edge_slopes(layer: Layer, traced: _Traced) -> Float[Tensor, "rows outputs inputs"]:
    """Return φ′ of every edge, by one matrix product per input."""
    if traced.slopes is not None:
        weights = layer.weights * layer.mask
        slopes = (traced.slopes.transpose(0, 1) @ weights.permute(1, 2, 0)).permute(1, 2, 0)
    elif traced.symbolic is not None:
        slopes = traced.symbolic.near.new_zeros(len(traced.symbolic.near), *layer.kinds.shape)
    if traced.symbolic is None:
        return slopes
    index = torch.tensor(list(layer.forms), device=slopes.device).T
    rows = torch.arange(len(slopes), device=slopes.device).unsqueeze(1)
    return slopes.index_put((rows, index[0], index[1]), traced.symbolic.slopes, accumulate=True)
