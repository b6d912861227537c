"""The connection of a session over its life: opened, read, and made anew when it breaks."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import Protocol

from genmux.contract.sessions import Resume
from genmux.flows.voice.limits import SessionLimits
from genmux.flows.voice.link import Link
from genmux.types.errors import ErrorKind, MessageError, ProviderError, Retry
from genmux.types.realtime import SessionState
from genmux.types.realtime_events import RealtimeEvent, SessionCreated, SessionFailed

ENDED = "the provider ended it"
"""Why a session is over where nobody says more."""


class Opener(Protocol):
    """Makes connections."""

    async def __call__(self, resume: Resume | None) -> Link:
        """A new one, which goes on where another ended. Raises ProviderError."""
        ...


class Moved(Protocol):
    """Hears where the connection stands."""

    def __call__(self, state: SessionState, *, restored: bool | None = None, reason: str | None = None) -> None:
        """It stands elsewhere."""
        ...


class Line:
    """Owns the connection. `lost` is called when one breaks, before another is made; `tuned` when one stands."""

    def __init__(  # noqa: PLR0913 — each is one who helps
        self,
        opener: Opener,
        limits: SessionLimits,
        *,
        moved: Moved,
        tuned: Callable[[Link], None],
        lost: Callable[[], Resume],
        restored: Callable[[], Awaitable[None]],
        sleep: Callable[[float], Awaitable[object]],
        random: Callable[[], float],
    ) -> None:
        self.state = SessionState.DISCONNECTED
        self.closing = False
        self.reason: str | None = None
        self.fault: ProviderError | None = None
        self._opener = opener
        self._limits = limits
        self._moved = moved
        self._tuned = tuned
        self._lost = lost
        self._restored = restored
        self._sleep = sleep
        self._random = random
        self._link: Link | None = None
        self._standing = asyncio.Event()
        self._lives = 0
        self._leaves = False

    @property
    def link(self) -> Link:
        """The connection. Raises MessageError when there is none."""
        if self._link is None or self.closing:
            raise MessageError(f"the session is {self.state}; open one first")
        return self._link

    async def stands(self) -> Link:
        """The connection, once it stands (again). Raises MessageError after the end."""
        if not self._standing.is_set() and not self.closing:
            async with asyncio.timeout(self._limits.opening * (self._limits.per_drop + 1)):
                await self._standing.wait()
        return self.link

    async def open(self) -> Sequence[RealtimeEvent]:
        """Connect; gives what was said first. Raises ProviderError."""
        self.move(SessionState.CONNECTING)
        try:
            first = await self._connect(None)
        except BaseException as error:
            self.closing = True
            await self.hang_up("it could not be opened")
            self.move(SessionState.ERROR, reason=error.message if isinstance(error, ProviderError) else str(error))
            raise
        self.move(SessionState.CONNECTED)
        return first

    async def events(self) -> AsyncGenerator[RealtimeEvent]:
        """Everything that comes, over all connections, until the session is over."""
        while not self.closing:
            events = await self.link.receive()
            if events is None:
                events = await self._go_on()
                if events is None:
                    return
            for event in events:
                yield event

    def leave(self, within: float, busy: Callable[[], bool]) -> "asyncio.Task[None]":
        """Leave a connection that will be closed anyhow: when nothing is said, else when its time is nearly over."""
        return asyncio.create_task(self._leave(within, busy), name="genmux-session-leaves")

    async def hang_up(self, reason: str) -> None:
        """End the connection."""
        if self._link is not None:
            await self._link.close(reason)
        self._standing.set()

    def move(self, state: SessionState, *, restored: bool | None = None, reason: str | None = None) -> None:
        """It stands elsewhere."""
        if state is not self.state:
            self.state = state
            self._moved(state, restored=restored, reason=reason)

    async def _leave(self, within: float, busy: Callable[[], bool]) -> None:
        loop = asyncio.get_running_loop()
        until = loop.time() + within * 0.6
        while busy() and loop.time() < until:
            await self._sleep(0.05)
        if self._link is not None and not self.closing:
            self._leaves = True
            await self._link.close("going on elsewhere")  # before the new one: some refuse a second connection

    async def _drop(self) -> None:
        """Close a connection of which nothing came."""
        if self._link is not None:
            await self._link.close()

    async def _connect(self, resume: Resume | None) -> list[RealtimeEvent]:
        """A connection that stands; gives what was said first. Raises ProviderError."""
        opening = self._limits.opening
        try:
            async with asyncio.timeout(opening):
                link = self._link = await self._opener(resume)
                await link.begin()
                said = await self._greeting(link)
        except TimeoutError as error:
            message = f"the session was not there within {opening:g} s"
            raise ProviderError(message, kind=ErrorKind.TIMEOUT, retry=Retry.SAFE) from error
        self._tuned(link)
        self._standing.set()
        return said

    async def _greeting(self, link: Link) -> list[RealtimeEvent]:
        said: list[RealtimeEvent] = []
        while not any(isinstance(one, SessionCreated) for one in said):
            events = await link.receive()
            if events is None:
                message = "the session was closed before it was there"
                raise link.goodbye.error or ProviderError(message, kind=ErrorKind.NETWORK, retry=Retry.SAFE)
            for event in events:
                if isinstance(event, SessionFailed) and event.error is not None:
                    raise event.error
            said += events
        return said

    async def _go_on(self) -> list[RealtimeEvent] | None:
        """Connect anew after the connection ended, as often as that makes sense; None when it is over."""
        if self.closing:
            return None
        goodbye = self.link.goodbye
        leaves, self._leaves = self._leaves, False
        self.fault = None if leaves else goodbye.error
        if not (goodbye.reconnect or leaves):
            self.reason = goodbye.reason or ENDED if goodbye.error is None else goodbye.error.message
            return None
        self._standing.clear()
        self.move(SessionState.RECONNECTING, reason=None if self.fault is None else self.fault.message)
        resume = self._lost()
        for attempt in range(self._limits.per_drop):
            if self._lives >= self._limits.per_life:
                break
            self._lives += 1
            await self._sleep(self._limits.pause(attempt, self._random()))
            try:
                said = await self._connect(resume)
            except ProviderError as error:
                self.fault = error
                await self._drop()
                if error.retry is Retry.NEVER:
                    if resume.handle is None:
                        break
                    resume = Resume(history=resume.history)  # the handle is not good any more; what was said is known
                continue
            if self.closing:  # nobody wants it any more
                await self._drop()
                return None
            self.fault = None
            self.move(SessionState.CONNECTED, restored=resume.handle is not None)
            await self._restored()
            return said
        self.reason = "the connection was lost and could not be made again"
        return None
