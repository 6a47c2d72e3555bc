"""Profiles: quantiles are NumPy's, and warnings name what tells the target, names the rows, or says nothing."""

import numpy as np
import pytest

from service.domain.feature_schema import Feature, SchemaOverrides
from tests.service.snapshots import read_table

ROWS = 600
RANDOM = np.random.Generator(np.random.PCG64(11))
NOISE = RANDOM.standard_normal((ROWS, 2))


def features(columns: dict[str, list[str]], target: str | None) -> dict[str, Feature]:
    lines = [",".join(columns), *(",".join(row) for row in zip(*columns.values(), strict=True))]
    snapshot = read_table("\n".join(lines).encode(), SchemaOverrides(target=target), maximum_columns=20)
    return {feature.name: feature for feature in snapshot.schema.features}


def texts(values: np.ndarray) -> list[str]:
    return [repr(float(value)) for value in values]


def codes(feature: Feature) -> list[str]:
    return [warning.code for warning in feature.warnings]


def test_quantiles_are_those_of_numpy() -> None:
    found = features({"x": texts(NOISE[:, 0])}, None)["x"]
    assert found.quantiles == pytest.approx(np.quantile(NOISE[:, 0], [0.05, 0.25, 0.5, 0.75, 0.95]))


def test_columns_that_cannot_be_inputs_are_warned_of() -> None:
    found = features(
        {
            "id": [f"person {row}" for row in range(ROWS)],
            "same": ["7.5"] * ROWS,
            "rare": ["1.5" if row % 5 == 0 else "" for row in range(ROWS)],
            "x": texts(NOISE[:, 0]),
        },
        None,
    )
    assert {name: codes(one) for name, one in found.items()} == {
        "id": ["identifier"],
        "same": ["constant"],
        "rare": ["mostly_missing"],
        "x": [],
    }


@pytest.mark.parametrize("kind", ["two", "three", "quantity"])
def test_a_column_that_alone_tells_the_target_is_warned_of(kind: str) -> None:
    cause = NOISE[:, 0]
    target = {
        "two": ["yes" if value > 0 else "no" for value in cause],
        "three": [("low", "middle", "high")[int(np.searchsorted([-0.5, 0.5], value))] for value in cause],
        "quantity": texts(3 * cause + 0.01 * NOISE[:, 1]),
    }[kind]
    honest = texts(cause + 2 * NOISE[:, 1])
    gaps = ["" if row % 9 == 0 else text for row, text in enumerate(honest)]
    found = features({"copy": texts(-cause), "honest": honest, "gaps": gaps, "target": target}, "target")
    leaks = {name for name, one in found.items() if "leakage" in codes(one)}
    assert leaks == {"copy"}
    assert "alone tells 'target'" in found["copy"].warnings[0].detail


def test_a_category_that_is_the_outcome_in_other_words_is_warned_of() -> None:
    outcome = ["yes" if value > 0 else "no" for value in NOISE[:, 0]]
    decision = ["refused" if one == "yes" else "granted" for one in outcome]
    city = [("ash", "birch", "cedar")[row % 3] for row in range(ROWS)]
    found = features({"decision": decision, "city": city, "outcome": outcome}, "outcome")
    assert {name: codes(one) for name, one in found.items()} == {"decision": ["leakage"], "city": [], "outcome": []}


def test_many_categories_do_not_tell_the_target_by_chance() -> None:
    outcome = ["yes" if value > 0 else "no" for value in NOISE[:, 0]]
    found = features({"town": [f"town {row % 200}" for row in range(ROWS)], "outcome": outcome}, "outcome")
    assert codes(found["town"]) == []
