"""Loaded models as programs, queries and documents that run or read without this service."""

from kan.export.formats import FORMATS, export
from service.domain.exports import Export, ExportFormat
from service.errors import FieldError, InvalidRequest
from service.modelling.registry import LoadedModel


def export_model(model: LoadedModel, name: str, format: ExportFormat, output: int) -> Export:
    """A model with the contributions to one of its outputs; `name` begins the name of the file.

    Raises InvalidRequest for an output that the model does not have.
    """
    outputs = model.fitted.network.shape[-1]
    if output >= outputs:
        detail = f"The model has {outputs} output{'s' if outputs > 1 else ''}, so 'output' is 0 to {outputs - 1}."
        raise InvalidRequest(FieldError("/output", detail))
    content = export(model.fitted, format, output=output, digest=model.digest)
    media_type, suffix = FORMATS[format]
    data = content if isinstance(content, bytes) else content.encode()
    return Export(data, media_type, f"{name}-{format}{suffix}")
