"""What holds for every export."""

import re
from pathlib import Path

import pytest

from kan.errors import InvalidSetting
from kan.export.formats import FORMATS, export
from tests.kan.export.models import deep, multinomial

DIGEST = "sha256:0123456789abcdef"


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_model_gives_the_same_export(name: str) -> None:
    assert export(deep(), name, digest=DIGEST) == export(deep(), name, digest=DIGEST)


@pytest.mark.parametrize("name", FORMATS)
def test_every_export_carries_the_digest(name: str) -> None:
    written = export(deep(), name, digest=DIGEST)
    content = written if isinstance(written, bytes) else written.encode()
    assert DIGEST.encode() in content


@pytest.mark.parametrize("name", FORMATS)
def test_every_export_can_be_made_without_a_digest(name: str) -> None:
    assert export(deep(), name)


def test_every_format_has_a_media_type_and_a_suffix() -> None:
    for media_type, suffix in FORMATS.values():
        assert re.fullmatch(r"[a-z]+/[a-z-]+", media_type)
        assert re.fullmatch(r"\.[a-z]+", suffix)


@pytest.mark.parametrize("name", FORMATS)
def test_an_output_that_there_is_not_is_refused(name: str) -> None:
    with pytest.raises(InvalidSetting, match="from 0 to 2"):
        export(multinomial(), name, output=3)


def test_an_unknown_format_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InvalidSetting, match="sql-postgres"):
        export(deep(), "fortran")


@pytest.mark.parametrize("digest", ["", "a b", "*/", "x\ny"])
def test_a_digest_that_could_end_a_comment_is_refused(digest: str) -> None:
    with pytest.raises(InvalidSetting, match="one word"):
        export(deep(), "c", digest=digest)


def test_the_package_of_kan_does_not_import_the_exports() -> None:
    source = (Path(__file__).parents[3] / "kan/__init__.py").read_text()
    assert "export" not in source
