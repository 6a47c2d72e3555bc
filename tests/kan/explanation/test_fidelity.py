"""What is measured is what the models answer, and what is proved is never violated."""

import math
from dataclasses import replace

import pytest
import torch

from kan.errors import InvalidSetting, NoRows, ShapeMismatch
from kan.explanation.difference import proved_difference
from kan.explanation.fidelity import Fidelity, dense_rows, fidelity
from kan.features import NumericFeature
from kan.model import FittedModel
from kan.network import EdgeId
from kan.snapping import fitted_form, remove, snap
from kan.symbolic.library import SymbolicForm
from tests.kan.random_models import MIXED, numeric_features, random_model, random_network, random_rows

SIZES = ((1,), (3, 1), (2, 2), (2, 2, 1))
FUNCTIONS = ("sin", "square", "tanh", "abs", "exp", "step")
EDGE = EdgeId(0, 0, 0)


def snapped(model: FittedModel, function: str = "sin", edge: EdgeId = EDGE) -> FittedModel:
    return snap(model, edge, fitted_form(model, edge, function))


def random_pair(seed: int) -> tuple[FittedModel, FittedModel]:
    """Return a model and one in which edges are formulas, removed or moved a little, and biases differ."""
    before = random_model(seed, SIZES[seed % len(SIZES)])
    generator = torch.Generator().manual_seed(seed)
    after = before
    for position, edge in enumerate(before.network.edges()):
        chance = float(torch.rand((), generator=generator))
        if chance < 0.4 and before.network.form(edge) == "spline":
            after = snapped(after, FUNCTIONS[(position + seed) % len(FUNCTIONS)], edge)
        elif chance < 0.5:
            after = replace(after, network=after.network.with_zero(edge))
    after = replace(after, network=after.network.copy())
    with torch.no_grad():
        for position in range(len(before.network.layers)):
            layer = after.network.layer(position)
            noise = torch.randn(layer.weights.shape, generator=generator, dtype=torch.float64)
            layer.weights.add_(0.01 * noise * layer.mask)
            layer.bias.add_(0.1)
    return before, after


@pytest.mark.parametrize("seed", range(20))
def test_no_difference_exceeds_the_proved_bounds(seed: int) -> None:
    before, after = random_pair(seed)
    proved = proved_difference(before.network, after.network, before.features, pieces=128)
    x = dense_rows(before.features, 20_000)
    difference = after.predict_link(x) - before.predict_link(x)
    for output, (lower, upper) in enumerate(proved.outputs):
        assert lower <= float(difference[:, output].min())
        assert float(difference[:, output].max()) <= upper
        assert math.isfinite(lower)
        assert math.isfinite(upper)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_bound_of_one_snapped_edge_of_an_additive_model_is_tight(function: str) -> None:
    before = random_model(sizes=(1,))
    found = fidelity(before, snapped(before, function), before.reference)
    assert found.dense.link_largest <= found.proved_bound[0] <= 1.01 * found.dense.link_largest
    assert found.edges[str(EDGE)] == pytest.approx(found.proved_bound[0])


def test_bound_stays_tight_where_a_formula_is_nearly_exact() -> None:
    features = numeric_features(1)
    network = random_network(features, (1,), seed=0, grid_size=40)
    form = SymbolicForm("sin", 1.3, 0.2, 1.0, 0.1)
    layer = network.layer(0)
    sites = torch.linspace(-2, 2, 400, dtype=torch.float64).unsqueeze(1)
    with torch.no_grad():
        layer.weights[0, 0, 0] = 0.0
        design = layer.features(sites)[:, 0, 1 : layer.functions + 1]
        layer.weights[0, 0, 1 : layer.functions + 1] = torch.linalg.lstsq(design, form.evaluate(sites)).solution[:, 0]
    before = FittedModel(tuple(features), network, "gaussian", "y", (), random_rows(features, 20, seed=0))
    found = fidelity(before, replace(before, network=network.with_symbolic(EDGE, form)), before.reference)
    assert found.dense.link_largest < 1e-5
    assert found.dense.link_largest <= found.proved_bound[0] <= 1.1 * found.dense.link_largest


def test_constant_that_moves_into_the_bias_counts_nothing() -> None:
    before = random_model(sizes=(1,))
    network = before.network.copy()
    network.layer(0).shift(torch.full((1, 3), 5.0, dtype=torch.float64))
    found = fidelity(before, replace(before, network=network), before.reference)
    assert found.proved_bound[0] < 1e-6
    assert found.edges["0.0.0"] == pytest.approx(5.0)


def test_same_model_differs_by_nothing() -> None:
    model = random_model(classes=("a", "b"), sizes=(3, 2))
    found = fidelity(model, replace(model, network=model.network.copy()), model.reference)
    assert found.proved_bound == pytest.approx((0.0, 0.0), abs=1e-200)
    assert (found.data.link_rmse, found.data.response_largest, found.data.flipped) == (0.0, 0.0, 0.0)
    assert (found.data.same_top, found.data.top_overlap, found.data.explained_rows) == (1.0, 1.0, 60)


def test_missing_values_and_unseen_categories_are_part_of_the_proof() -> None:
    before = random_model(sizes=(1,))
    for weight in ((0, 1, -1), (0, 2, 3)):
        network = before.network.copy()
        with torch.no_grad():
            network.layer(0).weights[weight] += 7.0
        found = fidelity(before, replace(before, network=network), before.reference)
        assert found.proved_bound[0] == pytest.approx(7.0)
        assert found.dense.link_largest == pytest.approx(7.0)


