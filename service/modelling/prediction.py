"""From rows of JSON to decision records: output, contributions, reasons, warnings, and the proof that they add up.

A row gives the same record to the last bit whatever rows it is answered with, so that a replay can compare bytes.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

import kan.errors
from kan.explanation.edge_flow import TOLERANCE, EdgeFlow, traced_flow
from kan.explanation.shapley import Method as ShapleyMethod
from kan.explanation.shapley import shapley_method, shapley_values
from kan.features import CategoricalFeature, domain_warnings
from kan.model import FittedModel
from kan.prepared.network import PreparedTrace
from service.domain.canonical import digest_of
from service.domain.predictions import (
    ClassProbability,
    Explain,
    FeatureMethod,
    Method,
    Output,
    Value,
)
from service.domain.references import TRAINING, TRAINING_REVISION, NamedReference
from service.errors import IdentityViolated, OutputUndefined
from service.modelling.intervals import intervals_of
from service.modelling.reasons import Explained, Wording, adverse_reasons
from service.modelling.records import EdgeColumns, inner_domain, number_texts, record_text, value_texts
from service.modelling.references import PreparedReference
from service.modelling.registry import LoadedModel

Link = Literal["identity", "logit", "softmax"]
LINKS: Mapping[str, Link] = {"identity": "identity", "logit": "logit", "softmax": "softmax"}
METHODS: Mapping[ShapleyMethod, Method] = {
    "additive": "shapley_additive",
    "exact": "shapley_exact",
    "sampled": "shapley_sampled",
}


@dataclass(frozen=True)
class Basis:
    """What a prediction is explained by, besides the model: the population it is measured against, and the words.

    Without a `name` the record is one of before references had names.
    """

    reference: PreparedReference
    name: NamedReference | None
    wording: Wording = field(default_factory=Wording)
    feature_method: FeatureMethod = "auto"


@dataclass(frozen=True, eq=False)
class Question:
    """Rows that one caller wants answered, as they came and as numbers, under the identifier of the same position."""

    rows: Sequence[Mapping[str, Value]]
    x: Float[np.ndarray, "rows features"]
    explain: Explain
    ids: Sequence[str]
    basis: Basis


@dataclass(frozen=True)
class Record:
    """A decision record: its exact text and the digest of that, the text of the row, and the outcome it speaks of."""

    id: str
    text: str
    digest: str
    row: str
    outcome: str | None


def training_basis(model: LoadedModel, wording: Wording | None = None, feature_method: FeatureMethod = "auto") -> Basis:
    """The training rows that the version's own artifact holds."""
    name = NamedReference(name=TRAINING, revision=TRAINING_REVISION, digest=model.digest)
    return Basis(model.training_reference, name, wording or Wording(), feature_method)


def link_of(model: LoadedModel) -> Link:
    """The scale on which the contributions of this model add up."""
    return LINKS[model.fitted.link]


def predict(
    model: LoadedModel, rows: Sequence[Mapping[str, Value]], explain: Explain, ids: Sequence[str], basis: Basis
) -> tuple[Record, ...]:
    """One record per row, under the identifier of the same position, measured against the reference of the basis.

    A multinomial model explains the most probable outcome of each row.
    Raises: a leaf of InvalidRow that names row and feature; NotAdditive; IdentityViolated.
    """
    if not rows:
        return ()
    return predict_together(model, [Question(rows, model.reader.read(rows), explain, ids, basis)])[0]


def predict_together(model: LoadedModel, questions: Sequence[Question]) -> tuple[tuple[Record, ...], ...]:
    """The records of several questions that ask for the same explanation against the same reference.

    Raises: OutputUndefined with a row counted over all questions; NotAdditive; IdentityViolated.
    """
    answers = _Answers(model, questions)
    start, found = 0, []
    for question in questions:
        found.append(answers.records(question, range(start, start + len(question.rows))))
        start += len(question.rows)
    return tuple(found)


def example_row(model: LoadedModel) -> dict[str, Value]:
    """The first reference row, in the form in which a caller sends it."""
    return shown_row(model.fitted, model.fitted.reference[0])


def shown_row(fitted: FittedModel, x: Float[Tensor, " features"]) -> dict[str, Value]:
    """An encoded row of training data, in the form in which a caller sends it."""
    row: dict[str, Value] = {}
    for feature, value in zip(fitted.features, x.tolist(), strict=True):
        if isinstance(feature, CategoricalFeature):
            row[feature.name] = feature.categories[int(value)] or None
        else:
            row[feature.name] = None if math.isnan(value) else value
    return row


