"""What people see of a model: the picture, one edge, the formula."""

import math
import sqlite3
from dataclasses import replace

import pytest
import torch

from kan.network import EdgeId
from kan.symbolic.library import SymbolicForm
from service.errors import NotFound
from service.modelling.networks import active_edges, describe_edge, describe_formula, describe_network
from service.modelling.registry import LoadedModel

AGE, INCOME, CITY = EdgeId(0, 0, 0), EdgeId(0, 1, 0), EdgeId(0, 2, 0)


@pytest.fixture(scope="module")
def known(gaussian: LoadedModel) -> LoadedModel:
    """An additive model with two formulas of our own."""
    network = gaussian.fitted.network.with_symbolic(AGE, SymbolicForm("square", 1.0, -50.0, 0.25, 3.0))
    network = network.with_symbolic(INCOME, SymbolicForm("log", 1.0, 100.0, -2.0, 4.0))
    with torch.no_grad():
        network.layer(0).bias.fill_(0.5)
    return LoadedModel("sha256:known", replace(gaussian.fitted, network=network))


def test_the_picture_shows_every_node_and_every_active_edge(model: LoadedModel) -> None:
    network = describe_network(model)
    assert tuple(edge.edge for edge in network.edges) == active_edges(model)
    assert len(network.nodes) == sum(network.shape)
    assert [node.name for node in network.nodes if node.layer == 0] == ["age", "income", "city"]
    assert [node.unit for node in network.nodes if node.layer == 0] == [None, "EUR", None]
    names = {(node.layer, node.name) for node in network.nodes}
    for edge in network.edges:
        assert {(edge.layer, edge.source), (edge.layer + 1, edge.target)} <= names
    assert network.edges_before_pruning >= len(network.edges)


def test_the_outputs_are_named_after_target_and_classes(multinomial: LoadedModel, gaussian: LoadedModel) -> None:
    def outputs(model: LoadedModel) -> list[str]:
        network = describe_network(model)
        return [node.name for node in network.nodes if node.layer == len(network.shape) - 1]

    assert outputs(multinomial) == ["high", "low", "middle"]
    assert outputs(gaussian) == ["amount"]


def test_the_stages_say_how_the_network_was_found(gaussian: LoadedModel) -> None:
    fit, simplified, snapped = describe_network(gaussian).stages
    assert [stage.stage for stage in (fit, simplified, snapped)] == ["fit", "simplify", "symbolify"]
    assert (fit.optimizer, fit.loss_before) == ("gauss_newton", None)
    assert 0 < fit.kept_step <= fit.steps
    assert fit.degrees_of_freedom is not None
    assert fit.dispersion is not None
    assert simplified.loss_before is not None
    assert snapped.active_edges == len(describe_network(gaussian).edges)


def test_small_curves_fill_the_unit_square_and_follow_the_edge(model: LoadedModel) -> None:
    for edge in describe_network(model).edges:
        spark = edge.sparkline
        assert (min(spark.x), max(spark.x), min(spark.y), max(spark.y)) == (0, 1, 0, 1)
        assert list(spark.x) == sorted(spark.x)
        shown = next(one for one in model.edges if str(one.place) == edge.edge)
        lower, upper = shown.domain or (0.0, len(spark.x) - 1.0)
        x = torch.linspace(lower, upper, len(spark.x), dtype=torch.float64)
        y = model.fitted.network.edge_activation(shown.place, x).detach()
        expected = ((y - y.min()) / (y.max() - y.min())).tolist()
        assert edge.domain == shown.domain
        assert list(spark.x) == pytest.approx(torch.linspace(0, 1, len(spark.x)).tolist(), abs=5e-4)
        assert list(spark.y) == pytest.approx(expected, abs=5.001e-4)  # they are written with three decimals


def test_spreads_are_the_deviations_of_the_contributions(gaussian: LoadedModel) -> None:
    """In an additive network the contribution of an edge is φ minus a constant."""
    for edge in describe_network(gaussian).edges:
        place = EdgeId.parse(edge.edge)
        values = gaussian.fitted.network.edge_activation(place, gaussian.fitted.reference[:, place.source])
        assert edge.spread == pytest.approx(float(values.detach().std(correction=0)), rel=1e-9)


def test_a_formula_shows_how_well_it_fitted_its_spline(gaussian: LoadedModel) -> None:
    for edge in describe_network(gaussian).edges:
        assert (edge.r2 is not None) == (edge.form == "symbolic")
        if edge.r2 is not None:
            assert 0.8 < edge.r2 <= 1


@pytest.mark.parametrize("edge", ["9.9.9", "0.0", "x", "", "0.1.0 ", "00.1.0", "0.-1.0", "0.1.0.1", "0.99999999999.0"])
def test_a_name_that_is_no_edge_is_not_found(gaussian: LoadedModel, edge: str) -> None:
    with pytest.raises(NotFound, match="no edge"):
        describe_edge(gaussian, edge)


def test_a_formula_is_shown_with_all_digits_and_for_reading(known: LoadedModel) -> None:
    detail = describe_edge(known, "0.1.0")
    assert detail.text == "-2.0*log(income + 100.0) + 4.0"
    assert detail.latex == r"-2 \cdot \ln\left(\text{income} + 100\right) + 4"
    assert (detail.form, detail.unit, detail.degree, detail.grid_size) == ("symbolic", "EUR", None, None)
    assert detail.value_when_missing is not None


