"""The transport over aiohttp, which is imported with the first request (it takes longer than all the rest of genmux).

Deliberately off: redirects (they forward keys to other hosts), cookies, aiohttp's connection limit (it would hold back
streams silently) and its silent repetition of GET, PUT and DELETE.
"""

import asyncio
import functools
import math
import os
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from typing import TYPE_CHECKING, Any

from genmux.contract.http import HttpReply, HttpRequest
from genmux.engine.bodies import PIECE, Body, body_of
from genmux.engine.deadlines import SLACK, AlarmClock, Deadline, Timeouts
from genmux.engine.limits import SizeLimits
from genmux.engine.proxies import checked_proxy, environment_proxy
from genmux.engine.socket import Socket, dial
from genmux.engine.transport import read_whole, whole_reply
from genmux.types.errors import ErrorKind, ProviderError, Retry

if TYPE_CHECKING:
    import aiohttp

HEAD_LIMIT = 32 * 1024
"""The longest header line of a reply, in bytes; aiohttp's 8 KB is too short for some providers' policy headers."""

LOOK = 2.0
"""Every so many seconds of silence we look whether the connection still stands: aiohttp does not wake the reader of a
chunked body whose framing breaks in the middle (3.14.5)."""


class AiohttpTransport:
    """Sends requests through aiohttp, with one session for each event loop and process.

    `trust_env` reads proxies from the environment; `proxy` is used for everything instead. `ssl_context` replaces the
    system's certificates. `keepalive` is how long, in seconds, an idle connection is kept: below what providers do, since a
    request that meets their closing is lost without our knowing whether it was accepted.
    """

    def __init__(
        self,
        *,
        trust_env: bool = True,
        proxy: str | None = None,
        ssl_context: ssl.SSLContext | None = None,
        keepalive: float = 15.0,
        user_agent: str = "genmux",
    ) -> None:
        self._trust_env = trust_env
        self._proxy = checked_proxy(proxy) if proxy else None
        self._ssl_context = ssl_context
        self._keepalive = min(keepalive, 15.0)
        self._user_agent = user_agent
        self._lines: dict[asyncio.AbstractEventLoop, Line] = {}
        self._inherited: list[Line] = []

    async def send(self, request: HttpRequest, *, timeouts: Timeouts, limits: SizeLimits) -> HttpReply:
        """The whole reply, whatever its status."""
        line = self._line()
        body = request.body
        if body is None or (type(body) is bytes and len(body) <= PIECE):
            response = await self._request(line, request, timeouts, body)
        else:
            response = await self._upload(line, request, timeouts, answer_within=None)
        content = response.content
        if content.is_eof() and content.exception() is None:  # head and body came in one read, as they mostly do
            return whole_reply(response.status, _lower(response.headers), content.read_nowait(), limits=limits)
        return await read_whole(AiohttpReply(response, line.clock, timeouts.idle), limits=limits)

    async def open(self, request: HttpRequest, *, timeouts: Timeouts) -> "AiohttpReply":
        """The reply as soon as its head is there."""
        line = self._line()
        response = await self._upload(line, request, timeouts, answer_within=timeouts.first_byte)
        return AiohttpReply(response, line.clock, timeouts.idle)

    async def dial(self, request: HttpRequest, *, connect: float) -> Socket:
        """A WebSocket at the address of a request. Raises ProviderError, or Refused with the status of another answer."""
        line = self._line()
        url, proxy = line.route(request.url)
        headers = {name.lower(): value for name, value in request.headers}
        return await dial(line.session, str(url), headers, proxy=proxy, ssl=self._ssl_context or True, connect=connect)

    async def aclose(self) -> None:
        """Close the sessions of all event loops."""
        here = asyncio.get_running_loop()
        while self._lines:
            loop, line = self._lines.popitem()
            if line.process != os.getpid():
                self._inherited.append(line)
            elif loop is here:
                await line.session.close()
            elif loop.is_closed():
                line.abandon()
            else:
                await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(line.session.close(), loop))

    def __del__(self) -> None:
        # After an `asyncio.run` that ended without `aclose`, aiohttp would complain on standard error.
        for loop, line in getattr(self, "_lines", {}).items():
            if loop.is_closed() and line.process == os.getpid():
                line.abandon()

    async def leave(self) -> None:
        """Close the session of the running event loop; the others stay open."""
        line = self._lines.pop(asyncio.get_running_loop(), None)
        if line is None:
            return
        if line.process == os.getpid():
            await line.session.close()
        else:
            self._inherited.append(line)

    async def _upload(
        self, line: "Line", request: HttpRequest, timeouts: Timeouts, *, answer_within: float | None
    ) -> "aiohttp.ClientResponse":
        """Send the request and wait for the head of its reply; the time that a large body takes does not count as waiting."""
        deadline = Deadline(line.clock, answer_within)
        body = body_of(request)
        try:
            with deadline:
                if body is None:
                    return await self._request(line, request, timeouts, request.body)
                pieces = _pieces(body, deadline, idle=timeouts.idle, answer_within=answer_within)
                return await self._request(line, _headed(request, body), timeouts, pieces)
        except TimeoutError as error:
            message = f"no reply began in time (first_byte = {answer_within} s, idle = {timeouts.idle} s)"
            raise ProviderError(message, kind=ErrorKind.TIMEOUT, retry=Retry.UNSURE) from error

    def _connecting(self) -> dict[str, Any]:
        """How connections are made, where not in aiohttp's own way."""
        return {}

    async def _request(
        self, line: "Line", request: HttpRequest, timeouts: Timeouts, body: Any
    ) -> "aiohttp.ClientResponse":
        url, proxy = line.route(request.url)
        try:
            return await line.session.request(
                request.method,
                url,
                headers=request.headers,
                data=body,
                proxy=proxy,
                ssl=self._ssl_context or True,
                timeout=line.limits(timeouts.connect),
                allow_redirects=False,
            )
        except _faults() as error:
            raise _explain(error) from error

    def _proxy_for(self, scheme: str, host: str, port: int | None) -> str | None:
        if self._proxy is not None or not self._trust_env:
            return self._proxy
        return environment_proxy(scheme, host, port)

    def _line(self) -> "Line":
        loop = asyncio.get_running_loop()
        line = self._lines.get(loop)
        if line is not None and line.process == os.getpid() and not line.session.closed:
            return line
        if line is not None and line.process != os.getpid():
            # Its connections belong to the parent process: neither use them nor say goodbye on them.
            self._inherited.append(line)
        for other in [other for other in self._lines if other.is_closed()]:
            self._lines.pop(other).abandon()
        line = self._lines[loop] = Line(self._session(loop), AlarmClock(loop), self._proxy_for)
        return line

    def _session(self, loop: asyncio.AbstractEventLoop) -> "aiohttp.ClientSession":
        import aiohttp

        session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=self._keepalive, loop=loop, **self._connecting()),
            cookie_jar=aiohttp.DummyCookieJar(loop=loop),
            headers={"user-agent": self._user_agent},
            max_field_size=HEAD_LIMIT,
            timeout=aiohttp.ClientTimeout(total=None),
            trust_env=False,  # it would ask the environment in a thread for every request, and take keys from .netrc
        )
        session._retry_connection = False  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] — the only switch there is
        return session


