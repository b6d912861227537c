"""What comes in a session, by the rules: some of it is void, some of it is answered here."""

from collections.abc import Awaitable, Callable
from typing import Any

from genmux.flows.voice.delivery import Delivery
from genmux.flows.voice.history import History
from genmux.flows.voice.interrupting import Interruptions
from genmux.flows.voice.money import TurnMoney
from genmux.flows.voice.playback import Playback
from genmux.flows.voice.ports import Transcoder
from genmux.flows.voice.toolbox import Toolbox
from genmux.types.audio import AudioFormat
from genmux.types.realtime import Command, SessionConfig
from genmux.types.realtime_events import (
    AudioChunk,
    GoingAway,
    Interrupted,
    PassedAudio,
    RealtimeEvent,
    ResponseDone,
    ResponseStarted,
    ResumptionHandle,
    SpeechStarted,
    ToolCalled,
    ToolCallsCancelled,
    UsageReported,
)


class Hearing:
    """Hears events for a session. `send` says something back, `leave` is called when the provider is about to hang up."""

    def __init__(
        self,
        delivery: Delivery,
        config: SessionConfig,
        *,
        money: TurnMoney | None,
        send: Callable[[Command], Awaitable[None]],
        leave: Callable[[float], None],
    ) -> None:
        self.playback = Playback()
        self.history = History()
        self.interruptions = Interruptions(self.playback, self.history, delivery, config, send)
        self.toolbox: Toolbox | None = None
        self.handle: str | None = None
        self.money = money
        self.heard_seconds = 0.0
        self._delivery = delivery
        self._leave = leave
        self._made = AudioFormat()
        self._out_of: Transcoder | None = None
        self._pending: list[ToolCalled] = []
        self._answers_tools = False
        self._rules: dict[type[RealtimeEvent], Callable[[Any], Awaitable[bool]]] = {
            AudioChunk: self._sound,
            SpeechStarted: self._speech,
            Interrupted: self._interrupted,
            ResponseStarted: self._begin,
            ResponseDone: self._end,
            ToolCalled: self._call,
            ToolCallsCancelled: self._uncall,
            ResumptionHandle: self._keep,
            GoingAway: self._going,
            UsageReported: self._used,
        }

    def tune(self, made: AudioFormat, out_of: Transcoder | None, *, answers_tools: bool) -> None:
        """The connection makes sound in this format, which is converted so."""
        self._made, self._out_of, self._answers_tools = made, out_of, answers_tools

    async def hear(self, event: RealtimeEvent) -> None:
        """Hear one."""
        if not self.interruptions.counts(event):
            return
        if type(event) is PassedAudio:
            self.playback.receive(event.item_id, event.content_index, self._made.ms(event.size))
            if not await self._delivery.pass_straight(event):
                self._delivery.tell(event)
            return
        rule = self._rules.get(type(event))
        if rule is None or await rule(event):
            self.history.hear(event)
            self._delivery.tell(event)

    def forget(self) -> None:
        """The connection is lost: what was under way in it is void."""
        self.interruptions.forget()
        self.history.interrupt()
        self.playback.stop()
        self._pending.clear()
        if self.toolbox is not None:
            self.toolbox.cancel()
        if self.money is not None:
            self.money.lose(self.heard_seconds)

    async def _sound(self, event: AudioChunk) -> bool:
        if self._made.is_raw:
            self.playback.receive(event.item_id, event.content_index, self._made.ms(len(event.data)))
        if self._out_of is not None:
            event.data = self._out_of.feed(event.data)
        return bool(event.data)

    async def _speech(self, event: SpeechStarted) -> bool:
        self._delivery.tell(event)
        await self.interruptions.speech_started()
        return False

    async def _interrupted(self, event: Interrupted) -> bool:
        self.interruptions.by_provider(event)
        return False

    async def _begin(self, event: ResponseStarted) -> bool:
        self.interruptions.begin(event)
        if self.money is not None:
            self.money.begin()
        return True

    async def _end(self, event: ResponseDone) -> bool:
        self.interruptions.end(event)
        told_later = event.usage is not None and not event.usage.meters
        if self.money is not None and not told_later:  # else it is made of calls, which know their cost
            event.cost = self.money.settle(event.usage, request_id=event.response_id)
        calls, self._pending = self._pending, []
        self._delivery.tell(event)
        if calls and event.status == "completed" and self.toolbox is not None:
            self.toolbox.run(calls)
        if self.money is not None:
            await self.money.hold(self.heard_seconds)
        return False

    async def _used(self, event: UsageReported) -> bool:
        if self.money is not None:
            event.cost = self.money.told(event.usage)
            await self.money.hold(self.heard_seconds)
        return True

    async def _call(self, event: ToolCalled) -> bool:
        if self.toolbox is not None and self.toolbox.has(event.name):
            if self._answers_tools:
                self.toolbox.run([event])
            else:  # an interrupted answer tells of calls, too: its end says whether they are meant
                self._pending.append(event)
        return True

    async def _uncall(self, event: ToolCallsCancelled) -> bool:
        if self.toolbox is not None:
            self.toolbox.cancel(event.call_ids)
        return True

    async def _keep(self, event: ResumptionHandle) -> bool:
        if event.resumable and event.handle:
            self.handle = event.handle
        return True

    async def _going(self, event: GoingAway) -> bool:
        self._leave(event.seconds if event.seconds is not None else 5.0)
        return True
