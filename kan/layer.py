"""A layer of edges: every input is expanded into a feature map, and every edge is linear in its weights.

Source: Z. Liu et al., "KAN: Kolmogorov-Arnold Networks" (2024), equations 2.5, 2.10 and 2.11.

    x[l+1,j] = bias[j] + Σ_i φ[j,i](x[l,i]),    φ[j,i](x) = Σ_m weights[j,i,m] · Φ[i,m](x)

    numeric input       Φ = base, B-splines on the input's own knots, missing      see `kan.feature_maps`
    categorical input   Φ = one indicator per category, unseen

Outside the knots every feature continues linearly, so that φ keeps its value and slope at the border.
A symbolic edge is c · f(a·x + b) + d of the input itself (no map); training may change a, b and c where they are free.
Outside the knots it continues linearly like every edge. Its value at a missing input stays the edge's `missing` weight.

Symbols: `rows` of data, `inputs`, `outputs` nodes, `width` of the longest feature map (shorter ones end in zeros).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from kan.bspline import greville
from kan.constraints import held
from kan.errors import EdgeFormRefused, ShapeMismatch
from kan.feature_maps import Base, FeatureMaps, accumulated, differentiable
from kan.grid import clamped
from kan.symbolic.applied import AppliedForms
from kan.symbolic.library import SymbolicForm

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
        self.shapes: Tensor  # what every edge is held to, see `kan.constraints`
        self.register_buffer("shapes", torch.zeros(out_features, self.in_features, dtype=torch.int8))
        self.frozen: Tensor  # edges that the present training leaves as they are
        self.register_buffer("frozen", torch.zeros(out_features, self.in_features, dtype=torch.bool), persistent=False)
        self.weights = nn.Parameter(torch.zeros(out_features, self.in_features, self.width, dtype=torch.float64))
        self.bias = nn.Parameter(torch.zeros(out_features, dtype=torch.float64))
        self.coefficients = nn.Parameter(torch.zeros(0, 3, dtype=torch.float64))  # a, b, c of every symbolic edge
        self.centre: Tensor
        self.register_buffer("centre", self._numeric_constants("centre"), persistent=False)
        self.half_width: Tensor
        self.register_buffer("half_width", self._numeric_constants("half_width"), persistent=False)
        self.has_missing: Tensor
        self.register_buffer("has_missing", self._numeric_constants("has_missing").bool(), persistent=False)
        self.mask: Tensor
        self.register_buffer("mask", torch.empty_like(self.weights.detach()), persistent=False)
        self.refresh_mask()

    def _numeric_constants(self, name: str) -> Float[Tensor, " numeric"]:
        return torch.tensor([getattr(self.inputs[i], name) for i in self.numeric], dtype=torch.float64)

    # The feature map

    def features(self, x: Float[Tensor, "rows inputs"]) -> Float[Tensor, "rows inputs width"]:
        """Return Φ of every input."""
        return self._in_order(differentiable(self._numeric(x), self.maps), self._indicators(x))

    @torch.no_grad()
    def features_and_slopes(
        self, x: Float[Tensor, "rows inputs"]
    ) -> tuple[Float[Tensor, "rows inputs width"], Float[Tensor, "rows inputs width"]]:
        """Return Φ of every input and dΦ/dx, without gradients; dΦ/dx is 0 for categories and missing values."""
        numeric, indicators = self.maps.at(self._numeric(x)), self._indicators(x)
        slopes = self._in_order(numeric.dense_slopes(), torch.zeros_like(indicators))
        return self._in_order(numeric.dense_values(), indicators), slopes

    @property
    def domain(self) -> tuple[Float[Tensor, " numeric"], Float[Tensor, " numeric"]]:
        """First and last knot of every numeric input, on the u scale."""
        return self.knots[:, 0], self.knots[:, -1]

    def columns(self) -> Bool[Tensor, "inputs width"]:
        """Return which weights exist: the feature map of each input, without its padding."""
        exists = torch.zeros(self.in_features, self.width, dtype=torch.bool, device=self.kinds.device)
        for i, one in enumerate(self.inputs):
            exists[i, : one.categories + 1 if one.categories else self.functions + 1] = True
            if one.categories == 0:
                exists[i, 0] = self.base != "zero"
                exists[i, self.functions + 1] = one.has_missing
        return exists

    def refresh_mask(self) -> None:
        """Bring the mask in line with the kinds; every change of `kinds` ends with this."""
        self.mask.copy_(self._usable_weights())
        self._every_weight_used = bool((self.mask == self.columns()).all())
        self.has_weights = bool(self.mask.any())

    def _usable_weights(self) -> Float[Tensor, "outputs inputs width"]:
        """Return 1 for the weights in use: all of a learned edge, the missing value of a symbolic one, else none.

        An edge that is held to a shape has no base, which has a shape of its own.
        """
        exists = self.columns()
        missing = torch.zeros_like(exists)
        for i in self.numeric:
            missing[i, self.functions + 1] = exists[i, self.functions + 1]
        kinds = self.kinds.unsqueeze(-1)
        used = ((kinds == LEARNED) & exists) | ((kinds == SYMBOLIC) & missing)
        if self.numeric:
            used[:, :, 0] &= self.shapes == 0
        return used.to(self.weights.dtype)

    @property
    def maps(self) -> FeatureMaps:
        """How numeric inputs are expanded."""
        gaps = self.has_missing if self._has_gaps else None
        return FeatureMaps(self.knots, self.degree, self.base, self.centre, self.half_width, gaps, self.width)

    @cached_property
    def _has_gaps(self) -> bool:
        return any(one.has_missing for one in self.inputs)

    def _numeric(self, x: Tensor) -> Float[Tensor, "rows numeric"]:
        if x.shape[1] != self.in_features:
            raise ShapeMismatch("Layer input", f"(rows, {self.in_features})", x.shape)
        return x[:, self.numeric] if self.categorical else x

    def _indicators(self, x: Tensor) -> Float[Tensor, "rows categorical width"]:
        if not self.categorical:
            return self.knots.new_zeros(len(x), 0, self.width)
        return nn.functional.one_hot(x[:, self.categorical].long(), self.width).to(self.knots.dtype)

    def _in_order(self, numeric: Tensor, categorical: Tensor, dim: int = 1) -> Tensor:
        """Return what belongs to the inputs, in their order."""
        if not self.categorical:
            return numeric
        order = torch.tensor([*self.numeric, *self.categorical], device=numeric.device).argsort()
        return torch.cat([numeric, categorical], dim=dim).index_select(dim, order)

    # The function

    def combine(
        self,
        features: Float[Tensor, "rows inputs width"] | None,
        x: Float[Tensor, "rows inputs"],
        applied: AppliedForms | None = None,
    ) -> Float[Tensor, "rows outputs"]:
        """Return the nodes by one matrix product of precomputed features: fast, for training.

        A layer without weights needs no features; without gradients, `applied` are its symbolic edges where known.
        """
        if features is None:
            nodes = self.bias.expand(len(x), -1)
        else:  # node by node in memory, as the feature map of the next layer reads them
            nodes = torch.addmm(self.bias.unsqueeze(1), self.used_weights().flatten(1), features.flatten(1).T).T
        return self.with_formulas(nodes, x, applied)

    def with_formulas(self, nodes: Tensor, x: Tensor, applied: AppliedForms | None = None) -> Tensor:
        """Return the nodes together with the symbolic edges, which are `applied` where they are known."""
        if not self.forms:
            return nodes
        targets = torch.tensor([target for target, _ in self.forms], device=nodes.device)
        return nodes.index_add(1, targets, self.symbolic_terms(x)[0] if applied is None else applied.values)

    def used_weights(self) -> Float[Tensor, "outputs inputs width"]:
        """Return the weights, 0 where an edge has none; without a column it needs no mask, for its feature is 0."""
        return self.weights if self._every_weight_used else self.weights * self.mask

    def activations(self, x: Float[Tensor, "rows inputs"]) -> Float[Tensor, "rows outputs inputs"]:
        """Return φ[j,i](x[i]) of every edge, each row to the last bit independent of the rows beside it."""
        values = self._learned(x)
        if not self.forms:
            return values
        index = torch.tensor(list(self.forms)).T
        return values.index_put(
            (torch.arange(len(x)).unsqueeze(1), index[0], index[1]), self.symbolic_terms(x)[0], True
        )

    def derivatives(self, x: Float[Tensor, "rows inputs"]) -> Float[Tensor, "rows outputs inputs"]:
        """Return dφ[j,i]/dx[i] of every edge; 0 for tables and where the value is missing."""
        values = self._learned(x, slopes=True)
        if not self.forms:
            return values
        index = torch.tensor(list(self.forms)).T
        values[:, index[0], index[1]] = self.symbolic_terms(x)[1]
        return values

    def _learned(
        self, x: Float[Tensor, "rows inputs"], *, slopes: bool = False
    ) -> Float[Tensor, "rows outputs inputs"]:
        """Return the values of all edges but those that are symbolic, or their slopes."""
        if torch.is_grad_enabled():
            return accumulated(self.features_and_slopes(x)[1] if slopes else self.features(x), self.weights)
        expanded = self.maps.at(self._numeric(x), with_slopes=slopes)
        weights = self.weights[:, self.numeric] if self.categorical else self.weights
        numeric = expanded.weighted_slopes(weights) if slopes else expanded.weighted(weights)
        if not self.categorical:
            return numeric
        tables = accumulated(self._indicators(x), self.weights[:, self.categorical])
        return self._in_order(numeric, torch.zeros_like(tables) if slopes else tables, dim=2)

    def node_values(self, activations: Float[Tensor, "rows outputs inputs"]) -> Float[Tensor, "rows outputs"]:
        """Return the sum of the activations of every node and its bias."""
        return activations.sum(dim=-1) + self.bias

    def forward(self, x: Float[Tensor, "rows inputs"]) -> Float[Tensor, "rows outputs"]:
        """Return the nodes, equal to the last bit to the sum over `activations`."""
        return self.node_values(self.activations(x))

    def symbolic_terms(
        self, x: Float[Tensor, "rows inputs"]
    ) -> tuple[Float[Tensor, "rows symbolic"], Float[Tensor, "rows symbolic"]]:
        """Return every symbolic edge and its slope; 0 where the input is missing."""
        symbolic = self.applied_forms(x.detach())
        value, slope = symbolic.values, symbolic.slopes
        if torch.is_grad_enabled():
            moved = self.coefficients - self.coefficients.detach()
            inputs = x[:, [source for _, source in self.forms]]
            value = value + (symbolic.by_coefficients() * self.free_coefficients() * moved).sum(dim=2)
            value = value + torch.where(symbolic.missing, 0.0, slope * (inputs - inputs.detach()))
        return value, slope

    def symbolic_jacobian(self, x: Float[Tensor, "rows inputs"]) -> Float[Tensor, "rows symbolic 3"]:
        """Return the derivatives of every symbolic edge by its a, b and c; 0 where the input is missing."""
        return self.applied_forms(x).by_coefficients()

    def free_coefficients(self) -> Bool[Tensor, "symbolic 3"]:
        """Return which a, b and c of the symbolic edges training may change; of one held to a shape just c."""
        free = [
            [
                name in form.free and not self.frozen[edge] and (name == "c" or int(self.shapes[edge]) == 0)
                for name in ("a", "b", "c")
            ]
            for edge, form in self.forms.items()
        ]
        return torch.tensor(free, dtype=torch.bool, device=self.kinds.device).reshape(-1, 3)

    def applied_forms(self, x: Float[Tensor, "rows inputs"]) -> AppliedForms:
        """Return the symbolic edges at some rows, inputs split into the nearest point of the domain and the rest."""
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
        d = torch.tensor([form.d for form in forms], dtype=x.dtype, device=x.device)
        a, b, c = self.coefficients.detach().unbind(1)
        return AppliedForms([form.function for form in forms], a, b, c, d, near, beyond, missing)

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
        a, b, c = self.coefficients[list(self.forms).index((target, source))].tolist()
        return replace(form, a=a, b=b, c=c)

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
        numbers = self.coefficients.new_tensor([[form.a, form.b, form.c]])
        self.coefficients = nn.Parameter(torch.cat([self.coefficients, numbers]))

    @torch.no_grad()
    def set_zero(self, target: int, source: int) -> None:
        """Remove one edge."""
        if (target, source) in self.forms:
            kept = [k for k, key in enumerate(self.forms) if key != (target, source)]
            self.coefficients = nn.Parameter(self.coefficients[kept].clone())
            del self.forms[target, source]
        self.kinds[target, source] = ZERO
        self.refresh_mask()
        self.weights[target, source] = 0.0

    @torch.no_grad()
    def set_learned(self, target: int, source: int) -> None:
        """Make one edge a spline (of a category: a table) that is zero everywhere."""
        self.set_zero(target, source)
        self.kinds[target, source] = LEARNED
        self.refresh_mask()

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
    def hold_shapes(self) -> None:
        """Bring every edge that is held to a shape back to it; edges that have it keep their bits but for rounding."""
        sites = greville(self.knots, self.degree)
        for position, (edge, form) in enumerate(self.forms.items()):
            if int(self.shapes[edge]) != 0 and self.coefficients[position, 2] * form.c < 0:
                self.coefficients[position, 2] = 0.0
        for target, source in self.shapes.nonzero().tolist():
            if source in self.numeric and int(self.kinds[target, source]) == LEARNED:
                spline = self.weights[target, source, 1 : self.functions + 1]
                shape, own = int(self.shapes[target, source]), sites[self.numeric.index(source)]
                spline.copy_(held(shape, spline.unsqueeze(0), own)[0])

    @torch.no_grad()
    def rescale(self, factor: float, offset: float) -> None:
        """Replace every node by `factor · node + offset`, exactly."""
        self.weights.mul_(factor)
        self.bias.mul_(factor).add_(offset)
        self.coefficients[:, 2] *= factor
        self.forms = {edge: replace(form, c=form.c * factor, d=form.d * factor) for edge, form in self.forms.items()}
