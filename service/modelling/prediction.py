"""From rows of JSON to decision records: output, contributions, reasons, warnings, and the proof that they add up.

A row gives the same record to the last bit whatever rows it is sent with, so that a replay can compare bytes.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from jaxtyping import Float
from torch import Tensor

import kan.errors
from kan.explanation.edge_flow import TOLERANCE, EdgeFlow, edge_flow
from kan.explanation.shapley import Method as ShapleyMethod
from kan.explanation.shapley import ShapleyValues, shapley_values
from kan.features import CategoricalFeature, DomainWarning, domain_warnings
from kan.model import FittedModel
from service.domain.predictions import (
    ClassProbability,
    EdgeContribution,
    Explain,
    FeatureContribution,
    Identity,
    Method,
    Output,
    Prediction,
    PredictionWarning,
    Reason,
    Value,
)
from service.domain.references import TRAINING, TRAINING_REVISION, NamedReference
from service.errors import IdentityViolated, OutputUndefined
from service.modelling.intervals import interval_of
from service.modelling.reasons import Explained, Wording, adverse_reasons
from service.modelling.references import PreparedReference
from service.modelling.registry import ActiveEdge, LoadedModel
from service.modelling.rows import encode_rows

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


def training_basis(model: LoadedModel, wording: Wording | None = None) -> Basis:
    """The training rows that the version's own artifact holds."""
    name = NamedReference(name=TRAINING, revision=TRAINING_REVISION, digest=model.digest)
    return Basis(model.training_reference, name, wording or Wording())


def link_of(model: LoadedModel) -> Link:
    """The scale on which the contributions of this model add up."""
    return LINKS[model.fitted.link]


def predict(
    model: LoadedModel,
    rows: Sequence[Mapping[str, Value]],
    explain: Explain,
    ids: Sequence[str],
    basis: Basis,
) -> tuple[Prediction, ...]:
    """One record per row, under the identifier of the same position, measured against the reference of the basis.

    A multinomial model explains the most probable outcome of each row.
    Raises: a leaf of InvalidRow that names row and feature; NotAdditive; IdentityViolated.
    """
    if not rows:
        return ()
    fitted = model.fitted
    x = encode_rows(fitted.features, rows)
    links = _links(fitted, x)
    explained = links.argmax(dim=1).tolist() if fitted.family == "multinomial" else [0] * len(rows)
    warnings = domain_warnings(fitted.features, x)
    predictions: dict[int, Prediction] = {}
    for output in sorted(set(explained)):
        members = [row for row, chosen in enumerate(explained) if chosen == output]
        flow = _flow(model, x[members], output, basis)
        shapley = _shapley(x[members], output, basis) if explain != "none" and basis.name else None
        for position, row in enumerate(members):
            record = _Record(model, rows[row], warnings[row], links[row : row + 1], flow, shapley, position, output)
            predictions[row] = record.prediction(ids[row], explain, basis)
    return tuple(predictions[row] for row in range(len(rows)))


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


def output_of(fitted: FittedModel, links: Float[Tensor, "1 outputs"], explained: int) -> Output:
    """The output of one row on both scales; of several outcomes the explained one is spoken of."""
    response: list[float] = fitted.response(links)[0].tolist()
    link = float(links[0, explained])
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


def _links(fitted: FittedModel, x: Float[Tensor, "rows features"]) -> Float[Tensor, "rows outputs"]:
    try:
        return fitted.predict_link(x)
    except kan.errors.OutputUndefined as error:
        raise OutputUndefined(error.row) from error


def _flow(model: LoadedModel, x: Float[Tensor, "rows features"], output: int, basis: Basis) -> EdgeFlow:
    try:
        return edge_flow(model.fitted.network, x, basis.reference.traced, output=output)
    except kan.errors.IdentityViolated as violated:
        raise IdentityViolated(violated.residual) from violated


def _shapley(x: Float[Tensor, "rows features"], output: int, basis: Basis) -> ShapleyValues:
    try:
        return shapley_values(basis.reference.games(output), x)
    except kan.errors.IdentityViolated as violated:
        raise IdentityViolated(violated.residual) from violated


