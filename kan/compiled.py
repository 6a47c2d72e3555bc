"""Nodes of a layer of splines, forward and backward, by compiled loops: for trainings of very many steps.

The same functions as `kan.bspline` and `kan.layer` have, equal to rounding, without the start of some sixty operations
of PyTorch. The loops are compiled when they are first called, which takes seconds, and kept on disk where a directory
of Python's caches can be written. They run on one thread, and no point depends on those beside it.

Source: de Boor's triangular scheme as in `kan.bspline`.

Symbols: `points` u as (inputs, rows), k degree; of a feature map only the base and k+1 B-splines are not 0 at a point.
`spans` says which: feature m > 0 of those stands in column m + span.
"""

import math
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.function import once_differentiable

from kan.compilation import compiled
from kan.layer import Layer

FEW = 2  # nodes
SILU = 2
BASES = {"zero": 0, "identity": 1, "silu": SILU}  # the others by their slope


def supports(layer: Layer) -> bool:
    """Return whether the layer has numbers without gaps only, on a processor that the loops run on."""
    has_gaps = any(one.has_missing for one in layer.inputs)
    return not layer.categorical and not has_gaps and layer.has_weights and layer.weights.device.type == "cpu"


def combine(layer: Layer, x: Float[Tensor, "rows inputs"]) -> Float[Tensor, "rows outputs"]:
    """Return the nodes of a layer that the loops support, as `Layer.combine` does with its features at `x`."""
    points = ((x - layer.centre) / layer.half_width if layer.has_units else x).T.contiguous()
    function = _FewNodes if layer.out_features <= FEW else _Nodes
    nodes = function.apply(points, layer.used_weights(), layer.bias, layer)  # type: ignore[no-untyped-call]  # untyped in torch
    return layer.with_formulas(nodes, x)


class _Nodes(torch.autograd.Function):
    """Whole feature maps and matrix products."""

    @staticmethod
    def forward(ctx: Any, points: Tensor, weights: Tensor, bias: Tensor, layer: Layer) -> Tensor:
        spans, values, slopes = _expanded(points, layer, with_slopes=ctx.needs_input_grad[0])
        features = points.new_empty(*weights.shape[1:], points.shape[1])
        _spread(spans, values.numpy(), features.numpy())
        ctx.spans = spans
        ctx.save_for_backward(features, slopes, weights)
        return torch.addmm(bias.unsqueeze(1), weights.flatten(1), features.flatten(0, 1)).T

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor, Tensor, None]:
        features, slopes, weights = ctx.saved_tensors
        received, pull = gradient.T.contiguous(), None
        if ctx.needs_input_grad[0]:
            by_feature = torch.mm(weights.flatten(1).T, received).view_as(features)
            pull = features.new_empty(ctx.spans.shape)
            _collect(ctx.spans, slopes.numpy(), by_feature.numpy(), pull.numpy())
        by_weight = torch.mm(received, features.flatten(0, 1).T).view_as(weights)
        return pull, by_weight, received.sum(dim=1), None


class _FewNodes(torch.autograd.Function):
    """Only what is not 0: faster for one or two nodes, which are no matrix worth a product."""

    @staticmethod
    def forward(ctx: Any, points: Tensor, weights: Tensor, bias: Tensor, layer: Layer) -> Tensor:
        spans, values, slopes = _expanded(points, layer, with_slopes=ctx.needs_input_grad[0])
        nodes = bias.unsqueeze(1).repeat(1, points.shape[1])
        _weigh(spans, values.numpy(), weights.numpy(), nodes.numpy())
        ctx.spans = spans
        ctx.save_for_backward(values, slopes, weights)
        return nodes.T

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor, Tensor, None]:
        values, slopes, weights = ctx.saved_tensors
        received, pull = gradient.T.contiguous(), None
        if ctx.needs_input_grad[0]:
            pull = values.new_zeros(ctx.spans.shape)
            _weigh_back(ctx.spans, slopes.numpy(), weights.numpy(), received.numpy(), pull.numpy())
        by_weight = torch.zeros_like(weights)
        _gather(ctx.spans, values.numpy(), received.numpy(), by_weight.numpy())
        return pull, by_weight, received.sum(dim=1), None


def _expanded(points: Tensor, layer: Layer, *, with_slopes: bool) -> tuple[Any, Tensor, Tensor]:
    """Return spans, what is not 0 of the feature maps, and its slopes."""
    # Spans are as wide as numbers, so that loops over both take the same steps.
    spans = np.empty(points.shape, np.uint64 if points.dtype == torch.float64 else np.uint32)
    values = points.new_empty(points.shape[0], layer.degree + 2, points.shape[1])
    slopes = torch.empty_like(values) if with_slopes else values[:0]
    _expand(points.numpy(), layer.knots.numpy(), BASES[layer.base], spans, values.numpy(), slopes.numpy())
    return spans, values, slopes


@compiled
def _expand(points: Any, knots: Any, base: int, spans: Any, values: Any, slopes: Any) -> None:
    """Write spans, what is not 0 of the feature maps, and its slopes where there is room for them."""
    degree, rows = values.shape[1] - 2, points.shape[1]
    beyond, inside = np.empty(rows, points.dtype), np.empty(rows, points.dtype)
    distances, shares = np.empty((2 * degree, rows), points.dtype), np.empty((degree, rows), points.dtype)
    for i in range(points.shape[0]):
        _find(points[i], knots[i], spans[i], inside, beyond, distances)
        _local_basis(beyond, distances, values[i, 1:], shares)
        _base(base, points[i], beyond, values[i, 0], inside)
        if slopes.shape[0] > 0:
            slopes[i, 0] = inside
            _slopes(shares, slopes[i, 1:])


