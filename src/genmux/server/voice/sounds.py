"""Forms with a sound in them, read as they come: what is large goes to a temporary file, which is always removed."""

import asyncio
import contextlib
import os
import tempfile
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING, BinaryIO

import msgspec

from genmux.server.http import Request
from genmux.server.media.forms import is_form
from genmux.server.terms import Terms
from genmux.types.errors import InvalidRequestError
from genmux.types.transcription import AudioFile

if TYPE_CHECKING:
    from multipart import MultipartSegment

FILE = "file"
LARGEST_TEXT = 1_000_000
"""Bytes of one field that is no file."""

MOST_PARTS = 64
IN_MEMORY = 1_000_000
"""Bytes of a sound that needs no file."""


class SoundForm(msgspec.Struct, frozen=True, kw_only=True):
    """A form: its texts by name (a list where several have the same one), and its sound."""

    fields: dict[str, str | list[str]]
    audio: AudioFile


@contextlib.asynccontextmanager
async def read_sound_form(request: Request, terms: Terms, limit: int) -> AsyncGenerator[SoundForm]:
    """The form of a request of at most `limit` bytes; its file is gone after the block. Raises InvalidRequestError."""
    from multipart import MultipartError

    if not is_form(request):
        kind = request.header(b"content-type") or "nothing"
        message = f"send a form (multipart/form-data) with the sound as `{FILE}`, not {kind!r:.80}"
        raise InvalidRequestError(message, param="content-type")
    reading = _Reading()
    try:
        try:
            async with aclosing(_events(request, terms, limit)) as events:
                async for event in events:
                    await reading.hear(event)
        except MultipartError as error:
            raise InvalidRequestError(f"the form cannot be read: {error}") from error
        yield await reading.finish()
    finally:
        reading.remove()


async def _events(
    request: Request, terms: Terms, limit: int
) -> AsyncGenerator["MultipartSegment | bytes | bytearray | None"]:
    from multipart import PushMultipartParser, parse_options_header

    _, options = parse_options_header(request.header(b"content-type") or "")
    boundary = options.get("boundary", "")
    if not boundary:
        raise InvalidRequestError("the form has no `boundary` in its content type", param="content-type")
    with PushMultipartParser(boundary, max_segment_count=MOST_PARTS) as parser:
        async with aclosing(terms.pieces(request, limit)) as pieces:
            async for piece in pieces:
                for event in parser.parse(piece):
                    yield event


class _Reading:
    """Takes a form part by part."""

    def __init__(self) -> None:
        self._fields: dict[str, str | list[str]] = {}
        self._head: MultipartSegment | None = None
        self._sound: MultipartSegment | None = None
        self._data = bytearray()
        self._whole = b""
        self._size = 0
        self._file: BinaryIO | None = None
        self._path: str | None = None

    async def hear(self, event: "MultipartSegment | bytes | bytearray | None") -> None:
        """A part begins, goes on or ends."""
        if event is None:
            await self._end()
        elif isinstance(event, bytes | bytearray):
            self._data += event
            if self._head is not self._sound and len(self._data) > LARGEST_TEXT:
                name = self._name
                raise InvalidRequestError(f"`{name}` is longer than {LARGEST_TEXT:,} bytes", param=name)
            if len(self._data) > IN_MEMORY:
                await self._write()
        else:
            self._head, self._data = event, bytearray()
            if event.filename is not None or event.name == FILE:
                if self._sound is not None or event.name != FILE:
                    message = f"send one sound, as `{FILE}`; there is another file, `{event.name}`"
                    raise InvalidRequestError(message, param=event.name)
                self._sound = event

    async def finish(self) -> SoundForm:
        """All of it. Raises InvalidRequestError for a form without a sound."""
        if self._sound is None:
            raise InvalidRequestError(f"the form has no sound in it; send it as `{FILE}`", param=FILE)
        if not self._size:
            raise InvalidRequestError("the file is empty; there is no sound in it", param=FILE)
        if self._file is not None:
            await asyncio.to_thread(self._file.close)
        audio = AudioFile(
            data=self._whole if self._path is None else None,
            path=self._path,
            media_type=self._sound.content_type or "application/octet-stream",
            name=os.path.basename(self._sound.filename or "") or "audio",  # noqa: PTH119 — of a caller, not of this machine
            size=self._size,
        )
        return SoundForm(fields=self._fields, audio=audio)

    def remove(self) -> None:
        """Remove the file."""
        if self._file is not None:
            self._file.close()
        if self._path is not None:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self._path)  # noqa: PTH108 — as it was made

    @property
    def _name(self) -> str:
        return "" if self._head is None else self._head.name or ""

    async def _end(self) -> None:
        if self._head is not self._sound:
            self._add(self._name, self._data.decode("utf-8", "replace"))
        elif self._file is None:
            self._size, self._whole = len(self._data), bytes(self._data)
        else:
            await self._write()
        self._head, self._data = None, bytearray()

    async def _write(self) -> None:
        """To the file with what is there."""
        data, self._data = self._data, bytearray()
        self._size += len(data)
        if self._file is None:
            handle, self._path = tempfile.mkstemp(prefix="genmux-sound-")
            self._file = os.fdopen(handle, "wb")
        await asyncio.to_thread(self._file.write, data)

    def _add(self, name: str, value: str) -> None:
        known = self._fields.get(name)
        if known is None:
            self._fields[name] = value
        else:
            self._fields[name] = [*([known] if isinstance(known, str) else known), value]
