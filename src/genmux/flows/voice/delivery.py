"""Events on their way out of a session: stamped, recorded, told to handlers, and put where they are read."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Protocol

from genmux.contract.model import Model
from genmux.flows.voice.mailbox import Mailbox
from genmux.types.realtime_events import Interrupted, PassedAudio, RealtimeEvent

Handler = Callable[[Any], Any]

_log = logging.getLogger("genmux.sessions")


class Recorder(Protocol):
    """Keeps what was said."""

    def said(self, data: bytes, at: float) -> None:
        """Sound that went in, in the session's input format, at a time of the session's clock."""
        ...

    def hear(self, event: RealtimeEvent) -> None:
        """Whatever came."""
        ...

    async def aclose(self) -> None:
        """Write it down."""
        ...


class Delivery:
    """Delivers events. With `raw` they keep the provider's message."""

    def __init__(
        self, session: str, model: Model, clock: Callable[[], float], *, recorder: Recorder | None, raw: bool
    ) -> None:
        self._session = session
        self._model = model
        self._clock = clock
        self._raw = raw
        self._mailbox = Mailbox()
        self._handlers: list[tuple[type[RealtimeEvent], Handler]] = []
        self._handling: set[asyncio.Task[Any]] = set()
        self.recorder = recorder
        self.straight: Callable[[PassedAudio], Awaitable[bool]] | None = None
        self.last = clock()

    def tell(self, event: RealtimeEvent) -> None:
        """Deliver one in its turn."""
        self._stamp(event)
        self._mailbox.put(event)

    async def pass_straight(self, event: PassedAudio) -> bool:
        """Give sound to whoever takes it without detour, while nothing else waits; whether it was taken."""
        if self.straight is None or not self._mailbox.empty:
            return False
        self.last = self._clock()
        return await self.straight(event)

    def overtake(self, event: Interrupted, void: set[str]) -> None:
        """Deliver an interruption before everything that waits; the sound of these answers is thrown away."""
        self._stamp(event)
        self._mailbox.overtake(event, void)

    def add(self, kind: type[RealtimeEvent], handler: Handler) -> None:
        """Have a function called for each event of a kind."""
        self._handlers.append((kind, handler))

    async def has_room(self) -> None:
        """Wait until less is waiting to be read."""
        await self._mailbox.has_room()

    async def events(self, kinds: tuple[type[RealtimeEvent], ...]) -> AsyncIterator[RealtimeEvent]:
        """The events of these kinds, or all, until the end."""
        while (event := await self._mailbox.get()) is not None:
            if not kinds or isinstance(event, kinds):
                yield event

    async def close(self) -> None:
        """Nothing follows."""
        self._mailbox.close()
        if self.recorder is not None:
            await self.recorder.aclose()

    def _stamp(self, event: RealtimeEvent) -> None:
        event.time = self.last = self._clock()
        event.provider, event.model, event.session = self._model.provider, self._model.id, self._session
        if not self._raw:
            event.raw = None
        if self.recorder is not None:
            self.recorder.hear(event)
        for kind, handler in self._handlers:
            if isinstance(event, kind):
                self._call(handler, event)

    def _call(self, handler: Handler, event: RealtimeEvent) -> None:
        try:
            given = handler(event)
        except Exception:  # noqa: BLE001 — a handler is foreign code; the session goes on
            _log.exception("a handler of session %s failed", self._session)
            return
        if asyncio.iscoroutine(given):
            task = asyncio.create_task(given)
            self._handling.add(task)
            task.add_done_callback(self._handled)

    def _handled(self, task: "asyncio.Task[Any]") -> None:
        self._handling.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("a handler of session %s failed", self._session, exc_info=error)
