"""Other knots for the same functions: a grid that moves with the data, and a finer grid.

Extension to nested knots is exact, because the finer spline space contains the coarser one: the finer coefficients
interpolate the spline at their Greville abscissae, which determines them (I. Schoenberg and A. Whitney, 1953). So is
a wider domain, as far as the old one reached. Any other move keeps each function up to its least-squares error, which
is returned.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from kan.bspline import basis, greville
from kan.grid import clamped
from kan.layer import Layer
from kan.least_squares import least_squares
from kan.symbolic.library import SymbolicForm


@torch.no_grad()
def move_knots(layer: Layer, knots: Float[Tensor, "numeric knots"], x: Float[Tensor, "rows inputs"]) -> float:
    """Move a layer to other knots in place and refit its splines; return the largest change of an edge at the rows.

    The fit sees the rows and some points of every knot interval, so that gaps in the data keep their shape. An edge
    that is held to a shape keeps it.
    """
    degree, numeric, splines = layer.degree, list(layer.numeric), slice(1, layer.functions + 1)
    starts, lengths = knots[:, degree : -degree - 1], knots.diff()[:, degree:-degree]
    inside = (torch.arange(degree + 1, dtype=knots.dtype, device=knots.device) + 0.5) / (degree + 1)
    points = (starts.unsqueeze(2) + lengths.unsqueeze(2) * inside).flatten(1).T
    even = x.new_zeros(len(points), layer.in_features)
    even[:, numeric] = points * layer.half_width + layer.centre
    sample = torch.cat([x, even])
    before = layer.activations(sample)
    layer.knots.copy_(knots)
    layer.weights[:, numeric, splines] = 0.0
    remaining = (before - layer.activations(sample))[:, :, numeric]
    bases = layer.features(sample)[:, numeric, splines]
    solution = least_squares(bases.transpose(0, 1), remaining.permute(2, 0, 1))
    layer.weights[:, numeric, splines] = solution.permute(2, 0, 1)
    layer.weights.mul_(layer.mask)
    layer.hold_shapes()
    return float((layer.activations(x) - before[: len(x)]).abs().max())


@torch.no_grad()
def widen_domain(layer: Layer, lower: Float[Tensor, " numeric"], upper: Float[Tensor, " numeric"]) -> None:
    """Move the borders of a layer's domains outwards in place; nothing changes inside the old domains.

    The outer polynomial pieces become longer and replace the linear continuation up to the new borders. An edge that
    is held to a shape keeps it.
    """
    knots, repeated = layer.knots.clone(), layer.degree + 1
    knots[:, :repeated] = torch.minimum(knots[:, 0], lower).unsqueeze(1)
    knots[:, -repeated:] = torch.maximum(knots[:, -1], upper).unsqueeze(1)
    _transfer(layer, layer, knots)
    layer.knots.copy_(knots)
    layer.weights.mul_(layer.mask)
    layer.hold_shapes()


def _transfer(layer: Layer, other: Layer, knots: Float[Tensor, "numeric knots"]) -> None:
    """Give `other` the coefficients on `knots` that make the same polynomials, by interpolation at their abscissae."""
    numeric = list(layer.numeric)
    sites = greville(knots, layer.degree).T.contiguous()
    old = basis(sites, layer.knots, layer.degree).transpose(0, 1)
    transfer = torch.linalg.solve(basis(sites, knots, layer.degree).transpose(0, 1), old)
    splines = layer.weights[:, numeric, 1 : layer.functions + 1]
    other.weights[:, numeric, 1 : other.functions + 1] = torch.einsum("inm,jim->jin", transfer, splines)


@torch.no_grad()
def spline_of(layer: Layer, target: int, source: int, form: SymbolicForm) -> None:
    """Make an edge of a layer the spline that is nearest to a form on its knots, in place, without a base.

    Its value at a missing input stays. An edge that is held to a shape keeps it.
    """
    points = _points_between(layer, source)
    one = layer.inputs[source]
    _fit_spline(layer, target, source, points, form.evaluate(one.centre + one.half_width * points))


@torch.no_grad()
def hold(layer: Layer, target: int, source: int, shape: int) -> None:
    """Hold a learned edge of a layer to a shape from now on, in place: the spline of that shape near to what it was.

    A shape of 0 lets it free. Its value at a missing input stays.
    """
    points = _points_between(layer, source)
    one = layer.inputs[source]
    x = points.new_zeros(len(points), layer.in_features)
    x[:, source] = one.centre + one.half_width * points
    values = layer.activations(x)[:, target, source]
    layer.shapes[target, source] = shape
    _fit_spline(layer, target, source, points, values)


def _points_between(layer: Layer, source: int) -> Float[Tensor, " points"]:
    """Return points inside every knot interval of an input, on the scale of the knots."""
    degree = layer.degree
    breaks = layer.knots[layer.numeric.index(source), degree:-degree]
    inside = (torch.arange(2 * degree + 2, dtype=breaks.dtype) + 0.5) / (2 * degree + 2)
    return (breaks[:-1, None] + breaks.diff()[:, None] * inside).flatten()


def _fit_spline(
    layer: Layer, target: int, source: int, points: Float[Tensor, " points"], values: Float[Tensor, " points"]
) -> None:
    """Make an edge the spline without a base that is nearest to some values; its value at a missing input stays."""
    position = layer.numeric.index(source)
    bases = basis(points.unsqueeze(1), layer.knots[position : position + 1], layer.degree).transpose(0, 1)
    kept = layer.weights[target, source, layer.functions + 1].clone()
    layer.set_learned(target, source)
    layer.weights[target, source, 1 : layer.functions + 1] = least_squares(bases, values.reshape(1, -1, 1))[0, :, 0]
    layer.weights[target, source, layer.functions + 1] = kept
    layer.hold_shapes()


@torch.no_grad()
def refined(layer: Layer, factor: int) -> Layer:
    """Return the same functions with every knot interval in `factor` equal parts."""
    degree, numeric = layer.degree, list(layer.numeric)
    breakpoints = layer.knots[:, degree : layer.knots.shape[1] - degree]
    shares = torch.arange(factor, dtype=breakpoints.dtype, device=breakpoints.device) / factor
    inner = breakpoints[:, :-1, None] + breakpoints.diff(dim=1).unsqueeze(2) * shares
    knots = clamped(torch.cat([inner.flatten(1), breakpoints[:, -1:]], dim=1), degree)
    finer = Layer(
        layer.inputs, layer.out_features, grid_size=layer.grid_size * factor, degree=degree, base=layer.base
    ).to(layer.knots.device, layer.weights.dtype)
    finer.knots.copy_(knots)
    for target, source in layer.forms:
        form = layer.symbolic_form(target, source)
        assert form is not None  # every key of `forms` has one  # noqa: S101
        finer.set_symbolic(target, source, form)
    finer.kinds.copy_(layer.kinds)
    finer.shapes.copy_(layer.shapes)
    finer.refresh_mask()
    _copy_tables(layer, finer)
    if numeric:
        _transfer(layer, finer, knots)
        finer.weights[:, numeric, 0] = layer.weights[:, numeric, 0]
        finer.weights[:, numeric, finer.functions + 1] = layer.weights[:, numeric, layer.functions + 1]
    finer.weights.mul_(finer.mask)
    finer.bias.copy_(layer.bias)
    finer.hold_shapes()
    return finer


def _copy_tables(layer: Layer, finer: Layer) -> None:
    for source in layer.categorical:
        values = layer.inputs[source].categories + 1
        finer.weights[:, source, :values] = layer.weights[:, source, :values]
