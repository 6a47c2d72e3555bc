"""The canonical text of decision records, written from columns of numbers.

A record is `canonical_json` of a `Prediction`: sorted keys, no spaces, shortest numbers. Nearly all of it is the same
in every record of a version: names, forms, punctuation. These pieces are written once, and a record is them with its
numbers between. The text is what is hashed and what is answered. What is stored are the pieces once, as a template, and
of each record its numbers and the rest of the text: a sixth of the whole, and it reads back to the same text.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float
from pydantic import TypeAdapter

from service.domain.canonical import canonical_json, digest_of
from service.domain.predictions import Explain, Value

#: Between these sizes the JSON of a number is Python's text of it; beyond them exponents are written otherwise.
PLAIN_LEAST, PLAIN_MOST = 1e-4, 1e16
NUMBER_BYTES = 8
_numbers = TypeAdapter(list[float])


def number_texts(numbers: Float[np.ndarray, "..."]) -> list[str]:
    """The shortest text that reads back as each number, in the order of the array, as `canonical_json` writes it."""
    flat = numbers.ravel()
    texts = _numbers.dump_json(flat.tolist()).decode()[1:-1].split(",") if flat.size else []
    sizes = np.abs(flat)
    for place in np.flatnonzero((flat != 0) & ~((sizes >= PLAIN_LEAST) & (sizes < PLAIN_MOST))).tolist():
        texts[place] = repr(float(flat[place]))
    return texts


def value_texts(values: Sequence[Value], numbers: Sequence[str]) -> Sequence[str]:
    """The JSON of the values of a row, given those of the same values read as numbers."""
    if {*map(type, values)} == {float}:
        return numbers
    return [
        number if type(value) is float else json.dumps(value, ensure_ascii=False)
        for value, number in zip(values, numbers, strict=True)
    ]


@dataclass(frozen=True)
class EdgeWords:
    """What records say of an edge in words; `input` is the position of its feature, None behind the first layer."""

    edge: str
    form: str
    source: str
    target: str
    input: int | None


@dataclass(frozen=True)
class RecordTemplate:
    """Everything that is the same in the records of a version: the names of its features, and its active edges."""

    names: tuple[str, ...]
    edges: tuple[EdgeWords, ...]

    @classmethod
    def read(cls, text: str) -> "RecordTemplate":
        """The template that was stored as a text."""
        content = json.loads(text)
        return cls(tuple(content["names"]), tuple(EdgeWords(**edge) for edge in content["edges"]))

    @cached_property
    def text(self) -> str:
        """What is stored of it."""
        return canonical_json(asdict(self))

    @cached_property
    def digest(self) -> str:
        """Names it."""
        return digest_of(self.text.encode())

    def widths(self, explain: Explain) -> tuple[int, int, int]:
        """How many edges, edges behind the first layer, and features a record tells of."""
        if explain != "edges":
            return 0, 0, 0 if explain == "none" else len(self.names)
        return len(self.edges), sum(edge.input is None for edge in self.edges), len(self.names)


class RecordNumbers(NamedTuple):
    """The numbers of the records of some rows, as far as they are explained.

    `inputs` are the nodes that the edges behind the first layer start from; `errors` are the standard errors of the
    features, and `in_domain` says of every edge whether its input was seen in training.
    """

    base: Float[np.ndarray, "rows 1"]
    activations: Float[np.ndarray, "rows edges"]
    contributions: Float[np.ndarray, "rows edges"]
    inputs: Float[np.ndarray, "rows inner"]
    features: Float[np.ndarray, "rows features"]
    errors: Float[np.ndarray, "rows features"]
    in_domain: Bool[np.ndarray, "rows edges"]

    @classmethod
    def empty(cls, rows: int, edges: int, inner: int, features: int) -> "RecordNumbers":
        """Room for numbers."""
        base, activations, contributions, inputs, told, errors = (
            np.zeros((rows, width)) for width in (1, edges, edges, inner, features, features)
        )
        in_domain = np.ones((rows, edges), dtype=bool)
        return cls(base, activations, contributions, inputs, told, errors, in_domain)

    def packed(self) -> list[bytes]:
        """What is stored of each row: numbers in little-endian order, errors only where there are any, then flags."""
        numbers, flags = np.concatenate(self[:5], axis=1).astype("<f8", copy=False), np.packbits(self.in_domain, axis=1)
        found = [own.tobytes() for own in numbers]
        if self.errors.any():
            errors = self.errors.astype("<f8", copy=False)
            found = [own + (one.tobytes() if one.any() else b"") for own, one in zip(found, errors, strict=True)]
        return [own + flag.tobytes() for own, flag in zip(found, flags, strict=True)]

    @classmethod
    def unpacked(cls, content: bytes, edges: int, inner: int, features: int) -> "RecordNumbers":
        """The numbers of one row, as they were packed."""
        whole, end = cls.empty(1, edges, inner, features), len(content) - -(-edges // 8)
        numbers = np.frombuffer(content[:end], dtype="<f8")
        start = 0
        for part in whole[:6]:
            count = part.shape[1]
            if start + count <= len(numbers):  # errors may be left away
                part[0] = numbers[start : start + count]
            start += count
        whole.in_domain[0] = np.unpackbits(np.frombuffer(content[end:], dtype=np.uint8), count=edges).astype(bool)
        return whole


class RecordWriter:
    """Writes the records of one template."""

    def __init__(self, template: RecordTemplate) -> None:
        self.template = template
        self.names = template.names
        self.values_of = _getter(self.names)
        self._inputs_of = _getter([edge.input for edge in template.edges if edge.input is not None])

    @cached_property
    def _edge_pieces(self) -> list[str]:
        """What stands around the activation, the contribution, the flag and the input of each edge, with room for them.

        Flags are `true`, as they nearly always are.
        """
        pieces = []
        before = "["
        for edge in self.template.edges:
            middle = f',"edge":{_text(edge.edge)},"form":{_text(edge.form)},"in_domain":'
            pieces += [f'{before}{{"activation":', "", ',"contribution":', "", middle, "true", ',"input":', ""]
            before = f',"source":{_text(edge.source)},"target":{_text(edge.target)}}},'
        return [*pieces, before.removesuffix(",") + "]"]

    @cached_property
    def _feature_pieces(self) -> list[str]:
        """What stands around the contribution, the standard error and the value of each feature, with room for them."""
        pieces = []
        before = "["
        for name in self.names:
            pieces += [
                f'{before}{{"contribution":',
                "",
                f',"feature":{_text(name)},"standard_error":',
                "0.0",
                ',"value":',
            ]
            pieces.append("")
            before = "},"
        return [*pieces, "}]"]

    @cached_property
    def _row_pieces(self) -> tuple[list[int], list[str]]:
        """The order of the names, and what stands before each value of a row, and at the end, with room for them."""
        order = sorted(range(len(self.names)), key=lambda place: self.names[place])
        pieces = [f"{',' if position else '{'}{_text(self.names[place])}:" for position, place in enumerate(order)]
        woven = [""] * (2 * len(pieces) + 1)
        woven[0::2] = [*pieces, "}"]
        return order, woven

    def rows(self, values: Iterable[Sequence[str]]) -> list[str]:
        """The canonical text of rows, given the texts of their values in the order of the features."""
        order, pieces = self._row_pieces
        found = []
        for texts in values:
            woven = pieces.copy()
            woven[1::2] = [texts[place] for place in order]
            found.append("".join(woven))
        return found

    def heads(self, values: Sequence[Sequence[str]], numbers: RecordNumbers) -> list[str]:
        """How the record of each row begins, up to its features, given the texts of the values of its row."""
        edges, inner, features = numbers.activations.shape[1], numbers.inputs.shape[1], numbers.features.shape[1]
        texts = number_texts(np.concatenate(numbers[:5], axis=1))
        has_errors: list[bool]
        is_inside: list[bool]
        has_errors, is_inside = np.any(numbers.errors, axis=1).tolist(), np.all(numbers.in_domain, axis=1).tolist()
        found, start = [], 0
        for row, own in enumerate(values):
            told = "[]"
            first = start + 1
            if edges:
                woven, after = self._edge_pieces.copy(), first + 2 * edges
                woven[1::8], woven[3::8] = texts[first : first + edges], texts[first + edges : after]
                woven[7::8] = [*self._inputs_of(own), *texts[after : after + inner]]
                if not is_inside[row]:
                    woven[5::8] = ["true" if inside else "false" for inside in numbers.in_domain[row].tolist()]
                told, first = "".join(woven), after + inner
            of_features = "[]"
            if features:
                woven = self._feature_pieces.copy()
                woven[1::6], woven[5::6] = texts[first : first + features], own
                if has_errors[row]:
                    woven[3::6] = number_texts(numbers.errors[row])
                of_features = "".join(woven)
            found.append(f'{{"base_value":{texts[start]},"edges":{told},"features":{of_features},')
            start = first + features
        return found

    def restored(self, row: str, packed: bytes, rest: str, explain: Explain) -> str:
        """The text of a record, given that of its row, its packed numbers and the rest of its text, as stored."""
        values = self.values_of(json.loads(row))
        floats = np.array([[value if type(value) is float else 0.0 for value in values]], dtype=np.float64)
        numbers = RecordNumbers.unpacked(packed, *self.template.widths(explain))
        return self.heads([value_texts(values, number_texts(floats))], numbers)[0] + rest


def _getter(keys: Sequence[Any]) -> Callable[[Any], tuple[Any, ...]]:
    """What takes the values at some keys, as a tuple also where there are none or one."""
    if len(keys) > 1:
        return itemgetter(*keys)
    return lambda values: tuple(values[key] for key in keys)


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)
