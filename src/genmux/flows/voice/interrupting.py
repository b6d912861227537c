"""Interruptions, by the rules: stop at once, cut at what was heard, and let nothing late be heard."""

from collections import deque
from collections.abc import Awaitable, Callable

from genmux.contract.sessions import Capabilities
from genmux.flows.voice.delivery import Delivery
from genmux.flows.voice.history import History
from genmux.flows.voice.playback import Playback
from genmux.types.realtime import CancelResponse, Command, SessionConfig, TruncateItem
from genmux.types.realtime_events import (
    AudioChunk,
    AudioDone,
    Interrupted,
    OutputTextDelta,
    OutputTranscriptDelta,
    RealtimeEvent,
    ResponseDone,
    ResponseStarted,
    ToolCallDelta,
)

REMEMBERED = 64
"""So many answers that were interrupted are remembered: what comes late of them is void."""

_LATE = (AudioChunk, AudioDone, OutputTextDelta, OutputTranscriptDelta, ToolCallDelta)


class Interruptions:
    """Knows which answer is under way and which ones are void.

    When the user speaks: what is playing stops at once; a cancellation is only sent while an answer is under way and where the
    provider does not cancel by itself; the item is cut at what was heard, unless that is nothing or all of it.
    """

    def __init__(
        self,
        playback: Playback,
        history: History,
        delivery: Delivery,
        config: SessionConfig,
        send: Callable[[Command], Awaitable[None]],
    ) -> None:
        self.config = config
        self.capabilities = Capabilities()
        self.active: str | None = None
        self._playback = playback
        self._history = history
        self._delivery = delivery
        self._send = send
        self._void: deque[str] = deque(maxlen=REMEMBERED)
        self._spoken: str | None = None

    def counts(self, event: RealtimeEvent) -> bool:
        """Whether an event is to be heard: what comes late of an answer that was interrupted is not."""
        return not (event.response_id is not None and isinstance(event, _LATE) and event.response_id in self._void)

    def begin(self, event: ResponseStarted) -> None:
        """An answer is under way."""
        self.active = self._spoken = event.response_id

    def end(self, event: ResponseDone) -> None:
        """An answer has ended; one that was cancelled before we knew is an interruption, too."""
        if event.response_id == self.active or event.response_id is None:
            self.active = None
        if event.status == "cancelled" and event.response_id not in self._void:
            self._stop(event.reason or "cancelled")

    def forget(self) -> None:
        """The connection is another one: nothing is under way in it."""
        if self.active is not None:
            self._void.append(self.active)
        self.active = self._spoken = None

    def by_provider(self, event: Interrupted) -> None:
        """The provider says that its answer was interrupted."""
        event.heard_ms = self._heard()
        event.response_id = event.response_id or self._spoken
        event.item_id = event.item_id or self._playback.item_id
        self._deliver(event)

    async def speech_started(self) -> None:
        """The user speaks."""
        turns = self.config.turns
        if turns is not None and not turns.interrupts:
            return
        owner = self.capabilities.turn_owner
        by_provider = owner != "client" and (turns is None or turns.kind in ("server", "semantic"))
        await self.interrupt("turn_detected", by_provider=by_provider)

    async def interrupt(self, reason: str, *, by_provider: bool) -> None:
        """Stop what is said; with `by_provider` it cancels the answer by itself."""
        active, playback = self.active, self._playback
        if active is None and not playback.playing:
            return
        item, content, cut = playback.item_id, playback.content_index, playback.cut()
        self._stop(reason)
        if active is not None and not by_provider and self.capabilities.cancels:
            await self._send(CancelResponse(active))
        if item is not None and cut is not None and self.capabilities.truncates:
            await self._send(TruncateItem(item, cut, content))

    def _stop(self, reason: str) -> None:
        event = Interrupted(reason=reason, heard_ms=self._heard(), item_id=self._playback.item_id)
        event.response_id = self.active or self._spoken
        self._deliver(event)

    def _deliver(self, event: Interrupted) -> None:
        void = {one for one in (self.active, self._spoken, event.response_id) if one is not None}
        self._void.extend(one for one in void if one not in self._void)
        self.active = None
        self._playback.stop()
        self._history.interrupt()
        self._delivery.overtake(event, void)

    def _heard(self) -> int | None:
        playback = self._playback
        return int(playback.heard) if playback.tracked and playback.item_id is not None else None
