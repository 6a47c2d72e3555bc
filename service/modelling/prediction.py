"""From rows of JSON to decision records: output, contributions, reasons, warnings, and the proof that they add up.

A row gives the same record to the last bit whatever rows it is sent with, so that a replay can compare bytes.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Literal

from jaxtyping import Float
from torch import Tensor

import kan.errors
from kan.explanation.edge_flow import TOLERANCE, EdgeFlow, edge_flow
from kan.features import CategoricalFeature, DomainWarning, domain_warnings
from kan.losses import FAMILIES
from kan.model import FittedModel
from service.domain.predictions import (
    ClassProbability,
    EdgeContribution,
    Explain,
    FeatureContribution,
    Identity,
    Output,
    Prediction,
    PredictionWarning,
    Value,
)
from service.errors import IdentityViolated, OutputUndefined
from service.modelling.reasons import adverse_reasons
from service.modelling.registry import ActiveEdge, LoadedModel
from service.modelling.rows import encode_rows

Link = Literal["identity", "logit", "softmax"]
LINKS: Mapping[str, Link] = {"identity": "identity", "logit": "logit", "softmax": "softmax"}
REFERENCE = "training"


def link_of(model: LoadedModel) -> Link:
    """The scale on which the contributions of this model add up."""
    return LINKS[model.fitted.link]


def predict(
    model: LoadedModel,
    rows: Sequence[Mapping[str, Value]],
    explain: Explain,
    ids: Sequence[str],
    reason_texts: Mapping[str, str] | None = None,
) -> tuple[Prediction, ...]:
    """One record per row, under the identifier of the same position; `reason_texts` replace the sentence of a feature.

    A multinomial model explains the most probable outcome of each row.
    Raises: a leaf of InvalidRow that names row and feature; IdentityViolated.
    """
    if not rows:
        return ()
    fitted = model.fitted
    x = encode_rows(fitted.features, rows)
    explained = _explained_outputs(fitted, x)
    warnings = domain_warnings(fitted.features, x)
    predictions: dict[int, Prediction] = {}
    for output in sorted(set(explained)):
        members = [row for row, chosen in enumerate(explained) if chosen == output]
        flow = _flow(model, x[members], members, output)
        for position, row in enumerate(members):
            record = _Record(model, rows[row], warnings[row], flow, position, output)
            predictions[row] = record.prediction(ids[row], explain, reason_texts or {})
    return tuple(predictions[row] for row in range(len(rows)))


def example_row(model: LoadedModel) -> dict[str, Value]:
    """The first reference row, in the form in which a caller sends it."""
    example: dict[str, Value] = {}
    for feature, value in zip(model.fitted.features, model.fitted.reference[0].tolist(), strict=True):
        if isinstance(feature, CategoricalFeature):
            example[feature.name] = feature.categories[int(value)] or None
        else:
            example[feature.name] = None if math.isnan(value) else value
    return example


def _explained_outputs(fitted: FittedModel, x: Float[Tensor, "rows features"]) -> list[int]:
    """The position of the output that is explained: the only one, or that of the most probable outcome."""
    if fitted.family != "multinomial":
        return [0] * len(x)
    try:
        outputs: list[int] = fitted.predict_link(x).argmax(dim=1).tolist()
    except kan.errors.OutputUndefined as error:
        raise OutputUndefined(error.row) from error
    return outputs


def _flow(model: LoadedModel, x: Float[Tensor, "rows features"], members: Sequence[int], output: int) -> EdgeFlow:
    try:
        return edge_flow(model.fitted.network, x, model.traced_reference, output=output)
    except kan.errors.IdentityViolated as violated:
        # Where there is no finite output nothing can add up to it: the row is at fault, not the explanation.
        try:
            model.fitted.predict_link(x)
        except kan.errors.OutputUndefined as error:
            raise OutputUndefined(members[error.row]) from error
        raise IdentityViolated(violated.residual) from violated


class _Record:
    """One row on its way to a prediction: the numbers of `flow` at `position`, for one output."""

    def __init__(
        self,
        model: LoadedModel,
        row: Mapping[str, Value],
        warnings: Sequence[DomainWarning],
        flow: EdgeFlow,
        position: int,
        output: int,
    ) -> None:
        self.model = model
        self.fitted = model.fitted
        self.row = row
        self.warnings = warnings
        self.flow = flow
        self.position = position
        self.output = output

    def prediction(self, identifier: str, explain: Explain, reason_texts: Mapping[str, str]) -> Prediction:
        output = self._output()
        features = self._features() if explain != "none" else ()
        return Prediction(
            id=identifier,
            output=output,
            base_value=self.flow.base_value,
            reference=REFERENCE,
            features=features,
            edges=self._edges() if explain == "edges" else (),
            reasons=adverse_reasons(self.fitted, features, output.outcome, reason_texts),
            warnings=tuple(PredictionWarning(code=one.code, feature=one.feature) for one in self.warnings),
            identity=Identity(max_abs_residual=self._residual(output.link), tolerance=TOLERANCE),
        )

    def _output(self) -> Output:
        # One row at a time: vectorised functions may round differently in the middle of a longer tensor.
        activations = self.flow.activations[-1][self.position : self.position + 1]
        last = self.fitted.network.layer(len(self.flow.activations) - 1)
        links = last.node_values(activations).detach()
        response: list[float] = FAMILIES[self.fitted.family].response(links)[0].tolist()
        link = float(self.flow.outputs[self.position])
        if self.fitted.family == "gaussian":
            return Output(link=link, response=response[0])
        if self.fitted.family == "binomial":
            probabilities, spoken_of = [1 - response[0], response[0]], 1
        else:
            probabilities, spoken_of = response, self.output
        classes = self.fitted.classes
        return Output(
            link=link,
            response=probabilities[spoken_of],
            outcome=classes[spoken_of],
            probabilities=tuple(
                ClassProbability(outcome=outcome, probability=probability)
                for outcome, probability in zip(classes, probabilities, strict=True)
            ),
        )

    def _features(self) -> tuple[FeatureContribution, ...]:
        contributions = self.flow.feature_contributions[self.position].tolist()
        return tuple(
            FeatureContribution(feature=feature.name, value=self.row[feature.name], contribution=contribution)
            for feature, contribution in zip(self.fitted.features, contributions, strict=True)
        )

    def _edges(self) -> tuple[EdgeContribution, ...]:
        outside = {warning.feature for warning in self.warnings}
        activations = [layer[self.position].tolist() for layer in self.flow.activations]
        contributions = [layer[self.position].tolist() for layer in self.flow.contributions]
        nodes = self._hidden_values()
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

    def _hidden_values(self) -> list[list[float]]:
        """The values of the hidden nodes, layer by layer."""
        network = self.fitted.network
        hidden = self.flow.activations[:-1]
        rows = (one[self.position : self.position + 1] for one in hidden)
        return [network.layer(layer).node_values(row)[0].tolist() for layer, row in enumerate(rows)]

    def _residual(self, link: float) -> float:
        """The largest miss over the layers; exact sums do not depend on an order."""
        difference = link - self.flow.base_value
        return max(
            abs(math.fsum(layer[self.position].flatten().tolist()) - difference) for layer in self.flow.contributions
        )


def _holds(edge: ActiveEdge, value: float) -> bool:
    return edge.domain is not None and edge.domain[0] <= value <= edge.domain[1]
