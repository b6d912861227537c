"""The other side of a session that the simulator holds: pure, without a clock."""

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from genmux.contract.cascades import Timed
from genmux.contract.sessions import Capabilities, Turn, pick
from genmux.providers.mock.live.answering import Said, calls_of, text_of
from genmux.providers.mock.live.ears import LoudnessEars
from genmux.providers.mock.live.fates import BARGED, DROP, enact
from genmux.providers.mock.live.manner import Manner
from genmux.providers.mock.live.reel import Asked, Reel, closing, sound_ms, used
from genmux.providers.mock.live.tape import Tape
from genmux.providers.mock.live.wishes import LiveWish, split_wishes, wish_for, wishes_of
from genmux.providers.mock.tokens import about, tokens
from genmux.types import realtime as rt
from genmux.types import realtime_events as events
from genmux.types.audio import AudioFormat
from genmux.types.errors import ErrorKind, ProviderError


class MockPeer:
    """One session. `remember` is told each handle with which a new connection goes on, and `history`, which grows.

    `drops` says that the connection is to end without a word.
    """

    def __init__(
        self,
        config: rt.SessionConfig,
        manner: Manner,
        tape: Tape,
        *,
        history: Sequence[Turn] = (),
        wishes: Sequence[LiveWish] = (),
        remember: Callable[[str, list[Turn]], object],
    ) -> None:
        self.tape = tape
        self.drops = False
        self.history = [*history]
        self._manner = manner
        self._more_wishes = tuple(wishes)
        self._remember = remember
        self._numbers = itertools.count(1)
        self._now = 0.0
        self._out: list[Timed] = []
        self._reel: Reel | None = None
        self._turn = 0
        self._said = Said()
        self._late: list[events.RealtimeEvent] = []
        self._item: str | None = None
        self._begun_ms = 0
        self._buffer_ms = 0.0
        self._items: dict[str, float | None] = {}
        self._called: dict[str, str] = {}
        self._set_up(config)
        self._ears = LoudnessEars(self.input, config.turns.silence_ms if config.turns else None)

    @property
    def capabilities(self) -> Capabilities:
        """What it can do."""
        return self._manner.able

    @property
    def input(self) -> AudioFormat:
        """How sound must go in."""
        return pick(self.config.input, self.capabilities.input_formats)

    @property
    def output(self) -> AudioFormat:
        """How sound comes out."""
        return pick(self.config.output, self.capabilities.output_formats)

    def begin(self) -> Sequence[Timed]:
        """It is there."""
        self._out = []
        self._tell(events.SessionCreated(provider_session=self.tape.session))
        self._give_handle(0.0)
        return self._out

    def hear(self, command: rt.Command, now_ms: float) -> Sequence[Timed]:
        """What comes of a command. Raises ProviderError."""
        self._now, self._out = now_ms, []
        self.tape.heard.append((now_ms, command))
        self._pass_time()
        _RULES[type(command)](self, command)
        return self._out

    # ---------------------------------------------------------------- what is said
    def append(self, command: rt.AppendAudio) -> None:
        """Sound."""
        self._buffer_ms += self.input.ms(len(command.data))
        if not self._by_ear:
            return
        for one in self._ears.feed(command.data):
            if one.kind == "started":
                self._begun_ms, self._item = one.at_ms, self._next("item")
                self._tell(events.SpeechStarted(item_id=self._item, audio_ms=one.at_ms))
                if self._turns.interrupts:
                    self._stop(BARGED)
            else:
                self._speech_over(one.at_ms)
                if self._turns.answers and self._reel is None:
                    self._answer()

    def commit(self, _command: rt.CommitAudio) -> None:
        """The user has finished."""
        if self._ears.speaks:
            self._ears.reset()
            self._speech_over(self._ears.heard_ms)
        elif self._buffer_ms:
            self._take(self._buffer_ms)
        else:
            self._refuse("there is no sound to commit", "input_audio_buffer_commit_empty")
            return
        if self._manner.commit_answers and self._turns.answers and self._reel is None:
            self._answer()

    def clear(self, _command: rt.ClearAudio) -> None:
        """Forget sound."""
        self._buffer_ms = 0.0
        self._ears.reset()
        self._tell(events.InputCleared())

    def activity(self, _command: rt.StartActivity) -> None:
        """The client has heard somebody speak."""
        if self._turns.interrupts:
            self._stop(BARGED)

    def text(self, command: rt.SendText) -> None:
        """A message."""
        words, wishes = split_wishes(command.text)
        self._said.wishes += wishes
        if command.role == "assistant":  # what was said before it is answered
            self._said = Said()
        if command.role == "user":
            self._said.words = [*self._said.words, words]
        self.history.append(Turn(role=command.role, text=words))
        item = command.item_id or self._next("item")
        self._items[item] = None
        self._tell(events.ItemAdded(item_id=item, role=command.role, kind="message", text=words))
        self._tell(events.ItemDone(item_id=item, role=command.role, kind="message"))
        if command.answer:
            self._asked_for()

    def image(self, _command: rt.SendImage) -> None:
        """A picture."""
        item = self._next("item")
        self._items[item] = None
        self._tell(events.ItemAdded(item_id=item, role="user", kind="message"))

    def result(self, command: rt.SendToolResult) -> None:
        """What a tool gave."""
        name = self._called.pop(command.call_id, None)
        if name is None:
            self._refuse(f"no tool was called with the id {command.call_id!r}", "invalid_tool_call_id", "call_id")
            return
        self._said.results = [*self._said.results, f"{name} says: {command.output}"]
        self._tell(
            events.ItemAdded(
                item_id=self._next("item"), kind="function_call_output", call_id=command.call_id, name=name
            )
        )
        if self._manner.tools_answer or command.answer:
            self._asked_for()

    def create(self, command: rt.CreateResponse) -> None:
        """Answer now."""
        words, wishes = split_wishes(command.instructions)
        self._said.wishes = (*wishes, *self._said.wishes)
        self._said.instructions = words or None
        self._asked_for(command.modalities)

    def cancel(self, command: rt.CancelResponse) -> None:
        """Stop."""
        if not self._stop("client_cancelled"):
            named = f" {command.response_id!r}" if command.response_id else ""
            self._refuse(f"there is no answer{named} under way", "response_cancel_not_active")

    def truncate(self, command: rt.TruncateItem) -> None:
        """Only so much was heard."""
        has = self._items.get(command.item_id)
        if has is None:
            self._refuse(f"there is no spoken item {command.item_id!r}", "item_not_found", "item_id")
        elif command.audio_ms > has:
            message = f"the item has {has:g} ms of sound, less than {command.audio_ms} ms"
            self._refuse(message, "invalid_value", "audio_end_ms")
        else:
            self._items[command.item_id] = command.audio_ms
            self._tell(events.ItemTruncated(item_id=command.item_id, audio_ms=command.audio_ms))

    def delete(self, command: rt.DeleteItem) -> None:
        """Take something out."""
        if command.item_id in self._items:
            del self._items[command.item_id]
            self._tell(events.ItemDeleted(item_id=command.item_id))
        else:
            self._refuse(f"there is no item {command.item_id!r}", "item_not_found", "item_id")

    def update(self, command: rt.UpdateSession) -> None:
        """Other settings."""
        before = self._turns, self.input
        self.tape.config = command.config
        self._set_up(command.config)
        if (self._turns, self.input) != before:
            self._ears = LoudnessEars(self.input, self._turns.silence_ms)
        self._tell(events.SessionUpdated())

    def close(self, _command: rt.CloseSession) -> None:
        """Goodbye."""
        self._out.append(Timed(ends=True))

    # ---------------------------------------------------------------- turns
    def _set_up(self, config: rt.SessionConfig) -> None:
        self.config = config
        self._turns = config.turns or rt.TurnDetection()
        self._by_ear = self._turns.kind in ("server", "semantic")
        told = split_wishes(config.instructions)[1]
        self._wishes = (*told, *wishes_of(config.params), *self._more_wishes)

    def _speech_over(self, at_ms: int) -> None:
        self._tell(events.SpeechStopped(item_id=self._item, audio_ms=at_ms))
        self._take(at_ms - self._begun_ms)

    def _take(self, ms: float) -> None:
        """What was said is a turn."""
        item, self._item = self._item or self._next("item"), None
        self._buffer_ms = 0.0
        wish = wish_for(self._turn + 1, self._wishes)
        words = wish.heard or f"{ms:g} ms of sound"
        self._said.heard_ms += ms
        if wish.heard:
            self._said.words = [*self._said.words, words]
        self.history.append(Turn(role="user", text=words))
        self._items[item] = None
        self._tell(events.InputCommitted(item_id=item))
        self._tell(events.ItemAdded(item_id=item, role="user", kind="message"))
        self._tell(events.ItemDone(item_id=item, role="user", kind="message"))
        if self.config.transcription is None or wish.transcript == "none":
            return
        written: list[events.RealtimeEvent] = [
            events.InputTranscriptDelta(item_id=item, text=one) for one in tokens(words)
        ]
        written.append(events.InputTranscriptDone(item_id=item, text=words))
        if wish.transcript == "late":
            self._late += written
            return
        for event in written:
            self._tell(event)

    def _asked_for(self, modalities: tuple[rt.Modality, ...] | None = None) -> None:
        if self._reel is not None and self._manner.text_interrupts:
            self._stop(BARGED)
        if self._reel is not None:
            message = f"the answer {self._reel.asked.response_id!r} is under way; wait for its end or cancel it"
            self._refuse(message, "conversation_already_has_active_response")
            return
        self._answer(modalities)

    def _answer(self, modalities: tuple[rt.Modality, ...] | None = None) -> None:
        said, self._said = self._said, Said()
        self._turn += 1
        wish = wish_for(self._turn, (*said.wishes, *self._wishes))
        wish = said.chance(wish, self._turn)
        calls = calls_of(said, wish, self.config, id_of=lambda: self._next("call"))
        asked = Asked(
            turn=self._turn,
            response_id=self._next("resp"),
            item_id=self._next("item"),
            text=text_of(said, wish),
            wish=wish,
            rate=self.output.sample_rate,
            spoken="audio" in (modalities or self.config.modalities),
            call=calls,
            heard_ms=said.heard_ms,
            read=about(" ".join([*said.words, *said.results, self.config.instructions or ""])),
        )
        reel = self._reel = enact(asked, self._now, model=self.tape.model, speaker=self._next("item"))
        if calls is not None:
            self._called[calls[0]] = calls[1]
        self._items[asked.item_id] = sound_ms([event for _, event in reel.cues], asked.rate) if asked.spoken else None
        for at, event in reel.cues:
            self._tell(event, at)
        self._follow(reel)
        self._pass_time()

    def _follow(self, reel: Reel) -> None:
        """What comes after an answer."""
        at = reel.at
        late, self._late = self._late, []
        for event in late:
            self._tell(event, at)
        wish = reel.asked.wish
        if reel.over:
            self._give_handle(at)
        if wish.fault == DROP:
            self.drops = True
            self._out.append(Timed(after_ms=at - self._now, ends=True))
        elif wish.going is not None:
            self._out.append(Timed(after_ms=1_000 * wish.going, ends=True))

    def _give_handle(self, at: float) -> None:
        if self._manner.handles:
            handle = self._next("handle")
            self._remember(handle, self.history)
            self._tell(events.ResumptionHandle(handle=handle), at)

    def _stop(self, reason: str) -> bool:
        """Break off the answer under way; False where none is."""
        reel, self._reel = self._reel, None
        if reel is None:
            return False
        asked = reel.asked
        told = [event for at, event in reel.cues if at <= self._now]
        self._out.append(Timed(withdraws=asked.response_id))
        self.tape.keep(lambda at, event: at <= self._now or event.response_id != asked.response_id)
        for event in closing(asked, told):
            self._tell(event)
        if asked.spoken:
            self._items[asked.item_id] = sound_ms(told, asked.rate)
        self._tell(
            events.ResponseDone(
                response_id=asked.response_id, status="cancelled", reason=reason, usage=used(asked, told)
            )
        )
        self._note(told)
        return True

    def _pass_time(self) -> None:
        reel = self._reel
        if reel is not None and reel.ends <= self._now:
            self._reel = None
            self._note([event for _, event in reel.cues])

    def _note(self, told: list[events.RealtimeEvent]) -> None:
        words = "".join(
            one.text for one in told if isinstance(one, events.OutputTranscriptDelta | events.OutputTextDelta)
        )
        if words:
            self.history.append(Turn(role="assistant", text=words))

    # ---------------------------------------------------------------- telling
    def _tell(self, event: events.RealtimeEvent, at: float | None = None) -> None:
        when = self._now if at is None else at
        self._out.append(Timed(after_ms=max(0.0, when - self._now), event=event))
        self.tape.told.append((when, msgspec.structs.replace(event)))

    def _refuse(self, message: str, code: str, param: str | None = None) -> None:
        error = ProviderError(message, kind=ErrorKind.INVALID_REQUEST, provider="mock", code=code, param=param)
        self._tell(events.SessionFailed(error=error, recoverable=True))

    def _next(self, kind: str) -> str:
        return f"{kind}_{self.tape.session}_{next(self._numbers)}"


_RULES: dict[type, Callable[[MockPeer, Any], None]] = {
    rt.AppendAudio: MockPeer.append,
    rt.CommitAudio: MockPeer.commit,
    rt.ClearAudio: MockPeer.clear,
    rt.StartActivity: MockPeer.activity,
    rt.SendText: MockPeer.text,
    rt.SendImage: MockPeer.image,
    rt.SendToolResult: MockPeer.result,
    rt.CreateResponse: MockPeer.create,
    rt.CancelResponse: MockPeer.cancel,
    rt.TruncateItem: MockPeer.truncate,
    rt.DeleteItem: MockPeer.delete,
    rt.UpdateSession: MockPeer.update,
    rt.CloseSession: MockPeer.close,
}
