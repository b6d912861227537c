"""The bodies of requests as pieces: bytes, a file that is read as it is sent, or a form of both."""

import asyncio
import secrets
from collections.abc import AsyncIterator

from genmux.contract.http import Field, FileBody, Form, HttpRequest
from genmux.types.errors import InvalidRequestError

PIECE = 256 * 1024
"""Larger request bodies are handed over in pieces of so many bytes, so that one upload does not hold up the others."""

_ESCAPES = str.maketrans({'"': "%22", "\r": "%0D", "\n": "%0A"})

Segment = bytes | FileBody


class Body:
    """A body that is sent in pieces. `size` is in bytes; `content_type` is its own where it has one, as a form does."""

    def __init__(self, segments: tuple[Segment, ...], content_type: str | None = None) -> None:
        self._segments = segments
        self.content_type = content_type
        self.size = sum(one.size if isinstance(one, FileBody) else len(one) for one in segments)

    async def pieces(self) -> AsyncIterator[bytes | memoryview]:
        """All of it, a piece at a time. Raises InvalidRequestError when a file is not what it was."""
        for segment in self._segments:
            if isinstance(segment, FileBody):
                async for piece in _read(segment):
                    yield piece
            else:
                view = memoryview(segment)
                for start in range(0, len(view), PIECE):
                    yield view[start : start + PIECE]


def body_of(request: HttpRequest) -> Body | None:
    """The body of a request that is to be sent in pieces; None for one that is small, or not there."""
    body = request.body
    match body:
        case None:
            return None
        case bytes():
            return Body((body,)) if len(body) > PIECE else None
        case FileBody():
            return Body((body,), body.media_type)
        case Form():
            boundary = f"genmux-{secrets.token_hex(16)}"
            return Body(tuple(_segments(body, boundary)), f"multipart/form-data; boundary={boundary}")


def _segments(form: Form, boundary: str) -> list[Segment]:
    segments: list[Segment] = []
    for field in form.fields:
        value = field.value.encode() if isinstance(field.value, str) else field.value
        segments += [_head(field, boundary), value, b"\r\n"]
    segments.append(f"--{boundary}--\r\n".encode())
    return segments


def _head(field: Field, boundary: str) -> bytes:
    file = field.value if isinstance(field.value, FileBody) else None
    name = field.file_name or (file.name if file is not None else None)
    media_type = field.media_type or (file.media_type if file is not None else None)
    lines = [f'--{boundary}\r\ncontent-disposition: form-data; name="{field.name.translate(_ESCAPES)}"']
    if name is not None:
        lines[0] += f'; filename="{name.translate(_ESCAPES)}"'
    if media_type is not None:
        lines.append(f"content-type: {media_type}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def _read(file: FileBody) -> AsyncIterator[bytes]:
    left = file.size
    try:
        opened = await asyncio.to_thread(open, file.path, "rb")
        with opened:
            while left and (piece := await asyncio.to_thread(opened.read, min(PIECE, left))):
                left -= len(piece)
                yield piece
    except OSError as error:
        raise InvalidRequestError(f"the file {file.name!r} cannot be read: {error.strerror}") from error
    if left:
        raise InvalidRequestError(f"the file {file.name!r} became shorter while it was being sent")
