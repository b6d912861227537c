"""Downloads of foreign files, through the URL guard and with limits on everything: size, silence, slowness, redirects."""

import asyncio
import random as chance
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from urllib.parse import urljoin

import msgspec

from genmux.contract.http import HttpRequest
from genmux.engine.aiohttp_transport import AiohttpReply
from genmux.engine.deadlines import AlarmClocks, Deadline, Timeouts
from genmux.engine.download_faults import changed, empty, endless, misled, overdue, refused, too_slow, truncated
from genmux.engine.file_names import name_of
from genmux.engine.file_sink import FileSink, Written
from genmux.engine.guarded_transport import GuardedTransport
from genmux.engine.ranges import Resumption, length_of, resumption_of, total_of
from genmux.engine.retry import RetryPolicy
from genmux.engine.url_guard import UrlGuard
from genmux.types.errors import ProviderError, Retry

Headers = Mapping[str, str]

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_BASE = (("accept", "*/*"), ("accept-encoding", "identity"))


class DownloadLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What a download may take, in bytes and seconds.

    `connect`, `first_byte` and `idle` are as in `Timeouts`; `total` is all of it, with repetitions. In each `window` at least
    `rate` bytes a second must come. `redirects` are followed at most, and it is begun `attempts` times.
    """

    bytes: int = 5 * 1024**3
    connect: float = 10.0
    first_byte: float = 60.0
    idle: float = 30.0
    total: float = 3_600.0
    rate: float = 1_024.0
    window: float = 30.0
    redirects: int = 5
    attempts: int = 5


class Downloaded(msgspec.Struct, frozen=True, kw_only=True):
    """A downloaded file, and what its server says of it: where it was at last, its media type, its name."""

    file: Written
    url: str
    media_type: str | None = None
    name: str | None = None


class Looked(msgspec.Struct, frozen=True, kw_only=True):
    """The beginning of a file, and how long all of it is, where that is told."""

    start: bytes
    size: int | None
    media_type: str | None = None


class Downloader:
    """Fetches foreign files. One may be shared by all tasks of an event loop.

    Waiting, time and chance are handed in, so that tests need none of them.
    """

    def __init__(
        self,
        guard: UrlGuard,
        *,
        transport: GuardedTransport | None = None,
        limits: DownloadLimits | None = None,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        clock: Callable[[], float] = time.time,
        random: Callable[[], float] = chance.random,
    ) -> None:
        self.guard = guard
        self.limits = limits or DownloadLimits()
        self._transport = transport or GuardedTransport()
        self._sleep = sleep
        self._clock = clock
        self._random = random
        self._alarms = AlarmClocks()

    async def fetch(
        self,
        url: str,
        sink: FileSink,
        *,
        headers: Headers | None = None,
        trusted_hosts: Iterable[str] = (),
        max_bytes: int | None = None,
    ) -> Downloaded:
        """Write the file at a URL into `sink`, which is finished then.

        `headers` (a credential) go to `trusted_hosts` alone, also where redirects lead. A download that breaks goes on
        where it broke, when the server can do that safely, else from the beginning. Raises InvalidRequestError for an address
        that must not be fetched, and ProviderError whose `retry` is `safe` when it may go well later.
        """
        limit = self.limits.bytes if max_bytes is None else min(max_bytes, self.limits.bytes)
        trip = _Trip(self, url, sink, headers or {}, tuple(trusted_hosts), limit)
        deadline = Deadline(self._alarms.here(), self.limits.total)
        try:
            with deadline:
                return await self._attempts(trip, deadline)
        except TimeoutError as error:
            raise overdue(url, self.limits.total) from error

    async def look(self, url: str, *, count: int = 64 * 1024, trusted_hosts: Iterable[str] = ()) -> Looked:
        """Read the beginning of the file at a URL. Raises as `fetch` does."""
        deadline = Deadline(self._alarms.here(), self.limits.first_byte)
        asked = (("range", f"bytes=0-{count - 1}"),)
        start = bytearray()
        try:
            with deadline:
                async with self.opened(url, asked, {}, tuple(trusted_hosts)) as (reply, place):
                    if reply.status not in (200, 206):
                        raise refused(place, reply.status, reply.headers, now=self._clock())
                    while len(start) < count and (piece := await reply.read()):
                        start += piece
                    size = length_of(reply.headers) if reply.status == 200 else total_of(reply.headers)
                    return Looked(start=bytes(start[:count]), size=size, media_type=_media_type(reply.headers))
        except TimeoutError as error:
            raise overdue(url, self.limits.first_byte) from error

    async def leave(self) -> None:
        """Close the connections of the running event loop."""
        await self._transport.leave()

    async def aclose(self) -> None:
        """Close all connections. May be called again."""
        await self._transport.aclose()

    async def _attempts(self, trip: "_Trip", deadline: Deadline) -> Downloaded:
        policy = RetryPolicy(attempts=self.limits.attempts)
        request = HttpRequest(method="GET", url=trip.url)
        number = 0
        while True:
            number += 1
            before = trip.sink.bytes
            try:
                return await trip.attempt()
            except ProviderError as error:
                if trip.sink.broken:  # our disk, and not the network: whoever asked decides when to try again
                    raise
                error.retry = Retry.SAFE if error.retry is Retry.UNSURE else error.retry  # nothing is bought by asking
                if trip.goes_on and trip.sink.bytes > before:
                    number = 1
                wait = policy.wait(error, request, attempt=number, chance=self._random())
                if wait is None or wait >= deadline.remaining:
                    raise
            await self._sleep(wait)

    @asynccontextmanager
    async def opened(
        self, url: str, asked: tuple[tuple[str, str], ...], secret: Headers, trusted_hosts: tuple[str, ...]
    ) -> AsyncGenerator[tuple[AiohttpReply, str]]:
        """The reply that is no redirect, with where it comes from; every hop is checked."""
        limits = self.limits
        timeouts = Timeouts(connect=limits.connect, first_byte=limits.first_byte, idle=limits.idle)
        place = url
        for _ in range(limits.redirects + 1):
            checked = await self.guard.check(place, trusted_hosts=trusted_hosts)
            shared = tuple(secret.items()) if checked.trusted else ()
            request = HttpRequest(method="GET", url=checked.url, headers=(*_BASE, *asked, *shared))
            reply = await self._transport.fetch(request, checked, timeouts=timeouts)
            try:
                if reply.status not in _REDIRECTS:
                    yield reply, checked.url
                    return
                where = reply.headers.get("location", "")
                if not where:
                    raise misled(place, f"answers with HTTP {reply.status} and does not say where to go")
                place = urljoin(checked.url, where)
            finally:
                reply.close()
        raise misled(url, f"leads on and on: {limits.redirects} redirects are followed, and no more")

    def refused(self, url: str, status: int, headers: Headers) -> ProviderError:
        """The error for a status that is no success."""
        return refused(url, status, headers, now=self._clock())

    def rated(self, url: str) -> "_Rate":
        """Something that watches how fast bytes come."""
        return _Rate(url, self.limits, asyncio.get_running_loop().time)


class _Trip:
    """One download, over all its attempts."""

    def __init__(
        self,
        owner: Downloader,
        url: str,
        sink: FileSink,
        secret: Headers,
        trusted_hosts: tuple[str, ...],
        limit: int,
    ) -> None:
        self.url = url
        self.sink = sink
        self._owner = owner
        self._secret = secret
        self._trusted = trusted_hosts
        self._limit = limit
        self._rest: Resumption | None = None

    @property
    def goes_on(self) -> bool:
        """Whether what is there need not be fetched again."""
        return self._rest is not None

    async def attempt(self) -> Downloaded:
        """Begin, or go on."""
        rest = self._rest
        asked = rest.headers(self.sink.bytes) if rest is not None and self.sink.bytes else ()
        async with self._owner.opened(self.url, asked, self._secret, self._trusted) as (reply, place):
            size = await self._begin(reply, place, going_on=bool(asked))
            await self._read(reply, place)
        if size is not None and self.sink.bytes != size:
            raise truncated(place, self.sink.bytes, size)
        if not self.sink.bytes:
            raise empty(place)
        return Downloaded(
            file=await self.sink.finish(),
            url=place,
            media_type=_media_type(reply.headers),
            name=name_of(reply.headers, place),
        )

    async def _begin(self, reply: AiohttpReply, place: str, *, going_on: bool) -> int | None:
        """Look at the head; gives how long the whole file is."""
        headers, rest = reply.headers, self._rest
        if going_on and rest is not None and reply.status == 206 and rest.fits(headers, self.sink.bytes):
            return rest.size
        self._rest = None
        if self.sink.bytes:
            await self.sink.restart()
        if reply.status == 416 or (going_on and reply.status == 206):  # it has become another file
            raise changed(place)
        if reply.status != 200:
            raise self._owner.refused(place, reply.status, headers)
        size = length_of(headers)
        if size is not None and size > self._limit:
            raise endless(place, self._limit)
        self._rest = resumption_of(headers, size)
        return size

    async def _read(self, reply: AiohttpReply, place: str) -> None:
        rate = self._owner.rated(place)
        while piece := await rate.watch(reply.read()):
            if self.sink.bytes + len(piece) > self._limit:
                raise endless(place, self._limit)
            await self.sink.write(piece)


class _Rate:
    """Watches that bytes do not merely drip; only waiting for the server counts, not for our own disk."""

    def __init__(self, url: str, limits: DownloadLimits, time: Callable[[], float]) -> None:
        self._url = url
        self._rate = limits.rate
        self._window = limits.window
        self._time = time
        self._waited = 0.0
        self._count = 0

    async def watch(self, reading: Awaitable[bytes]) -> bytes:
        """The next piece. Raises ProviderError when they come too slowly."""
        begun = self._time()
        piece = await reading
        self._waited += self._time() - begun
        self._count += len(piece)
        if self._waited >= self._window:
            if self._count < self._rate * self._waited:
                raise too_slow(self._url, self._rate)
            self._waited, self._count = 0.0, 0
        return piece


def _media_type(headers: Headers) -> str | None:
    told = headers.get("content-type", "").partition(";")[0].strip().lower()
    return told if "/" in told else None