@compiled
def _find(points: Any, knots: Any, span: Any, inside: Any, beyond: Any, distances: Any) -> None:
    """Write where the points of one input lie: span, nearest point of the domain, rest, distances to knots around."""
    degree, rows, last = distances.shape[0] // 2, points.shape[0], knots.shape[0] - 1
    zero = span.dtype.type(0)
    for r in range(rows):
        inside[r] = min(max(points[r], knots[0]), knots[last])
        beyond[r] = points[r] - inside[r]
        span[r] = zero
    for position in range(degree + 1, last - degree):
        for r in range(rows):
            span[r] += inside[r] >= knots[position]
    for m in range(2 * degree):
        for r in range(rows):
            distances[m, r] = knots[np.uint64(span[r]) + np.uint64(1 + m)] - inside[r]


@compiled
def _local_basis(beyond: Any, distances: Any, values: Any, shares: Any) -> None:
    """Write the B-splines of one input that are not 0, continued linearly, and leave shares for their slopes."""
    degree, rows = shares.shape
    factor = shares.dtype.type(degree)
    values[0] = 1
    for order in range(1, degree + 1):
        for m in range(order):
            for r in range(rows):
                shares[m, r] = values[m, r] / (distances[degree + m, r] - distances[degree - order + m, r])
        if order == degree:
            for m in range(2 * degree):
                for r in range(rows):
                    distances[m, r] -= factor * beyond[r]
        for r in range(rows):
            values[0, r] = distances[degree, r] * shares[0, r]
            values[order, r] = -distances[degree - 1, r] * shares[order - 1, r]
        for m in range(1, order):
            for r in range(rows):
                left = distances[degree - order + m - 1, r] * shares[m - 1, r]
                values[m, r] = distances[degree + m, r] * shares[m, r] - left


@compiled
def _slopes(shares: Any, slopes: Any) -> None:
    """Write the derivatives of the B-splines that are not 0."""
    degree, rows = slopes.shape[0] - 1, slopes.shape[1]
    order = shares.dtype.type(degree)
    for r in range(rows):
        slopes[0, r] = -order * shares[0, r]
        slopes[degree, r] = order * shares[degree - 1, r]
    for m in range(1, degree):
        for r in range(rows):
            slopes[m, r] = order * (shares[m - 1, r] - shares[m, r])


@compiled
def _base(base: int, points: Any, beyond: Any, values: Any, slopes: Any) -> None:
    """Write the base, continued linearly, and its slope in place of the points inside."""
    one = points.dtype.type(1)
    for r in range(points.shape[0]):
        if base == SILU:
            inside = slopes[r]
            sigmoid = one / (one + math.exp(-inside))
            value = inside * sigmoid
            slopes[r] = sigmoid + value * (one - sigmoid)
            values[r] = value + beyond[r] * slopes[r]
        else:
            slopes[r] = base
            values[r] = slopes[r] * points[r]


@compiled
def _spread(spans: Any, values: Any, features: Any) -> None:
    """Write whole feature maps."""
    inputs, rows = spans.shape
    for i in range(inputs):
        features[i, 0] = values[i, 0]
        features[i, 1:] = 0
        for m in range(1, values.shape[1]):
            for r in range(rows):
                features[i, np.uint64(spans[i, r]) + np.uint64(m), r] = values[i, m, r]


@compiled
def _collect(spans: Any, slopes: Any, received: Any, pull: Any) -> None:
    """Write Σ slope · received over the features of every point that are not 0."""
    inputs, rows = spans.shape
    for i in range(inputs):
        for r in range(rows):
            pull[i, r] = slopes[i, 0, r] * received[i, 0, r]
        for m in range(1, slopes.shape[1]):
            for r in range(rows):
                pull[i, r] += slopes[i, m, r] * received[i, np.uint64(spans[i, r]) + np.uint64(m), r]


@compiled
def _weigh(spans: Any, values: Any, weights: Any, nodes: Any) -> None:
    """Add Σ weight · value over the features of every point that are not 0."""
    for j in range(weights.shape[0]):
        for i in range(weights.shape[1]):
            for r in range(nodes.shape[1]):
                nodes[j, r] += weights[j, i, 0] * values[i, 0, r]
            for m in range(1, values.shape[1]):
                for r in range(nodes.shape[1]):
                    nodes[j, r] += weights[j, i, np.uint64(spans[i, r]) + np.uint64(m)] * values[i, m, r]


@compiled
def _weigh_back(spans: Any, slopes: Any, weights: Any, received: Any, pull: Any) -> None:
    """Add Σ weight · slope · received over the features of every point that are not 0."""
    for j in range(weights.shape[0]):
        for i in range(weights.shape[1]):
            for r in range(pull.shape[1]):
                pull[i, r] += weights[j, i, 0] * slopes[i, 0, r] * received[j, r]
            for m in range(1, slopes.shape[1]):
                for r in range(pull.shape[1]):
                    weight = weights[j, i, np.uint64(spans[i, r]) + np.uint64(m)]
                    pull[i, r] += weight * slopes[i, m, r] * received[j, r]


@compiled
def _gather(spans: Any, values: Any, received: Any, by_weight: Any) -> None:
    """Add value · received of every point to the weights of its features that are not 0."""
    for j in range(by_weight.shape[0]):
        for i in range(by_weight.shape[1]):
            for r in range(received.shape[1]):
                by_weight[j, i, 0] += received[j, r] * values[i, 0, r]
                for m in range(1, values.shape[1]):
                    by_weight[j, i, np.uint64(spans[i, r]) + np.uint64(m)] += received[j, r] * values[i, m, r]
