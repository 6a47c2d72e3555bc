"""A prepared layer: the values of all edges at a block of rows, and the nodes that they sum to.

Rows are the last axis; every sum is in a fixed order, so that a row has the same bits in every block.
"""

import copy
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Float, Int

from kan.layer import Layer
from kan.prepared.kernels import evaluate_edges, evaluate_inputs, sum_edges
from kan.prepared.tables import Edges, Inputs, edges_of, inputs_of


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
        sum_edges(values, self.edges.targets, self.bias, nodes)
        return nodes

    def _values_and_slopes(self, x: np.ndarray, *, with_slopes: bool) -> tuple[np.ndarray, np.ndarray]:
        edges = self.edges
        places, given = np.zeros(x.shape, dtype=np.int64), np.zeros((4, *x.shape))
        evaluate_inputs(x, self.numeric, self.categorical, *self.inputs, places, given)
        values = np.empty((len(edges.sources), x.shape[1]))
        slopes = np.empty(values.shape if with_slopes else (0, 0))
        tables = (edges.sources, edges.first, edges.coefficients, edges.base_scale)
        evaluate_edges(places, given, *tables, values, slopes)
        if self.symbolic is not None:
            with torch.no_grad():
                terms, term_slopes = self.symbolic.symbolic_terms(torch.from_numpy(x.T))
            values[self.symbolic_edges] += terms.numpy().T
            if with_slopes:
                slopes[self.symbolic_edges] += term_slopes.numpy().T
        return values, slopes
