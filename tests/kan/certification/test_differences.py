"""What is proved of two models is what no row exceeds, and the rows found come near to it."""

from dataclasses import replace

import pytest

from kan.certification.differences import certify_difference
from kan.errors import InvalidSetting, ShapeMismatch
from kan.explanation.fidelity import dense_rows
from kan.features import encode
from kan.network import EdgeId
from kan.snapping import fitted_form, snap
from kan.symbolic.library import SymbolicForm
from tests.kan.random_models import MIXED, random_model

EDGE = EdgeId(0, 0, 0)


@pytest.mark.parametrize("sizes", [(1,), (3, 1)])
def test_difference_is_bounded_and_its_witnesses_are_far_apart(sizes: tuple[int, ...]) -> None:
    before = random_model(1, sizes)
    after = snap(before, EDGE, fitted_form(before, EDGE, "tanh"))
    (one,) = certify_difference(before, after)
    x = dense_rows(before.features, 10_000)
    apart = (after.predict_link(x) - before.predict_link(x))[:, 0]
    assert one.bounds is not None
    assert one.found is not None
    assert one.bounds[0] <= float(apart.min())
    assert float(apart.max()) <= one.bounds[1]
    assert one.tightness is not None
    assert one.tightness < (1.01 if sizes == (1,) else 4)
    for witness in one.witness:
        row = encode(MIXED, {name: [value] for name, value in witness.row.items()})
        found = float((after.predict_link(row) - before.predict_link(row))[0, 0])
        assert found == pytest.approx(witness.output)


def test_formula_that_may_be_undefined_proves_nothing() -> None:
    before = random_model(sizes=(1, 1))
    network = before.network.with_symbolic(EdgeId(1, 0, 0), SymbolicForm("log", 1.0, -1.0, 1.0, 0.0))
    (one,) = certify_difference(before, replace(before, network=network))
    assert (one.outcome, one.bounds) == ("undecided", None)
    assert one.reason


def test_refuses_models_of_another_kind() -> None:
    with pytest.raises(ShapeMismatch):
        certify_difference(random_model(sizes=(1,)), random_model(sizes=(2, 1)))
    with pytest.raises(InvalidSetting):
        certify_difference(random_model(sizes=(1,)), replace(random_model(sizes=(1,)), features=MIXED[::-1]))
