"""From rows of JSON to decision records: output, contributions, reasons, warnings, and the proof that they add up.

A row gives the same record to the last bit whatever rows it is answered with, so that a replay can compare bytes.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

import kan.errors
from kan.explanation.coalitions import TracedGames
from kan.explanation.edge_flow import TOLERANCE, EdgeShares, edge_shares
from kan.explanation.shapley import Method as ShapleyMethod
from kan.explanation.shapley import shapley_method, shapley_values
from kan.features import CategoricalFeature, domain_warnings
from kan.model import FittedModel
from kan.prepared.network import PreparedTrace
from service.domain.canonical import canonical_json, digest_of
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
from service.modelling.records import RecordNumbers, number_texts, value_texts
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

    @cached_property
    def rules_text(self) -> str:
        """What records say of how their reasons were found."""
        return "" if self.name is None else f'"reason_rules":{canonical_json(self.wording.stated_rules)},'

    @cached_property
    def reference_text(self) -> str:
        """What records say of their reference."""
        if self.name is None:
            return f'"reference":"{TRAINING}",'
        stated = {"reference": self.name.name, "reference_digest": self.name.digest}
        return f"{canonical_json({**stated, 'reference_revision': self.name.revision})[1:-1]},"


@dataclass(frozen=True, eq=False)
class Question:
    """Rows that one caller wants answered, as they came and as numbers, under the identifier of the same position."""

    rows: Sequence[Mapping[str, Value]]
    x: Float[np.ndarray, "rows features"]
    explain: Explain
    ids: Sequence[str]
    basis: Basis


def needs_sampling(model: LoadedModel, basis: Basis, explain: Explain) -> bool:
    """Whether Shapley values of a row have to be sampled, which takes a second where others take a millisecond."""
    wanted = _wanted_games(basis, explain, range(model.fitted.network.shape[-1]))
    return any(shapley_method(games) == "sampled" for games in wanted.values())


def _wanted_games(basis: Basis, explain: Explain, outputs: Iterable[int]) -> dict[int, TracedGames]:
    """The games of some outputs whose values are wanted: automatically, sums of edges stand in for sampled values."""
    if explain == "none" or basis.name is None or basis.feature_method == "edge_flow":
        return {}
    games = {output: basis.reference.games(output) for output in outputs}
    if basis.feature_method != "auto" or explain != "edges":
        return games
    return {output: one for output, one in games.items() if shapley_method(one) != "sampled"}


@dataclass(frozen=True)
class Record:
    """A decision record: its exact text and the digest of that, the text of the row, and the outcome it speaks of.

    `numbers` and the `rest` of the text are what is stored, next to the template of the version.
    """

    id: str
    content: bytes
    digest: str
    row: str
    rest: str
    numbers: bytes
    outcome: str | None

    @property
    def text(self) -> str:
        """The text, which is JSON."""
        return self.content.decode()


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
    return _Answers(model, questions).records(questions)


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


class _Answers:
    """What a network computes for the rows of some questions, all at once, and the records that are written from it."""

    def __init__(self, model: LoadedModel, questions: Sequence[Question]) -> None:
        self.model, self.fitted, self.explain = model, model.fitted, questions[0].explain
        self.x = np.concatenate([question.x for question in questions])
        self.rows = [row for question in questions for row in question.rows]
        self.values = self._values()
        self.row_texts = model.writer.rows(self.values)
        self.warnings = domain_warnings(self.fitted.features, torch.from_numpy(self.x))
        traced = self.fitted.prepared.trace(self.x)
        is_multinomial = self.fitted.family == "multinomial"
        self.chosen = traced.outputs.argmax(axis=0) if is_multinomial else np.zeros(len(self.x), dtype=np.intp)
        self.outputs = _outputs(self.fitted, traced, self.chosen)
        self.intervals = intervals_of(self.fitted, self.outputs)
        self.activations = traced.values[0]
        widths = model.writer.template.widths(self.explain)
        self.numbers = RecordNumbers.empty(len(self.x), *widths)
        self.features = np.empty((len(self.x), len(self.fitted.features)))
        self.residuals = np.empty(len(self.x))
        self.methods: list[Method] = ["edge_flow"] * len(self.x)
        for output in np.unique(self.chosen).tolist():
            self._explain(traced, questions[0].basis.reference, int(output))
        self._find_all_shapley(questions)
        if widths[-1]:
            self.numbers.features[:] = self.features

    def records(self, questions: Sequence[Question]) -> tuple[tuple[Record, ...], ...]:
        """The records of the questions."""
        heads, packed = self.model.writer.heads(self.values, self.numbers), self.numbers.packed()
        residuals, outputs = number_texts(self.residuals), _output_texts(self.outputs)
        intervals = {id(one): f'"interval":{canonical_json(one.model_dump())},' for one in self.intervals if one}
        contributions = self.features.tolist()
        found, place = [], 0
        for question in questions:
            own, basis = [], question.basis
            for identifier in question.ids:
                reasons = canonical_json(self._reasons(question, place, contributions[place]))
                warned = [{"code": one.code, "feature": one.feature} for one in self.warnings[place]]
                rest = (
                    f'"id":"{identifier}","identity":{{"max_abs_residual":{residuals[place]},"tolerance":{TOLERANCE}}},'
                    f'{intervals.get(id(self.intervals[place]), "")}"method":"{self.methods[place]}",'
                    f'"output":{outputs[place]},{basis.rules_text}"reasons":{reasons},{basis.reference_text}'
                    f'"warnings":{canonical_json(warned) if warned else "[]"}}}'
                )
                content = (heads[place] + rest).encode()
                outcome, row = self.outputs[place].outcome, self.row_texts[place]
                own.append(Record(identifier, content, digest_of(content), row, rest, packed[place], outcome))
                place += 1
            found.append(tuple(own))
        return tuple(found)

    def _values(self) -> list[Sequence[str]]:
        numbers, width, values_of = number_texts(self.x), self.x.shape[1], self.model.writer.values_of
        return [value_texts(values_of(row), numbers[at * width : (at + 1) * width]) for at, row in enumerate(self.rows)]

    def _explain(self, traced: PreparedTrace, reference: PreparedReference, output: int) -> None:
        """Fill in the numbers of the rows that one output is explained of."""
        members = np.flatnonzero(self.chosen == output)
        part = traced if len(members) == len(self.chosen) else traced.chosen(members)
        try:
            shares = edge_shares(reference.traced, part, output)
        except kan.errors.IdentityViolated as violated:
            raise IdentityViolated(violated.residual) from violated
        difference = shares.outputs - shares.base_value
        self.features[members] = shares.features.T
        self.residuals[members] = np.abs(np.stack(shares.totals) - difference).max(axis=0)
        self.numbers.base[members] = shares.base_value
        if self.explain == "edges":
            self._fill_edges(members, part, shares)

    def _fill_edges(self, members: np.ndarray, part: PreparedTrace, shares: EdgeShares) -> None:
        model, numbers = self.model, self.numbers
        own, inner = model.edge_slices[0], 0
        for layer, (where, places) in enumerate(zip(model.edge_slices, model.edge_places, strict=True)):
            numbers.activations[members, where] = part.values[layer][places].T
            numbers.contributions[members, where] = shares.contributions[layer][places].T
            if layer:
                sources = self.fitted.prepared.layers[layer].edges.sources[places]
                numbers.inputs[members, inner : inner + len(places)] = part.nodes[layer][sources].T
                inner += len(places)
        lower, upper = model.inner_domain
        inputs = numbers.inputs[members]
        numbers.in_domain[members, own.stop :] = (inputs >= lower) & (inputs <= upper)
        for place in members.tolist():
            if self.warnings[place]:
                outside = {one.feature for one in self.warnings[place]}
                numbers.in_domain[place, own] = [edge.source not in outside for edge in model.edges[own]]

    def _find_all_shapley(self, questions: Sequence[Question]) -> None:
        """Fill in the Shapley values of the rows of all questions that want them."""
        place, wanted = 0, dict[int, dict[int, TracedGames]]()
        outputs = np.unique(self.chosen).tolist()
        for question in questions:
            places = range(place, place + len(question.rows))
            place = places.stop
            basis = question.basis
            if id(basis) not in wanted:
                wanted[id(basis)] = _wanted_games(basis, self.explain, outputs)
            self._find_shapley(wanted[id(basis)], places)

    def _find_shapley(self, wanted: Mapping[int, TracedGames], places: range) -> None:
        """Fill in the Shapley values of the rows of one question."""
        for output, games in wanted.items():
            members = [place for place in places if self.chosen[place] == output]
            if not members:
                continue
            try:
                found = shapley_values(games, torch.from_numpy(self.x[members]))
            except kan.errors.IdentityViolated as violated:
                raise IdentityViolated(violated.residual) from violated
            self.features[members] = found.values.numpy()
            self.numbers.errors[members] = found.standard_errors.numpy()
            for place, values in zip(members, found.values.tolist(), strict=True):
                self.methods[place] = METHODS[found.method]
                difference = self.outputs[place].link - self.numbers.base[place, 0]
                self.residuals[place] = max(self.residuals[place], abs(math.fsum(values) - difference))

    def _reasons(self, question: Question, place: int, contributions: Sequence[float]) -> list[dict[str, object]]:
        if question.explain == "none":
            return []
        names, output = self.model.writer.names, int(self.chosen[place])
        explained = Explained(
            row=self.rows[place],
            contributions=dict(zip(names, contributions, strict=True)),
            points=self._points(place, output) if question.basis.wording.rules.method != "contribution" else {},
            output=output,
            outcome=self.outputs[place].outcome,
            means=question.basis.reference.means,
        )
        reasons = adverse_reasons(self.model, explained, question.basis.wording)
        if question.basis.name is None:  # records of before do not name the features of a reason
            return [{key: value for key, value in reason.items() if key != "features"} for reason in reasons]
        return reasons

    def _points(self, place: int, output: int) -> dict[str, float]:
        """What each feature adds by itself in an additive model; nothing where there are hidden nodes."""
        layers = self.fitted.prepared.layers
        if len(layers) > 1:
            return {}
        points, edges = dict.fromkeys(self.model.writer.names, 0.0), layers[0].edges
        own = self.activations[:, place].tolist()
        for target, source, value in zip(edges.targets.tolist(), edges.sources.tolist(), own, strict=True):
            if target == output:
                points[self.model.writer.names[source]] = value
        return points


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


def _output_texts(outputs: Sequence[Output]) -> list[str]:
    """The JSON of outputs."""
    numbers = number_texts(
        np.array([[one.link, one.response, *(each.probability for each in one.probabilities)] for one in outputs])
    )
    width = 2 + len(outputs[0].probabilities)
    names = [f'{{"outcome":{canonical_json(one.outcome)},"probability":' for one in outputs[0].probabilities]
    outcomes = {outcome: canonical_json(outcome) for outcome in {one.outcome for one in outputs}}
    found = []
    for start, output in zip(range(0, len(numbers), width), outputs, strict=True):
        link, response, *shares = numbers[start : start + width]
        probabilities = ",".join(f"{name}{share}}}" for name, share in zip(names, shares, strict=True))
        outcome = outcomes[output.outcome]
        found.append(f'{{"link":{link},"outcome":{outcome},"probabilities":[{probabilities}],"response":{response}}}')
    return found


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
