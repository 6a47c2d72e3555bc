"""Training: reproducible, cancellable, honest about formulas, measured on rows it has not seen."""

import io
import math
import re
from pathlib import Path

import polars as pl
import pytest
import torch

from kan.network import EdgeId
from kan.serialization import load
from service.domain.canonical import digest_of
from service.domain.feature_schema import FeatureSchema, TrainingColumns, choose_columns
from service.domain.training_configuration import Progress, TrainingConfiguration
from service.errors import StorageFull, TrainingFailed
from service.modelling import recording
from service.modelling.trained_versions import TrainedVersion
from service.modelling.training import train
from tests.service.modelling.conftest import Table, table

QUICK = TrainingConfiguration(steps=40)


class Cancelled(Exception):
    """What a worker raises when a person cancels a job."""


def forms(version: TrainedVersion) -> list[str]:
    network = load(version.artifact).network
    return [network.form(edge) for edge in network.active_edges()]


def test_the_same_inputs_give_the_same_bytes(binomial_table: Table) -> None:
    first, again = binomial_table.train(), binomial_table.train()
    assert first.artifact == again.artifact
    assert first.digest == again.digest == digest_of(first.artifact)
    assert binomial_table.train(seed=1).digest != first.digest


def test_the_number_of_threads_neither_matters_nor_changes(binomial_table: Table) -> None:
    threads = torch.get_num_threads()
    digests = []
    try:
        for count in (1, 2):
            torch.set_num_threads(count)
            digests.append(binomial_table.train(hidden=(2,), steps=20, symbolify=False).digest)
            assert torch.get_num_threads() == count
    finally:
        torch.set_num_threads(threads)
    assert digests[0] == digests[1]


def test_the_random_state_of_the_process_stays_as_it_was(binomial_table: Table) -> None:
    before = torch.get_rng_state()
    binomial_table.train(symbolify=False)
    assert torch.equal(torch.get_rng_state(), before)


def test_nothing_in_the_artifact_knows_the_time(binomial_version: TrainedVersion) -> None:
    assert re.search(rb"20\d\d-\d\d-\d\d|\d\d:\d\d:\d\d", binomial_version.artifact) is None


@pytest.mark.parametrize("stage", ["data", "fit", "prune", "refit", "symbolify", "evaluate"])
def test_an_exception_of_the_report_stops_the_training_at_once(binomial_table: Table, stage: str) -> None:
    seen: list[str] = []

    def report(progress: Progress) -> None:
        seen.append(progress.stage)
        if progress.stage == stage:
            raise Cancelled

    snapshot = binomial_table.snapshot
    with pytest.raises(Cancelled):
        train(snapshot.parquet, snapshot.schema, binomial_table.columns, QUICK, report)
    assert seen[-1] == stage
    assert seen.count(stage) == 1


def test_progress_passes_all_stages_in_order(binomial_table: Table) -> None:
    seen: list[Progress] = []
    snapshot = binomial_table.snapshot
    version = train(snapshot.parquet, snapshot.schema, binomial_table.columns, QUICK, seen.append)
    stages = list(dict.fromkeys(progress.stage for progress in seen))
    assert stages == ["data", "fit", "prune", "refit", "symbolify", "evaluate"]
    assert seen[-1].step == seen[-1].steps
    assert set(version.history) <= set(seen)
    assert all(progress.loss is not None for progress in version.history)
    for progress in version.history:
        assert progress.step <= progress.steps == QUICK.steps
        assert progress.optimizer == "gauss_newton"
        assert progress.grid_size == 10
        assert progress.damping is not None
        assert progress.seconds is not None


def test_a_long_curve_is_thinned_and_keeps_its_end(binomial_table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "CURVE_POINTS", 4)
    seen: list[Progress] = []
    snapshot = binomial_table.snapshot
    configuration = TrainingConfiguration(optimizer="adam", steps=200, symbolify=False)
    version = train(snapshot.parquet, snapshot.schema, binomial_table.columns, configuration, seen.append)
    with_loss = [progress for progress in seen if progress.loss is not None]
    assert len(version.history) <= 4 < len(with_loss)
    assert version.history[-1] == with_loss[-1]


def test_metrics_come_from_the_held_out_rows(binomial_version: TrainedVersion) -> None:
    metrics = {metric.name: metric for metric in binomial_version.metrics}
    assert set(metrics) == {"auc", "log_loss", "brier", "accuracy"}
    assert {metric.rows for metric in metrics.values()} == {binomial_version.split["test_rows"]} == {80}
    assert metrics["auc"].value > 0.8


def test_a_quantity_is_predicted_in_its_own_unit(gaussian_version: TrainedVersion) -> None:
    metrics = {metric.name: metric.value for metric in gaussian_version.metrics}
    assert metrics["r2"] > 0.95
    assert 50 < metrics["rmse"] < 250


