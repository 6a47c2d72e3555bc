"""No point refutes a certificate, constrained features are proved, and what is refuted has rows that show it."""

import math
from dataclasses import replace

import pytest
import torch

from kan import KANClassifier, KANRegressor
from kan.certification.certificate import Certificate
from kan.certification.certify import certify
from kan.certification.points import slopes_at
from kan.errors import InvalidSetting, UnknownFeature
from kan.explanation.fidelity import dense_rows
from kan.features import NumericFeature, encode
from kan.model import FittedModel
from kan.network import EdgeId
from kan.symbolic.library import SymbolicForm
from tests.kan.random_models import MIXED, network_with_every_form, random_model, random_rows

SIZES = ((1,), (3, 1), (2, 2, 1))


def model_with_every_form() -> FittedModel:
    return FittedModel(MIXED, network_with_every_form(), "gaussian", "limit", (), random_rows(MIXED, 20, seed=0))


def of(found: tuple[Certificate, ...], fact: str, feature: str | None = None, output: str | None = None) -> Certificate:
    return next(one for one in found if (one.fact, one.feature) == (fact, feature) and output in (None, one.output))


@pytest.mark.parametrize("sizes", [*SIZES, None])
def test_no_point_leaves_the_proved_bounds(sizes: tuple[int, ...] | None) -> None:
    model = model_with_every_form() if sizes is None else random_model(1, sizes)
    found = certify(model, boxes=40)
    x = dense_rows(model.features, 20_000)
    outputs, slopes = model.predict_link(x)[:, 0], slopes_at(model.network, x, 0)
    lower, upper = of(found, "range").bounds or (math.nan, math.nan)
    assert lower <= float(outputs.min()) <= float(outputs.max()) <= upper
    for place, name in ((0, "age"), (1, "income")):
        assert float(slopes[:, place].abs().max()) <= (of(found, "lipschitz", name).bounds or (0.0, 0.0))[1]
        least, most = of(found, "monotone", name).bounds or (math.nan, math.nan)
        assert least <= float(slopes[:, place].min()) <= float(slopes[:, place].max()) <= most


@pytest.mark.parametrize("sizes", SIZES[:2])
def test_bounds_are_near_to_what_rows_show(sizes: tuple[int, ...]) -> None:
    for one in certify(random_model(1, sizes)):
        if one.fact != "monotone":
            assert one.tightness is not None
            assert 1.0 <= one.tightness <= 1.1


def test_bisection_makes_bounds_tighter_and_is_the_same_at_every_run() -> None:
    model = random_model(3, (3, 1))
    few, many, again = (certify(model, features=["age"], boxes=boxes) for boxes in (1, 200, 200))
    assert (of(many, "range").tightness or 0) < 0.9 * (of(few, "range").tightness or 0)
    assert [replace(one, seconds=0.0) for one in many] == [replace(one, seconds=0.0) for one in again]


def test_witnesses_are_rows_of_the_model_with_its_answers() -> None:
    model = model_with_every_form()
    for one in certify(model, boxes=40):
        for witness in one.witness:
            x = encode(model.features, {name: [value] for name, value in witness.row.items()})
            assert float(model.predict_link(x)[0, 0]) == pytest.approx(witness.output, rel=1e-12)


def test_refuted_direction_has_two_rows_that_differ_in_the_feature_only() -> None:
    model = random_model(1, (3, 1))
    found = certify(model, features=["age"], expected={"age": 1}, boxes=20)
    one = of(found, "monotone", "age")
    before, after = one.witness
    assert one.outcome == "refuted"
    assert {name for name in before.row if before.row[name] != after.row[name]} == {"age"}
    assert (after.row["age"], before.output) > (before.row["age"], after.output)


@pytest.mark.parametrize("hidden", [(), (3,), (2, 2)])
def test_every_constrained_feature_is_proved(hidden: tuple[int, ...]) -> None:
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(300, 3, generator=generator, dtype=torch.float64)
    y = torch.sin(3 * x[:, 0]) - x[:, 1] ** 2 + 0.3 * torch.sin(9 * x[:, 2])
    directions = {"x0": 1, "x1": -1}
    columns = {f"x{i}": x[:, i].numpy() for i in range(3)}
    model = KANRegressor(hidden, grid_size=4, monotone=directions, random_state=0).fit(columns, y.numpy())
    found = model.certify(["x0", "x1"], expected=directions)
    for name, direction in directions.items():
        one = of(found, "monotone", name)
        assert (one.outcome, one.direction) == ("proved", direction)