def test_a_formula_is_written_for_python_and_for_sql(known: LoadedModel) -> None:
    detail = describe_edge(known, "0.1.0")
    assert detail.python is not None
    assert detail.sql is not None
    assert "math.log" in detail.python
    assert "income" not in detail.python
    with sqlite3.connect(":memory:") as database:
        row = database.execute(f"SELECT {detail.sql} FROM (SELECT 400.0 AS income)").fetchone()  # noqa: S608  # our own
    database.close()
    assert row[0] == pytest.approx(-2 * math.log(500) + 4, abs=1e-12)


def test_what_is_no_formula_is_not_written_as_code(known: LoadedModel) -> None:
    detail = describe_edge(known, "0.2.0")
    assert (detail.form, detail.python, detail.sql) == ("table", None, None)


def test_the_form_in_force_is_the_first_candidate(known: LoadedModel) -> None:
    candidates = describe_edge(known, "0.0.0").candidates
    assert [one.in_force for one in candidates] == [True] + [False] * (len(candidates) - 1)
    assert (candidates[0].function, candidates[0].parameters) == ("square", (1.0, -50.0, 0.25, 3.0))
    assert len({one.function for one in candidates}) == len(candidates) > 1


def test_candidates_of_a_spline_are_fitted_once_and_miss_it_by_what_they_say(binomial: LoadedModel) -> None:
    edge = next(edge for edge in binomial.edges if edge.form == "spline" and edge.source == "age")
    candidates = describe_edge(binomial, str(edge.place)).candidates
    assert binomial.candidates(edge.place) is binomial.candidates(edge.place)
    assert not any(one.in_force for one in candidates)
    best = candidates[0]
    x = binomial.fitted.reference[:, edge.place.source]
    spline = binomial.fitted.network.edge_activation(edge.place, x).detach()
    miss = SymbolicForm(best.function, *best.parameters).evaluate(x) - spline
    assert float(miss.abs().max()) <= best.max_abs_deviation * 1.05  # which is that of the held-out points
    assert 1 - float(miss.square().sum() / (spline - spline.mean()).square().sum()) == pytest.approx(best.r2, abs=0.05)


def test_splines_and_tables_say_what_they_are(binomial: LoadedModel) -> None:
    forms = {edge.form: str(edge.place) for edge in binomial.edges}
    spline, tabled = describe_edge(binomial, forms["spline"]), describe_edge(binomial, forms["table"])
    assert (spline.degree, spline.grid_size) == (3, 10)
    assert spline.text.endswith("a spline of degree 3 on 10 intervals, beside silu")
    assert (tabled.categories, tabled.domain) == (("ash", "birch", "cedar", "unseen"), None)
    assert tabled.text.endswith("(city): one value for each of 4 categories")
    assert tabled.latex.startswith(r"\varphi_{0.2.")
    assert tabled.candidates == ()


def test_a_pruned_edge_is_zero(gaussian: LoadedModel) -> None:
    pruned = gaussian.fitted.with_network(gaussian.fitted.network.with_zero(AGE))
    detail = describe_edge(LoadedModel("sha256:pruned", pruned), "0.0.0")
    assert (detail.form, detail.text, detail.spread) == ("zero", "phi_0.0.0(age) = 0", 0.0)


def test_the_formula_gathers_the_constants_and_names_what_has_no_formula(known: LoadedModel) -> None:
    formula = describe_formula(known)
    assert formula.text == ("amount = 0.25*(age - 50.0)^2 - 2.0*log(income + 100.0) + phi_0.2.0(city) + 7.5")
    assert formula.latex == (
        r"\begin{aligned}\text{amount} &= 0.25 \cdot \left(\text{age} - 50\right)^{2}"
        r" - 2 \cdot \ln\left(\text{income} + 100\right) + \varphi_{0.2.0}\left(\text{city}\right) + 7.5\end{aligned}"
    )
    assert formula.spline_edges == ()


def test_the_formula_gives_the_output(known: LoadedModel) -> None:
    age, income = 33.0, 640.0
    x = torch.tensor([[age, income, 1.0]], dtype=torch.float64)
    city = float(known.fitted.network.edge_activation(CITY, x[:, 2]).detach()[0])
    by_hand = 0.25 * (age - 50.0) ** 2 - 2.0 * math.log(income + 100.0) + city + 7.5
    assert float(known.fitted.predict_link(x)[0, 0]) == pytest.approx(by_hand, rel=1e-12)


def test_a_deep_formula_has_one_equation_per_node(binomial: LoadedModel) -> None:
    formula = describe_formula(binomial)
    lines = formula.text.split("\n")
    assert [line.split(" = ")[0] for line in lines] == ["h1.0", "h1.1", "logit P(repaid"]
    assert lines[-1].startswith("logit P(repaid = yes) = phi_1.0.0(h1.0) ")
    splines = tuple(str(edge.place) for edge in binomial.edges if edge.form == "spline")
    assert formula.spline_edges == splines
    assert formula.latex.count("&=") == 3


def test_more_classes_have_one_equation_each(multinomial: LoadedModel) -> None:
    lines = describe_formula(multinomial).text.split("\n")
    assert [line.split(" + const")[0] for line in lines] == [
        f"ln P(rating = {outcome})" for outcome in ("high", "low", "middle")
    ]
