"""The README's examples run as they stand, against the real service; only address, password and model are filled in."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.app import create_app
from service.domain.permissions import Actor
from service.operations import api_keys
from service.operations.api_keys import ApiKeyRequest
from service.operations.resources import Resources
from service.settings import Settings
from tests.service.conftest import PASSWORD, Person
from tests.service.serving import served

README = Path(__file__).parents[2] / "README.md"
FAILING = 'curl() { command curl --fail-with-body "$@"; echo; }\n'


@pytest.fixture
def url(settings: Settings, resources: Resources, champion: int) -> Iterator[str]:
    reachable = settings.model_copy(update={"allowed_hosts": ["127.0.0.1"]})
    with served(create_app(reachable, resources)) as address:
        yield address


def blocks(language: str, word: str) -> list[str]:
    found = re.findall(rf"^```{language}\n(.*?)^```$", README.read_text(), flags=re.MULTILINE | re.DOTALL)
    return [block for block in found if word in block]


def filled_in(text: str, url: str) -> str:
    changes = {"http://127.0.0.1:8000": url, "<printed at the first start>": PASSWORD, "breast-cancer": "credit"}
    for before, after in changes.items():
        text = text.replace(before, after)
    return text


def test_the_curl_examples_run(url: str, developer: Actor, tmp_path: Path) -> None:
    script = FAILING + filled_in("".join(blocks("sh", "curl")), url)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    command = ["bash", "-euo", "pipefail", "-c", script]
    done = subprocess.run(
        command, cwd=tmp_path, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for expected in ('"printed_name":', '"predictions":[{', '"feature_contributions"', '"prediction_id":',
                     '"state":"queued"', "edgewise_http_requests_total"):  # fmt: skip
        assert expected in done.stdout


def test_the_client_example_runs(url: str, resources: Resources, person: Person, tmp_path: Path) -> None:
    (tmp_path / "row.json").write_text(json.dumps({"rows": [{"age": 41, "purpose": "car", "income": None}]}))
    key = api_keys.create_api_key(resources, person("developer"), ApiKeyRequest(label="k", role="developer")).key
    (example,) = blocks("python", "service.client")
    done = subprocess.run(
        [sys.executable, "-c", f"key = {key!r}\n{filled_in(example, url)}"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(README.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["age", "purpose", "income", "True"]