class _Explained:
    """The rows that one output is explained of, at their places among all, and what the network says of them."""

    def __init__(self, answers: "_Answers", output: int, members: Sequence[int], flow: EdgeFlow) -> None:
        self.answers, self.output, self.flow = answers, output, flow
        self.position = {place: position for position, place in enumerate(members)}
        self.members = members
        self.columns = _edge_columns(answers.model, flow)
        self.residuals = [
            [math.fsum(part) for part in self.columns.contributions[:, layer].tolist()]
            for layer in answers.model.edge_slices
        ]

    @cached_property
    def contributions(self) -> Float[np.ndarray, "rows features"]:
        """What the edges of each feature contribute together."""
        return self.flow.feature_contributions.numpy()

    @cached_property
    def edges(self) -> list[str]:
        """The text of the edges of each row."""
        values = [self.answers.values[place] for place in self.members]
        outside = [frozenset(one.feature for one in self.answers.warnings[place]) for place in self.members]
        return self.answers.model.writer.edges(values, self.columns, outside)

    @cached_property
    def features(self) -> list[str]:
        """The text of the features of each row, as far as their edges go."""
        values = [self.answers.values[place] for place in self.members]
        return self.answers.model.writer.features(values, self.contributions, np.zeros_like(self.contributions))

    def residual(self, position: int, link: float, shapley: Sequence[float]) -> float:
        """The largest miss over the layers and the features; exact sums do not depend on an order."""
        difference = link - self.flow.base_value
        sums = [layer[position] for layer in self.residuals] + ([math.fsum(shapley)] if shapley else [])
        return max(abs(one - difference) for one in sums)


class _Answers:
    """What a network computes for the rows of some questions, all at once, and the records that are written from it."""

    def __init__(self, model: LoadedModel, questions: Sequence[Question]) -> None:
        self.model, self.fitted = model, model.fitted
        self.x = np.concatenate([question.x for question in questions])
        self.rows = [row for question in questions for row in question.rows]
        self.values = self._values()
        self.row_texts = model.writer.rows(self.values)
        self.warnings = domain_warnings(self.fitted.features, torch.from_numpy(self.x))
        traced = self.fitted.prepared.trace(self.x)
        self.chosen = traced.outputs.argmax(axis=0) if self.fitted.family == "multinomial" else np.zeros(len(self.x))
        self.outputs = _outputs(self.fitted, traced, self.chosen)
        self.intervals = intervals_of(self.fitted, self.outputs)
        reference = questions[0].basis.reference
        self.explained = [self._explained(traced, reference, output) for output in np.unique(self.chosen).tolist()]
        self.of = {place: one for one in self.explained for place in one.members}

    def records(self, question: Question, places: range) -> tuple[Record, ...]:
        """The records of one question, whose rows are at these places."""
        shapley = {one.output: self._shapley(question, places, one) for one in self.explained}
        found = []
        for at, place in enumerate(places):
            own = self.of[place]
            text = self._text(question, question.ids[at], place, own, shapley[own.output])
            outcome = self.outputs[place].outcome
            found.append(Record(question.ids[at], text, digest_of(text.encode()), self.row_texts[place], outcome))
        return tuple(found)

    def _values(self) -> list[list[str]]:
        names, numbers = self.model.writer.names, number_texts(self.x)
        width = len(names)
        return [
            value_texts([row[name] for name in names], numbers[at * width : (at + 1) * width])
            for at, row in enumerate(self.rows)
        ]

    def _explained(self, traced: PreparedTrace, reference: PreparedReference, output: int) -> _Explained:
        members = np.flatnonzero(self.chosen == output)
        part = traced if len(members) == len(self.chosen) else traced.chosen(members)
        try:
            flow = traced_flow(reference.traced, part, output=int(output))
        except kan.errors.IdentityViolated as violated:
            raise IdentityViolated(violated.residual) from violated
        return _Explained(self, int(output), members.tolist(), flow)

    def _shapley(self, question: Question, places: range, own: _Explained) -> "_Shapley | None":
        basis, explain = question.basis, question.explain
        if explain == "none" or basis.name is None or basis.feature_method == "edge_flow":
            return None
        members = [place for place in places if self.of[place] is own]
        games = basis.reference.games(own.output)
        is_automatic = basis.feature_method == "auto" and explain == "edges"
        if not members or (is_automatic and shapley_method(games) == "sampled"):
            return None
        try:
            found = shapley_values(games, torch.from_numpy(self.x[members]))
        except kan.errors.IdentityViolated as violated:
            raise IdentityViolated(violated.residual) from violated
        texts = self.model.writer.features(
            [self.values[place] for place in members], found.values.numpy(), found.standard_errors.numpy()
        )
        parts = zip(members, found.values.tolist(), texts, strict=True)
        return _Shapley(METHODS[found.method], {place: (values, text) for place, values, text in parts})

    def _text(
        self, question: Question, identifier: str, place: int, own: _Explained, shapley: "_Shapley | None"
    ) -> str:
        position, explain, basis = own.position[place], question.explain, question.basis
        output, name, interval = self.outputs[place], basis.name, self.intervals[place]
        values, features = (
            shapley.rows[place] if shapley else ([], own.features[position] if explain != "none" else "[]")
        )
        rest: dict[str, object] = {
            "id": identifier,
            "identity": {"max_abs_residual": own.residual(position, output.link, values), "tolerance": TOLERANCE},
            "method": shapley.method if shapley else "edge_flow",
            "output": output.model_dump(),
            "reasons": self._reasons(question, place, own, values),
            "reference": TRAINING if name is None else name.name,
            "warnings": [{"code": one.code, "feature": one.feature} for one in self.warnings[place]],
        }
        if interval is not None:
            rest["interval"] = interval.model_dump()
        if name is not None:
            rest["reason_rules"] = basis.wording.stated_rules
            rest["reference_digest"], rest["reference_revision"] = name.digest, name.revision
        edges = own.edges[position] if explain == "edges" else "[]"
        return record_text(own.flow.base_value, edges, features, rest)

    def _reasons(
        self, question: Question, place: int, own: _Explained, shapley: Sequence[float]
    ) -> list[dict[str, object]]:
        if question.explain == "none":
            return []
        names, activations, position = self.model.writer.names, own.flow.activations, own.position[place]
        is_additive = len(activations) == 1
        points = activations[0][position, own.output].tolist() if is_additive else []
        explained = Explained(
            row=self.rows[place],
            contributions=dict(zip(names, shapley or own.contributions[position].tolist(), strict=True)),
            points=dict(zip(names, points, strict=is_additive)),
            output=own.output,
            outcome=self.outputs[place].outcome,
            means=question.basis.reference.means,
        )
        reasons = adverse_reasons(self.model, explained, question.basis.wording)
        if question.basis.name is None:  # records of before do not name the features of a reason
            return [{key: value for key, value in reason.items() if key != "features"} for reason in reasons]
        return reasons