class _Record:
    """One row on its way to a prediction: the numbers of `flow` at `position`, for one output.

    Without Shapley values features have the sums of their edges, as records of before have.
    """

    def __init__(
        self,
        model: LoadedModel,
        row: Mapping[str, Value],
        warnings: Sequence[DomainWarning],
        links: Float[Tensor, "1 outputs"],
        flow: EdgeFlow,
        shapley: ShapleyValues | None,
        position: int,
        output: int,
    ) -> None:
        self.model = model
        self.fitted = model.fitted
        self.row = row
        self.warnings = warnings
        self.links = links
        self.flow = flow
        self.shapley = shapley
        self.position = position
        self.output = output

    def prediction(self, identifier: str, explain: Explain, basis: Basis) -> Prediction:
        output = self._output()
        features = self._features() if explain != "none" else ()
        name = basis.name
        return Prediction(
            id=identifier,
            output=output,
            base_value=self.flow.base_value,
            reference=TRAINING if name is None else name.name,
            reference_revision=None if name is None else name.revision,
            reference_digest=None if name is None else name.digest,
            method=METHODS[self.shapley.method] if self.shapley else "edge_flow",
            features=features,
            edges=self._edges() if explain == "edges" else (),
            reasons=self._reasons(features, output, basis),
            reason_rules=None if name is None else basis.wording.rules,
            warnings=tuple(PredictionWarning(code=one.code, feature=one.feature) for one in self.warnings),
            interval=interval_of(self.fitted, output),
            identity=Identity(max_abs_residual=self._residual(output.link), tolerance=TOLERANCE),
        )

    def _output(self) -> Output:
        return output_of(self.fitted, self.links, self.output)

    def _features(self) -> tuple[FeatureContribution, ...]:
        contributions = self.flow.feature_contributions[self.position].tolist()
        errors = [0.0] * len(contributions)
        if self.shapley:
            contributions = self.shapley.values[self.position].tolist()
            errors = self.shapley.standard_errors[self.position].tolist()
        return tuple(
            FeatureContribution(
                feature=feature.name, value=self.row[feature.name], contribution=contribution, standard_error=error
            )
            for feature, contribution, error in zip(self.fitted.features, contributions, errors, strict=True)
        )

    def _reasons(self, features: Sequence[FeatureContribution], output: Output, basis: Basis) -> tuple[Reason, ...]:
        if not features:
            return ()
        names = [feature.name for feature in self.fitted.features]
        is_additive = len(self.flow.activations) == 1
        points = self.flow.activations[0][self.position, self.output].tolist() if is_additive else []
        explained = Explained(
            row=self.row,
            contributions={one.feature: one.contribution for one in features},
            points=dict(zip(names, points, strict=is_additive)),
            output=self.output,
            outcome=output.outcome,
            means=basis.reference.means,
        )
        reasons = adverse_reasons(self.model, explained, basis.wording)
        return reasons if basis.name else tuple(reason.model_copy(update={"features": ()}) for reason in reasons)

    def _edges(self) -> tuple[EdgeContribution, ...]:
        outside = {warning.feature for warning in self.warnings}
        activations = [layer[self.position].tolist() for layer in self.flow.activations]
        contributions = [layer[self.position].tolist() for layer in self.flow.contributions]
        nodes = [layer[self.position].tolist() for layer in self.flow.nodes]
        edges = []
        for edge in self.model.edges:
            layer, source, target = edge.place.layer, edge.place.source, edge.place.target
            edges.append(
                EdgeContribution(
                    edge=str(edge.place),
                    source=edge.source,
                    target=edge.target,
                    input=nodes[layer - 1][source] if layer else self.row[edge.source],
                    activation=activations[layer][target][source],
                    contribution=contributions[layer][target][source],
                    form=edge.form,
                    in_domain=_holds(edge, nodes[layer - 1][source]) if layer else edge.source not in outside,
                )
            )
        return tuple(edges)

    def _residual(self, link: float) -> float:
        """The largest miss over the layers and the features; exact sums do not depend on an order."""
        difference = link - self.flow.base_value
        parts = [layer[self.position].flatten().tolist() for layer in self.flow.contributions]
        if self.shapley:
            parts.append(self.shapley.values[self.position].tolist())
        return max(abs(math.fsum(part) - difference) for part in parts)


def _holds(edge: ActiveEdge, value: float) -> bool:
    return edge.domain is not None and edge.domain[0] <= value <= edge.domain[1]
