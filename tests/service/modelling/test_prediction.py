"""Predictions: strict about what comes in, exact about what goes out, the same bits alone and in company."""

import math
from collections.abc import Mapping
from dataclasses import replace

import pytest
import torch

from kan.symbolic.library import SymbolicForm
from service.domain.canonical import canonical_json
from service.domain.predictions import Explain, Prediction, Value
from service.errors import (
    IdentityViolated,
    InvalidRow,
    MissingFeature,
    MissingValueNotSeen,
    NonFiniteNumber,
    OutputUndefined,
    UnknownFeature,
    WrongValueType,
)
from service.modelling.prediction import example_row, link_of, predict
from service.modelling.registry import LoadedModel

ROW: dict[str, Value] = {"age": 41.5, "income": 730.0, "city": "ash"}
ROWS: list[dict[str, Value]] = [
    {
        "age": 20 + 0.37 * number,
        "income": None if number % 5 == 0 else 17.3 * number,
        "city": ("ash", "birch", "cedar", "elm")[number % 4],
    }
    for number in range(100)
]


def one(model: LoadedModel, row: Mapping[str, Value], explain: Explain = "edges", **texts: str) -> Prediction:
    return predict(model, [row], explain, ["the-id"], texts)[0]


def test_a_row_has_the_same_bits_alone_and_among_others(model: LoadedModel) -> None:
    together = predict(model, ROWS, "edges", [str(number) for number in range(100)])
    for number, row in enumerate(ROWS):
        alone = predict(model, [row], "edges", [str(number)])[0]
        assert canonical_json(alone.model_dump(mode="json")) == canonical_json(together[number].model_dump(mode="json"))


def test_contributions_of_every_layer_add_up(model: LoadedModel) -> None:
    for prediction in predict(model, ROWS, "edges", [""] * 100):
        difference = prediction.output.link - prediction.base_value
        layers = {edge.edge.split(".")[0] for edge in prediction.edges}
        sums = [
            math.fsum(edge.contribution for edge in prediction.edges if edge.edge.startswith(f"{layer}."))
            for layer in layers
        ]
        sums.append(math.fsum(one.contribution for one in prediction.features))
        assert sums == pytest.approx([difference] * len(sums), abs=1e-9 * max(1, abs(difference)))
        assert prediction.identity.max_abs_residual <= 1e-9 * max(1, abs(difference))


def test_outputs_are_those_of_the_model(model: LoadedModel) -> None:
    x = torch.tensor([[41.5, 730.0, 0.0]], dtype=torch.float64)
    output = one(model, ROW).output
    links = model.fitted.predict_link(x)[0].tolist()
    responses = model.fitted.predict_response(x)[0].tolist()
    assert output.link in links
    if link_of(model) == "softmax":
        assert [pair.probability for pair in output.probabilities] == responses
        assert output.outcome == model.fitted.classes[links.index(max(links))]
        assert output.response == max(responses)
    else:
        assert output.response == responses[0]


def test_the_base_value_is_the_mean_link_of_the_reference(binomial: LoadedModel) -> None:
    links = binomial.fitted.predict_link(binomial.fitted.reference)
    assert one(binomial, ROW).base_value == pytest.approx(float(links.mean()), abs=1e-12)


def test_two_classes_speak_of_the_positive_one(binomial: LoadedModel) -> None:
    output = one(binomial, ROW).output
    assert (link_of(binomial), output.outcome) == ("logit", "yes")
    assert output.response == pytest.approx(1 / (1 + math.exp(-output.link)), rel=1e-15)
    assert [pair.outcome for pair in output.probabilities] == ["no", "yes"]
    assert sum(pair.probability for pair in output.probabilities) == 1.0


def test_a_quantity_has_no_outcome(gaussian: LoadedModel) -> None:
    output = one(gaussian, ROW).output
    assert (link_of(gaussian), output.outcome, output.probabilities) == ("identity", None, ())
    assert output.link == output.response


