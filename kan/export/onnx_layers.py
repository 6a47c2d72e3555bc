"""One layer of edges as operations of ONNX, all edges at once.

Every input finds its row in a table of polynomials, where categories, and a missing number, are rows of their own with
a constant; the edges of the layer are the columns of the table.

Symbols of shapes: R rows, I inputs and J outputs of the layer.
"""

import math
from collections.abc import Callable

import numpy as np
from jaxtyping import Float
from onnx import TensorProto

from kan.export.onnx_operations import Operations, sigmoid
from kan.export.pieces import CategoricalNode, Edge, Node, NumericNode, Pieces, SplineCurve
from kan.symbolic.evaluation import derivative
from kan.symbolic.expressions import Expression
from kan.symbolic.library import SymbolicForm


class LayerGraph:
    """The operations of one layer: `values` (R, I, J) of its edges, `outputs` (R, J), `slopes` (R, I, J)."""

    def __init__(self, graph: Operations, pieces: Pieces, position: int, x: str) -> None:
        """Add the operations that compute values and outputs from the nodes `x` (R, I)."""
        self.graph, self.x, self.position = graph, x, position
        self.shape = pieces.shape[position : position + 2]
        self.edges = pieces.edges_of(position)
        self.nodes = [pieces.nodes[n] for n in pieces.nodes_of(position)]
        self.rows = [(i, k) for i, node in enumerate(self.nodes) for k in range(_rows_of(node))]
        self._place()
        self.values = self._values()
        biases = [pieces.biases[n - len(pieces.features)] for n in pieces.nodes_of(position + 1)]
        self.outputs = graph.add(graph.sum(self.values, 1), graph.numbers(biases))

    def _place(self) -> None:
        """Find where every input lies: its row of the table, near, beyond, u and t."""
        graph, of_nodes = self.graph, self._of_nodes
        missing = graph.apply("And", graph.apply("IsNaN", self.x), graph.booleans([_may_miss(n) for n in self.nodes]))
        lower, upper = of_nodes(lambda node: node.lower), of_nodes(lambda node: node.upper)
        x = graph.apply("Where", missing, lower, self.x)
        is_below, is_above = graph.apply("Less", x, lower), graph.apply("Greater", x, upper)
        self.near = graph.apply("Where", is_below, lower, graph.apply("Where", is_above, upper, x))
        is_low = graph.apply("GreaterOrEqual", x, of_nodes(lambda node: node.lowest))
        is_high = graph.apply("LessOrEqual", x, of_nodes(lambda node: node.highest))
        beyond = graph.apply("Sub", x, self.near)
        self.beyond = graph.apply("Where", graph.apply("And", is_low, is_high), graph.numbers(0.0), beyond)
        shifted = graph.apply("Sub", self.near, of_nodes(lambda node: node.centre))
        u = graph.apply("Div", shifted, of_nodes(lambda node: node.half_width, 1.0))
        self.u = graph.apply("Where", missing, graph.numbers(0.0), u)  # where every base is 0
        self.missing, self.row = missing, self._row(x, missing)
        middle, half_length = self._looked_up("middles", 0.0), self._looked_up("half_lengths", 1.0)
        self.t = graph.with_axis(graph.apply("Div", graph.apply("Sub", self.u, middle), half_length), 2)

    def _of_nodes(self, read: Callable[[NumericNode], float], otherwise: float = 0.0) -> str:
        """Add one constant per input, `otherwise` for a category."""
        return self.graph.numbers([read(one) if isinstance(one, NumericNode) else otherwise for one in self.nodes])

    def _row(self, x: str, missing: str) -> str:
        """Return which row of the table every input needs (R, I)."""
        graph = self.graph
        breaks = [one.breaks if isinstance(one, NumericNode) else () for one in self.nodes]
        longest = max([1, *(len(one) for one in breaks)])
        padded = graph.numbers([[*one, *[math.inf] * (longest - len(one))] for one in breaks])
        passed = graph.apply("GreaterOrEqual", graph.with_axis(x, 2), padded)
        interval = graph.sum(graph.cast(passed), 2)
        counts = [one.categories if isinstance(one, CategoricalNode) else 0 for one in self.nodes]
        is_code = graph.apply("GreaterOrEqual", x, graph.numbers(0.0))
        is_code = graph.apply("And", is_code, graph.apply("Less", x, graph.numbers(counts)))
        code = graph.apply("Where", is_code, x, graph.numbers(counts))
        place = graph.apply("Where", graph.booleans([count > 0 for count in counts]), code, interval)
        ends = [one.missing if isinstance(one, CategoricalNode) else len(one.middles) for one in self.nodes]
        place = graph.apply("Where", missing, graph.numbers(ends), place)
        firsts = [self.rows.index((i, 0)) for i in range(len(self.nodes))]
        return graph.add(graph.cast(place, TensorProto.INT64), graph.indices(firsts))

    def _looked_up(self, name: str, otherwise: float) -> str:
        """Return a number of the interval that every input lies in (R, I)."""
        table = [otherwise] * len(self.rows)
        for row, (i, k) in enumerate(self.rows):
            numbers = getattr(self.nodes[i], name, ())
            table[row] = numbers[k] if k < len(numbers) else otherwise
        return self.graph.apply("Gather", self.graph.numbers(table), self.row)

    def of_edges(self, read: Callable[[Edge], float]) -> Float[np.ndarray, "inputs outputs"]:
        """Return one number per edge, 0 where there is none."""
        found = np.zeros(self.shape)
        for edge in self.edges:
            found[edge.edge.source, edge.edge.target] = read(edge)
        return found

    def _polynomials(self, table: Float[np.ndarray, "powers rows outputs"]) -> str:
        """Return the polynomial of every edge at t (R, I, J)."""
        *lower, highest = [self.graph.apply("Gather", self.graph.numbers(power), self.row) for power in table]
        for coefficient in reversed(lower):
            highest = self.graph.add(self.graph.multiply(highest, self.t), coefficient)
        return highest

    def _table(self) -> Float[np.ndarray, "powers rows outputs"]:
        """Return the coefficients of every edge: of splines in every interval, constants of categories and gaps."""
        splines = [edge.curve.coefficients for edge in self.edges if isinstance(edge.curve, SplineCurve)]
        table = np.zeros((max([1, *(len(one[0]) for one in splines)]), len(self.rows), self.shape[1]))
        for edge in self.edges:
            first, target = self.rows.index((edge.edge.source, 0)), edge.edge.target
            node = self.nodes[edge.edge.source]
            if isinstance(node, NumericNode):
                table[0, first + len(node.middles), target] = edge.missing
            if isinstance(edge.curve, SplineCurve):
                own = np.array(edge.curve.coefficients)
                table[: own.shape[1], first : first + len(own), target] = own.T
            elif isinstance(edge.curve, tuple):
                table[0, first : first + len(edge.curve), target] = edge.curve
        return table

    def _values(self) -> str:
        graph, u, share = (
            self.graph,
            self.graph.with_axis(self.u, 2),
            self.graph.with_axis(sigmoid(self.graph, self.u), 2),
        )
        inside = graph.add(
            self._polynomials(self._table()),
            graph.multiply(graph.multiply(u, share), graph.numbers(self._scales("silu"))),
            graph.multiply(u, graph.numbers(self._scales("identity"))),
            self._formulas(lambda form: form.expression),
        )
        beyond = graph.with_axis(self.beyond, 2)
        lower, upper = (graph.multiply(beyond, slopes) for slopes in self._border_slopes())
        return graph.add(inside, self._by_side(lower, graph.numbers(0.0), upper))

    def slopes(self) -> str:
        """Return the slope of every edge (R, I, J); only numbers have one."""
        graph, u, share = (
            self.graph,
            self.graph.with_axis(self.u, 2),
            self.graph.with_axis(sigmoid(self.graph, self.u), 2),
        )
        widths = np.array([[one.half_width if isinstance(one, NumericNode) else 1.0] for one in self.nodes])
        falling = graph.multiply(u, graph.multiply(share, graph.apply("Sub", graph.numbers(1.0), share)))
        silu = graph.multiply(graph.add(share, falling), graph.numbers(self._scales("silu") / widths))
        inside = graph.add(
            self._polynomials(self._slope_table()),
            silu,
            graph.numbers(self._scales("identity") / widths),
            self._formulas(lambda form: derivative(form.expression)),
        )
        lower, upper = self._border_slopes()
        return self._by_side(lower, inside, upper)

    def _scales(self, base: str) -> Float[np.ndarray, "inputs outputs"]:
        """Return the weight of one base in every edge."""

        def scale(edge: Edge) -> float:
            return edge.curve.base_scale if isinstance(edge.curve, SplineCurve) and edge.curve.base == base else 0.0

        return self.of_edges(scale)

    def _slope_table(self) -> Float[np.ndarray, "powers rows outputs"]:
        """Return the coefficients of the derivatives of the polynomials."""
        table, scales = self._table(), np.ones((len(self.rows), 1))
        for row, (i, k) in enumerate(self.rows):
            node = self.nodes[i]
            if isinstance(node, NumericNode) and k < len(node.middles):
                scales[row] = node.half_lengths[k] * node.half_width
        powers = np.arange(len(table))[:, None, None]
        slopes: np.ndarray = powers * table / scales
        return slopes[min(1, len(table) - 1) :]

    def _border_slopes(self) -> tuple[str, str]:
        lower, upper = self.of_edges(lambda edge: edge.slopes[0]), self.of_edges(lambda edge: edge.slopes[1])
        return self.graph.numbers(lower), self.graph.numbers(upper)

    def _by_side(self, lower: str, inside: str, upper: str) -> str:
        """Return one of three values by where the input lies: below its domain, inside, above."""
        graph, beyond, zero = self.graph, self.graph.with_axis(self.beyond, 2), self.graph.numbers(0.0)
        above = graph.apply("Where", graph.apply("Greater", beyond, zero), upper, inside)
        return graph.apply("Where", graph.apply("Less", beyond, zero), lower, above)

    def _formulas(self, read: Callable[[SymbolicForm], Expression]) -> str:
        """Return the value of every formula in its place (R, I, J), 0 elsewhere and where the input is missing."""
        graph, zero = self.graph, self.graph.numbers(0.0)
        columns = [graph.multiply(self._column(self.u, 0), zero)]
        places = np.zeros(self.shape, dtype=np.int64)
        for edge in self.edges:
            if isinstance(edge.curve, SymbolicForm):
                places[edge.edge.source, edge.edge.target] = len(columns)
                value = graph.formula(read(edge.curve), self._column(self.near, edge.edge.source))
                missing = self._column(self.missing, edge.edge.source)
                columns.append(graph.apply("Where", missing, zero, value))
        return graph.apply("Gather", graph.apply("Concat", *columns, axis=1), graph.indices(places), axis=1)

    def _column(self, values: str, position: int) -> str:
        """Return one column (R, 1)."""
        return self.graph.apply("Gather", values, self.graph.indices([position]), axis=1)


def _rows_of(node: Node) -> int:
    """Return how many rows of the table belong to a node: its intervals and a gap, or its categories and others."""
    return node.categories + 1 if isinstance(node, CategoricalNode) else len(node.middles) + 1


def _may_miss(node: Node) -> bool:
    return isinstance(node, CategoricalNode) or node.has_missing
