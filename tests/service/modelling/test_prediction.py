"""Predictions: strict about what comes in, exact about what goes out, the same bits alone and in company."""

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
import torch

from kan.symbolic.library import SymbolicForm
from service.domain.canonical import canonical_json
from service.domain.predictions import AdverseOutcome, Explain, Prediction, ReasonRules, Value
from service.domain.reasons import ReasonEntry
from service.domain.references import NamedReference
from service.errors import (
    IdentityViolated,
    InvalidRow,
    MissingFeature,
    MissingValueNotSeen,
    NonFiniteNumber,
    NotAdditive,
    OutputUndefined,
    UnknownFeature,
    WrongValueType,
)
from service.modelling.prediction import Basis, example_row, link_of, predict, training_basis
from service.modelling.reasons import PLAIN_RULES, Wording
from service.modelling.records import RecordNumbers, RecordTemplate, RecordWriter, number_texts
from service.modelling.references import prepare_reference
from service.modelling.registry import LoadedModel
from service.modelling.rows import encode_rows
from tests.service.records import predicted

ROW: dict[str, Value] = {"age": 41.5, "income": 730.0, "city": "ash"}
ROWS: list[dict[str, Value]] = [
    {
        "age": 20 + 0.37 * number,
        "income": None if number % 5 == 0 else 17.3 * number,
        "city": ("ash", "birch", "cedar", "elm")[number % 4],
    }
    for number in range(100)
]


def one(
    model: LoadedModel, row: Mapping[str, Value], explain: Explain = "edges", wording: Wording | None = None
) -> Prediction:
    return predicted(model, [row], explain, ["the-id"], training_basis(model, wording))[0]


def rules(**changes: object) -> ReasonRules:
    return PLAIN_RULES.model_copy(update=changes)


def test_a_row_has_the_same_bits_alone_and_among_others(model: LoadedModel) -> None:
    together = predicted(model, ROWS, "edges", [str(number) for number in range(100)], training_basis(model))
    for number, row in enumerate(ROWS):
        alone = predicted(model, [row], "edges", [str(number)], training_basis(model))[0]
        assert canonical_json(alone.model_dump(mode="json")) == canonical_json(together[number].model_dump(mode="json"))


def test_contributions_of_every_layer_add_up(model: LoadedModel) -> None:
    for prediction in predicted(model, ROWS, "edges", [""] * 100, training_basis(model)):
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
    predictions = predicted(multinomial, ROWS, "edges", [""] * 100, training_basis(multinomial))
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
        predicted(binomial, [ROW, {**ROW, feature: value}], "edges", ["", ""], training_basis(binomial))
    assert refused.value.fields[0].pointer == f"/rows/1/{feature}"


def test_unknown_and_absent_features_are_named(binomial: LoadedModel) -> None:
    with pytest.raises(UnknownFeature, match="Row 0 has the field 'shoe size'"):
        one(binomial, {**ROW, "shoe size": 43})
    with pytest.raises(MissingFeature, match="Row 0 lacks the feature 'city'"):
        one(binomial, {"age": 41.5, "income": 730.0})


def test_no_rows_give_no_predictions(model: LoadedModel) -> None:
    assert predicted(model, [], "edges", [], training_basis(model)) == ()


def test_reasons_are_the_largest_adverse_features_first(binomial: LoadedModel) -> None:
    for prediction in predicted(binomial, ROWS, "features", [""] * 100, training_basis(binomial)):
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
        for prediction in predicted(binomial, ROWS, "features", [""] * 100, training_basis(binomial))
        for reason in prediction.reasons
        if reason.code == "income"
    ]
    assert "'income' is missing, which raises the probability of 'repaid' being 'yes'." in texts


def test_reasons_are_told_in_the_words_of_the_dictionary(binomial: LoadedModel) -> None:
    entries = (
        ReasonEntry(features=("age", "city"), code="AC", texts={"en": "Age and town.", "de": "Alter und Ort."}),
        ReasonEntry(features=("income",), when="missing", code="I0", texts={"en": "Income not given.", "de": "Fehlt."}),
        ReasonEntry(features=("income",), when="higher", code="I2", texts={"en": "Much income.", "de": "Viel."}),
        ReasonEntry(features=("income",), when="lower", code="I1", texts={"en": "Little income.", "de": "Wenig."}),
    )
    mean = training_basis(binomial).reference.means["income"]
    assert mean is not None
    seen = set()
    for adverse in ("higher", "lower"):
        wording = Wording(rules(locale="de", adverse_outcome=adverse, dictionary=1), entries)
        for prediction in predicted(binomial, ROWS, "features", [""] * 100, training_basis(binomial, wording)):
            amounts = {one.feature: one.contribution for one in prediction.features}
            for reason in prediction.reasons:
                assert (reason.contribution > 0) == (adverse == "higher")
                assert reason.contribution == math.fsum(amounts[name] for name in reason.features)
                seen.add(reason.code)
                if reason.code != "AC":
                    income = next(one.value for one in prediction.features if one.feature == "income")
                    is_higher = isinstance(income, float) and income >= mean
                    assert reason.code == ("I0" if income is None else "I2" if is_higher else "I1")
                assert reason.text == next(entry.texts["de"] for entry in entries if entry.code == reason.code)
    assert seen == {"AC", "I0", "I1", "I2"}