def test_formulas_of_a_constrained_model_keep_the_proof() -> None:
    x = torch.linspace(0.1, 2, 200, dtype=torch.float64)
    model = KANRegressor(monotone={"x": 1}, random_state=0).fit({"x": x.numpy()}, (x**2).numpy())
    model.snap("0.0.0", SymbolicForm("square", 1.0, 0.0, 1.0, 0.0))
    one = of(model.certify(expected={"x": 1}), "monotone", "x")
    assert one.outcome == "proved"


def test_pruned_feature_is_proved_to_have_no_effect() -> None:
    model = random_model(1, (1,))
    model = replace(model, network=model.network.with_zero(EdgeId(0, 0, 0)))
    found = certify(model, features=["age"], expected={"age": -1})
    assert (of(found, "monotone", "age").outcome, of(found, "monotone", "age").direction) == ("proved", 0)
    assert of(found, "lipschitz", "age").bounds == (0.0, 0.0)


def test_category_has_no_direction_and_says_why() -> None:
    one = of(certify(random_model(1, (1,)), features=["purpose"]), "monotone", "purpose")
    assert (one.outcome, one.bounds) == ("undecided", None)
    assert "category" in (one.reason or "")


def test_formula_that_may_be_undefined_leaves_everything_undecided() -> None:
    model = random_model(sizes=(1, 1))
    network = model.network.with_symbolic(EdgeId(1, 0, 0), SymbolicForm("log", 1.0, -1.0, 1.0, 0.0))
    found = certify(replace(model, network=network))
    assert {one.outcome for one in found} == {"undecided"}
    assert all("not proved to be defined" in (one.reason or "") for one in found)


def test_root_is_proved_to_rise_and_has_no_largest_slope() -> None:
    model = random_model(sizes=(1,))
    network = model.network.with_symbolic(EdgeId(0, 0, 0), SymbolicForm("sqrt", 0.25, -4.5, 1.0, 0.0))
    found = certify(replace(model, network=network), features=["age"])
    assert (of(found, "monotone", "age").outcome, of(found, "monotone", "age").direction) == ("proved", 1)
    assert of(found, "lipschitz", "age").outcome == "undecided"


def test_step_against_the_direction_is_refuted() -> None:
    model = random_model(sizes=(1,))
    form = SymbolicForm("x - 9 * step(x - 40)", 1.0, 0.0, 1.0, 0.0)
    network = model.network.with_symbolic(EdgeId(0, 0, 0), form)
    one = of(certify(replace(model, network=network), features=["age"], expected={"age": 1}), "monotone", "age")
    assert (one.outcome, one.bounds) == ("refuted", None)


def test_clock_that_runs_out_leaves_bounds_that_hold() -> None:
    model = random_model(1, (3, 1))
    hurried, patient = (of(certify(model, features=[], seconds=seconds), "range").bounds for seconds in (1e-6, 30.0))
    assert hurried is not None
    assert patient is not None
    assert hurried[0] <= patient[0] < patient[1] <= hurried[1]


def test_ranges_of_classes_are_probabilities_that_hold() -> None:
    model = random_model(2, (3,), classes=("a", "b", "c"))
    found = certify(model, features=[])
    response = model.predict_response(dense_rows(model.features, 5000))
    for output, name in enumerate(model.classes):
        lower, upper = of(found, "range", output=name).response or (math.nan, math.nan)
        assert 0 <= lower <= float(response[:, output].min()) <= float(response[:, output].max()) <= upper <= 1


def test_classifier_is_certified_on_the_scale_of_its_link() -> None:
    x = torch.linspace(-1, 1, 60, dtype=torch.float64)
    model = KANClassifier(random_state=0).fit({"x": x.numpy()}, (x > 0.1).numpy().astype(int))
    one = of(model.certify(), "range")
    assert (one.unit, one.outcome) == ("logit", "proved")
    assert one.response is not None
    assert one.response[0] < 0.5 < one.response[1]


def test_refuses_what_it_cannot_answer() -> None:
    model = random_model(1, (1,))
    with pytest.raises(UnknownFeature):
        certify(model, features=["nothing"])
    with pytest.raises(UnknownFeature):
        certify(model, expected={"nothing": 1})
    for settings in ({"expected": {"age": 2}}, {"boxes": 0}, {"seconds": math.nan}):
        with pytest.raises(InvalidSetting):
            certify(model, **settings)


def test_constant_feature_has_no_slope() -> None:
    feature = NumericFeature("age", "years", 18.0, 18.0)
    model = random_model(1, (1,))
    model = replace(model, features=(feature, *MIXED[1:]), network=model.network.with_zero(EdgeId(0, 0, 0)))
    assert of(certify(model, features=["age"]), "monotone", "age").direction == 0
