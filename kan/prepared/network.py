"""A network prepared for serving: its layers as flat tables, evaluated block by block of rows.

A row has the same bits whatever rows it is evaluated with, in every thread; without formulas also on every processor.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float, Int

from kan.errors import ShapeMismatch, WrongValueType
from kan.network import Network
from kan.prepared.layer import PreparedLayer

BLOCK = 2**16  # numbers of one array: few enough for the cache of a processor, enough for long loops
LEAST_ROWS, MOST_ROWS = 16, 1024


@dataclass(frozen=True, eq=False)
class PreparedTrace:
    """Everything a network computes for some rows, layer by layer: nodes (inputs first), edges and their slopes.

    `slopes` are derivatives by the input of the edge; the first layer has none.
    """

    nodes: list[Float[np.ndarray, "_ rows"]]
    values: list[Float[np.ndarray, "_ rows"]]
    slopes: list[Float[np.ndarray, "_ rows"]]

    @property
    def outputs(self) -> Float[np.ndarray, "outputs rows"]:
        """The nodes of the last layer."""
        return self.nodes[-1]

    def rows(self, start: int, stop: int) -> "PreparedTrace":
        """Return the part between two rows."""
        return self._of(slice(start, stop))

    def chosen(self, rows: Int[np.ndarray, " rows"]) -> "PreparedTrace":
        """Return these rows."""
        return self._of(rows)

    def _of(self, rows: slice | Int[np.ndarray, " rows"]) -> "PreparedTrace":
        return PreparedTrace(*([one[:, rows] for one in part] for part in (self.nodes, self.values, self.slopes)))


@dataclass(frozen=True, eq=False)
class PreparedNetwork:
    """A network as it was when it was prepared; nothing changes it, so that threads may share it."""

    layers: tuple[PreparedLayer, ...]

    @classmethod
    def of(cls, network: Network) -> "PreparedNetwork":
        """Return a network prepared as it is now."""
        return cls(tuple(PreparedLayer.of(network.layer(position)) for position in range(len(network.layers))))

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """Number of nodes from the inputs to the outputs."""
        return (self.layers[0].in_features, *(layer.out_features for layer in self.layers))

    @cached_property
    def block_rows(self) -> int:
        """How many rows are evaluated at once."""
        widest = max(*(len(layer.edges.sources) for layer in self.layers), *self.shape)
        return int(np.clip(BLOCK // widest, LEAST_ROWS, MOST_ROWS))

    def outputs(self, x: Float[np.ndarray, "rows inputs"]) -> Float[np.ndarray, "rows outputs"]:
        """Return the outputs on the link scale; raises ShapeMismatch, WrongValueType (a category without a code)."""
        outputs = np.empty((len(x), self.shape[-1]))
        with np.errstate(all="ignore"):
            for start, stop, nodes in self.blocks(x):
                for layer in self.layers:
                    nodes = layer.nodes(layer.values(nodes))
                outputs[start:stop] = nodes.T
        return outputs

    def trace(self, x: Float[np.ndarray, "rows inputs"]) -> PreparedTrace:
        """Return every node, edge and slope of rows as one block; raises ShapeMismatch, WrongValueType."""
        parts = [self.trace_block(block) for _, _, block in self.blocks(x)]
        if len(parts) == 1:
            return parts[0]
        lists = ([part.nodes for part in parts], [part.values for part in parts], [part.slopes for part in parts])
        return PreparedTrace(*([np.concatenate(one, axis=1) for one in zip(*part, strict=True)] for part in lists))

    def trace_block(self, block: Float[np.ndarray, "inputs rows"]) -> PreparedTrace:
        """Return every node, edge and slope of a block that `blocks` gave."""
        nodes, values, slopes = [block], [], []
        with np.errstate(all="ignore"):
            for position, layer in enumerate(self.layers):
                if position:
                    own, own_slopes = layer.values_and_slopes(nodes[-1])
                    slopes.append(own_slopes)
                else:
                    own = layer.values(block)
                values.append(own)
                nodes.append(layer.nodes(own))
        return PreparedTrace(nodes, values, slopes)

    def blocks(self, x: Float[np.ndarray, "rows inputs"]) -> Iterator[tuple[int, int, Float[np.ndarray, "inputs _"]]]:
        """Give first row, end and numbers of every block; raises ShapeMismatch, WrongValueType."""
        self._check(x)
        for start in range(0, len(x), self.block_rows):
            stop = min(start + self.block_rows, len(x))
            yield start, stop, np.array(x[start:stop].T, dtype=np.float64, order="C")

    def _check(self, x: Float[np.ndarray, "rows inputs"]) -> None:
        if x.shape[1] != self.shape[0]:
            raise ShapeMismatch("Network input", f"(rows, {self.shape[0]})", x.shape)
        first = self.layers[0]
        for source, count in zip(first.categorical.tolist(), first.categories.tolist(), strict=True):
            column = x[:, source]
            wrong = ~((column >= 0) & (column <= count) & (column == np.floor(column)))
            if wrong.any():
                row = int(np.flatnonzero(wrong)[0])
                raise WrongValueType(f"input {source}", row, f"code from 0 to {count}", float(column[row]))
