"""The covariance of the parameters is that of textbooks, stays with the model, and its bands hold the truth."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from kan.errors import ArtifactCorrupted, UncertaintyUnknown
from kan.estimator import KANClassifier, KANRegressor
from kan.explanation.dependence import dependence
from kan.explanation.uncertainty import link_deviation, quantile
from kan.network import EdgeId
from kan.regularization import network_costs
from kan.serialization import dump, load, packed
from kan.training.evidence import precision, priors
from kan.training.laplace import LARGEST
from kan.training.normal_equations import link_jacobian
from kan.training.parameters import Parameters

RANDOM = np.random.default_rng(3)
X = RANDOM.uniform(-1, 1, size=(250, 2))
Y = 40 * (np.sin(3 * X[:, 0]) + X[:, 1] ** 2 + 0.3 * RANDOM.normal(size=250)) + 7


def centred_truths(x: np.ndarray) -> list[np.ndarray]:
    """The terms of the additive function of `test_bands_cover…`."""
    return [np.sin(np.pi * x[:, 0]), x[:, 1] ** 2, np.exp(-2 * x[:, 2] ** 2)]


def test_covariance_of_an_additive_model_is_that_of_the_penalised_regression(no_shape_checks: None) -> None:
    model = KANRegressor(random_state=0).fit(X, Y).model_
    x = torch.from_numpy(X)
    parameters = Parameters(model.network)
    design = link_jacobian(model.network, parameters, x)[:, 0]
    record = model.training["regularization"]
    strengths = [torch.tensor(one, dtype=torch.float64) for one in record["strengths"]]
    blocks = precision(strengths, priors(parameters, network_costs(model.network, x)))
    matrix = design.T @ design / record["dispersion"] + parameters.scattered(blocks)
    exact = torch.linalg.inv(matrix + 1e-6 * matrix.diagonal().mean() * torch.eye(parameters.size, dtype=matrix.dtype))
    deviation = (design @ exact * design).sum(dim=1).sqrt()
    torch.testing.assert_close(link_deviation(model, x), deviation, rtol=1e-2, atol=0.0)


def test_derivatives_of_the_link_are_those_of_finite_differences() -> None:
    model = KANRegressor(hidden=(2,), steps=8, random_state=0).fit(X, Y).model_
    network, x = model.network, model.reference[:4]
    parameters = Parameters(network)
    found, values = link_jacobian(network, parameters, x)[:, 0], parameters.read()
    for position in RANDOM.choice(parameters.size, 12, replace=False):
        step = torch.zeros_like(values)
        step[position] = 1e-5
        sides = []
        for sign in (1, -1):
            parameters.write(values + sign * step)
            sides.append(network.evaluate(x)[:, 0])
        parameters.write(values)
        torch.testing.assert_close(found[:, position], (sides[0] - sides[1]) / 2e-5, rtol=1e-4, atol=1e-6)


def test_bands_cover_the_true_functions_of_an_additive_model_about_as_often_as_they_say() -> None:
    covered = []
    for seed in range(6):
        random = np.random.default_rng(seed)
        x = random.uniform(-1, 1, size=(300, 3))
        y = sum(centred_truths(x)) + 0.3 * random.normal(size=300)
        model = KANRegressor(random_state=0).fit(x, y).model_
        for place in range(3):
            found = dependence(model, model.features[place].name, points=40)
            at = np.zeros((40, 3))
            at[:, place] = found.x
            truth = centred_truths(at)[place] - centred_truths(model.reference.numpy())[place].mean()
            half = quantile(0.9) * np.array(found.deviation)
            covered.append(np.mean(np.abs(np.array(found.y) - truth) <= half))
    assert 0.8 <= np.mean(covered) <= 0.98


def test_scale_of_the_target_scales_the_deviation_also_with_hidden_nodes() -> None:
    deviations = []
    for scale in (1.0, 1000.0):
        model = KANRegressor(hidden=(2,), steps=15, random_state=0).fit(X, scale * Y).model_
        deviations.append(link_deviation(model, model.reference) / scale)
    torch.testing.assert_close(*deviations, rtol=2e-2, atol=0.0)


def test_covariance_follows_every_stage_and_leaves_with_changes_by_hand() -> None:
    model = KANRegressor(random_state=0).fit(X, Y)
    stages: list[Callable[[], object]] = [model.simplify, lambda: model.symbolify(tolerance=0.05), model.refit]
    for stage in stages:
        stage()
        factor = model.model_.covariance_factor
        assert factor is not None
        assert len(factor) == model.model_.network.parameter_count
        assert np.all(model.predict_std(X) > 0)
    edge = str(model.model_.network.active_edges()[0])
    model.unsnap(edge) if model.model_.network.form(EdgeId.parse(edge)) == "symbolic" else model.snap(edge, "sin")
    with pytest.raises(UncertaintyUnknown):
        model.predict_std(X)
    assert np.all(model.refit().predict_std(X) > 0)


def test_rows_of_before_count_after_an_update() -> None:
    whole = KANRegressor(random_state=0).fit(X, Y)
    before = whole.predict_std(X)
    again = np.mean(whole.partial_fit(X, Y).predict_std(X) / before)
    assert 0.6 < again < 0.85  # twice the rows: about 1/√2


def test_first_order_steps_and_large_networks_do_not_know_how_sure_they_are() -> None:
    adam = KANRegressor(optimizer="adam", steps=5, random_state=0).fit(X, Y)
    assert adam.model_.covariance_factor is None
    large = KANRegressor(hidden=(90,), grid_size=4, steps=2, optimizer="gauss_newton", random_state=0)
    fitted = large.fit(X[:40], Y[:40]).model_
    assert fitted.network.parameter_count > LARGEST
    assert fitted.covariance_factor is None


def test_classes_have_a_covariance_of_their_own_size() -> None:
    y = (X[:, 0] + RANDOM.normal(size=250) > 0).astype(int)
    few, many = (KANClassifier(random_state=0).fit(X[:rows], y[:rows]).predict_std(X).mean() for rows in (80, 250))
    assert many < few


def test_file_keeps_the_covariance_and_refuses_another() -> None:
    model = KANRegressor(random_state=0).fit(X, Y).model_
    assert model.covariance_factor is not None
    data = dump(model)
    found = load(data)
    assert found.covariance_factor is not None
    assert torch.equal(found.covariance_factor, model.covariance_factor.tril())
    assert dump(found) == data
    triangle = packed(model.covariance_factor).numpy().tobytes()
    assert len(triangle) == 4 * (n := model.network.parameter_count) * (n + 1) // 2
    broken = data.replace(triangle, np.full(len(triangle) // 4, np.nan, dtype="<f4").tobytes())
    with pytest.raises(ArtifactCorrupted, match="covariance is not finite"):
        load(broken)
