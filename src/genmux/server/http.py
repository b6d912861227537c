"""The ASGI interface in few words: read a request's body, send an answer, notice that the caller has gone."""

import logging
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, MutableMapping
from contextlib import aclosing
from functools import lru_cache
from http import HTTPStatus
from typing import Any

from genmux.contract.dialect import Answer
from genmux.engine.deadlines import AlarmClock, Deadline
from genmux.server.watch import Watch
from genmux.types.errors import InvalidRequestError, ProviderError
from genmux.types.principal import NOBODY, Principal

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = Iterable[tuple[str, str]]
Raw = list[tuple[bytes, bytes]]
Read = Callable[[], Awaitable[bytes | None]]
"""Gives the next bytes of a stream, None at its end."""

_log = logging.getLogger("genmux.server")

CLOSE = (("connection", "close"),)
_EVENTS = ((b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-cache"))
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


class CallerGoneError(Exception):
    """The caller closed the connection before it had sent its request."""


class RequestError(InvalidRequestError):
    """The request is wrong as HTTP; `status` is what it is answered with, `headers` what is said besides."""

    def __init__(self, message: str, *, status: HTTPStatus, headers: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(message, status=int(status))
        self.headers = headers


class Request:
    """One HTTP request. `clock` is that of the event loop, `client` the address at the other end of the connection.

    `principal` is for whom it is served; the gateway finds that out before anything else. `rated` changes the headers of
    the answer to a caller with rate limits.
    """

    __slots__ = (
        "_receive",
        "_send",
        "client",
        "clock",
        "headers",
        "method",
        "path",
        "principal",
        "query",
        "rated",
        "scheme",
        "watch",
    )

    def __init__(self, scope: Scope, receive: Receive, send: Send, clock: AlarmClock) -> None:
        self._receive = receive
        self._send = send
        self.clock = clock
        client: tuple[str, int] | None = scope.get("client")
        self.client: str | None = None if client is None else client[0]
        self.principal: Principal = NOBODY
        self.rated: Callable[[Raw], Raw] | None = None
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.query: bytes = scope["query_string"]
        self.scheme: str = scope.get("scheme", "http")
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self.watch = Watch(receive, clock)

    def header(self, name: bytes) -> str | None:
        """One header; `name` in lower case."""
        value = self.headers.get(name)
        return None if value is None else value.decode("latin-1")

    async def body(self, limit: int, *, idle: float) -> bytes:
        """The whole body of at most `limit` bytes, in which nothing fails to come for `idle` seconds.

        Raises RequestError, and CallerGoneError when the caller went away meanwhile.
        """
        declared = self.headers.get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > limit:
            raise _too_large(limit)
        deadline = Deadline(self.clock, idle)
        try:
            with deadline:
                body, more = await self._piece()
                if not more and len(body) <= limit:
                    return body
                pieces = bytearray(body)
                while more and len(pieces) <= limit:
                    deadline.move(idle)
                    body, more = await self._piece()
                    pieces += body
        except TimeoutError as error:
            raise _silent(idle) from error
        if len(pieces) > limit:
            raise _too_large(limit)
        return bytes(pieces)

    async def pieces(self, limit: int, *, idle: float) -> AsyncGenerator[bytes]:
        """The body of at most `limit` bytes, piece by piece; none fails to come for `idle` seconds.

        Raises RequestError, and CallerGoneError when the caller went away meanwhile.
        """
        size, more = 0, True
        while more:
            try:
                with Deadline(self.clock, idle):
                    body, more = await self._piece()
            except TimeoutError as error:
                raise _silent(idle) from error
            size += len(body)
            if size > limit:
                raise _too_large(limit)
            if body:
                yield body

    async def _piece(self) -> tuple[bytes, bool]:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise CallerGoneError
        return message.get("body", b""), message.get("more_body", False)

    async def answer(self, answer: Answer, headers: Headers = ()) -> None:
        """Send a whole answer."""
        raw = [(b"content-length", b"%d" % len(answer.body))]
        raw += map(_encoded, answer.headers)
        raw += map(_encoded, headers)
        raw = raw if self.rated is None else self.rated(raw)
        self.watch.stop()
        await self._send({"type": "http.response.start", "status": answer.status, "headers": raw})
        await self._send({"type": "http.response.body", "body": answer.body})

    async def stream(self, read: Read, headers: Headers = ()) -> None:
        """Send server-sent events as they come."""
        raw = [*_EVENTS, *map(_encoded, headers)]
        raw = raw if self.rated is None else self.rated(raw)
        await self._send({"type": "http.response.start", "status": 200, "headers": raw})
        while (chunk := await read()) is not None:
            if chunk:
                await self._send({"type": "http.response.body", "body": chunk, "more_body": True})
        self.watch.stop()
        await self._send({"type": "http.response.body", "body": b""})

    async def send_file(self, status: int, pieces: AsyncGenerator[bytes], headers: Headers) -> None:
        """Send a file piece by piece, as fast as the caller takes it.

        The head goes with the first piece: what `pieces` raises before is raised. Afterwards it only ends the connection, by
        which the caller sees that something is missing (CallerGoneError).
        """
        async with aclosing(pieces):
            piece = await anext(pieces, b"")
            raw = [_encoded.__wrapped__(one) for one in headers]  # they are hardly ever the same again
            await self._send({"type": "http.response.start", "status": status, "headers": raw})
            try:
                while piece:
                    await self._send({"type": "http.response.body", "body": piece, "more_body": True})
                    piece = await anext(pieces, b"")
            except ProviderError as error:
                _log.warning("%s broke off: %s", self.path, error)
                raise CallerGoneError from error
        self.watch.stop()
        await self._send({"type": "http.response.body", "body": b""})

    async def finish(self, chunk: bytes) -> None:
        """Send the last bytes of a stream that has to end early."""
        self.watch.stop()
        await self._send({"type": "http.response.body", "body": chunk})


@lru_cache(256)
def _encoded(header: tuple[str, str]) -> tuple[bytes, bytes]:
    """A header as bytes that cannot end it."""
    name, value = header
    return name.encode("latin-1"), _CONTROL.sub(" ", value).encode("latin-1", "replace")


def _silent(idle: float) -> RequestError:
    message = f"the body of the request did not come: nothing for {idle:g} s"
    return RequestError(message, status=HTTPStatus.REQUEST_TIMEOUT, headers=CLOSE)


def _too_large(limit: int) -> RequestError:
    message = f"the request is larger than this gateway takes ({limit} bytes)"
    return RequestError(message, status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
