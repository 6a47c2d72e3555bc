"""What is proved of a version reaches its readers whole, and formulas carry their proof from the training."""

from service.modelling.certificates import describe_certificates
from service.modelling.registry import LoadedModel
from tests.service.modelling.conftest import Table, loaded


def trained(table: Table, **settings: object) -> LoadedModel:
    return loaded(table.train(**settings))


def test_expected_directions_hold_or_not(binomial_table: Table) -> None:
    model = trained(binomial_table, symbolify=False, monotone={"age": "increasing"})
    found = describe_certificates(model, {"age": "increasing", "income": "decreasing"}).certificates
    holds = {one.feature: one.holds for one in found if one.fact == "monotone"}
    assert holds == {"age": True, "income": False}
    refuted = next(one for one in found if one.outcome == "refuted")
    before, after = refuted.witness
    assert (refuted.direction, refuted.expected) == ("decreasing", "decreasing")
    assert before.row["income"] != after.row["income"]
    assert before.output < after.output


def test_ranges_are_tight_and_have_probabilities(binomial_table: Table) -> None:
    found = describe_certificates(trained(binomial_table, symbolify=False), {}).certificates
    one = next(one for one in found if one.fact == "range")
    assert one.response is not None
    assert one.tightness is not None
    assert 0 <= one.response[0] < one.response[1] <= 1
    assert 1 <= one.tightness < 1.5


def test_proof_is_made_once_for_one_set_of_directions(binomial_table: Table) -> None:
    model = trained(binomial_table, symbolify=False)
    assert describe_certificates(model, {"age": "increasing"}) == describe_certificates(model, {"age": "increasing"})


def test_formulas_are_proved_against_the_splines_that_they_replaced(gaussian_table: Table) -> None:
    model = trained(gaussian_table, symbolify=True, formula_tolerance=0.5)
    found = describe_certificates(model, {}).certificates
    (one,) = (one for one in found if one.fact == "difference")
    (bound,) = model.fitted.training["formula_agreement"]["proved_link_bounds"]
    assert one.output == "amount"
    assert one.bounds is not None
    assert max(map(abs, one.bounds)) <= bound * (1 + 1e-9)
    assert one.seconds is None
