"""Uploads over HTTP: both formats arrive, and one that is cut off leaves nothing."""

import gc
import io

import polars as pl
import pytest
from starlette.testclient import TestClient

from service.operations.resources import Resources
from tests.service.conftest import SignIn, everything_stored

BOUNDARY = "x" * 20


def body(content: bytes) -> bytes:
    name = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="name"\r\n\r\ntable\r\n'
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="t.csv"\r\n\r\n'
    return name.encode() + head.encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()


# Starlette leaves the spooled file of a part that never ended to the garbage collector.
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_an_upload_that_is_cut_off_leaves_nothing(client: TestClient, resources: Resources, sign_in: SignIn) -> None:
    sign_in("developer")
    whole = body(b"a,b\n" + b"1,2\n" * 50)
    headers = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}
    before = everything_stored(resources)
    for end in (len(whole) // 2, len(whole) - 40):
        answer = client.post("/api/v1/datasets", content=whole[:end], headers=headers)
        assert answer.status_code in (400, 422), answer.text
        assert everything_stored(resources) == before
    assert client.post("/api/v1/datasets", content=whole, headers=headers).status_code == 201
    gc.collect()


def test_a_parquet_file_is_a_dataset_and_a_damaged_one_is_refused(
    client: TestClient, resources: Resources, sign_in: SignIn
) -> None:
    sign_in("developer")
    buffer = io.BytesIO()
    pl.DataFrame({"a": [1, 2, 4], "b": ["x", "y", "x"]}).write_parquet(buffer)
    content = buffer.getvalue()
    answer = client.post("/api/v1/datasets", files={"file": content}, data={"name": "table"})
    assert (answer.status_code, answer.json()["rows"]) == (201, 3)
    before = everything_stored(resources)
    refused = client.post("/api/v1/datasets", files={"file": content[:-30]}, data={"name": "table"})
    assert (refused.status_code, refused.json()["code"]) == (422, "malformed_parquet")
    assert everything_stored(resources) == before


def test_a_field_that_nobody_reads_or_that_is_sent_twice_is_refused(client: TestClient, sign_in: SignIn) -> None:
    sign_in("developer")
    table = {"file": b"a,b\n1,2\n3,4\n"}
    unknown = client.post("/api/v1/datasets", files=table, data={"name": "table", "overrides": "{}"})
    twice = client.post("/api/v1/datasets", files=table, data={"name": ["table", "other"]})
    scoring = client.post("/api/v1/models/credit/scoring-jobs", files=table, data={"explian": "edges"})
    assert [one.status_code for one in (unknown, twice, scoring)] == [422, 422, 422]
    assert unknown.json()["errors"] == [
        {"pointer": "/overrides", "detail": "There is no field 'overrides'; there are 'file', 'name', 'schema'."}
    ]
    assert twice.json()["errors"] == [{"pointer": "/name", "detail": "Send 'name' once."}]
    assert scoring.json()["errors"][0]["pointer"] == "/explian"


def test_a_schema_is_edited_under_a_new_address(client: TestClient, sign_in: SignIn) -> None:
    sign_in("developer")
    made = client.post("/api/v1/datasets", files={"file": b"a,b\n1,2\n3,4\n"}, data={"name": "table"}).json()
    answer = client.post(f"/api/v1/datasets/{made['id']}/schema", json={"features": {"a": {"unit": "EUR"}}})
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/api/v1/datasets/{answer.json()['id']}"
    assert answer.json()["feature_schema"]["features"][0]["unit"] == "EUR"