def test_more_than_two_classes_are_all_predicted(multinomial_table: Table) -> None:
    version = multinomial_table.train(symbolify=False)
    assert version.shape[-1] == 3
    assert load(version.artifact).classes == ("high", "low", "middle")
    assert {metric.name: metric.value for metric in version.metrics}["auc"] > 0.9


def test_the_positive_class_can_be_chosen(binomial_table: Table) -> None:
    snapshot = binomial_table.snapshot
    columns = choose_columns(snapshot.schema, None, binomial_table.columns.inputs, "no")
    version = train(snapshot.parquet, snapshot.schema, columns, QUICK, lambda _: None)
    assert load(version.artifact).classes == ("yes", "no")
    assert next(metric.value for metric in version.metrics if metric.name == "auc") > 0.8


def test_units_and_names_reach_the_model(gaussian_version: TrainedVersion) -> None:
    model = load(gaussian_version.artifact)
    assert [feature.name for feature in model.features] == ["age", "income", "city"]
    assert getattr(model.features[1], "unit", None) == "EUR"
    assert (model.target, model.training["request"]["target"]) == ("amount", None)
    assert model.training["split"] == gaussian_version.split


def test_a_direction_is_kept_whatever_the_data_say(binomial_table: Table) -> None:
    snapshot = binomial_table.snapshot
    columns = choose_columns(snapshot.schema, None, binomial_table.columns.inputs, None, {"age": "decreasing"})
    version = train(snapshot.parquet, snapshot.schema, columns, TrainingConfiguration(tolerance=0.0), lambda _: None)
    network = load(version.artifact).network
    ages = torch.linspace(20, 80, 500, dtype=torch.float64)
    assert (network.edge_activation(EdgeId(0, 0, 0), ages).diff() <= 1e-12).all()
    free = load(binomial_table.train(symbolify=False).artifact).network
    assert (free.edge_activation(EdgeId(0, 0, 0), ages).diff() > 0).any()


def test_the_record_says_how_the_version_was_found(gaussian_version: TrainedVersion) -> None:
    stages = load(gaussian_version.artifact).training["stages"]
    assert [stage["stage"] for stage in stages] == ["fit", "simplify", "symbolify"]
    for stage in stages:
        assert stage["optimizer"] == "gauss_newton"
        assert 0 < stage["kept_step"] <= 200
        assert 0 < stage["dispersion"] < 1e5
        assert 1 < stage["degrees_of_freedom"] < 60
    simplified = stages[1]
    assert (simplified["edges_before"], simplified["edges_after"]) == (3, gaussian_version.active_edges)
    assert simplified["loss_after"] <= simplified["largest_loss"]


@pytest.mark.parametrize("optimizer", ["gauss_newton", "adam"])
def test_the_optimizer_that_was_asked_for_is_taken(binomial_table: Table, optimizer: str) -> None:
    version = binomial_table.train(optimizer=optimizer, symbolify=False)
    assert {progress.optimizer for progress in version.history} == {optimizer}
    assert load(version.artifact).training["request"]["optimizer"] == optimizer
    assert next(metric.value for metric in version.metrics if metric.name == "auc") > 0.8


def test_more_edges_go_where_more_may_be_lost(gaussian_table: Table) -> None:
    edges = [gaussian_table.train(tolerance=tolerance, symbolify=False).active_edges for tolerance in (0.0, 0.9)]
    assert edges == [3, 1]


def test_no_more_edges_stay_than_allowed() -> None:
    version = table("repaid").train(hidden=(3,), maximum_edges=7, symbolify=False)
    assert version.edges_before_pruning == 12
    assert version.active_edges <= 7
    assert len(forms(version)) == version.active_edges


def test_formulas_come_only_where_asked_for(binomial_version: TrainedVersion, gaussian_version: TrainedVersion) -> None:
    assert "symbolic" not in forms(binomial_version)
    assert binomial_version.symbolification == "Symbolic forms were not asked for."
    assert forms(gaussian_version).count("symbolic") == 2
    assert gaussian_version.symbolification.startswith("2 of 2 splines are formulas: they explain")


def wave(amplitude: float) -> pl.DataFrame:
    """A line with a wave of many periods on it: the line fits it well, and a spline much better."""
    x = [row / 399 for row in range(400)]
    return pl.DataFrame({"x": x, "y": [value + amplitude * math.sin(40 * value) for value in x]})


@pytest.mark.parametrize(
    ("amplitude", "tolerance", "form", "said"),
    [
        (0.08, 0.005, "spline", "Splines were kept: no edge has a formula that the network bears."),
        (0.5, 0.3, "spline", "Splines were kept: no edge has a formula that the network bears."),
        (0.08, 0.1, "symbolic", "1 of 1 splines are formulas: they explain 3"),
    ],
)
def test_formulas_may_cost_as_much_as_the_tolerance_says(
    amplitude: float, tolerance: float, form: str, said: str
) -> None:
    version = train(
        _parquet(wave(amplitude)),
        FeatureSchema(features=()),
        TrainingColumns(inputs=("x",), target="y", family="gaussian"),
        TrainingConfiguration(grid_size=30, steps=300, formula_tolerance=tolerance),
        lambda _: None,
    )
    assert forms(version) == [form]
    assert version.symbolification.startswith(said)


