"""Where the parts of one streamed answer come from: an open connection, or an embedded engine."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import Any, Protocol

import msgspec

from genmux.contract.wires import Sent
from genmux.engine.stream import OpenStream
from genmux.flows.call.target import Target, place
from genmux.flows.call.whole import parts_of
from genmux.types.errors import ProviderError, RequestTimeoutError, Retry
from genmux.types.parts import ErrorPart, ExtraPart, Part, Start, UsagePart, WarningPart

_BEFORE_THE_ANSWER = (Start, UsagePart, ExtraPart, WarningPart)


class Source(Protocol):
    """Gives parts until there are no more."""

    async def read(self) -> list[Part] | None:
        """The parts that arrived at once, never none; None at the end. Raises ProviderError, and is closed then."""
        ...

    async def aclose(self) -> None:
        """Give everything back. Idempotent."""
        ...


class Begun(msgspec.Struct, frozen=True, kw_only=True):
    """An answer that has begun: where the rest comes from, and what is there already."""

    source: Source
    parts: Sequence[Part] = ()
    request_id: str | None = None


class WireSource:
    """Reads an open stream with the wire's reader."""

    __slots__ = ("_feed", "_given", "_opened", "_over", "_reader", "_sent", "_target")

    def __init__(self, opened: OpenStream, target: Target, sent: Sent[Any]) -> None:
        self._opened = opened
        self._reader = target.wire.reader(sent)
        self._feed = self._reader.feed
        self._target = target
        self._sent = sent
        self._over = False
        self._given = False

    async def read(self) -> list[Part] | None:
        """The parts that arrived at once; None at the end."""
        try:
            while not self._over:
                arrived = await self._opened.read()
                if arrived is None:
                    self._over = True
                    batch = self._last()
                else:
                    batch = [part for event in arrived[1] for part in self._feed(event)]
                if batch:
                    self._given = True
                    return batch
        except BaseException as error:  # whatever it was, also a cancellation: the connection is not needed any more
            self._over = True
            await self._opened.aclose()
            place(error, self._target)
            if isinstance(error, ProviderError):
                self._opened.explain(error)
                if self._given and error.retry is Retry.SAFE:
                    error.retry = Retry.UNSURE  # part of the answer was given, and will be billed
            raise
        return None

    def _last(self) -> list[Part]:
        """What comes when the stream has ended, or all of it, where the provider answered with one document."""
        whole = self._opened.whole
        if whole is not None:
            return [*parts_of(self._target.wire.decode(whole, self._sent))]
        return [*self._reader.close()]

    async def aclose(self) -> None:
        """Close the connection."""
        self._over = True
        await self._opened.aclose()


async def with_first_parts(begun: Begun) -> Begun:
    """The same, when the first part of the answer itself is there, or all of it.

    Raises ProviderError for what fails before that, also for an error that stands in place of the answer; it is closed then.
    """
    parts: list[Part] = []
    try:
        while batch := await begun.source.read():
            _raise_failure(batch, begun=bool(parts))
            parts += batch
            if not all(isinstance(part, _BEFORE_THE_ANSWER) for part in batch):
                break
    except BaseException:
        await begun.source.aclose()
        raise
    return msgspec.structs.replace(begun, parts=parts)


def _raise_failure(batch: list[Part], *, begun: bool) -> None:
    """Raise the error that stands in place of an answer; one that comes after parts of it is told in its turn."""
    for part in batch:
        if not isinstance(part, ErrorPart):
            if isinstance(part, _BEFORE_THE_ANSWER):
                continue
            return
        if begun and part.error.retry is Retry.SAFE:
            part.error.retry = Retry.UNSURE  # the provider had begun, and may bill that
        raise part.error


class EngineSource:
    """Reads what an embedded engine gives. `timeout` is for all of it, in seconds."""

    __slots__ = ("_over", "_parts", "_reading", "_target", "_timeout", "_until")

    def __init__(self, parts: AsyncGenerator[Any], target: Target, *, timeout: float | None) -> None:
        self._parts = parts
        self._target = target
        self._timeout = timeout
        self._until = None if timeout is None else asyncio.get_running_loop().time() + timeout
        self._over = False
        self._reading = False

    async def read(self) -> list[Any] | None:
        """The next part (or the one result); None at the end."""
        if self._over:
            return None
        self._reading = True
        try:
            part = await self._next()
        except ProviderError as error:
            place(error, self._target)
            raise
        finally:
            self._reading = False
            if self._over:  # closed by somebody else in the meantime
                await self._parts.aclose()
        if part is None:
            self._over = True
        return None if self._over else [part]

    async def _next(self) -> Any:
        if self._until is None:
            return await anext(self._parts, None)
        try:
            async with asyncio.timeout_at(self._until):
                return await anext(self._parts, None)
        except TimeoutError as error:
            message = f"not done within {self._timeout} s (total)"
            raise RequestTimeoutError(message, retry=Retry.UNSURE) from error

    async def aclose(self) -> None:
        """Stop the engine's work; where another task waits for a part, as soon as it has that."""
        self._over = True
        if not self._reading:
            await self._parts.aclose()


class Whole:
    """A source whose one answer is there already."""

    def __init__(self, result: Any) -> None:
        self._result = result

    async def read(self) -> list[Any] | None:
        """All of it, then None."""
        result, self._result = self._result, None
        return None if result is None else [*parts_of(result)]

    async def aclose(self) -> None:
        """Nothing is open."""
        self._result = None
