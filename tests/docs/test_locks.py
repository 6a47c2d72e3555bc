"""The lock files pin every package by its content and say nothing of where it is fetched from."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
REQUIREMENTS = ("requirements.txt", "requirements-dev.txt", "requirements-build.txt")


def _values(document: Any, name: str) -> list[Any]:
    """Every value under this key, at any depth."""
    if isinstance(document, list):
        return [value for item in document for value in _values(item, name)]
    if not isinstance(document, dict):
        return []
    below = [value for item in document.values() for value in _values(item, name)]
    return below + ([document[name]] if name in document else [])


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_requirements_carry_no_addresses(name: str) -> None:
    text = (ROOT / name).read_text()
    assert "://" not in text
    assert re.findall(r"^-", text, flags=re.MULTILINE) == []


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_every_requirement_is_pinned_with_hashes(name: str) -> None:
    entries = re.split(r"\n(?=[a-z0-9])", (ROOT / name).read_text().strip(), flags=re.IGNORECASE)
    assert entries
    assert [entry for entry in entries if not re.match(r"\S+==\S+ \\\n +--hash=sha256:", entry)] == []


def test_no_accelerator_package_is_locked() -> None:
    locked = (ROOT / "requirements-dev.txt").read_text()
    names = re.findall(r"^(?:nvidia|cuda|triton(?!client)|torch)[^=]*", locked, re.MULTILINE)
    assert names == []


def test_the_development_lock_contains_the_runtime_lock() -> None:
    runtime, development = (
        set(re.findall(r"^\S+==\S+", (ROOT / name).read_text(), re.MULTILINE)) for name in REQUIREMENTS[:2]
    )
    assert runtime <= development


def test_the_package_lock_carries_no_addresses_but_contents() -> None:
    lock = json.loads((ROOT / "frontend/package-lock.json").read_text())
    assert _values(lock, "resolved") == []
    packages = {path: entry for path, entry in lock["packages"].items() if path}
    assert packages
    assert [path for path, entry in packages.items() if "integrity" not in entry] == []
