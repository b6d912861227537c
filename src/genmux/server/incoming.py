"""Bodies that are not held in memory: large files on their way to us."""

from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from genmux.engine.deadlines import AlarmClock, Deadline
from genmux.server.http import CLOSE, CallerGoneError, Receive, RequestError
from genmux.types.errors import InvalidRequestError

if TYPE_CHECKING:
    from multipart import MultipartSegment

STREAMED = (("POST", "/api/v1/assets"), ("PATCH", "/api/v1/assets/uploads/"))
"""Methods and paths of what is taken piece by piece; a path that ends with a slash stands for all below it."""

LARGEST_FIELD = 64 * 1024
"""Bytes of one field of a form, beside its file."""


def is_streamed(method: str, path: str) -> bool:
    """Whether a body is taken piece by piece."""
    return any(
        method == one and (path.startswith(place) if place.endswith("/") else path == place) for one, place in STREAMED
    )


def patient(receive: Receive, clock: AlarmClock, idle: float) -> Receive:
    """The same `receive`, in which nothing may fail to come for `idle` seconds. Raises RequestError."""

    async def received() -> dict[str, object]:
        """The next message."""
        try:
            with Deadline(clock, idle):
                return dict(await receive())
        except TimeoutError as error:
            message = f"the body of the request did not come: nothing for {idle:g} s"
            raise RequestError(message, status=HTTPStatus.REQUEST_TIMEOUT, headers=CLOSE) from error

    return received


async def pieces_of(receive: Callable[[], Awaitable[Any]], *, whole: bool) -> AsyncGenerator[bytes]:
    """The body, piece by piece. A caller who goes away, or falls silent, ends it; with `whole`, that is an error."""
    more = True
    while more:
        try:
            message = await receive()
        except RequestError:
            if whole:
                raise
            return
        if message["type"] == "http.disconnect":
            if whole:
                raise CallerGoneError
            return
        if body := message.get("body", b""):
            yield body
        more = message.get("more_body", False)


class FormUpload:
    """A form (`multipart/form-data`) with one file. `fields` are the others, complete once the file was read to its end."""

    def __init__(self, content_type: str, pieces: AsyncIterable[bytes]) -> None:
        from multipart import parse_options_header

        _, options = parse_options_header(content_type)
        self._boundary: str = options.get("boundary", "")
        if not self._boundary:
            raise InvalidRequestError("the form has no `boundary` in its content type", param="content-type")
        self._pieces = pieces
        self._field: str | None = None
        self._value = bytearray()
        self._files = 0
        self.fields: dict[str, str] = {}
        self.file_name: str | None = None
        self.media_type: str | None = None

    async def file(self) -> AsyncGenerator[bytes]:
        """The bytes of the file. Raises InvalidRequestError for a form that cannot be read, or has not one file in it."""
        from multipart import MultipartError, PushMultipartParser

        try:
            with PushMultipartParser(self._boundary, max_segment_count=32) as parser:
                async for piece in self._pieces:
                    for event in parser.parse(piece):
                        if part := self._hear(event):
                            yield part
        except MultipartError as error:
            raise InvalidRequestError(f"the form cannot be read: {error}", param="file") from error
        if self._files != 1:
            raise self._not_one()

    def _hear(self, event: Any) -> bytes | None:
        """One event of the parser: a part begins, goes on (what of the file comes is given), or ends."""
        if event is None:
            if self._field is not None:
                self.fields[self._field] = self._value.decode("utf-8", "replace")
        elif isinstance(event, bytes | bytearray):
            if self._field is None:
                return bytes(event)
            self._value += event
            if len(self._value) > LARGEST_FIELD:
                raise InvalidRequestError(f"the field {self._field!r} is too long", param=self._field)
        else:
            self._begin(event)
        return None

    def _begin(self, part: "MultipartSegment") -> None:
        self._value = bytearray()
        if part.filename is None and part.name != "file":
            self._field = part.name or ""
            return
        self._field = None
        self._files += 1
        if self._files > 1:
            raise self._not_one()
        self.file_name, self.media_type = part.filename, part.content_type

    def _not_one(self) -> InvalidRequestError:
        told = "no file" if not self._files else "more than one file"
        return InvalidRequestError(f"the form has {told} in it; send one, as `file`", param="file")
