"""Tables answered in blocks: the same bits as predictions, whatever the blocks, threads and interruptions."""

import io
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from service.domain.predictions import Explain, Prediction, Value
from service.domain.training_configuration import Progress
from service.errors import MalformedCsv, NoRows, ScoringColumnRefused, UnknownColumn
from service.modelling import scoring
from service.modelling.arrow_streams import arrow_stream
from service.modelling.prediction import shown_row, training_basis
from service.modelling.registry import LoadedModel
from service.modelling.scoring import Scoring, score_table
from service.modelling.scoring_sources import most_rows, open_source, require_columns
from service.storage.checkpoints import Checkpoints
from tests.service.records import predicted


def rows_of(model: LoadedModel) -> list[dict[str, Value]]:
    """Rows of the training, one of them far outside, one with a category never seen."""
    rows = [shown_row(model.fitted, row) for row in model.fitted.reference[:60]]
    rows[3]["age"], rows[5]["city"] = 300.0, "oak"
    return rows


def written(rows: list[dict[str, Value]], path: Path, form: str) -> Path:
    frame = pl.DataFrame(rows, schema={"age": pl.Float64, "income": pl.Float64, "city": pl.String})
    if form == "parquet":
        frame.with_columns(pl.lit("more").alias("extra")).write_parquet(path)
    else:
        frame.write_csv(path, separator=";")
    return path


def scored(model: LoadedModel, path: Path, explain: Explain = "edges", threads: int = 2, job: str = "job") -> Path:
    directory = path.parent
    source = open_source(path, directory, model.fitted.features, 20)
    files = Checkpoints(directory).of_job(job)
    asked = Scoring(model, training_basis(model), explain)
    return score_table(asked, source, files, directory / f"{job}.parquet", lambda _: None, threads).path


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scoring, "LEAST_BLOCK_ROWS", 7)
    monkeypatch.setattr(scoring, "MOST_BLOCK_ROWS", 7)
    monkeypatch.setattr(scoring, "READ_ROWS", 20)


def expected(prediction: Prediction, explain: Explain) -> dict[str, Any]:
    output = prediction.output
    found: dict[str, Any] = {"link": output.link, "response": output.response}
    if output.outcome is not None:
        found["outcome"] = output.outcome
        found |= {f"probability.{one.outcome}": one.probability for one in output.probabilities}
    found["out_of_domain"] = bool(prediction.warnings)
    if explain != "none":
        found["base_value"] = prediction.base_value
    found |= {f"contribution.{one.feature}": one.contribution for one in prediction.features}
    return found | {f"edge.{one.edge}": one.contribution for one in prediction.edges}


@pytest.mark.parametrize("form", ["parquet", "csv"])
@pytest.mark.parametrize("explain", ["edges", "features", "none"])
def test_a_row_of_a_table_has_the_bits_of_its_own_prediction(
    model: LoadedModel, tmp_path: Path, small_blocks: None, explain: Explain, form: str
) -> None:
    rows = rows_of(model)
    path = scored(model, written(rows, tmp_path / "table", form), explain)
    predictions = predicted(model, rows, explain, [str(n) for n in range(len(rows))], training_basis(model))
    found = pl.read_parquet(path).to_dicts()
    assert [(one.pop("row"), one.pop("error")) for one in found] == [(row, None) for row in range(len(rows))]
    assert found == [expected(one, explain) for one in predictions]


def test_threads_and_interruptions_change_no_byte(model: LoadedModel, tmp_path: Path, small_blocks: None) -> None:
    path = written(rows_of(model), tmp_path / "table", "parquet")
    whole = scored(model, path, threads=1, job="whole").read_bytes()
    source = open_source(path, tmp_path, model.fitted.features, 20)
    files = Checkpoints(tmp_path).of_job("interrupted")
    asked, steps = Scoring(model, training_basis(model), "edges"), []

    def interrupt(progress: Progress) -> None:
        steps.append((progress.step, progress.steps))
        if progress.step == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        score_table(asked, source, files, tmp_path / "never.parquet", interrupt, 1)
    kept = sorted(path.name for path in files.path("x").parent.iterdir())
    assert 3 <= len(kept) < 9
    table = score_table(asked, source, files, tmp_path / "again.parquet", lambda p: steps.append((p.step, p.steps)), 4)
    assert table.path.read_bytes() == whole
    assert (table.rows, table.refused) == (60, 0)
    assert steps[:4] == [(0, 9), (1, 9), (2, 9), (3, 9)]
    assert steps[4] == (len(kept), 9)
    assert steps[-1] == (9, 9)


