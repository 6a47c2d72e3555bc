"""The formula of a model computes what the model computes."""

import math
from dataclasses import replace

import pytest
import sympy as sp
import torch

from kan.errors import EdgeFormRefused
from kan.explanation.algebra import rounded, shortened
from kan.explanation.formula import complexity, formula_latex, formula_text, network_formula, table_values
from kan.model import FittedModel
from kan.network import EdgeId
from kan.symbolic.library import SymbolicForm
from tests.kan.random_models import (
    MIXED,
    network_with_every_form,
    numeric_features,
    random_model,
    random_network,
    random_rows,
)

FUNCTIONS = ("sin", "tanh", "square", "sigmoid", "gaussian", "arctan")


def symbolic_model() -> FittedModel:
    features = numeric_features(2)
    network = random_network(features, (2, 2), seed=5)
    generator = torch.Generator().manual_seed(6)
    for position, edge in enumerate(network.edges()):
        a, b, c, d = torch.randn(4, generator=generator, dtype=torch.float64).tolist()
        network = network.with_symbolic(edge, SymbolicForm(FUNCTIONS[position % 6], a, b, 0.2 * c, 0.1 * d))
    with torch.no_grad():
        network.layer(0).bias.zero_()
    return FittedModel(tuple(features), network, "multinomial", "class", ("a", "b"), random_rows(features, 50, seed=7))


@torch.no_grad()
def test_formula_of_a_symbolic_network_gives_its_outputs() -> None:
    model = symbolic_model()
    expressions = network_formula(model)
    symbols = [sp.Symbol(feature.name, real=True) for feature in model.features]
    rows = random_rows(model.features, 20, seed=8)
    inside = (model.network.trace(rows).inputs[1].abs() <= 1).all(1)  # hidden domains are [-1, 1]
    assert int(inside.sum()) >= 3
    for row in rows[inside]:
        values = dict(zip(symbols, (sp.Float(value, 20) for value in row.tolist()), strict=True))
        computed = [float(expression.subs(values).evalf(20)) for expression in expressions]
        assert computed == pytest.approx(model.network(row[None])[0].tolist(), rel=1e-12, abs=1e-13)


def test_edges_that_are_no_formula_are_named_functions_of_their_input() -> None:
    (expression,) = network_formula(random_model())
    names = {str(function.func) for function in expression.atoms(sp.core.function.AppliedUndef)}
    assert names == {f"phi_0_{i}_{j}" for i in range(3) for j in range(3)} | {f"phi_1_{j}_0" for j in range(3)}
    assert {str(symbol) for symbol in expression.free_symbols} == {"age", "income", "purpose"}


def test_pruned_edges_are_absent() -> None:
    model = random_model()
    network = model.network
    for edge in network.edges():
        if edge.layer == 0 and edge.source != 0:
            network = network.with_zero(edge)
    (expression,) = network_formula(replace(model, network=network))
    assert {str(symbol) for symbol in expression.free_symbols} == {"age"}


def test_name_that_looks_like_code_stays_a_name() -> None:
    model = symbolic_model()
    features = tuple(
        replace(feature, name=name) for feature, name in zip(model.features, ("1/0", "exit()"), strict=True)
    )
    expressions = network_formula(replace(model, features=features))
    assert {str(symbol) for symbol in expressions[0].free_symbols} == {"1/0", "exit()"}


def test_digits_round_every_number() -> None:
    features = numeric_features(1)
    network = random_network(features, (1,), seed=9)
    network = network.with_symbolic(EdgeId(0, 0, 0), SymbolicForm("tanh", 1.23456, -0.98765, 2.34567, 0.0))
    with torch.no_grad():
        network.layer(0).bias.fill_(0.123456)
    model = FittedModel(tuple(features), network, "gaussian", "y", (), random_rows(features, 5, seed=0))
    exact, rounded = network_formula(model)[0], network_formula(model, digits=3)[0]
    assert {float(number) for number in exact.atoms(sp.Float)} == {1.23456, -0.98765, 2.34567, 0.123456}
    assert {float(number) for number in rounded.atoms(sp.Float)} == {1.23, -0.988, 2.35, 0.123}


def model_of(*forms: SymbolicForm, bias: float = 0.0) -> FittedModel:
    """Return an additive model of as many features as there are formulas, without constants of its own."""
    features = numeric_features(len(forms))
    network = random_network(features, (1,), seed=3)
    for source, form in enumerate(forms):
        network = network.with_symbolic(EdgeId(0, source, 0), form)
    with torch.no_grad():
        network.layer(0).bias.fill_(bias)
    return FittedModel(tuple(features), network, "gaussian", "y", (), random_rows(features, 5, seed=0))


def mixed_model() -> FittedModel:
    return replace(random_model(), network=network_with_every_form())


F0, F1 = (sp.Symbol(f"f{i}", real=True) for i in range(2))
DOMAINS = {F0: (-2.0, 2.0), F1: (-2.0, 2.0)}


def test_squares_in_one_feature_become_one_polynomial() -> None:
    features = numeric_features(1)
    network = random_network(features, (2, 1), seed=1)
    for target in range(2):
        network = network.with_symbolic(EdgeId(0, 0, target), SymbolicForm("square", 0.3 + target, 0.1, 0.7, 0.2))
        network = network.with_symbolic(EdgeId(1, target, 0), SymbolicForm("linear", 1.1, 0.3, target - 0.4, 0.0))
    model = FittedModel(tuple(features), network, "gaussian", "y", (), random_rows(features, 5, seed=0))
    (plain,), (short,) = network_formula(model), network_formula(model, simplified=True)
    assert sp.count_ops(short) < sp.count_ops(plain)
    for value in (-1.7, 0.3, 1.9):
        assert float(short.subs(F0, value)) == pytest.approx(float(plain.subs(F0, value)), rel=1e-13)


