"""A streamed reply on its way to the reader."""

import asyncio
import contextlib
import math
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from genmux.contract.http import Framing, HttpReply, WireEvent
from genmux.engine.deadlines import AlarmClock
from genmux.engine.framing import is_document, splitter_for
from genmux.engine.limits import SizeLimits
from genmux.engine.transport import OpenReply, read_whole
from genmux.engine.trip import Trip
from genmux.types.errors import ErrorKind, ProviderError, Retry


class Hold:
    """What a stream occupies until it is over: the connection, its place at the provider's gate, its deadline."""

    __slots__ = ("_clock", "_gate", "_limit", "released", "source", "when")

    def __init__(self, source: OpenReply, *, clock: AlarmClock, gate: asyncio.Semaphore | None = None) -> None:
        self.source = source
        self.released = False
        self.when = math.inf
        self._limit = math.inf
        self._clock = clock
        self._gate = gate

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """Where it lives."""
        return self._clock.loop

    def end_at(self, when: float, *, limit: float) -> None:
        """Cut the stream off at a time of the loop's clock, when `limit` seconds will have passed."""
        if not self.released:
            self.when, self._limit = when, limit
            self._clock.set(self)

    def ring(self) -> None:
        """The stream lasts too long."""
        message = f"the stream did not end within {self._limit:g} s (stream)"
        self.source.close(ProviderError(message, kind=ErrorKind.TIMEOUT, retry=Retry.UNSURE))

    def release(self) -> None:
        """Give everything back. Idempotent."""
        if self.released:
            return
        self.released = True
        self.source.close()
        self._clock.drop(self)
        if self._gate is not None:
            self._gate.release()


class OpenStream:
    """A reply that is still arriving: iterate over it for its events, all those of one read together.

    `read` gives the bytes as well. `whole` is set when the provider answered with one complete document in place of a
    stream; there are no events then, and the wire decodes `whole`. Faults are raised as ProviderError; whether a stream
    that ended was complete, its reader knows. Close it (`async with`, `aclose`) when you stop early: that closes the
    connection, so that the provider stops generating.
    """

    def __init__(self, hold: Hold, trip: Trip, *, limits: SizeLimits, begun: bytes = b"") -> None:
        self.status: int = hold.source.status
        self.headers: Mapping[str, str] = hold.source.headers
        self.attempts = trip.attempts
        self.whole: HttpReply | None = None
        self._hold = hold
        self._trip = trip
        self._limits = limits
        self._splitter = splitter_for(trip.request.framing, limit=limits.event)
        self._begun = begun
        self._sniffs = trip.request.framing is not Framing.RAW
        self._ended = False

    async def read(self) -> tuple[bytes, list[WireEvent]] | None:
        """The bytes that have arrived and the events that they complete, of which there may be none; None at the end."""
        if self._ended:
            return None
        try:
            chunk = self._begun or await self._hold.source.read()
            self._begun = b""
            if chunk and self._sniffs:
                await self._sniff(chunk)
                if self.whole is not None:
                    return None
            events = self._splitter.feed(chunk) if chunk else self._splitter.flush()
        except ProviderError as error:
            self._end()
            self._trip.explain(error)
            raise
        except BaseException:  # cancelled while waiting: the provider must stop at once
            self._end()
            raise
        if chunk:
            return chunk, events
        self._end()
        return (b"", events) if events else None

    def explain(self, error: ProviderError) -> ProviderError:
        """An error that is found in the stream later: it learns where it happened, and loses every secret."""
        return self._trip.explain(error)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> list[WireEvent]:
        while (batch := await self.read()) is not None:
            if batch[1]:
                return batch[1]
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """Close the connection, unless the stream has ended. Idempotent."""
        self._end()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def __del__(self) -> None:
        hold = getattr(self, "_hold", None)
        if hold is not None and not hold.released:
            with contextlib.suppress(RuntimeError):  # the event loop is closed, and the connection with it
                hold.loop.call_soon_threadsafe(hold.release)

    async def take_whole(self, begun: bytes) -> None:
        """The reply is one document: read all of it. Raises ProviderError when it is an error or no answer."""
        reply = await read_whole(self._hold.source, limits=self._limits, begun=begun)
        error = self._trip.document(reply)
        self._end()
        if error is not None:
            raise error
        self.whole = reply

    async def _sniff(self, chunk: bytes) -> None:
        if is_document(chunk, self._trip.request.framing):
            await self.take_whole(chunk)
        elif chunk.strip():
            self._sniffs = False

    def _end(self) -> None:
        self._ended = True
        self._hold.release()