def test_a_row_that_cannot_be_answered_says_why_and_the_others_are_answered(
    gaussian: LoadedModel, tmp_path: Path
) -> None:
    lines = ["age,income,city", "30,500,ash", ",500,ash", "1e200,500,ash", "old,500,ash", "inf,500,ash", "40,,"]
    path = tmp_path / "table"
    path.write_text("\n".join(lines) + "\n")
    found = pl.read_parquet(scored(gaussian, path))
    assert found["error"].to_list() == [
        None,
        "missing_value_not_seen",
        "non_finite_number",
        "wrong_value_type",
        "non_finite_number",
        "missing_value_not_seen",
    ]
    assert found["link"].is_null().to_list() == [False, True, True, True, True, True]
    assert found["contribution.age"].is_null().to_list() == found["link"].is_null().to_list()
    only = scored(gaussian, _table(tmp_path / "lines", ["age,income,city", ",1,ash"]), job="refused")
    assert pl.read_parquet(only).select("error", "link", "out_of_domain").rows() == [
        ("missing_value_not_seen", None, None)
    ]


def _table(path: Path, lines: list[str]) -> Path:
    path.write_text("\n".join(lines) + "\n")
    return path


def test_a_table_without_a_column_or_with_another_kind_is_refused(gaussian: LoadedModel, tmp_path: Path) -> None:
    features = gaussian.fitted.features
    lacking = _table(tmp_path / "lacking", ["age,city", "1,ash"])
    codes, numbers = tmp_path / "codes", tmp_path / "numbers"
    pl.DataFrame({"age": [1.0], "income": [1.0], "city": [3]}).write_parquet(codes)
    pl.DataFrame({"age": ["1"], "income": [1.0], "city": ["ash"]}).write_parquet(numbers)
    for path, error in ((lacking, UnknownColumn), (codes, ScoringColumnRefused), (numbers, ScoringColumnRefused)):
        with path.open("rb") as file, pytest.raises(error):
            require_columns(file, features, 20)
        with pytest.raises(error):
            open_source(path, tmp_path, features, 20)
    with pytest.raises(NoRows):
        open_source(_table(tmp_path / "empty", ["age,income,city"]), tmp_path, features, 20)
    with pytest.raises(MalformedCsv):
        open_source(_table(tmp_path / "ragged", ["age,income,city", "1"]), tmp_path, features, 20)
    with pytest.raises(MalformedCsv):
        require_columns(io.BytesIO(b""), features, 20)


@pytest.mark.parametrize(("text", "rows"), [("a\n1\n2\n", 2), ("a\n1\n2", 2), ("a\n", 0), ("a", 0)])
def test_the_rows_of_a_file_are_counted_without_reading_them(tmp_path: Path, text: str, rows: int) -> None:
    (tmp_path / "table.csv").write_text(text)
    assert most_rows(tmp_path / "table.csv") == rows
    pl.DataFrame({"a": range(rows)}).write_parquet(tmp_path / "table.parquet")
    assert most_rows(tmp_path / "table.parquet") == rows


def test_an_arrow_stream_holds_the_rows_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.modelling.arrow_streams.BATCH_ROWS", 3)
    frame = pl.DataFrame({"row": range(10), "text": ["ä", None] * 5, "is": [True, None, False, True, None] * 2})
    for rows in (10, 3, 0):
        path = tmp_path / f"{rows}.parquet"
        frame.head(rows).write_parquet(path)
        parts = list(arrow_stream(path))
        assert len(parts) == max(1, -(-rows // 3)) + 1
        assert pl.read_ipc_stream(io.BytesIO(b"".join(parts))).equals(frame.head(rows))
