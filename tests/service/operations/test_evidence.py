"""A package verifies where there is nothing but Python and `cryptography`, and shows every change."""

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import cryptography
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from service.domain.evidence import MANIFEST, pack
from service.domain.permissions import Actor
from service.operations import evidence
from service.operations.resources import Resources
from tests.service.conftest import Person, Steps, everything_stored

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw().hex()


@pytest.fixture
def signing(resources: Resources, tmp_path: Path) -> Resources:
    file = tmp_path / "key.pem"
    file.write_bytes(KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return replace(resources, settings=resources.settings.model_copy(update={"signing_key_file": file}))


@pytest.fixture
def package(signing: Resources, auditor: Actor, champion: int) -> bytes:
    return evidence.get_evidence(signing, auditor, "credit", champion).content


def files_of(package: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(BytesIO(package)) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def verify(package: bytes, directory: Path, *arguments: str) -> tuple[int, str]:
    """Runs the verifier of the package itself in an interpreter that sees the standard library and one package."""
    file, verifier = directory / "package.zip", directory / "verify.py"
    file.write_bytes(package)
    verifier.write_bytes(files_of(package)["verify.py"])
    allowed = directory / "allowed"
    allowed.mkdir(exist_ok=True)
    installed = Path(cryptography.__file__).parent
    for name in (installed.name, "_cffi_backend*", "cffi"):
        for found in installed.parent.glob(name):
            if not (allowed / found.name).exists():
                (allowed / found.name).symlink_to(found)
    start = "import runpy, sys; sys.path.append(sys.argv[1]); sys.argv = sys.argv[2:]; "
    start += "runpy.run_path(sys.argv[0], run_name='__main__')"
    command = [sys.executable, "-I", "-S", "-c", start, str(allowed), str(verifier), str(file), *arguments]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, cwd=directory)
    return ran.returncode, ran.stdout + ran.stderr


def test_a_package_verifies_in_an_empty_environment(package: bytes, tmp_path: Path) -> None:
    assert verify(package, tmp_path, PUBLIC) == (0, "Everything holds.\n")
    assert verify(package, tmp_path) == (0, "Everything holds.\n")
    status, said = verify(package, tmp_path, "0" * 64)
    assert (status, "not signed by the key" in said) == (2, True)


def test_the_same_state_gives_the_same_bytes_and_changes_nothing(
    signing: Resources, auditor: Actor, package: bytes
) -> None:
    before = everything_stored(signing)
    assert evidence.get_evidence(signing, auditor, "credit", 1).content == package
    assert everything_stored(signing) == before


def test_a_package_has_all_that_speaks_for_a_version(package: bytes) -> None:
    files = files_of(package)
    names = {"artifact.safetensors", "audit.jsonl", "dataset.json", "reviews.json", "verify.py", "version.json"}
    assert set(files) == {MANIFEST, *names}
    (review,) = json.loads(files["reviews.json"])
    assert (review["state"], len(review["signatures"])) == ("approved", 1)
    assert json.loads(files["version.json"])["metrics"]
    assert json.loads(files["dataset.json"])["feature_schema"]["features"]


def test_without_a_key_a_package_verifies_for_those_who_trust_none(
    resources: Resources, auditor: Actor, champion: int, tmp_path: Path
) -> None:
    unsigned = evidence.get_evidence(resources, auditor, "credit", champion).content
    assert verify(unsigned, tmp_path)[0] == 0
    assert verify(unsigned, tmp_path, PUBLIC)[0] == 2


def test_a_file_that_is_no_package_cannot_be_verified(package: bytes, tmp_path: Path) -> None:
    rest = {name: content for name, content in files_of(package).items() if name not in ("reviews.json", MANIFEST)}
    assert verify(pack(rest, KEY), tmp_path)[0] == 1


def rewritten(change: Callable[[dict[str, Any]], object], name: str) -> Callable[[dict[str, bytes]], None]:
    def apply(files: dict[str, bytes]) -> None:
        document = json.loads(files[name])
        change(document[0] if isinstance(document, list) else document)
        text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        files[name] = text.encode()

    return apply


def forge_statement(review: dict[str, Any]) -> None:
    signature = review["signatures"][0]
    signature["content"] = signature["content"].replace("I looked", "I ran")


def drop_event(files: dict[str, bytes]) -> None:
    lines = files["audit.jsonl"].splitlines(keepends=True)
    files["audit.jsonl"] = b"".join([*lines[:3], *lines[4:]])


#: Changes by somebody who even has the key and signs the manifest again, and what shows each of them.
FORGERIES: dict[str, tuple[Callable[[dict[str, bytes]], None], str]] = {
    "artifact": (lambda files: files.update({"artifact.safetensors": b"x"}), "artifact is not the one"),
    "dataset": (rewritten(lambda data: data.update(digest="sha256:0"), "dataset.json"), "dataset is not the one"),
    "statement": (rewritten(forge_statement, "reviews.json"), "was altered"),
    "comment": (rewritten(lambda review: review["decisions"].popitem(), "reviews.json"), "another decisions digest"),
    "policy": (rewritten(lambda review: review["policy"].update(quorum=0), "reviews.json"), "another policy digest"),
    "quorum": (rewritten(lambda review: review["signatures"].clear(), "reviews.json"), "without the quorum"),
    "contributor": (
        rewritten(lambda version: version.update(contributor_ids=version["signer_ids"]), "version.json"),
        "that of a contributor",
    ),
    "event": (drop_event, "does not follow its predecessor"),
}


@pytest.mark.parametrize("name", sorted(FORGERIES))
def test_a_forged_package_is_found_out_even_with_a_new_manifest(package: bytes, tmp_path: Path, name: str) -> None:
    forge, fault = FORGERIES[name]
    files = {name: content for name, content in files_of(package).items() if name != MANIFEST}
    if name == "contributor":
        signer = json.loads(json.loads(files["reviews.json"])[0]["signatures"][0]["content"])["signer"]
        rewritten(lambda version: version.update(signer_ids=[signer]), "version.json")(files)
    forge(files)
    status, said = verify(pack(files, KEY), tmp_path, PUBLIC)
    assert (status, fault in said) == (2, True), said


def test_a_changed_byte_is_found_by_the_manifest(package: bytes, tmp_path: Path) -> None:
    files = files_of(package)
    files["version.json"] = files["version.json"].replace(b'"metrics"', b'"metrixs"')
    changed = BytesIO()
    with zipfile.ZipFile(changed, "w") as opened:
        for name, content in files.items():
            opened.writestr(name, content)
    status, said = verify(changed.getvalue(), tmp_path, PUBLIC)
    assert (status, said.splitlines()[0]) == (2, "The file version.json is not the one that the manifest names.")


def test_the_package_of_a_version_tells_of_no_earlier_version(
    signing: Resources, steps: Steps, auditor: Actor, champion: int, person: Person
) -> None:
    second = steps.train("credit", steps.dataset())
    files = files_of(evidence.get_evidence(signing, auditor, "credit", second).content)
    assert b"model_versions.created" in files["audit.jsonl"]
    assert files["audit.jsonl"].count(b"signatures.created") == 0
