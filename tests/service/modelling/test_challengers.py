"""Challengers on the rows of a version: same metrics, same split, the same report every time, and an honest verdict."""

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.linear_model import LinearRegression
from sklearn.metrics import root_mean_squared_error

from service.domain.challengers import ChallengerReport
from service.domain.feature_schema import SchemaOverrides, choose_columns
from service.domain.training_configuration import Progress, TrainingConfiguration
from service.errors import JobCancelled
from service.modelling import challengers
from service.modelling.challengers import challenge, paired_interval
from service.modelling.splitting import split_rows
from service.modelling.tables import read_parquet
from service.modelling.trained_versions import TrainedVersion
from tests.service.modelling.conftest import Table, loaded, table
from tests.service.snapshots import read_table

NAMES = ["linear", "gradient_boosting", "random_forest", "perceptron"]


@pytest.fixture(autouse=True)
def few_trees_and_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(challengers, "TREES", 20)
    monkeypatch.setattr(challengers, "RESAMPLES", 300)


def report_on(data: Table, version: TrainedVersion, **settings: object) -> ChallengerReport:
    configuration = TrainingConfiguration.model_validate(settings)
    snapshot = data.snapshot
    return challenge(snapshot.parquet, data.columns, configuration, loaded(version), lambda _: None)


@pytest.mark.parametrize("target", ["repaid", "rating", "amount"])
def test_every_family_is_compared_on_the_rows_and_metrics_of_the_version(target: str) -> None:
    data = table(target)
    version = data.train(symbolify=False)
    report = report_on(data, version)
    assert [one.name for one in report.challengers] == NAMES
    assert [metric.value for metric in report.metrics] == pytest.approx([metric.value for metric in version.metrics])
    index = {"Brier score": "brier", "RMSE": "rmse"}[report.compared]
    own = {metric.name: metric.value for metric in report.metrics}
    for one in report.challengers:
        assert one.lower <= one.difference <= one.upper
        theirs = {metric.name: metric.value for metric in one.metrics}
        assert one.difference == pytest.approx(theirs[index] - own[index])
    assert report_on(data, version) == report


def step_table() -> Table:
    """A jagged target: no smooth curve follows it, a tree does."""
    random = np.random.Generator(np.random.PCG64(1))
    x = random.random(600)
    y = np.where((x * 61).astype(int) % 2 == 0, 1.0, -1.0) + 0.05 * random.standard_normal(600)
    content = "x,y\n" + "\n".join(f"{a:.6f},{b:.6f}" for a, b in zip(x, y, strict=True))
    snapshot = read_table(content.encode(), SchemaOverrides(target="y"), maximum_columns=5)
    return Table(snapshot, choose_columns(snapshot.schema, None, None))


def test_a_jagged_target_is_said_to_be_the_wrong_one_for_a_kan() -> None:
    data = step_table()
    report = report_on(data, data.train(symbolify=False, grid_size=5), grid_size=5)
    assert report.kan_is_wrong_tool
    assert "wrong tool" in report.verdict


def test_a_linear_challenger_is_the_least_squares_of_scikit_learn() -> None:
    data = step_table()
    report = report_on(data, data.train(symbolify=False, grid_size=5), grid_size=5)
    rows = read_parquet(data.snapshot.parquet)
    split = split_rows(rows, data.columns, 0.2, 0)
    x, y = rows["x"].to_numpy()[:, None], rows["y"].to_numpy()
    answers = LinearRegression().fit(x[split.training], y[split.training]).predict(x[split.test])
    (rmse, *_) = report.challengers[0].metrics
    assert rmse.value == pytest.approx(root_mean_squared_error(y[split.test], answers))


def test_the_interval_has_the_width_that_theory_gives_a_mean() -> None:
    random = np.random.Generator(np.random.PCG64(3))
    own, change = random.random(4000), random.normal(0.1, 0.5, 4000)
    difference, lower, upper = paired_interval(own, own + change, is_root=False, seed=0)
    half = norm.ppf(0.975) * change.std() / np.sqrt(4000)
    assert difference == pytest.approx(change.mean())
    assert (upper - lower) / 2 == pytest.approx(half, rel=0.15)


def test_models_that_answer_the_same_differ_by_nothing() -> None:
    losses = np.linspace(0, 1, 50)
    assert paired_interval(losses, losses, is_root=True, seed=0) == (0.0, 0.0, 0.0)


def test_a_cancelled_comparison_stops() -> None:
    def cancel(_progress: Progress) -> None:
        raise JobCancelled

    data = step_table()
    version = data.train(symbolify=False, grid_size=5)
    with pytest.raises(JobCancelled):
        snapshot, configuration = data.snapshot, TrainingConfiguration()
        challenge(snapshot.parquet, data.columns, configuration, loaded(version), cancel)