class AiohttpReply:
    """A reply whose head has arrived."""

    __slots__ = ("_clock", "_content", "_fault", "_idle", "_look", "_response", "_since", "headers", "status", "when")

    def __init__(self, response: "aiohttp.ClientResponse", clock: AlarmClock, idle: float | None) -> None:
        self.status: int = response.status
        self.headers: Mapping[str, str] = _lower(response.headers)
        self._response = response
        self._content = response.content
        self._fault: ProviderError | None = None
        self._idle = math.inf if idle is None else idle
        self._look = min(self._idle, LOOK)
        self._since = 0.0
        self._clock = clock
        self.when = math.inf

    async def read(self) -> bytes:
        """What has arrived since; empty at the end."""
        if self._fault is not None:
            raise self._fault
        content = self._content
        if not content.is_eof():
            self._since = now = self._clock.loop.time()
            self.when = now + self._look
            self._clock.set(self)
        try:
            piece = await content.readany()
        except _faults() as error:
            fault = self._fail(error)
            if rescued := self._rescue():
                return rescued
            raise fault from fault.__cause__
        except asyncio.CancelledError:
            self.close()
            raise
        finally:
            self.when = math.inf
        if not piece:
            self._clock.drop(self)
        return piece

    def close(self, fault: ProviderError | None = None) -> None:
        """Close the connection, unless the reply was read to its end."""
        self._clock.drop(self)
        if self._fault is not None or self._content.at_eof():
            return
        self._fault = fault or ProviderError("the stream was closed", kind=ErrorKind.CANCELLED)
        self._content.set_exception(TimeoutError("closed"))  # wakes a read that waits, with an exception of its own
        self._response.close()

    def ring(self) -> None:
        """Nothing has come for a while: give up when it lasts too long, or when nothing can come any more."""
        now = self._clock.loop.time()
        connection = self._response.connection
        protocol = connection.protocol if connection else None
        if now >= self._since + self._idle - SLACK:
            message = f"nothing came for {self._idle:g} s (idle)"
            self.close(ProviderError(message, kind=ErrorKind.TIMEOUT, retry=Retry.UNSURE))
        elif protocol is None or not protocol.is_connected():
            reason = protocol.exception() if protocol is not None else None
            self._fail(reason or ConnectionResetError("the connection is gone"))
        else:
            self.when = min(self._since + self._idle, now + self._look)
            self._clock.set(self)

    def _fail(self, error: BaseException) -> ProviderError:
        """The fault that ends this reply: the one it was closed with, else what `error` means."""
        if self._fault is None:
            fault = _explain(error)
            fault.__cause__ = error
            self.close(fault)
        return self._fault or _explain(error)

    def _rescue(self) -> bytes:
        """What had arrived before the fault: aiohttp keeps it back, but the end of the dialect may be in it."""
        self._content.set_exception(None)  # pyright: ignore[reportArgumentType] — the way to read on behind a fault
        return self._content.read_nowait()


