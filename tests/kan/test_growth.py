"""Terms of two inputs: found where they are, left out where they are not, and nothing lost by the room for them."""

import numpy as np
import pytest
import torch

from kan import KANRegressor
from kan.errors import InvalidSetting
from kan.growth import Pair, ranked_pairs, with_pairs
from kan.losses import FAMILIES
from kan.training.rows import weighted_rows
from tests.kan.random_models import MIXED, random_network, random_rows

RNG = np.random.default_rng(0)
X = RNG.uniform(-1, 1, (600, 4))
ADDITIVE = np.sin(2 * X[:, 0]) + X[:, 2] ** 2
PRODUCT = ADDITIVE + X[:, 1] * X[:, 3]
NOISE = 0.1 * RNG.normal(size=600)


def test_room_for_pairs_changes_nothing() -> None:
    network = random_network(MIXED, (1,), seed=1)
    rows = random_rows(MIXED, 200, seed=2, spread=1.3)
    grown = with_pairs(network, [Pair(0, 1, 9.0)])
    assert grown.shape == (3, 5, 1)
    assert torch.allclose(grown(rows), network(rows), atol=1e-12)
    assert len(grown.active_edges()) == 3 + 4 + 5


def test_the_pair_that_interacts_is_ranked_first_and_others_are_chance() -> None:
    model = KANRegressor(random_state=0).fit(X, PRODUCT + NOISE)
    rows = weighted_rows(torch.from_numpy(X), torch.from_numpy(PRODUCT + NOISE).unsqueeze(1))
    pairs = ranked_pairs(model.model_.network, rows, FAMILIES["gaussian"], limit=6)
    assert [(pair.first, pair.second) for pair in pairs] == [(1, 3)]


def test_a_product_gets_its_term_and_the_answer_is_nearly_exact() -> None:
    model = KANRegressor(interactions=2, random_state=0).fit(X, PRODUCT + NOISE)
    stage = model.model_.training["stages"][-1]
    assert (stage["stage"], stage["pairs"]) == ("pairs", [["x1", "x3"]])
    assert stage["held_out_gain"] > 5 * stage["standard_error"] > 0
    test = np.random.default_rng(1).uniform(-1, 1, (300, 4))
    truth = np.sin(2 * test[:, 0]) + test[:, 2] ** 2 + test[:, 1] * test[:, 3]
    assert model.score(test, truth) > 0.99
    flow = model.explain(test[:5])
    assert flow.base_value + flow.feature_contributions.sum(dim=1).numpy() == pytest.approx(model.predict(test[:5]))


def test_an_additive_truth_stays_additive() -> None:
    model = KANRegressor(interactions=3, random_state=0).fit(X, ADDITIVE + NOISE)
    assert model.model_.network.shape == (4, 1)
    assert [stage["stage"] for stage in model.model_.training["stages"]] == ["fit"]


@pytest.mark.parametrize("settings", [{"interactions": -1}, {"interactions": 1, "hidden": (2,)}])
def test_pairs_beside_hidden_layers_or_fewer_than_none_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(InvalidSetting, match="interactions"):
        KANRegressor(**settings).fit(X, ADDITIVE)  # type: ignore[arg-type]  # wrong settings are what is tested