def test_formula_that_may_be_undefined_proves_nothing() -> None:
    before = random_model(sizes=(1, 1))
    network = before.network.with_symbolic(EdgeId(1, 0, 0), SymbolicForm("log", 1.0, -1.0, 1.0, 0.0))
    proved = proved_difference(before.network, network, before.features)
    assert proved.outputs == ((-math.inf, math.inf),)
    deeper = random_model(sizes=(1, 1, 1))
    network = deeper.network.with_symbolic(EdgeId(1, 0, 0), SymbolicForm("log", 1.0, -1.0, 1.0, 0.0))
    proved = proved_difference(deeper.network, network, deeper.features)
    assert proved.outputs == ((-math.inf, math.inf),)


def test_root_that_begins_at_the_border_of_a_domain_is_defined_there() -> None:
    before = random_model(sizes=(1,))
    form = SymbolicForm("three_halves_power", 1 / 3, -6.0, 0.1, 0.0)
    found = fidelity(before, snap(before, EDGE, form), before.reference)
    assert found.dense.link_largest <= found.proved_bound[0] <= 1.01 * found.dense.link_largest


def test_numbers_are_those_of_the_answers() -> None:
    before = random_model(sizes=(1,))
    after = snapped(before)
    x = random_rows(MIXED, 300, seed=4)
    first = x[:, 0] < 50
    found = fidelity(before, after, x, threshold=0.3, slices={"young": first, "old": ~first})
    old, new = (model.predict_response(x)[:, 0] for model in (before, after))
    for name, rows in (("young", first), ("old", ~first)):
        assert found.slices[name].rows == int(rows.sum())
        assert found.slices[name].link_rmse == pytest.approx(float((new - old)[rows].square().mean().sqrt()))
        assert found.slices[name].link_largest == float((new - old)[rows].abs().max())
        flipped = ((old >= 0.3) != (new >= 0.3))[rows].double().mean()
        assert found.slices[name].flipped == pytest.approx(float(flipped))
    total = sum(one.rows * one.link_rmse**2 for one in found.slices.values())
    assert found.data.link_rmse == pytest.approx(math.sqrt(total / 300))


def test_flips_of_classes_are_changes_of_the_likeliest_one() -> None:
    before = random_model(sizes=(3,), classes=("a", "b", "c"))
    after = snapped(before, "linear", EdgeId(0, 0, 1))
    found = fidelity(before, after, before.reference)
    old, new = (model.predict_response(before.reference).argmax(dim=1) for model in (before, after))
    assert found.data.flipped == pytest.approx(float((old != new).double().mean()))
    assert len(found.proved_bound) == 3


def test_share_of_equal_top_features_counts_what_a_removed_edge_explained() -> None:
    features = numeric_features(6)
    network = random_network(features, (1,), seed=2)
    model = FittedModel(tuple(features), network, "gaussian", "y", (), random_rows(features, 40, seed=3))
    after = remove(remove(remove(model, EDGE), EdgeId(0, 1, 0)), EdgeId(0, 2, 0))
    found = fidelity(model, after, model.reference)
    assert found.data.same_top == 0.0  # three features are left, and four were among the largest
    assert found.data.top_overlap is not None
    assert 0.25 <= found.data.top_overlap <= 0.75
    assert found.data.flipped is None


def test_dense_rows_cover_the_domain_with_gaps_and_unseen_categories() -> None:
    x = dense_rows(MIXED, 4096)
    assert float(x[:, 0].min()) < 18.1
    assert float(x[:, 0].max()) > 89.9
    assert float(x[:, 1].isnan().double().mean()) == pytest.approx(0.1, abs=0.01)
    assert [int((x[:, 2] == code).sum()) for code in range(4)] == pytest.approx([1024] * 4, abs=10)
    assert torch.equal(x.nan_to_num(), dense_rows(MIXED, 4096).nan_to_num())


def test_refuses_models_and_settings_that_do_not_fit() -> None:
    model = random_model(sizes=(1,))
    x, other = model.reference, NumericFeature("age", "years", 18.0, 91.0)

    def compare(after: FittedModel = model, rows: torch.Tensor = x, **settings: object) -> Fidelity:
        return fidelity(model, after, rows, **settings)  # type: ignore[arg-type]  # wrong ones on purpose

    with pytest.raises(ShapeMismatch):
        compare(random_model(sizes=(2, 1)))
    with pytest.raises(InvalidSetting):
        compare(replace(model, features=(other, *MIXED[1:])))
    with pytest.raises(InvalidSetting):
        compare(replace(model, family="binomial", classes=("no", "yes")))
    with pytest.raises(ShapeMismatch):
        compare(rows=x[:, :2])
    with pytest.raises(NoRows):
        compare(rows=x[:0])
    with pytest.raises(NoRows):
        compare(slices={"none": torch.zeros(len(x), dtype=torch.bool)})
    for settings in ({"dense": 0}, {"pieces": 0}, {"threshold": math.nan}):
        with pytest.raises(InvalidSetting):
            compare(**settings)
    classes = random_model(sizes=(2,), classes=("a", "b"))
    with pytest.raises(InvalidSetting):
        fidelity(classes, classes, x, threshold=0.5)
