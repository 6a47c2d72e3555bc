"""Exports of loaded models: every format, named after the model, with the digest of the version inside."""

from typing import get_args

import pytest

from kan.export.formats import FORMATS
from service.domain.exports import EXPORT_MEDIA_TYPES, ExportFormat
from service.errors import InvalidRequest
from service.modelling.exports import export_model
from service.modelling.registry import LoadedModel


def test_the_service_names_exactly_the_formats_that_there_are() -> None:
    assert set(get_args(ExportFormat)) == set(FORMATS)
    assert set(EXPORT_MEDIA_TYPES) == {media_type for media_type, _ in FORMATS.values()}


@pytest.mark.parametrize("format", get_args(ExportFormat))
def test_every_format_carries_the_digest_of_the_version(gaussian: LoadedModel, format: ExportFormat) -> None:
    found = export_model(gaussian, "credit-3", format, 0)
    assert found.filename.startswith(f"credit-3-{format}.")
    assert gaussian.digest.encode() in found.content
    assert found == export_model(gaussian, "credit-3", format, 0)


def test_every_output_can_be_explained_and_no_other_one(multinomial: LoadedModel) -> None:
    assert len({export_model(multinomial, "m", "json", output).content for output in range(3)}) == 3
    with pytest.raises(InvalidRequest, match="The model has 3 outputs, so 'output' is 0 to 2"):
        export_model(multinomial, "m", "json", 3)
