"""Documents: strict types, no surprises."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from service.domain.documents import ColumnName, Digest, Document, Line, Slug, Text, from_stored


class Example(Document):
    """A document of this test."""

    whole: int = 1
    real: float = 1.0
    flag: bool = False
    names: tuple[str, ...] = ()


@pytest.mark.parametrize(
    "text",
    [
        '{"whole": "1"}',
        '{"whole": true}',
        '{"whole": 1.5}',
        '{"real": "1"}',
        '{"real": NaN}',
        '{"real": Infinity}',
        '{"flag": 1}',
        '{"flag": "true"}',
        '{"unknown": 1}',
    ],
)
def test_nothing_is_coerced_and_nothing_unknown_is_taken(text: str) -> None:
    with pytest.raises(ValidationError):
        Example.model_validate_json(text)


def test_a_document_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Example().whole = 2  # type: ignore[misc]  # the assignment is the point


def test_what_was_stored_is_read_back_the_same() -> None:
    document = Example(whole=3, real=0.1 + 0.2, flag=True, names=("a", "é"))
    assert from_stored(Example, document.model_dump(mode="json")) == document


@pytest.mark.parametrize("kind", [Text, Line, ColumnName], ids=["text", "line", "column name"])
@pytest.mark.parametrize("character", ["\x00", "\x07", "\x1f"])
def test_text_has_no_control_characters(kind: Any, character: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(kind).validate_python(f"before{character}after")


def test_text_may_have_lines_and_a_line_may_not() -> None:
    assert TypeAdapter(Text).validate_python(" two\nlines\t") == "two\nlines"
    for line in ("two\nlines", "a line\n and", ""):
        with pytest.raises(ValidationError):
            TypeAdapter(Line).validate_python(line)


@pytest.mark.parametrize("name", ["Credit", "1st", "a", "a b", "../x", "a/b", "é", "a" * 64, "a\n"])
def test_a_short_name_fits_into_an_address(name: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Slug).validate_python(name)


def test_a_good_short_name_is_taken() -> None:
    assert TypeAdapter(Slug).validate_python("credit-2026") == "credit-2026"


@pytest.mark.parametrize("digest", ["sha256:" + "g" * 64, "sha256:" + "a" * 63, "md5:" + "a" * 64, "a" * 64])
def test_a_digest_has_its_form(digest: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Digest).validate_python(digest)
