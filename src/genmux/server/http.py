"""The ASGI interface in few words: read a request's body, send an answer, notice that the caller has gone."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, MutableMapping
from typing import Any

from genmux.contract.dialect import Answer
from genmux.types.errors import InvalidRequestError

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = Iterable[tuple[str, str]]


class CallerGoneError(Exception):
    """The caller closed the connection before it had sent its request."""


class BodyTooLargeError(InvalidRequestError):
    """The request's body is larger than the gateway takes."""


class Request:
    """One HTTP request."""

    __slots__ = ("_answered", "_receive", "_send", "headers", "method", "path", "query")

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._answered = False
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.query: bytes = scope["query_string"]
        self.headers: dict[bytes, bytes] = dict(scope["headers"])

    def header(self, name: bytes) -> str | None:
        """One header; `name` in lower case."""
        value = self.headers.get(name)
        return None if value is None else value.decode("latin-1")

    async def body(self, limit: int) -> bytes:
        """The whole body. Raises BodyTooLargeError, and CallerGoneError when the caller went away meanwhile."""
        declared = self.headers.get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > limit:
            raise _too_large(limit)
        message = await self._receive()
        if message["type"] == "http.request" and not message.get("more_body"):
            return _within(message.get("body", b""), limit)
        pieces = bytearray()
        while True:
            if message["type"] == "http.disconnect":
                raise CallerGoneError
            pieces += message.get("body", b"")
            _within(pieces, limit)
            if not message.get("more_body"):
                return bytes(pieces)
            message = await self._receive()

    async def answer(self, answer: Answer, headers: Headers = ()) -> None:
        """Send a whole answer."""
        await self._start(answer.status, (*answer.headers, ("content-length", str(len(answer.body))), *headers))
        self._answered = True
        await self._send({"type": "http.response.body", "body": answer.body})

    async def stream(self, chunks: AsyncIterator[bytes], headers: Headers = ()) -> None:
        """Send server-sent events as they come."""
        fixed = (("content-type", "text/event-stream; charset=utf-8"), ("cache-control", "no-cache"))
        await self._start(200, (*fixed, *headers))
        async for chunk in chunks:
            if chunk:
                await self._send({"type": "http.response.body", "body": chunk, "more_body": True})
        self._answered = True
        await self._send({"type": "http.response.body", "body": b""})

    async def _start(self, status: int, headers: Headers) -> None:
        raw = [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in headers]
        await self._send({"type": "http.response.start", "status": status, "headers": raw})

    async def unless_gone(self, work: Awaitable[None]) -> None:
        """Do the work, and stop it when the caller goes away before its answer is complete."""
        task = asyncio.current_task()
        watch = asyncio.ensure_future(self._gone())
        left = False

        def stop(_: object) -> None:
            nonlocal left
            if task is not None and not self._answered and not watch.cancelled():
                left = True
                task.cancel()

        watch.add_done_callback(stop)
        try:
            await work
        except asyncio.CancelledError:
            if not left or task is None:
                raise  # it is the gateway that stops
            task.uncancel()
        finally:
            watch.cancel()

    async def _gone(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass


def _within(body: bytes | bytearray, limit: int) -> bytes:
    if len(body) > limit:
        raise _too_large(limit)
    return bytes(body)


def _too_large(limit: int) -> BodyTooLargeError:
    return BodyTooLargeError(f"the request is larger than this gateway takes ({limit} bytes)", status=413)
