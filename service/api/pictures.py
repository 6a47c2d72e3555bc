"""Charts as files: their formats in a query, and how they are answered."""

from typing import Annotated

from fastapi import Query, Response

from service.domain.features import PICTURE_MEDIA_TYPES, Picture, PictureFormat

Format = Annotated[PictureFormat, Query(description="The format of the file.")]
PICTURE_RESPONSES: dict[int | str, dict[str, object]] = {
    200: {"content": {one: {} for one in PICTURE_MEDIA_TYPES.values()}, "description": "The file."}
}


def file_response(found: Picture) -> Response:
    """A picture as a file to keep."""
    headers = {"Content-Disposition": f'attachment; filename="{found.filename}"'}
    return Response(found.content, media_type=found.media_type, headers=headers)
