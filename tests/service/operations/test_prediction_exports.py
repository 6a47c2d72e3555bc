"""Exports of decision records: complete, word for word, decrypted, and noted in the trail before anything leaves."""

import io
import json
from collections.abc import Iterator
from dataclasses import replace

import polars as pl
import pytest

from service import errors
from service.domain.canonical import digest_of
from service.domain.permissions import Actor
from service.domain.predictions import PredictionRequest, PredictionSearch
from service.operations import prediction_exports, predictions
from service.operations.prediction_exports import ExportFormat, export_predictions
from service.operations.resources import Resources
from service.storage.encryption import RecordCipher
from tests.service.conftest import Person, audit_payloads
from tests.service.training import ROW


@pytest.fixture(autouse=True)
def small_pages() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prediction_exports, "AT_A_TIME", 2)
        yield


def predicted(resources: Resources, actor: Actor, count: int = 5) -> list[str]:
    request = PredictionRequest.model_validate({"rows": [{**ROW, "age": 20 + number} for number in range(count)]})
    return [one.id for one in predictions.create_predictions(resources, actor, "credit", request).predictions]


def exported(resources: Resources, actor: Actor, format: ExportFormat = "jsonl", **search: str | int) -> bytes:
    return b"".join(export_predictions(resources, actor, PredictionSearch.model_validate(search), format))


def test_both_formats_hold_every_record_with_the_text_that_its_digest_covers(
    resources: Resources, developer: Actor, auditor: Actor, champion: int
) -> None:
    locked = replace(resources, cipher=RecordCipher((b"k" * 32,)))
    made = predicted(locked, developer)
    lines = exported(locked, auditor).decode().splitlines()
    table = pl.read_parquet(io.BytesIO(exported(locked, auditor, "parquet")))
    assert [json.loads(line)["id"] for line in lines] == made == table["id"].to_list()
    for line, columns in zip(lines, table.iter_rows(named=True), strict=True):
        found = json.loads(line)
        assert found["row"] == json.loads(columns["row"])
        assert line.endswith(f',"prediction":{columns["prediction"]}}}')
        assert digest_of(columns["prediction"].encode()) == columns["record_digest"] == found["record_digest"]
        assert found["prediction"]["output"]["link"] == columns["output_link"]
    assert table["created_by"].unique().to_list() == [developer.id]


def test_an_export_is_an_event_that_names_nobody_and_a_search_finds_what_it_names(
    resources: Resources, developer: Actor, auditor: Actor, champion: int
) -> None:
    predicted(resources, developer)
    assert exported(resources, auditor, caller=auditor.name) == b""
    assert pl.read_parquet(io.BytesIO(exported(resources, auditor, "parquet", model="other"))).height == 0
    assert len(exported(resources, auditor, caller=developer.name, version=champion).splitlines()) == 5
    events = [event for event in audit_payloads(resources) if event["action"] == "predictions.exported"]
    assert [event["actor"] for event in events] == [auditor.id] * 3
    assert events[2]["details"] == {"format": "jsonl", "search": {"caller": developer.id, "version": champion}}


def test_a_missing_key_fails_before_anything_is_sent_and_a_client_gets_nothing(
    resources: Resources, developer: Actor, person: Person, champion: int
) -> None:
    predicted(replace(resources, cipher=RecordCipher((b"k" * 32,))), developer)
    with pytest.raises(errors.RecordKeyMissing):
        export_predictions(resources, developer, PredictionSearch(), "parquet")
    with pytest.raises(errors.RecordKeyMissing):
        export_predictions(resources, developer, PredictionSearch(), "jsonl")
    with pytest.raises(errors.ActionNotAllowed):
        export_predictions(resources, person("client"), PredictionSearch(), "jsonl")