def test_each_row_explains_its_own_most_probable_outcome(multinomial: LoadedModel) -> None:
    predictions = predict(multinomial, ROWS, "edges", [""] * 100)
    assert len({prediction.output.outcome for prediction in predictions}) == 3
    for prediction in predictions:
        best = max(prediction.output.probabilities, key=lambda pair: pair.probability)
        assert (prediction.output.outcome, prediction.output.response) == (best.outcome, best.probability)
        others = {edge.target for edge in prediction.edges if edge.contribution} - {best.outcome}
        assert others == set()


@pytest.mark.parametrize("explain", ["edges", "features", "none"])
def test_the_answer_holds_as_much_as_was_asked_for(model: LoadedModel, explain: Explain) -> None:
    prediction = one(model, ROW, explain)
    assert bool(prediction.edges) == (explain == "edges")
    assert bool(prediction.features) == (explain != "none")
    adverse = any(one.contribution > 0 for one in prediction.features)
    assert bool(prediction.reasons) == (adverse or (bool(prediction.features) and link_of(model) == "identity"))
    assert (prediction.id, prediction.reference, prediction.identity.tolerance) == ("the-id", "training", 1e-9)
    assert prediction.output == one(model, ROW).output


def test_values_are_repeated_as_they_were_sent(binomial: LoadedModel) -> None:
    prediction = one(binomial, {"age": 41, "income": None, "city": "ash"})
    assert [(one.feature, one.value) for one in prediction.features] == [
        ("age", 41),
        ("income", None),
        ("city", "ash"),
    ]
    assert {edge.source: edge.input for edge in prediction.edges if edge.edge.startswith("0.")} == {
        "age": 41,
        "income": None,
        "city": "ash",
    }
    whole, decimal = (one(binomial, {**ROW, "age": age}).output for age in (41, 41.0))
    assert whole == decimal


def test_hidden_edges_show_the_value_of_their_node(binomial: LoadedModel) -> None:
    prediction = one(binomial, ROW)
    hidden = [edge for edge in prediction.edges if edge.edge.startswith("1.")]
    assert hidden
    for edge in hidden:
        node = int(edge.edge.split(".")[1])
        incoming = [e.activation for e in prediction.edges if e.edge.startswith("0.") and e.target == edge.source]
        bias = float(binomial.fitted.network.layer(0).bias[node].detach())
        assert edge.input == pytest.approx(math.fsum(incoming) + bias, abs=1e-12)
        assert edge.in_domain


def test_values_outside_the_training_data_are_flagged(model: LoadedModel) -> None:
    prediction = one(model, {"age": 99.0, "income": 730.0, "city": "elm"})
    assert [(warning.code, warning.feature) for warning in prediction.warnings] == [
        ("out_of_domain", "age"),
        ("unseen_category", "city"),
    ]
    flagged = {edge.source for edge in prediction.edges if not edge.in_domain and edge.edge.startswith("0.")}
    assert flagged == {"age", "city"}
    assert one(model, ROW).warnings == ()


BAD_VALUES: list[tuple[str, object, type[InvalidRow], str]] = [
    ("age", "41", WrongValueType, "must be a number, not a text"),
    ("age", True, WrongValueType, "must be a number, not a truth value"),
    ("age", [41], WrongValueType, "must be a number, not a list"),
    ("city", 3, WrongValueType, "must be a text, not a number"),
    ("city", False, WrongValueType, "must be a text, not a truth value"),
    ("age", None, MissingValueNotSeen, "never seen it empty"),
    ("city", None, MissingValueNotSeen, "never seen it empty"),
    ("city", "", MissingValueNotSeen, "never seen it empty"),
    ("age", math.nan, NonFiniteNumber, "must be a finite number"),
    ("age", math.inf, NonFiniteNumber, "must be a finite number"),
    ("age", -1e300, NonFiniteNumber, "must be a finite number"),
    ("age", 10**400, NonFiniteNumber, "must be a finite number"),
]


