"""Models with every kind of edge, rows that reach every special case, and what `kan` itself answers for them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from kan.explanation.edge_flow import edge_flow
from kan.feature_maps import Base
from kan.features import CategoricalFeature, Feature, NumericFeature
from kan.layer import Layer
from kan.losses import FAMILIES, FamilyName
from kan.model import FittedModel
from kan.network import EdgeId, Network, initial_network
from kan.symbolic.library import FUNCTIONS, SymbolicForm
from tests.kan.random_models import MIXED, network_with_every_form, random_network, random_rows

FORMULAS = (*FUNCTIONS, "log(1 + x^2)*2", "x/(1 + abs(x)) - max(x - 0.4, 0)", "exp(-x)*sin(3*x)^3 + x^2.5")
KINKED = ("abs", "hinge", "step")
AWKWARD = (
    NumericFeature("in\"c`o]me'; DROP TABLE rows; --", "a\\b", -1.0, 1.0),
    NumericFeature("größe 🦊 */ /* ?? \\", None, -1.0, 1.0, has_missing=True),
    CategoricalFeature("pur{p}o%s&e_$", ("", "a'b", 'a"b\\', "Ä 🦊", "car", "x\ny")),
)


@dataclass(frozen=True)
class Answers:
    """What a model says about some rows; contributions that are not named are 0."""

    link: Float[Tensor, "rows outputs"]
    response: Float[Tensor, "rows outputs"]
    base_value: float
    contributions: Mapping[str, Float[Tensor, " rows"]]
    features: Float[Tensor, "rows features"]


def expected(model: FittedModel, x: Float[Tensor, "rows features"], output: int = 0) -> Answers:
    with torch.no_grad():
        link = model.network(x)
    flow = edge_flow(model.network, x, model.reference, output=output)
    contributions = {
        str(edge): flow.contributions[edge.layer][:, edge.target, edge.source] for edge in model.network.active_edges()
    }
    response = FAMILIES[model.family].response(link)
    return Answers(link, response, flow.base_value, contributions, flow.feature_contributions)


def largest_difference(found: Answers, wanted: Answers) -> float:
    """Return the largest difference, relative where the number is above 1."""
    pairs = [
        (found.link, wanted.link),
        (found.response, wanted.response),
        (torch.tensor(found.base_value), torch.tensor(wanted.base_value)),
        (found.features, wanted.features),
    ]
    assert set(found.contributions) <= set(wanted.contributions)
    for name, contribution in wanted.contributions.items():
        pairs.append((found.contributions.get(name, torch.zeros_like(contribution)), contribution))
    differences = [((one - other).abs() / other.abs().clamp(min=1.0)).flatten() for one, other in pairs]
    largest = float(torch.cat(differences).max())
    assert not math.isnan(largest)
    return largest


def model_of(
    features: Sequence[Feature],
    network: Network,
    family: FamilyName = "gaussian",
    classes: tuple[str, ...] = (),
    references: int = 40,
) -> FittedModel:
    return FittedModel(tuple(features), network, family, "tar'get", classes, random_rows(features, references, 3, 1.3))


def additive() -> FittedModel:
    return model_of(MIXED, network_with_every_form(hidden=()))


def deep() -> FittedModel:
    return model_of(MIXED, network_with_every_form(hidden=(3,)))


def deeper() -> FittedModel:
    return model_of(MIXED, random_network(MIXED, (2, 2, 1), 4, degree=2))


def straight() -> FittedModel:
    """Return a model whose splines are made of lines."""
    return model_of(MIXED, random_network(MIXED, (2, 1), 5, degree=1, grid_size=3))


def binomial() -> FittedModel:
    return model_of(MIXED, random_network(MIXED, (2, 1), 6), "binomial", ("no", "yes"))


def multinomial() -> FittedModel:
    network = random_network(MIXED, (3, 3), 7).with_zero(EdgeId(1, 0, 2))
    return model_of(MIXED, network, "multinomial", ("a", "b", "c"))


def poisson() -> FittedModel:
    network = random_network(MIXED, (2, 1), 8)
    network.layer(1).rescale(0.005, 0.0)
    return model_of(MIXED, network, "poisson")


def awkward() -> FittedModel:
    return model_of(AWKWARD, random_network(AWKWARD, (2, 1), 9))


def every_function() -> FittedModel:
    """Return an additive model with one feature for every function."""
    features = [NumericFeature(f"f{i}", None, 0.2, 0.8) for i in range(len(FORMULAS))]
    network = random_network(features, (1,), 10)
    for source, function in enumerate(FORMULAS):
        shift = -0.5 if function in KINKED else 0.05
        network.layer(0).set_symbolic(0, source, SymbolicForm(function, 1.1, shift, 1.5, -0.2))
    return model_of(features, network, references=20)


def every_function_behind() -> FittedModel:
    """Return a deep model with one hidden node for every function, whose domain is [-1, 1]."""
    features = [NumericFeature("q", None, -3.0, 3.0, has_missing=True)]
    network = random_network(features, (len(FORMULAS), 1), 11, grid_size=2)
    network.layer(0).rescale(0.7, 0.0)
    for source, function in enumerate(FORMULAS):
        shift = -0.02 if function in KINKED else 0.5
        network.layer(1).set_symbolic(0, source, SymbolicForm(function, 0.3, shift, 1.5, 0.0))
    return model_of(features, network, references=10)


def other_bases() -> FittedModel:
    """Return a model whose first layer has no base and whose second has the identity."""
    features = (NumericFeature("p", None, 2.0, 5.0, has_missing=True), CategoricalFeature("q", ("a", "b")))
    hidden = (NumericFeature("", None, -1.0, 1.0),) * 2
    layers = [_layer(features, 2, "zero"), _layer(hidden, 1, "identity")]
    return model_of(features, Network(layers))


def _layer(features: Sequence[Feature], size: int, base: Base) -> Layer:
    generator = torch.Generator().manual_seed(size)
    network = initial_network(features, (), size, grid_sizes=[5], degree=3, base=base, generator=generator)
    return network.layer(0)


def constant() -> FittedModel:
    """Return a model of constants that has no edge left, with three reference rows."""
    features = (NumericFeature("one", None, 4.0, 4.0), CategoricalFeature("two", ("only",)))
    return model_of(features, random_network(features, (1,), 12), references=3)


def root_at_the_border() -> FittedModel:
    """Return a model with the square root of a feature from 0 on, whose slope there is infinite."""
    feature = NumericFeature("area", "m²", 0.0, 4.0)
    network = random_network([feature], (1,), 13)
    model = model_of([feature], network.with_symbolic(EdgeId(0, 0, 0), SymbolicForm("sqrt", 1.0, 0.0, 2.0, 0.0)))
    model.reference.clamp_(min=0.0)
    return model


MODELS = {
    one.__name__: one
    for one in (
        additive, deep, deeper, straight, binomial, multinomial, poisson, awkward, every_function,
        every_function_behind, other_bases, constant,
    )
}  # fmt: skip  # a list
EXPLAINED = {"multinomial": 2}


def special_rows(model: FittedModel, count: int, seed: int = 1) -> Float[Tensor, "rows features"]:
    """Return random rows in and far out of the domain, the reference, and rows at knots and borders."""
    layer = model.network.layer(0)
    knots = []
    for k in range(layer.knots.shape[1] if layer.numeric else 0):
        row = model.reference[0].clone()
        row[list(layer.numeric)] = layer.centre + layer.half_width * layer.knots[:, k]
        knots.append(row)
    fixed = [model.reference, *([torch.stack(knots)] if knots else [])]
    left = max(count - sum(len(one) for one in fixed), 4)
    spreads = (1.0, 1.5, 4.0, 100.0)
    drawn = [random_rows(model.features, left // 4, seed + k, spread) for k, spread in enumerate(spreads)]
    return torch.cat([*fixed, *drawn])


def labelled(model: FittedModel, x: Float[Tensor, "rows features"]) -> list[dict[str, Any]]:
    """Return encoded rows as people write them: text for categories, None for what is missing."""
    return [
        {feature.name: _label(feature, value) for feature, value in zip(model.features, row, strict=True)}
        for row in x.tolist()
    ]


def _label(feature: Feature, value: float) -> Any:
    if isinstance(feature, CategoricalFeature):
        # An unseen category differs from a known one by its case and a space alone.
        return ([*feature.categories, f"{feature.categories[-1].upper()} "])[int(value)] or None
    return None if math.isnan(value) else value
