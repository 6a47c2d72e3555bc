"""No secret is in a file that is published: keys, tokens and passwords have forms by which they are found."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FORMS = {
    "a private key": r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----",
    "a key of this service": r"\bew_[A-Za-z0-9_-]{43}\b",
    "a cloud's access key": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "a forge's token": r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|glpat-[A-Za-z0-9_-]{20})\b",
    "a signed token": r"\beyJ[A-Za-z0-9_-]{20,}\.eyJ[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{20,}",
    "a password in an address": r"://[^/\s:@{}<>$]+:(?!password@)[^/\s:@{}<>$…]{6,}@",
}


def found_in(text: str) -> list[str]:
    return [name for name, form in FORMS.items() if re.search(form, text)]


def test_no_file_holds_a_secret() -> None:
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    names = [name for name in tracked.decode().split("\0") if name and (ROOT / name).is_file()]
    assert len(names) > 100
    texts = {name: (ROOT / name).read_bytes().decode(errors="replace") for name in names}
    assert {name: found for name, text in texts.items() if (found := found_in(text))} == {}


@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN " + "OPENSSH PRIVATE KEY-----",
        "ew" + "_" + "a" * 43,
        "AKIA" + "A" * 16,
        "ghp" + "_" + "a" * 36,
        "eyJ" + "a" * 20 + ".eyJ" + "a" * 20 + "." + "a" * 20,
        "postgresql://" + "edgewise:correct-horse@host/name",
    ],
)
def test_every_form_is_found(text: str) -> None:
    assert len(found_in(f"key = '{text}'")) == 1