def test_product_of_exponentials_becomes_one() -> None:
    expression = sp.exp(F0) * (sp.exp(F1) + sp.exp(2 * F0)) - sp.exp(3 * F0)
    assert shortened(expression, DOMAINS) == sp.exp(F0 + F1)


def test_rules_for_positive_numbers_hold_only_where_the_domain_is_positive() -> None:
    expression = sp.log(F0**2) + sp.log(F0**4)
    assert len(shortened(expression, {F0: (1.0, 3.0)}).atoms(sp.log)) == 1
    everywhere = shortened(expression, {F0: (-2.0, 2.0)})
    assert float(everywhere.subs(F0, -1.5)) == pytest.approx(float(expression.subs(F0, -1.5)))


def test_unknown_functions_stay_what_they_are() -> None:
    phi = sp.Function("phi_0_0_0")
    assert shortened(2 * (phi(F0) + F1) - 2 * phi(F0), DOMAINS) == 2 * F1
    assert shortened(phi(2 * (F0 + F1) - 2 * F0), DOMAINS) == phi(2 * F1)


def test_difference_that_only_doubles_would_miss_is_kept() -> None:
    tiny = sp.Float(2.0**-60, 17)
    expression = F0 * (F1 + tiny) - F0 * F1
    assert shortened(expression, DOMAINS) == tiny * F0


def test_what_would_explode_is_left_alone() -> None:
    expression = sum((F0 + k * F1 + sp.sin(k * F0)) for k in range(1, 12)) ** 60
    assert shortened(expression, DOMAINS) == expression


def test_exact_formula_holds_the_doubles_and_people_see_familiar_numbers() -> None:
    model = model_of(SymbolicForm("sin", math.pi / 2, 0.5, 1.0, 0.0), SymbolicForm("tanh", 1 / 3, 1.0, 2.71828, 0.0))
    (exact,), (shown,) = network_formula(model), network_formula(model, digits=3)
    assert {float(number) for number in exact.atoms(sp.Float)} == {math.pi / 2, 0.5, 1 / 3, 2.71828}
    half, e = (sp.Float(text, 17) for text in ("0.5", "2.72"))
    assert shown == sp.sin(sp.pi * F0 / 2 + half) + e * sp.tanh(F1 / 3 + 1)


def test_number_that_is_only_near_a_fraction_is_no_fraction() -> None:
    assert rounded(sp.Float(0.3333333) * F0, 4) == sp.Float("0.3333", 17) * F0
    assert rounded(F0 ** sp.Rational(0.3), 4) == F0 ** sp.Float("0.3", 17)
    assert rounded(sp.sqrt(F0), 4) == sp.sqrt(F0)


def test_text_lists_every_table_and_spline_of_the_formula() -> None:
    written = formula_text(mixed_model()).splitlines()
    assert written[0].startswith("limit = ")
    assert "sin(0.05*age + 0.1)" in written[0]
    assert "phi_0_1_0(income) = spline with 4 intervals from 0 to 9000" in written
    (table,) = [line for line in written if line.startswith("phi_0_2_0(purpose)")]
    assert all(f"{name}: " in table for name in ("missing", '"car"', '"house"', "any other"))
    assert not any(line.startswith("phi_0_0_1") for line in written)  # it leads nowhere


def test_latex_shows_tables_as_cases_and_escapes_names() -> None:
    names = (r"in_come%", r"\href{x}", "kind & more")
    model = mixed_model()
    features = tuple(replace(one, name=name) for one, name in zip(model.features, names, strict=True))
    written = formula_latex(replace(model, features=features, target="y_1"))
    assert written.startswith(r"\begin{aligned} \text{y\_1} &= ")
    assert r"\phi_{0,2,0}\left(\text{kind \& more}\right) &= \begin{cases}" in written
    assert r"\text{in\_come\%}" in written
    assert r"\href" not in written
    assert written.count("{") - written.count(r"\{") == written.count("}") - written.count(r"\}")


def test_formula_of_classes_is_a_score_for_each() -> None:
    model = symbolic_model()
    assert [line.split(" = ")[0] for line in formula_text(model).splitlines()] == ["score(a)", "score(b)"]
    assert formula_latex(model, simplified=True).count(r"\operatorname{score}") == 2


def test_table_gives_the_value_of_every_category() -> None:
    model = mixed_model()
    values = table_values(model, EdgeId(0, 2, 0))
    codes = torch.arange(4, dtype=torch.float64)
    assert list(values) == ["", "car", "house", None]
    assert list(values.values()) == model.network.edge_activation(EdgeId(0, 2, 0), codes).tolist()
    with pytest.raises(EdgeFormRefused):
        table_values(model, EdgeId(0, 0, 0))
    with pytest.raises(EdgeFormRefused):
        table_values(model, EdgeId(1, 0, 0))


def test_complexity_counts_functions_coefficients_and_categories() -> None:
    model = model_of(SymbolicForm("sin", 1.0, 0.0, 1.0, 0.0), SymbolicForm("square", 1.0, 0.0, 1.0, 0.0))
    assert complexity(model) == 3 + 2
    additive = random_model(sizes=(1,))
    assert complexity(additive) == 2 * (4 + 3 + 1) + len(MIXED[2].categories)
    assert complexity(replace(additive, network=additive.network.with_zero(EdgeId(0, 0, 0)))) == 8 + 3
