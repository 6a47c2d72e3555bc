"""Nodes of a layer of splines, forward and backward, by compiled loops: for trainings of very many steps.

The same functions as `Layer.combine` has, equal to rounding, with the rows last in memory. The symbols are those of
`kan.feature_loops`.
"""

from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.function import once_differentiable

from kan.compilation import compiled
from kan.layer import Layer

FEW = 2  # nodes


def supports(layer: Layer) -> bool:
    """Return whether the layer has numbers without gaps only, on a processor that the loops run on."""
    has_gaps = any(one.has_missing for one in layer.inputs)
    return not layer.categorical and not has_gaps and layer.has_weights and layer.weights.device.type == "cpu"


def combine(layer: Layer, x: Float[Tensor, "rows inputs"]) -> Float[Tensor, "rows outputs"]:
    """Return the nodes of a layer that the loops support, as `Layer.combine` does with its features at `x`."""
    function = _FewNodes if layer.out_features <= FEW else _Nodes
    nodes = function.apply(x, layer.used_weights(), layer.bias, layer)  # type: ignore[no-untyped-call]  # untyped in torch
    return layer.with_formulas(nodes, x)


class _Nodes(torch.autograd.Function):
    """Whole feature maps and matrix products."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weights: Tensor, bias: Tensor, layer: Layer) -> Tensor:
        found = layer.maps.compiled_at(x, with_slopes=ctx.needs_input_grad[0])
        features = found.values.new_empty(*weights.shape[1:], len(x))
        _spread(found.spans, found.values.numpy(), features.numpy())
        ctx.spans = found.spans
        ctx.save_for_backward(features, found.slopes, weights)
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
        return None if pull is None else pull.T, by_weight, received.sum(dim=1), None


class _FewNodes(torch.autograd.Function):
    """Only what is not 0: faster for one or two nodes, which are no matrix worth a product."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weights: Tensor, bias: Tensor, layer: Layer) -> Tensor:
        found = layer.maps.compiled_at(x, with_slopes=ctx.needs_input_grad[0])
        nodes = bias.unsqueeze(1).repeat(1, len(x))
        _weigh(found.spans, found.values.numpy(), weights.numpy(), nodes.numpy())
        ctx.spans = found.spans
        ctx.save_for_backward(found.values, found.slopes, weights)
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
        return None if pull is None else pull.T, by_weight, received.sum(dim=1), None


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
