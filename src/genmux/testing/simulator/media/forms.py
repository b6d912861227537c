"""Reads `multipart/form-data` bodies that are in memory."""

from io import BytesIO

from multipart import MultipartError, MultipartParser, parse_options_header

from genmux.testing.simulator.http import BODY_LIMIT
from genmux.testing.simulator.media.desk import Upload
from genmux.testing.simulator.media.refusal import Refusal


def read_form(content_type: str, body: bytes) -> dict[str, Upload]:
    """The fields by name. Raises Refusal when it is no form."""
    _, options = parse_options_header(content_type)
    boundary = options.get("boundary")
    if not boundary:
        raise Refusal("invalid_request", f"the content type {content_type!r} is not that of a form")
    try:
        parts = MultipartParser(
            BytesIO(body), boundary, spool_limit=BODY_LIMIT, memory_limit=2 * BODY_LIMIT, disk_limit=2 * BODY_LIMIT
        ).parts()
    except MultipartError as error:
        raise Refusal("invalid_request", f"the form cannot be read: {error}") from error
    named = ((part.name or "", part) for part in parts)
    return {
        name: Upload(
            id=name,
            name=part.filename or name,
            media_type=part.content_type or "text/plain",
            size=part.size,
            data=part.raw,
        )
        for name, part in named
    }