@pytest.mark.parametrize(("feature", "value", "error", "words"), BAD_VALUES)
def test_a_value_of_the_wrong_kind_names_row_and_feature(
    binomial: LoadedModel, feature: str, value: Value, error: type[InvalidRow], words: str
) -> None:
    with pytest.raises(error, match=words) as refused:
        predict(binomial, [ROW, {**ROW, feature: value}], "edges", ["", ""])
    assert refused.value.fields[0].pointer == f"/rows/1/{feature}"


def test_unknown_and_absent_features_are_named(binomial: LoadedModel) -> None:
    with pytest.raises(UnknownFeature, match="Row 0 has the field 'shoe size'"):
        one(binomial, {**ROW, "shoe size": 43})
    with pytest.raises(MissingFeature, match="Row 0 lacks the feature 'city'"):
        one(binomial, {"age": 41.5, "income": 730.0})


def test_no_rows_give_no_predictions(model: LoadedModel) -> None:
    assert predict(model, [], "edges", []) == ()


def test_reasons_are_the_largest_adverse_features_first(binomial: LoadedModel) -> None:
    for prediction in predict(binomial, ROWS, "features", [""] * 100):
        adverse = sorted((one.contribution for one in prediction.features if one.contribution > 0), reverse=True)
        assert [reason.contribution for reason in prediction.reasons] == adverse[:4]
        assert [reason.rank for reason in prediction.reasons] == list(range(1, len(prediction.reasons) + 1))


def test_reasons_of_a_quantity_go_both_ways(gaussian: LoadedModel) -> None:
    prediction = one(gaussian, {"age": 20.5, "income": 990.0, "city": "cedar"})
    sizes = [abs(reason.contribution) for reason in prediction.reasons]
    assert sizes == sorted(sizes, reverse=True)
    assert {reason.contribution > 0 for reason in prediction.reasons} == {True, False}
    texts = {reason.code: reason.text for reason in prediction.reasons}
    assert texts["income"] == "'income' is 990 EUR, which raises 'amount'."
    assert texts["city"] == "'city' is 'cedar', which lowers 'amount'."


def test_a_reason_says_what_is_missing(binomial: LoadedModel) -> None:
    texts = [
        reason.text
        for prediction in predict(binomial, ROWS, "features", [""] * 100)
        for reason in prediction.reasons
        if reason.code == "income"
    ]
    assert "'income' is missing, which raises the probability of 'repaid' being 'yes'." in texts


def test_the_sentence_of_a_reason_can_be_replaced(gaussian: LoadedModel) -> None:
    reasons = one(gaussian, ROW, "features", city="Where you live.").reasons
    assert next(reason.text for reason in reasons if reason.code == "city") == "Where you live."


def test_the_example_is_a_row_that_can_be_sent(model: LoadedModel) -> None:
    assert one(model, example_row(model)).warnings == ()


def test_an_explanation_that_does_not_add_up_is_withheld(
    binomial: LoadedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kan.explanation.edge_flow.TOLERANCE", -1.0)
    with pytest.raises(IdentityViolated, match="do not add up"):
        one(binomial, ROW)


def test_a_row_without_a_finite_answer_is_named(gaussian: LoadedModel) -> None:
    """A slope and a value that are finite may have a product that is not."""
    edge = next(edge for edge in gaussian.edges if edge.source == "age")
    network = gaussian.fitted.network.with_symbolic(edge.place, SymbolicForm("linear", 1.0, 0.0, 1e250, 0.0))
    exploding = LoadedModel("sha256:test", replace(gaussian.fitted, network=network))
    with pytest.raises(OutputUndefined, match="no finite answer for row 1"):
        predict(exploding, [ROW, {**ROW, "age": 1e90}], "edges", ["", ""])
