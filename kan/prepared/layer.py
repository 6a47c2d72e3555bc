"""A prepared layer: the values of all edges at a block of rows, and the nodes that they sum to.

Rows are the last axis and their number is a multiple of `LANES`, so that no row lies at an end where the processor
takes other code; every sum is in a fixed order. A row then has the same bits in every block.
"""

import copy
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int

from kan.elementary import sigmoid
from kan.layer import Layer
from kan.prepared.tables import Edges, Inputs, edges_of, inputs_of

LANES = 16
COUNTED_BORDERS = 32  # more borders are searched


class _Located(NamedTuple):
    """Where the inputs are: their places, t and its derivative by x there, and inside the domain silu and its own."""

    places: Int[np.ndarray, "inputs rows"]
    t: Float[np.ndarray, "inputs rows"]
    t_slopes: Float[np.ndarray, "inputs rows"]
    silu: Float[np.ndarray, "inputs rows"]
    silu_slopes: Float[np.ndarray, "inputs rows"]


@dataclass(frozen=True, eq=False)
class PreparedLayer:
    """All active edges from one column of nodes to the next, in the order of targets, then sources."""

    in_features: int
    out_features: int
    numeric: Int[np.ndarray, " numeric"]
    categorical: Int[np.ndarray, " categorical"]
    categories: Int[np.ndarray, " categorical"]
    inputs: Inputs
    edges: Edges
    bias: Float[np.ndarray, " outputs"]
    symbolic: Layer | None
    symbolic_edges: Int[np.ndarray, " symbolic"]

    @classmethod
    def of(cls, layer: Layer) -> "PreparedLayer":
        """Return a layer prepared as it is now."""
        edges = edges_of(layer)
        places = list(zip(edges.targets.tolist(), edges.sources.tolist(), strict=True))
        return cls(
            in_features=layer.in_features,
            out_features=layer.out_features,
            numeric=np.array(layer.numeric, dtype=np.intp),
            categorical=np.array(layer.categorical, dtype=np.intp),
            categories=np.array([layer.inputs[source].categories for source in layer.categorical], dtype=np.intp),
            inputs=inputs_of(layer),
            edges=edges,
            bias=layer.bias.detach().double().numpy().copy(),
            symbolic=copy.deepcopy(layer) if layer.forms else None,
            symbolic_edges=np.array([places.index(place) for place in layer.forms], dtype=np.intp),
        )

    @cached_property
    def groups(self) -> list[tuple[int, slice]]:
        """Every target that edges lead to, with the positions of these edges."""
        targets, starts, counts = np.unique(self.edges.targets, return_index=True, return_counts=True)
        parts = zip(targets.tolist(), starts.tolist(), (starts + counts).tolist(), strict=True)
        return [(target, slice(start, stop)) for target, start, stop in parts]

    def values(self, x: Float[np.ndarray, "inputs rows"]) -> Float[np.ndarray, "edges rows"]:
        """Return every edge; x in the unit of the inputs, NaN for a missing value, a code for a category."""
        return self._values_and_slopes(x, with_slopes=False)[0]

    def values_and_slopes(
        self, x: Float[np.ndarray, "inputs rows"]
    ) -> tuple[Float[np.ndarray, "edges rows"], Float[np.ndarray, "edges rows"]]:
        """Return every edge and its derivative by the input, 0 for categories and missing values."""
        return self._values_and_slopes(x, with_slopes=True)

    def nodes(self, values: Float[np.ndarray, "edges rows"]) -> Float[np.ndarray, "outputs rows"]:
        """Return the sum of the edges of every target and its bias."""
        nodes = np.zeros((self.out_features, values.shape[1]))
        for target, edges in self.groups:
            np.add.reduce(values[edges], axis=0, out=nodes[target])
        nodes += self.bias[:, None]
        return nodes

    def _values_and_slopes(self, x: np.ndarray, *, with_slopes: bool) -> tuple[np.ndarray, np.ndarray]:
        located, edges = self._located(x, with_slopes=with_slopes), self.edges
        places = located.places.take(edges.sources, axis=0)
        places += edges.first
        t = located.t.take(edges.sources, axis=0)
        # every place exists: "wrap" is merely the fastest way to look one up
        values = edges.coefficients[-1].take(places, mode="wrap")
        slopes = np.zeros_like(values) if with_slopes else values
        for coefficients in edges.coefficients[-2::-1]:
            if with_slopes:
                slopes *= t
                slopes += values
            values *= t
            values += coefficients.take(places, mode="wrap")
        if with_slopes:
            slopes *= located.t_slopes.take(edges.sources, axis=0)
        if edges.base_scale is not None:
            values += edges.base_scale * located.silu.take(edges.sources, axis=0)
            if with_slopes:
                slopes += edges.base_scale * located.silu_slopes.take(edges.sources, axis=0)
        if self.symbolic is not None:
            with torch.no_grad():
                terms, term_slopes = self.symbolic.symbolic_terms(torch.from_numpy(x.T))
            values[self.symbolic_edges] += terms.numpy().T
            if with_slopes:
                slopes[self.symbolic_edges] += term_slopes.numpy().T
        return values, slopes

    def _located(self, x: np.ndarray, *, with_slopes: bool) -> _Located:
        numeric = self._numeric_located(x[self.numeric] if len(self.categorical) else x, with_slopes=with_slopes)
        if not len(self.categorical):
            return numeric
        located = _Located(*(np.zeros(x.shape, dtype=part.dtype) for part in numeric))
        for whole, part in zip(located, numeric, strict=True):
            whole[self.numeric] = part
        located.places[self.categorical] = x[self.categorical]
        return located

    def _numeric_located(self, x: np.ndarray, *, with_slopes: bool) -> _Located:
        inputs = self.inputs
        u = x - inputs.centre
        u /= inputs.half_width
        places = self._counted(u)
        missing = np.isnan(u) & (inputs.missing >= 0) if self._has_gaps else None
        if missing is not None:
            np.copyto(places, inputs.missing, where=missing)
        index = places + inputs.first
        t = u - inputs.middles.take(index, mode="wrap")
        half_lengths = inputs.half_lengths.take(index, mode="wrap")
        t /= half_lengths
        if missing is not None:
            np.copyto(t, 0.0, where=missing)
        t_slopes = 1 / (half_lengths * inputs.half_width) if with_slopes else t
        if self.edges.base_scale is None:
            return _Located(places, t, t_slopes, t, t)
        near = np.minimum(np.maximum(u, inputs.lower), inputs.upper)
        outside = near != u
        share = sigmoid(near)
        silu = near * share
        slopes = (share + silu * (1 - share)) / inputs.half_width if with_slopes else silu
        np.copyto(silu, 0.0, where=outside)
        np.copyto(slopes, 0.0, where=outside)
        return _Located(places, t, t_slopes, silu, slopes)

    @cached_property
    def _has_gaps(self) -> bool:
        return bool((self.inputs.missing >= 0).any())

    def _counted(self, u: Float[np.ndarray, "numeric rows"]) -> Int[np.ndarray, "numeric rows"]:
        """Return how many borders are not larger than each input."""
        borders = self.inputs.borders
        if len(borders) <= COUNTED_BORDERS:
            small: Int[np.ndarray, "numeric rows"] = np.add.reduce(
                np.greater_equal(u, borders).view(np.int8), axis=0, dtype=np.int8
            )
            return small.astype(np.intp)
        counts = [np.searchsorted(own, points, side="right") for own, points in zip(borders[:, :, 0].T, u, strict=True)]
        counted: Int[np.ndarray, "numeric rows"] = np.stack(counts)
        counted[np.isnan(u)] = 0
        return counted
