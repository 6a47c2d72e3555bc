"""A layer of edges: every input is expanded into a feature map, and every edge is linear in its weights.

Source: Z. Liu et al., "KAN: Kolmogorov-Arnold Networks" (2024), equations 2.5, 2.10 and 2.11.

    x[l+1,j] = bias[j] + Σ_i φ[j,i](x[l,i]),    φ[j,i](x) = Σ_m weights[j,i,m] · Φ[i,m](x)

    numeric input       Φ = base(u), B_1(u) … B_M(u), missing        u = (x - centre) / half_width
    categorical input   Φ = one indicator per category, unseen

B are B-splines on the input's own knots; `missing` is 1 where an input with gaps is NaN, and then all other
features are 0; any other NaN stays NaN.
Outside the knots every feature continues linearly, so that φ keeps its value and slope at the border.
A symbolic edge is s · (c · f(a·x + b) + d) of the input itself (no map), s a factor that training may change; outside
the knots it continues linearly like every edge. Its value at a missing input stays the edge's `missing` weight.

Symbols: `rows` of data, `inputs`, `outputs` nodes, `width` of the longest feature map (shorter ones end in zeros).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from kan.bspline import basis, basis_derivative, greville
from kan.errors import EdgeFormRefused, ShapeMismatch
from kan.grid import clamped
from kan.least_squares import least_squares
from kan.symbolic.library import FUNCTIONS, SymbolicForm, SymbolicFunction

Base = Literal["silu", "identity", "zero"]
Form = Literal["spline", "symbolic", "table", "zero"]

ZERO, LEARNED, SYMBOLIC = 0, 1, 2
LARGEST_DEGREE, LARGEST_GRID_SIZE = 5, 1000
BORDER_ROUNDING = 1e-12  # share of half a domain within which a value lies on the border


@dataclass(frozen=True)
class LayerInput:
    """What a layer must know about one input; `categories` is 0 for a number."""

    categories: int = 0
    has_missing: bool = False
    centre: float = 0.0
    half_width: float = 1.0


@dataclass(frozen=True)
class _Symbolic:
    """All symbolic edges of a layer on some rows: functions, coefficients, inputs inside and beyond the domain."""

    functions: list[str]
    a: Float[Tensor, " symbolic"]
    b: Float[Tensor, " symbolic"]
    c: Float[Tensor, " symbolic"]
    d: Float[Tensor, " symbolic"]
    near: Float[Tensor, "rows symbolic"]
    beyond: Float[Tensor, "rows symbolic"]
    missing: Bool[Tensor, "rows symbolic"]

    def applied(self, method: Callable[[SymbolicFunction, Tensor], Tensor]) -> Float[Tensor, "rows symbolic"]:
        """Return f or its derivative at a·x + b of every edge, one call for each function."""
        inner = self.a * self.near + self.b
        values = torch.empty_like(inner)
        for name in dict.fromkeys(self.functions):
            edges = [k for k, function in enumerate(self.functions) if function == name]
            values[:, edges] = method(FUNCTIONS[name], inner[:, edges])
        return values


class Layer(nn.Module):
    """All edges from one column of nodes to the next."""

    def __init__(
        self, inputs: Sequence[LayerInput], out_features: int, *, grid_size: int, degree: int, base: Base = "silu"
    ) -> None:
        """Create edges that are zero everywhere, on a uniform grid over [-1, 1]."""
        super().__init__()
        self.inputs = tuple(inputs)
        self.in_features, self.out_features = len(self.inputs), out_features
        self.grid_size, self.degree, self.base = grid_size, degree, base
        self.numeric = tuple(i for i, one in enumerate(self.inputs) if one.categories == 0)
        self.categorical = tuple(i for i, one in enumerate(self.inputs) if one.categories > 0)
        self.functions = grid_size + degree
        tables = [self.inputs[i].categories + 1 for i in self.categorical]
        self.width = max([self.functions + 2 if self.numeric else 0, *tables])
        self.forms: dict[tuple[int, int], SymbolicForm] = {}  # (target, source) → form at the time of snapping

        uniform = torch.linspace(-1, 1, grid_size + 1, dtype=torch.float64).expand(len(self.numeric), -1)
        self.knots: Tensor
        self.register_buffer("knots", clamped(uniform, degree))
        self.kinds: Tensor
        self.register_buffer("kinds", torch.full((out_features, self.in_features), LEARNED, dtype=torch.int8))
        self.weights = nn.Parameter(torch.zeros(out_features, self.in_features, self.width, dtype=torch.float64))
        self.bias = nn.Parameter(torch.zeros(out_features, dtype=torch.float64))
        self.scales = nn.Parameter(torch.zeros(0, dtype=torch.float64))  # the s of every symbolic edge
        self.centre: Tensor
        self.register_buffer("centre", self._numeric_constants("centre"), persistent=False)
        self.half_width: Tensor
        self.register_buffer("half_width", self._numeric_constants("half_width"), persistent=False)
        self.has_missing: Tensor
        self.register_buffer("has_missing", self._numeric_constants("has_missing").bool(), persistent=False)
        self.mask: Tensor
        self.register_buffer("mask", self._usable_weights(), persistent=False)

    def _numeric_constants(self, name: str) -> Float[Tensor, " numeric"]:
        return torch.tensor([getattr(self.inputs[i], name) for i in self.numeric], dtype=torch.float64)

    # The feature map

    def features(self, x: Float[Tensor, "rows inputs"]) -> Float[Tensor, "rows inputs width"]:
        """Return Φ of every input."""
        u, present = self._mapped(x)
        lower, upper = self.domain
        values = self._expanded(torch.minimum(torch.maximum(u, lower), upper))
        below, above = self._expanded_slopes(torch.stack([lower, upper]))
        values = values + (u - lower).clamp(max=0).unsqueeze(-1) * below
        values = values + (u - upper).clamp(min=0).unsqueeze(-1) * above
        share = present.unsqueeze(-1).to(values.dtype)
        return self._assembled(torch.cat([values * share, 1 - share], dim=-1), self._indicators(x))

    def feature_slopes(self, x: Float[Tensor, "rows inputs"]) -> Float[Tensor, "rows inputs width"]:
        """Return dΦ/dx of every input; 0 for categories and where the value is missing."""
        u, present = self._mapped(x)
        lower, upper = self.domain
        slopes = self._expanded_slopes(torch.minimum(torch.maximum(u, lower), upper))
        share = (present.to(slopes.dtype) / self.half_width).unsqueeze(-1)
        slopes = torch.cat([slopes * share, torch.zeros_like(slopes[..., :1])], dim=-1)
        return self._assembled(slopes, torch.zeros_like(self._indicators(x)))

    @property
    def domain(self) -> tuple[Float[Tensor, " numeric"], Float[Tensor, " numeric"]]:
        """First and last knot of every numeric input, on the u scale."""
        return self.knots[:, 0], self.knots[:, -1]

    def columns(self) -> Bool[Tensor, "inputs width"]:
        """Return which weights exist: the feature map of each input, without its padding."""
        exists = torch.zeros(self.in_features, self.width, dtype=torch.bool)
        for i, one in enumerate(self.inputs):
            exists[i, : one.categories + 1 if one.categories else self.functions + 1] = True
            if one.categories == 0:
                exists[i, 0] = self.base != "zero"
                exists[i, self.functions + 1] = one.has_missing
        return exists

    def refresh_mask(self) -> None:
        """Bring the mask in line with the kinds; every change of `kinds` ends with this."""
        self.mask.copy_(self._usable_weights())

    def _usable_weights(self) -> Float[Tensor, "outputs inputs width"]:
        """Return 1 for the weights in use: all of a learned edge, the missing value of a symbolic one, else none."""
        exists = self.columns()
        missing = torch.zeros_like(exists)
        for i in self.numeric:
            missing[i, self.functions + 1] = exists[i, self.functions + 1]
        kinds = self.kinds.unsqueeze(-1)
        return (((kinds == LEARNED) & exists) | ((kinds == SYMBOLIC) & missing)).to(self.weights.dtype)

    def roughness(self) -> Float[Tensor, "inputs differences width"]:
        """Return D with |D·w|² the roughness of an edge: slope changes of its spline, values of its table.

        A spline's row is (c[m+1] - c[m]) / (g[m+1] - g[m]) - (c[m] - c[m-1]) / (g[m] - g[m-1]), times the mean
        spacing of the Greville abscissae g, so that straight lines are free on any knots (P. Eilers and B. Marx, 1996,
        for equal spacing). A table's row is one value; the missing value of a numeric input counts as a table.
        """
        rows = max([self.functions - 1 if self.numeric else 0, *(self.inputs[i].categories for i in self.categorical)])
        differences = torch.zeros(self.in_features, rows, self.width, dtype=torch.float64)
        spacing = greville(self.knots, self.degree).diff(dim=1)
        inverse = spacing.mean(dim=1, keepdim=True) / spacing
        for position, i in enumerate(self.numeric):
            for m in range(self.functions - 2):
                left, right = inverse[position, m], inverse[position, m + 1]
                differences[i, m, m + 1 : m + 4] = torch.stack([left, -left - right, right])
            differences[i, self.functions - 2, self.functions + 1] = 1.0
        for i in self.categorical:
            differences[i].diagonal()[: self.inputs[i].categories] = 1.0
        return differences

    def _mapped(self, x: Tensor) -> tuple[Float[Tensor, "rows numeric"], Bool[Tensor, "rows numeric"]]:
        if x.shape[1] != self.in_features:
            raise ShapeMismatch("Layer input", f"(rows, {self.in_features})", x.shape)
        u = (x[:, self.numeric] - self.centre) / self.half_width
        missing = u.isnan() & self.has_missing
        return torch.where(missing, self.knots[:, 0], u), ~missing

    def _expanded(self, u: Tensor) -> Float[Tensor, "rows numeric functions_plus_1"]:
        return torch.cat([_base(self.base, u).unsqueeze(-1), basis(u, self.knots, self.degree)], dim=-1)

    def _expanded_slopes(self, u: Tensor) -> Float[Tensor, "rows numeric functions_plus_1"]:
        slopes = _base_slope(self.base, u).unsqueeze(-1)
        return torch.cat([slopes, basis_derivative(u, self.knots, self.degree)], dim=-1)

    def _indicators(self, x: Tensor) -> Float[Tensor, "rows categorical width"]:
        if not self.categorical:
            return x.new_zeros(len(x), 0, self.width)
        return nn.functional.one_hot(x[:, self.categorical].long(), self.width).to(x.dtype)

    def _assembled(self, numeric: Tensor, categorical: Tensor) -> Float[Tensor, "rows inputs width"]:
        padded = nn.functional.pad(numeric, (0, self.width - numeric.shape[-1]))
        if not self.categorical:
            return padded
        joined = torch.cat([padded, categorical], dim=1)
        order = torch.tensor([*self.numeric, *self.categorical]).argsort()
        return joined[:, order]

    # The function

    def combine(
        self, features: Float[Tensor, "rows inputs width"], x: Float[Tensor, "rows inputs"]
    ) -> Float[Tensor, "rows outputs"]:
        """Return the nodes by one matrix product of precomputed features: fast, for training."""
        weights = self.weights * self.mask
        nodes = features.flatten(1) @ weights.flatten(1).T + self.bias
        if not self.forms:
            return nodes
        targets = torch.tensor([target for target, _ in self.forms])
        return nodes.index_add(1, targets, self._symbolic_values(x))

    def activations(self, x: Float[Tensor, "rows inputs"]) -> Float[Tensor, "rows outputs inputs"]:
        """Return φ[j,i](x[i]) of every edge, each row to the last bit independent of the rows beside it."""
        values = _accumulated(self.features(x), self.weights)
        if not self.forms:
            return values
        index = torch.tensor(list(self.forms)).T
        return values.index_put((torch.arange(len(x)).unsqueeze(1), index[0], index[1]), self._symbolic_values(x), True)

    def derivatives(self, x: Float[Tensor, "rows inputs"]) -> Float[Tensor, "rows outputs inputs"]:
        """Return dφ[j,i]/dx[i] of every edge; 0 for tables and where the value is missing."""
        values = _accumulated(self.feature_slopes(x), self.weights)
        if not self.forms:
            return values
        symbolic = self._symbolic(x)
        slopes = self.scales * symbolic.c * symbolic.a * symbolic.applied(SymbolicFunction.derivative)
        index = torch.tensor(list(self.forms)).T
        values[:, index[0], index[1]] = torch.where(symbolic.missing, 0.0, slopes)
        return values

    def node_values(self, activations: Float[Tensor, "rows outputs inputs"]) -> Float[Tensor, "rows outputs"]:
        """Return the sum of the activations of every node and its bias."""
        return activations.sum(dim=-1) + self.bias

    def forward(self, x: Float[Tensor, "rows inputs"]) -> Float[Tensor, "rows outputs"]:
        """Return the nodes, equal to the last bit to the sum over `activations`."""
        return self.node_values(self.activations(x))

    def _symbolic_values(self, x: Tensor) -> Float[Tensor, "rows symbolic"]:
        symbolic = self._symbolic(x)
        with torch.no_grad():
            # Zero in the domain, where the slope of a root or a logarithm may be infinite at the border.
            slope = symbolic.a * symbolic.applied(SymbolicFunction.derivative)
            slope = torch.where(symbolic.beyond == 0, 0.0, slope)
        c, d = self.scales * symbolic.c, self.scales * symbolic.d
        value = c * symbolic.applied(SymbolicFunction.evaluate) + d + c * (slope * symbolic.beyond)
        return torch.where(symbolic.missing, 0.0, value)

    def _symbolic(self, x: Tensor) -> "_Symbolic":
        """Split the input of every symbolic edge into the nearest point of the domain and what lies beyond it."""
        sources = [source for _, source in self.forms]
        positions = [self.numeric.index(source) for source in sources]
        centre, half_width = self.centre[positions], self.half_width[positions]
        lower, upper = (centre + half_width * end[positions] for end in self.domain)
        column = x[:, sources]
        missing = column.isnan() & self.has_missing[positions]
        column = torch.where(missing, centre, column)
        near = torch.minimum(torch.maximum(column, lower), upper)
        beyond = column - near
        beyond = torch.where(beyond.abs() <= BORDER_ROUNDING * half_width, 0.0, beyond)
        forms = list(self.forms.values())
        numbers = torch.tensor([(form.a, form.b, form.c, form.d) for form in forms], dtype=x.dtype)
        a, b, c, d = numbers.unbind(1)
        return _Symbolic([form.function for form in forms], a, b, c, d, near, beyond, missing)

    # Editing in place; `Network` does it on a copy

    def form(self, target: int, source: int) -> Form:
        """Return the form of one edge."""
        kind = int(self.kinds[target, source])
        if kind == ZERO:
            return "zero"
        if kind == SYMBOLIC:
            return "symbolic"
        return "table" if self.inputs[source].categories else "spline"

    def symbolic_form(self, target: int, source: int) -> SymbolicForm | None:
        """Return the formula of one edge as it is now, or None where it is not symbolic."""
        form = self.forms.get((target, source))
        if form is None:
            return None
        position = list(self.forms).index((target, source))
        scale = float(self.scales[position].detach())
        return replace(form, c=scale * form.c, d=scale * form.d)

    @torch.no_grad()
    def set_symbolic(self, target: int, source: int, form: SymbolicForm) -> None:
        """Make one edge a formula of the input; its value at a missing input stays."""
        if self.inputs[source].categories:
            raise EdgeFormRefused(f"{source} → {target}", "a categorical input has a table, not a formula")
        kept = self.weights[target, source, self.functions + 1].clone()
        self.set_zero(target, source)
        self.kinds[target, source] = SYMBOLIC
        self.refresh_mask()
        self.weights[target, source, self.functions + 1] = kept
        self.forms[target, source] = form
        self.scales = nn.Parameter(torch.cat([self.scales, self.scales.new_ones(1)]))

    @torch.no_grad()
    def set_zero(self, target: int, source: int) -> None:
        """Remove one edge."""
        if (target, source) in self.forms:
            kept = [k for k, key in enumerate(self.forms) if key != (target, source)]
            self.scales = nn.Parameter(self.scales[kept].clone())
            del self.forms[target, source]
        self.kinds[target, source] = ZERO
        self.refresh_mask()
        self.weights[target, source] = 0.0

    @torch.no_grad()
    def shift(self, constants: Float[Tensor, "outputs inputs"]) -> None:
        """Subtract a constant from every learned edge and add it to the node's bias; the function is unchanged.

        B-splines sum to 1, so the shift is exact: each coefficient, table value and missing value moves by it.
        """
        moved = constants * (self.kinds == LEARNED)
        shifted = self.columns().clone()
        shifted[list(self.numeric), 0] = False
        self.weights.sub_(moved.unsqueeze(-1) * shifted)
        self.bias.add_(moved.sum(dim=1))

    @torch.no_grad()
    def set_knots(self, knots: Float[Tensor, "numeric knots"], x: Float[Tensor, "rows inputs"]) -> float:
        """Move to other knots and refit the splines by least squares; return the largest change of an edge at the rows.

        The fit sees the rows and some points of every knot interval, so that gaps in the data keep their shape.
        """
        starts, lengths = knots[:, self.degree : -self.degree - 1], knots.diff()[:, self.degree : -self.degree]
        inside = (torch.arange(self.degree + 1, dtype=knots.dtype) + 0.5) / (self.degree + 1)
        points = (starts.unsqueeze(2) + lengths.unsqueeze(2) * inside).flatten(1).T
        even = x.new_zeros(len(points), self.in_features)
        even[:, self.numeric] = points * self.half_width + self.centre
        sample = torch.cat([x, even])
        before = _accumulated(self.features(sample), self.weights)
        self.knots.copy_(knots)
        features, splines = self.features(sample), slice(1, self.functions + 1)
        self.weights[:, self.numeric, splines] = 0.0
        remaining = (before - _accumulated(features, self.weights))[:, :, self.numeric]
        bases = features[:, self.numeric, splines]
        solution = least_squares(bases.transpose(0, 1), remaining.permute(2, 0, 1))
        self.weights[:, self.numeric, splines] = solution.permute(2, 0, 1)
        self.weights.mul_(self.mask)
        changes = _accumulated(features, self.weights) - before
        return float(changes[: len(x)].abs().max())

    @torch.no_grad()
    def rescale(self, factor: float, offset: float) -> None:
        """Replace every node by `factor · node + offset`, exactly."""
        self.weights.mul_(factor)
        self.bias.mul_(factor).add_(offset)
        self.forms = {edge: replace(form, c=form.c * factor, d=form.d * factor) for edge, form in self.forms.items()}


def _accumulated(features: Tensor, weights: Tensor) -> Float[Tensor, "rows outputs inputs"]:
    """Return Σ_m weights[j,i,m] · features[r,i,m] term by term: a matrix product would depend on the number of rows."""
    total = features.new_zeros(len(features), *weights.shape[:2])
    for m in range(weights.shape[-1]):
        total = total + features[:, None, :, m] * weights[:, :, m]
    return total


def _base(name: Base, u: Tensor) -> Tensor:
    if name == "silu":
        return u / (1 + torch.exp(-u))
    return u if name == "identity" else torch.zeros_like(u)


def _base_slope(name: Base, u: Tensor) -> Tensor:
    if name == "silu":
        sigmoid = 1 / (1 + torch.exp(-u))
        return sigmoid * (1 + u * (1 - sigmoid))
    return torch.ones_like(u) if name == "identity" else torch.zeros_like(u)