@dataclass(frozen=True)
class _Shapley:
    """Shapley values of the rows of one question for one output: numbers and text by the place of the row."""

    method: Method
    rows: Mapping[int, tuple[Sequence[float], str]]


def _edge_columns(model: LoadedModel, flow: EdgeFlow) -> EdgeColumns:
    """The numbers of the active edges, in the order in which records name them."""
    activations, contributions, inputs = [], [], []
    for layer, part in enumerate(model.edge_slices):
        edges = model.edges[part]
        targets, sources = [edge.place.target for edge in edges], [edge.place.source for edge in edges]
        activations.append(flow.activations[layer].numpy()[:, targets, sources])
        contributions.append(flow.contributions[layer].numpy()[:, targets, sources])
        if layer:
            inputs.append(flow.nodes[layer - 1].numpy()[:, sources])
    inner = np.concatenate(inputs, axis=1) if inputs else np.empty((len(activations[0]), 0))
    lower, upper = inner_domain(model.edges)
    return EdgeColumns(
        activations=np.concatenate(activations, axis=1),
        contributions=np.concatenate(contributions, axis=1),
        inputs=inner,
        in_domain=(inner >= lower) & (inner <= upper),
    )


def output_of(fitted: FittedModel, links: Float[Tensor, "1 outputs"], explained: int) -> Output:
    """The output of one row on both scales; of several outcomes the explained one is spoken of."""
    return _output(fitted, links[0].tolist(), fitted.response(links)[0].tolist(), explained)


def _outputs(fitted: FittedModel, traced: PreparedTrace, chosen: np.ndarray) -> list[Output]:
    """The outputs of rows; raises OutputUndefined."""
    undefined = np.flatnonzero(~np.isfinite(traced.outputs).all(axis=0))
    if len(undefined):
        raise OutputUndefined(int(undefined[0]))
    links = np.ascontiguousarray(traced.outputs.T)
    responses = fitted.response(torch.from_numpy(links)).tolist()
    explained = chosen.astype(np.intp).tolist()
    return [_output(fitted, *one) for one in zip(links.tolist(), responses, explained, strict=True)]


def _output(fitted: FittedModel, links: list[float], response: list[float], explained: int) -> Output:
    link = links[explained]
    if fitted.family == "gaussian":
        return Output(link=link, response=response[0])
    if fitted.family == "binomial":
        probabilities, spoken_of = [1 - response[0], response[0]], 1
    else:
        probabilities, spoken_of = response, explained
    classes = fitted.classes
    return Output(
        link=link,
        response=probabilities[spoken_of],
        outcome=classes[spoken_of],
        probabilities=tuple(
            ClassProbability(outcome=outcome, probability=probability)
            for outcome, probability in zip(classes, probabilities, strict=True)
        ),
    )
