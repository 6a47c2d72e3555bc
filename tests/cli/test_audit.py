"""The trail is taken outside, and verified there with an exit status that tells."""

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from tests.cli.test_commands import create_user, one_sentence, run, settings

__all__ = ["settings"]


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The public key; the settings name the private one."""
    key = Ed25519PrivateKey.generate()
    private, public = tmp_path / "private.pem", tmp_path / "public.pem"
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    monkeypatch.setenv("EDGEWISE_SIGNING_KEY_FILE", str(private))
    return public


@pytest.fixture
def checkpoint(settings: object, keys: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """A signed checkpoint after two events."""
    for name in ("one", "two"):
        create_user(name)
    capsys.readouterr()
    assert run("audit", "checkpoint") == 0
    kept = tmp_path / "checkpoint.json"
    kept.write_text(capsys.readouterr().out)
    return kept


@pytest.fixture
def exported(checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """The trail after three events, as a file."""
    create_user("three")
    file = tmp_path / "trail.jsonl"
    assert run("audit", "export", str(file)) == 0
    capsys.readouterr()
    return file


def verify(file: Path, *options: object, capsys: pytest.CaptureFixture[str]) -> tuple[int, str | None]:
    status = run("audit", "verify", str(file), *map(str, options))
    return status, json.loads(capsys.readouterr().out)["finding"]


def test_an_exported_trail_verifies_without_the_database(
    exported: Path, checkpoint: Path, keys: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EDGEWISE_DATABASE_URL", "sqlite:////nowhere/at/all.sqlite3")
    assert verify(exported, capsys=capsys) == (0, None)
    assert verify(exported, "--checkpoint", checkpoint, "--public-key", keys, capsys=capsys) == (0, None)


def test_a_cut_export_is_found_by_itself_and_a_cut_trail_by_the_checkpoint(
    exported: Path, checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], settings: object
) -> None:
    lines = exported.read_text().splitlines(keepends=True)
    exported.write_text("".join(lines[:-1]))
    assert verify(exported, capsys=capsys) == (2, "cut")
    kept = json.loads(checkpoint.read_text())
    checkpoint.write_text(json.dumps({**kept, "seq": 9}))
    assert run("audit", "verify", "--checkpoint", str(checkpoint)) == 2
    assert json.loads(capsys.readouterr().out)["finding"] == "cut"


def test_an_export_that_another_key_signed_is_no_export_of_ours(
    exported: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other.pem"
    key = Ed25519PrivateKey.generate().public_key()
    other.write_bytes(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    assert verify(exported, "--public-key", other, capsys=capsys) == (2, "unsigned")


def test_a_checkpoint_that_another_key_signed_is_not_trusted(
    checkpoint: Path, keys: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = json.loads(checkpoint.read_text())
    checkpoint.write_text(json.dumps({**kept, "hash": "0" * 64}))
    assert run("audit", "verify", "--checkpoint", str(checkpoint), "--public-key", str(keys)) == 1
    assert "not signed" in one_sentence(capsys)


def test_an_export_is_never_replaced(exported: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = exported.read_bytes()
    assert run("audit", "export", str(exported)) == 1
    assert "exists" in one_sentence(capsys)
    assert exported.read_bytes() == before


@pytest.mark.parametrize("content", ["", "x", "{}", "[1]\n", '{"format":"edgewise-audit/1","checkpoint":{}}'])
@pytest.mark.usefixtures("settings")
def test_what_is_no_export_no_checkpoint_and_no_key_is_one_sentence(
    content: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"
    file.write_text(content)
    for arguments in (
        ["verify", str(file)],
        ["verify", "--checkpoint", str(file)],
        ["verify", "--public-key", str(file)],
    ):
        assert run("audit", *arguments) == 1
        assert one_sentence(capsys)
    monkeypatch.setenv("EDGEWISE_SIGNING_KEY_FILE", str(file))
    assert run("audit", "checkpoint") == 1
    assert "Ed25519" in one_sentence(capsys)


@pytest.mark.usefixtures("settings")
def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("audit", "verify", str(tmp_path / "nothing")) == 1
    assert "nothing" in one_sentence(capsys)