def test_an_engine_that_refuses_the_data_fails_with_its_reason() -> None:
    frame = pl.DataFrame({"x": pl.Series([None] * 40, dtype=pl.Float64), "y": [float(row) for row in range(40)]})
    columns = TrainingColumns(inputs=("x",), target="y", family="gaussian")
    with pytest.raises(TrainingFailed, match="'x' has no value in any training row"):
        train(_parquet(frame), FeatureSchema(features=()), columns, QUICK, lambda _: None)


def test_the_libraries_are_named_with_their_versions(binomial_version: TrainedVersion) -> None:
    assert binomial_version.library_versions["torch"] == torch.__version__
    assert {"python", "numpy", "scikit-learn", "polars"} <= set(binomial_version.library_versions)


def _parquet(frame: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    return buffer.getvalue()


class Files:
    """Stages in memory; the engine's own file in a directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.kept: dict[str, bytes] = {}

    def read(self, name: str) -> bytes | None:
        return self.kept.get(name)

    def write(self, name: str, content: bytes) -> None:
        self.kept[name] = content

    def path(self, name: str) -> Path:
        return self.directory / name


@pytest.mark.parametrize("stage", ["fit", "refit", "symbolify", "evaluate"])
def test_a_training_that_is_interrupted_in_any_stage_goes_on_to_the_same_bytes_and_the_same_curve(
    gaussian_table: Table, tmp_path: Path, stage: str
) -> None:
    snapshot, columns = gaussian_table.snapshot, gaussian_table.columns
    configuration = QUICK.model_copy(update={"target": columns.target, "hidden": (2,), "formula_tolerance": 0.05})
    files = Files(tmp_path)

    def interrupting(progress: Progress) -> None:
        if progress.stage == stage and (progress.step > 2 or stage == "evaluate"):
            raise Cancelled

    with pytest.raises(Cancelled):
        train(snapshot.parquet, snapshot.schema, columns, configuration, interrupting, files)
    resumed = train(snapshot.parquet, snapshot.schema, columns, configuration, lambda _: None, files)
    whole = train(snapshot.parquet, snapshot.schema, columns, configuration, lambda _: None)
    assert resumed.digest == whole.digest
    assert resumed.metrics == whole.metrics
    untimed = [
        [event.model_copy(update={"seconds": None, "remaining_seconds": None}) for event in one.history]
        for one in (resumed, whole)
    ]
    assert untimed[0][-1] == untimed[1][-1]
    stages = [{event.stage for event in history} for history in untimed]
    assert stages[0] == stages[1]


def _interrupted(table: Table, files: Files, stage: str) -> TrainingConfiguration:
    """A training that has come as far as a stage."""
    configuration = QUICK.model_copy(update={"target": table.columns.target, "symbolify": False})

    def interrupting(progress: Progress) -> None:
        if progress.stage == stage and (progress.step > 2 or stage == "prune"):
            raise Cancelled

    with pytest.raises(Cancelled):
        train(table.snapshot.parquet, table.snapshot.schema, table.columns, configuration, interrupting, files)
    return configuration


def test_a_stage_that_other_releases_have_kept_is_computed_anew(gaussian_table: Table, tmp_path: Path) -> None:
    files = Files(tmp_path)
    configuration = _interrupted(gaussian_table, files, "prune")
    assert len(files.kept) == 2
    files.kept = {name.replace("fit-", "fit-0"): content for name, content in files.kept.items()}
    told: list[Progress] = []
    snapshot = gaussian_table.snapshot
    train(snapshot.parquet, snapshot.schema, gaussian_table.columns, configuration, told.append, files)
    assert "fit" in {progress.stage for progress in told}


def test_a_checkpoint_that_is_damaged_costs_time_and_nothing_else(gaussian_table: Table, tmp_path: Path) -> None:
    files, snapshot = Files(tmp_path), gaussian_table.snapshot
    configuration = _interrupted(gaussian_table, files, "fit")
    (checkpoint,) = tmp_path.iterdir()
    checkpoint.write_bytes(checkpoint.read_bytes()[:100])
    resumed = train(snapshot.parquet, snapshot.schema, gaussian_table.columns, configuration, lambda _: None, files)
    whole = train(snapshot.parquet, snapshot.schema, gaussian_table.columns, configuration, lambda _: None)
    assert resumed.digest == whole.digest


def test_a_checkpoint_that_cannot_be_written_is_the_fault_of_the_disk(gaussian_table: Table, tmp_path: Path) -> None:
    with pytest.raises(StorageFull, match="No such file"):
        _interrupted(gaussian_table, Files(tmp_path / "gone"), "prune")
