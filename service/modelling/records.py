"""The canonical text of decision records, written from columns of numbers.

A record is `canonical_json` of a `Prediction`: sorted keys, no spaces, shortest numbers. Nearly all of it is the same
in every record of a version: names, forms, punctuation. These pieces are written once, and a record is them with its
numbers between. The text is what is hashed, what is stored and what is answered.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float
from pydantic import TypeAdapter

from service.domain.canonical import canonical_json
from service.domain.predictions import Value
from service.modelling.active_edges import ActiveEdge

#: Between these sizes the JSON of a number is Python's text of it; beyond them exponents are written otherwise.
PLAIN_LEAST, PLAIN_MOST = 1e-4, 1e16
_numbers = TypeAdapter(list[float])


def number_texts(numbers: Float[np.ndarray, "..."]) -> list[str]:
    """The shortest text that reads back as each number, in the order of the array, as `canonical_json` writes it."""
    flat = numbers.ravel()
    texts = _numbers.dump_json(flat.tolist()).decode()[1:-1].split(",") if flat.size else []
    sizes = np.abs(flat)
    for place in np.flatnonzero((flat != 0) & ~((sizes >= PLAIN_LEAST) & (sizes < PLAIN_MOST))).tolist():
        texts[place] = repr(float(flat[place]))
    return texts


def value_texts(values: Sequence[Value], numbers: Sequence[str]) -> list[str]:
    """The JSON of the values of a row, given those of the same values read as numbers."""
    return [
        number if type(value) is float else json.dumps(value, ensure_ascii=False)
        for value, number in zip(values, numbers, strict=True)
    ]


@dataclass(frozen=True, eq=False)
class EdgeColumns:
    """The edges of some rows and one output, one column per active edge in the order of the model's edges.

    `inputs` are the nodes that the edges behind the first layer start from, and `in_domain` says where they are.
    """

    activations: Float[np.ndarray, "rows edges"]
    contributions: Float[np.ndarray, "rows edges"]
    inputs: Float[np.ndarray, "rows inner"]
    in_domain: Bool[np.ndarray, "rows inner"]


class RecordWriter:
    """Writes records of one model, given the names of its features and its active edges."""

    def __init__(self, names: Sequence[str], edges: Sequence[ActiveEdge]) -> None:
        self.names = tuple(names)
        self._edges = edges
        self._first = [edge for edge in edges if edge.place.layer == 0]

    @cached_property
    def _sources(self) -> list[int]:
        return [edge.place.source for edge in self._first]

    @cached_property
    def _edge_pieces(self) -> list[str]:
        """What stands before the activation, the contribution, the flag and the input of each edge, and at the end."""
        pieces = []
        before = "["
        for edge in self._edges:
            middle = f',"edge":{_text(str(edge.place))},"form":{_text(edge.form)},"in_domain":'
            pieces += [f'{before}{{"activation":', ',"contribution":', middle, ',"input":']
            before = f',"source":{_text(edge.source)},"target":{_text(edge.target)}}},'
        return [*pieces, before.removesuffix(",") + "]"]

    @cached_property
    def _feature_pieces(self) -> list[str]:
        """What stands before the contribution, the standard error and the value of each feature, and at the end."""
        pieces = []
        before = "["
        for name in self.names:
            pieces += [f'{before}{{"contribution":', f',"feature":{_text(name)},"standard_error":', ',"value":']
            before = "},"
        return [*pieces, "}]"]

    @cached_property
    def _row_pieces(self) -> tuple[list[int], list[str]]:
        """The order of the names, and what stands before each value of a row, and at the end."""
        order = sorted(range(len(self.names)), key=lambda place: self.names[place])
        pieces = [f"{',' if position else '{'}{_text(self.names[place])}:" for position, place in enumerate(order)]
        return order, [*pieces, "}"]

    def rows(self, values: Iterable[Sequence[str]]) -> list[str]:
        """The canonical text of rows, given the texts of their values in the order of the features."""
        order, pieces = self._row_pieces
        return [_woven(pieces, [texts[place] for place in order]) for texts in values]

    def features(
        self,
        values: Sequence[Sequence[str]],
        contributions: Float[np.ndarray, "rows features"],
        errors: Float[np.ndarray, "rows features"],
    ) -> list[str]:
        """The list of features of every row."""
        width = len(self.names)
        numbers, deviations = number_texts(contributions), number_texts(errors)
        found = []
        for row, texts in enumerate(values):
            part, woven = slice(row * width, (row + 1) * width), [""] * (3 * width)
            woven[0::3], woven[1::3], woven[2::3] = numbers[part], deviations[part], texts
            found.append(_woven(self._feature_pieces, woven))
        return found

    def edges(
        self, values: Sequence[Sequence[str]], columns: EdgeColumns, outside: Sequence[frozenset[str]]
    ) -> list[str]:
        """The list of edges of every row; `outside` are the features of each row beyond their domain."""
        if not self._edges:
            return ["[]"] * len(values)
        count, first = len(self._edges), len(self._first)
        inner = count - first
        activations, contributions = number_texts(columns.activations), number_texts(columns.contributions)
        inputs, flags = number_texts(columns.inputs), np.where(columns.in_domain, "true", "false").tolist()
        found = []
        for row, texts in enumerate(values):
            part, woven = slice(row * count, (row + 1) * count), [""] * (4 * count)
            woven[0::4], woven[1::4] = activations[part], contributions[part]
            woven[2::4] = [*self._first_flags(outside[row]), *flags[row]]
            woven[3::4] = [*[texts[source] for source in self._sources], *inputs[row * inner : (row + 1) * inner]]
            found.append(_woven(self._edge_pieces, woven))
        return found

    def _first_flags(self, outside: frozenset[str]) -> list[str]:
        if not outside:
            return ["true"] * len(self._first)
        return ["false" if edge.source in outside else "true" for edge in self._first]


def record_text(base_value: float, edges: str, features: str, rest: Mapping[str, object]) -> str:
    """A whole record; `rest` are the other fields, all of which sort behind these three."""
    return f'{{"base_value":{base_value!r},"edges":{edges},"features":{features},{canonical_json(rest)[1:]}'


def inner_domain(
    edges: Sequence[ActiveEdge],
) -> tuple[Float[np.ndarray, " inner"], Float[np.ndarray, " inner"]]:
    """The least and the largest input of every edge behind the first layer."""
    domains = [edge.domain for edge in edges if edge.place.layer and edge.domain is not None]
    bounds = np.array(domains, dtype=np.float64).reshape(-1, 2)
    return bounds[:, 0], bounds[:, 1]


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _woven(pieces: Sequence[str], values: Sequence[str]) -> str:
    woven = [""] * (len(pieces) + len(values))
    woven[0::2], woven[1::2] = pieces, values
    return "".join(woven)
