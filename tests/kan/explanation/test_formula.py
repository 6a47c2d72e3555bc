"""The formula of a model computes what the model computes."""

from dataclasses import replace

import pytest
import sympy as sp
import torch

from kan.explanation.formula import network_formula
from kan.model import FittedModel
from kan.network import EdgeId
from kan.symbolic.library import SymbolicForm
from tests.kan.random_models import numeric_features, random_model, random_network, random_rows

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
