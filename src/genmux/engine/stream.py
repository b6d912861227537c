"""A streamed reply on its way to the reader."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from types import TracebackType
from typing import Self

from genmux.contract.http import HttpReply, WireEvent
from genmux.engine.deadlines import Alarm, AlarmClock
from genmux.engine.framing import Splitter
from genmux.engine.transport import OpenReply
from genmux.types.errors import ErrorKind, ProviderError, Retry


class OpenStream:
    """A reply that is still arriving; iterate over it to get its events, all those of one read together.

    `chunks()` gives the bytes as well. `whole` is set when the provider answered with one complete document in place of a
    stream: then there are no events and the wire decodes `whole`. Faults are raised as ProviderError; whether a stream that
    ended was complete, the wire's reader knows. Close it (`async with`, `aclose`) when you stop early: that closes the
    connection, and the provider stops generating.
    """

    def __init__(
        self,
        source: OpenReply,
        splitter: Splitter,
        *,
        begun: bytes = b"",
        whole: HttpReply | None = None,
        attempts: int = 1,
    ) -> None:
        self.status: int = source.status
        self.headers: Mapping[str, str] = source.headers
        self.attempts = attempts
        self.whole = whole
        self._source = source
        self._splitter = splitter
        self._begun = begun
        self._ended = whole is not None
        self._closed = False
        self._alarm: Alarm | None = None
