"""A stream that is settled once, however it ends."""

import abc
import asyncio
import contextlib
from collections import deque
from typing import Generic, Self, TypeVar

from genmux.flows.call.door import Door
from genmux.flows.call.run import Run
from genmux.flows.call.sources import Begun
from genmux.flows.call.target import place
from genmux.types.errors import ProviderError
from genmux.types.money import Cost

P = TypeVar("P")


class SettledStream(abc.ABC, Generic[P]):
    """The parts of one answer, as they come. Iterate it once; it is booked at its end, when it fails, and when it is left early.

    Those who make one read their parts (`_receive`), and say what was used (`_complete`, `_break`).
    """

    def __init__(self, begun: Begun, run: Run, door: Door) -> None:
        self._source = begun.source
        self._door = door
        self._seen: list[P] = []
        self._ahead: deque[P] = deque()
        self._settled = False
        self._loop = asyncio.get_running_loop()
        self.run = run
        self.request_id = begun.request_id
        self.attempts = max(run.sendings, 1)
        self.ended = False
        self.cost: Cost | None = None

    def __aiter__(self) -> Self:
        """Iterate once."""
        return self

    async def __anext__(self) -> P:
        """The next part."""
        while not self._ahead:
            batch = await self._pull()
            if batch is None:
                raise StopAsyncIteration
            self._ahead.extend(batch)
        return self._ahead.popleft()

    async def aclose(self) -> None:
        """Stop: close the connection and book what was received. May be called again, also while another task reads."""
        try:
            await self._source.aclose()
        finally:
            self._settle()

    async def __aenter__(self) -> Self:
        """Use it as `async with stream:`."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop at the end of the block."""
        await self.aclose()

    def __del__(self) -> None:
        """Close and book also what was dropped unread. Not here: it may be any thread, in the middle of anything."""
        if not getattr(self, "_settled", True):
            with contextlib.suppress(RuntimeError):  # the event loop is closed
                self._loop.call_soon_threadsafe(self._drop)

    # ---------------------------------------------------------------- what those who make one say
    @abc.abstractmethod
    async def _receive(self) -> list[P] | None:
        """The parts that arrived at once; None at the end. Raises ProviderError."""

    @abc.abstractmethod
    def _complete(self) -> None:
        """It has come to its end, or was left early: book it."""

    @abc.abstractmethod
    def _break(self, error: BaseException) -> None:
        """It failed: book what was received."""

    def _heard(self) -> bool:
        """Whether anything came that was wanted."""
        return bool(self._seen)

    def _last(self) -> list[P]:
        """What is still to come after the end of the connection."""
        return []

    # ---------------------------------------------------------------- how it goes
    async def _pull(self) -> list[P] | None:
        if self._settled:
            return None
        try:
            batch = await self._receive()
        except BaseException as error:
            await self._fail(error)
            raise
        if batch is None:
            batch = self._last() or None
            self.ended = True
            self._settle()
        return batch

    def _drop(self) -> None:
        """Nobody reads it any more; whoever still writes for it stops before it is booked."""
        self._closing = self._loop.create_task(self.aclose(), name="genmux-stream-dropped")

    def _settle(self) -> None:
        if not self._settled:
            self._settled = True
            self._complete()

    async def _fail(self, error: BaseException) -> None:
        """A fault ends it, or whoever waited was cancelled: then it was left early."""
        try:
            await self._source.aclose()
        finally:
            if isinstance(error, ProviderError):
                place(error, self.run.reached)
            if self._heard() and not isinstance(error, ProviderError):
                self._settle()
            elif not self._settled:
                self._settled = True
                self._break(error)