@pytest.mark.parametrize("adverse", ["higher", "lower"])
def test_points_below_the_maximum_are_distances_from_the_best_of_each_shape(
    gaussian: LoadedModel, adverse: AdverseOutcome
) -> None:
    wording = Wording(rules(method="points_below_maximum", adverse_outcome=adverse))
    network, sign = gaussian.fitted.network, 1 if adverse == "higher" else -1
    lower, upper = gaussian.edges[0].domain or (0.0, 0.0)
    ages = torch.linspace(lower, upper, 20_001, dtype=torch.float64)
    best = float((sign * network.edge_activation(gaussian.edges[0].place, ages)).detach().min())
    prediction = one(gaussian, ROW, wording=wording)
    points = {edge.source: edge.activation for edge in prediction.edges}
    distances = {reason.code: reason.contribution for reason in prediction.reasons}
    assert gaussian.edges[0].source == "age"
    assert distances["age"] == pytest.approx(sign * points["age"] - best, abs=1e-3)
    assert all(distance > 0 for distance in distances.values())
    verb = "raises" if adverse == "higher" else "lowers"
    assert all(f"which {verb} 'amount'" in reason.text for reason in prediction.reasons)


def test_a_model_with_hidden_nodes_has_no_points(binomial: LoadedModel) -> None:
    with pytest.raises(NotAdditive):
        one(binomial, ROW, wording=Wording(rules(method="points_below_maximum")))


def test_a_row_that_is_the_reference_has_no_reasons(model: LoadedModel) -> None:
    x = encode_rows(model.fitted.features, [ROW])
    name = NamedReference(name="somebody", revision=3, digest="sha256:" + "0" * 64)
    basis = Basis(prepare_reference(model.fitted, x), name)
    prediction = predicted(model, [ROW], "edges", ["the-id"], basis)[0]
    assert {one.contribution for one in prediction.features} == {0.0}
    assert {edge.contribution for edge in prediction.edges} == {0.0}
    assert (prediction.reasons, prediction.base_value) == ((), prediction.output.link)
    assert (prediction.reference, prediction.reference_revision, prediction.reference_digest) == (
        "somebody",
        3,
        "sha256:" + "0" * 64,
    )


def test_a_record_of_before_references_had_names_is_made_again_as_it_was(model: LoadedModel) -> None:
    """The fields that were added since are left out, so that its digest is the same."""
    before = LoadedModel(model.digest, replace(model.fitted, calibration=None))
    (prediction,) = predicted(before, [ROW], "features", ["the-id"], Basis(before.training_reference, None))
    record = prediction.model_dump(mode="json")
    assert set(record) == {
        "id", "output", "base_value", "reference", "method", "features", "edges", "reasons", "warnings", "identity",
    }  # fmt: skip
    assert record["reference"] == "training"
    assert all(set(reason) == {"rank", "code", "text", "contribution"} for reason in record["reasons"])


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
    exploding = LoadedModel("sha256:" + "0" * 64, replace(gaussian.fitted, network=network))
    with pytest.raises(OutputUndefined, match="no finite answer for row 1"):
        predicted(exploding, [ROW, {**ROW, "age": 1e90}], "edges", ["", ""], training_basis(exploding))


@pytest.mark.parametrize("numbers", [[1e-5, 0.0001, -0.0, 0.0], [1e16, 9.999e15, 1e22, -1.5e300], [5e-324, 1 / 3]])
def test_numbers_are_written_as_canonical_json_writes_them(numbers: list[float]) -> None:
    assert number_texts(np.array(numbers)) == [repr(number) for number in numbers]


@pytest.mark.parametrize("explain", ["edges", "features", "none"])
def test_a_record_is_the_canonical_text_of_the_document_that_it_is(model: LoadedModel, explain: Explain) -> None:
    rows: list[dict[str, Value]] = [*ROWS[:7], {"age": 1e-5, "income": 41, "city": 'ëlm "2"'}, {**ROW, "age": -3e20}]
    ids = [f"{number:036d}" for number in range(len(rows))]
    for row, record in zip(rows, predict(model, rows, explain, ids, training_basis(model)), strict=True):
        document = Prediction.model_validate_json(record.text)
        assert record.text == canonical_json(document.model_dump(mode="json"))
        assert record.row == canonical_json(row)
        assert (record.id, record.outcome) == (document.id, document.output.outcome)
        writer = RecordWriter(RecordTemplate.read(model.writer.template.text))
        assert writer.restored(record.row, record.numbers, record.rest, explain) == record.text


@pytest.mark.parametrize(("edges", "inner", "features"), [(9, 2, 3), (0, 0, 4), (0, 0, 0)])
def test_numbers_are_stored_with_their_errors_and_flags(edges: int, inner: int, features: int) -> None:
    random = np.random.default_rng(0)
    numbers = RecordNumbers.empty(2, edges, inner, features)
    for part in numbers[:6]:
        part[:] = random.normal(size=part.shape)
    numbers.errors[1] = 0.0
    numbers.in_domain[:] = random.random(numbers.in_domain.shape) > 0.5
    for row, packed in enumerate(numbers.packed()):
        for found, part in zip(RecordNumbers.unpacked(packed, edges, inner, features), numbers, strict=True):
            assert found[0].tobytes() == part[row].tobytes()