class Line:
    """What belongs to one event loop: a session, a clock, and what was looked up once."""

    def __init__(
        self,
        session: "aiohttp.ClientSession",
        clock: AlarmClock,
        proxy_for: Callable[[str, str, int | None], str | None],
    ) -> None:
        import aiohttp
        from yarl import URL

        def route(url: str) -> tuple[URL, URL | None]:
            parsed = URL(url, encoded=True)
            proxy = known(parsed.scheme, parsed.raw_host or "", parsed.port)
            return parsed, None if proxy is None else URL(proxy, encoded=True)

        known = functools.lru_cache(512)(proxy_for)
        self.session = session
        self.clock = clock
        self.process = os.getpid()
        self.route = functools.lru_cache(512)(route)
        self.limits = functools.lru_cache(64)(
            lambda connect: aiohttp.ClientTimeout(total=None, connect=connect, sock_connect=connect)  # pyright: ignore[reportUnknownLambdaType]
        )

    def abandon(self) -> None:
        """Let go of a session whose event loop is closed: there is nothing left to wait for."""
        for _ in self.session.close().__await__():
            pass


async def _pieces(
    body: Body, deadline: Deadline, *, idle: float | None, answer_within: float | None
) -> AsyncIterator[Any]:
    """Hand over a large body; while it is being taken it is silence that counts, afterwards the wait for the reply."""
    async for piece in body.pieces():
        deadline.move(idle)
        yield piece
    deadline.move(answer_within)


def _headed(request: HttpRequest, body: Body) -> HttpRequest:
    """The request with the size of its body, and the type that only the body knows."""
    headers = [("content-length", str(body.size))]
    if body.content_type is not None and all(name.lower() != "content-type" for name, _ in request.headers):
        headers.append(("content-type", body.content_type))
    return request.with_headers(headers)


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _faults() -> tuple[type[BaseException], ...]:
    from genmux.engine.aiohttp_faults import faults

    return faults()


def _explain(error: BaseException) -> ProviderError:
    from genmux.engine.aiohttp_faults import explain

    return explain(error)
