"""One conversation: sound goes in, what is said is shown, answers are played or kept, and measured."""

import asyncio
import time
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from genmux.cli.answers import money
from genmux.cli.console import note, warn, write
from genmux.flows.voice.cascade.calling import wave
from genmux.types.audio import AudioFormat
from genmux.types.errors import AudioError, InvalidRequestError, ProviderError, RequestTimeoutError
from genmux.types.realtime_events import (
    AudioChunk,
    BudgetSpent,
    InputTranscriptDone,
    Interrupted,
    OutputTextDelta,
    OutputTranscriptDelta,
    OutputTranscriptDone,
    RealtimeEvent,
    ResponseDone,
    SessionClosed,
    SessionFailed,
    SpeechDismissed,
    SpeechStarted,
    SpeechStopped,
    SpeechSuspected,
    TextDone,
)

if TYPE_CHECKING:
    from genmux.flows.voice.session import Session

TO_HEAR = 8.0
"""Seconds after the end of a file within which something must have been heard in it."""

TO_ANSWER = 120.0
"""Seconds after the end of a file within which the answer must be complete."""


class Turn(msgspec.Struct, omit_defaults=True):
    """A question and its answer. `latency` is in seconds, from the end of speech to the first sound."""

    user: str = ""
    answer: str = ""
    latency: float | None = None
    cost: Decimal | None = None


class Plays(Protocol):
    """Plays sound."""

    def play(self, data: bytes, item: str | None = None) -> None:
        """More to play."""
        ...

    def hold(self, *, held: bool) -> None:
        """Be silent at once, and go on later where it stopped."""
        ...

    def clear(self) -> None:
        """Be silent at once."""
        ...

    def wait(self) -> None:
        """Until all is played."""
        ...


class Conversation:
    """Talks over a session. Without a `speaker`, whatever comes counts as heard, and is kept for a file."""

    def __init__(self, session: "Session", heard: AudioFormat, spoken: AudioFormat, *, quiet: bool) -> None:
        self.speaker: Plays | None = None
        self.turns: list[Turn] = []
        self._session = session
        self._heard = heard
        self._spoken = spoken
        self._quiet = quiet
        self._sound = bytearray()
        self._fed = 0
        self._begun: float | None = None
        self._stopped: float | None = None
        self._speaks = False
        self._open = False
        self._waits = False
        self._anything = asyncio.Event()
        self._changed = asyncio.Event()
        self._failure: ProviderError | None = None
        self._unanswered: str | None = None
        self._closed = False

    # ---------------------------------------------------------------- sound in
    async def ask(self, samples: bytes) -> None:
        """Say all of it as fast as somebody speaks, then be silent until it is answered. Raises ProviderError."""
        reading = asyncio.create_task(self._read())
        feeding = asyncio.create_task(self._feed(samples))
        try:
            await self._answered(feeding, len(samples))
            if self.speaker is not None:
                await asyncio.to_thread(self.speaker.wait)
        finally:
            for task in (feeding, reading):
                task.cancel()
            await asyncio.gather(feeding, reading, return_exceptions=True)

    async def hold(self, heard: "asyncio.Queue[bytes]") -> None:
        """Pass on what is recorded until the session is over. Raises ProviderError."""
        reading = asyncio.create_task(self._read())
        try:
            while not reading.done():
                data = await heard.get()
                await self._send(data)
            if self._failure is not None:
                raise self._failure
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def _feed(self, samples: bytes) -> None:
        """The samples, then silence without end; a model that leaves turns to its caller is told of the end."""
        step, silence = self._heard.frame_bytes, bytes(self._heard.frame_bytes)
        for start in range(0, len(samples), step):
            await self._send(samples[start : start + step])
            await self._in_time()
        self._changed.set()  # the answer may have come before the end of the file
        able = self._session.capabilities
        if able.turn_owner == "client":
            self._stopped, self._waits = time.monotonic(), True
            self._anything.set()
            await self._session.commit()
            if able.creates_responses:
                await self._session.respond()
            return
        while True:
            await self._send(silence)
            await self._in_time()

    async def _send(self, data: bytes) -> None:
        if self._begun is None:
            self._begun = time.monotonic()
        await self._session.send_audio(data)
        self._fed += len(data)

    async def _in_time(self) -> None:
        """Wait until what was sent would have been said."""
        late = (self._begun or 0.0) + self._heard.ms(self._fed) / 1_000 - time.monotonic()
        await asyncio.sleep(max(0.0, late))

    async def _answered(self, feeding: "asyncio.Task[None]", size: int) -> None:
        """Until everything is fed, and what was said is answered."""
        loop = asyncio.get_running_loop()
        seconds = self._heard.ms(size) / 1_000
        to_hear, to_answer = loop.time() + seconds + TO_HEAR, loop.time() + seconds + TO_ANSWER
        while not (self._fed >= size and self._anything.is_set() and not self._waits and not self._speaks):
            if feeding.done() and (error := feeding.exception()) is not None:
                raise error
            if self._failure is not None:
                raise self._failure
            if self._closed:
                return
            heard = self._anything.is_set()
            self._changed.clear()
            try:
                async with asyncio.timeout_at(to_answer if heard else to_hear):
                    await self._changed.wait()
            except TimeoutError:
                raise self._nothing(heard=heard) from None
        if self._failure is not None:
            raise self._failure
        if self._unanswered is not None:
            raise ProviderError(self._unanswered)

    def _nothing(self, *, heard: bool) -> ProviderError:
        if heard:
            return RequestTimeoutError(f"there was no answer within {TO_ANSWER:g} s of the end of the question")
        return AudioError("nothing was heard in the file: is there speech in it?", param="in")

    # ---------------------------------------------------------------- what comes
    async def _read(self) -> None:
        async for event in self._session:
            self._hear(event)
            self._changed.set()
        self._closed = True
        self._changed.set()

    def _hear(self, event: RealtimeEvent) -> None:
        if self.speaker is not None:
            _steer(self.speaker, event)
        match event:
            case SpeechStarted():
                self._speaks = True
                self._anything.set()
            case SpeechStopped():
                self._speaks, self._waits = False, True
                self._stopped = self._when(event)
            case InputTranscriptDone():
                self._user(event)
            case AudioChunk():
                self._play(event)
            case OutputTranscriptDelta(text=text) | OutputTextDelta(text=text):
                self._answer(text)
            case OutputTranscriptDone(text=text) | TextDone(text=text) if not self._open:
                self._answer(text)
            case ResponseDone():
                self._done(event)
            case SessionFailed() | BudgetSpent() | SessionClosed():
                self._trouble(event)
            case _:
                pass

    def _when(self, event: SpeechStopped) -> float:
        """When somebody stopped speaking: as long after the beginning as the model says, else when it said so."""
        if event.audio_ms is None or self._begun is None:
            return event.time
        return min(event.time, self._begun + event.audio_ms / 1_000)

    def _user(self, event: InputTranscriptDone) -> None:
        if event.error:
            warn(f"what was said could not be written down: {event.error}")
        if not event.text.strip():
            self._waits = False
            return
        if self._open:  # it is told late: the answer has begun
            self.turns[-1].user = event.text.strip()
            return
        self.turns.append(Turn(user=event.text.strip()))
        self._print(f"you: {event.text.strip()}\n")

    def _play(self, event: AudioChunk) -> None:
        if self._stopped is not None:
            self._turn().latency = event.time - self._stopped
            self._stopped = None
        if self.speaker is not None:
            self.speaker.play(event.data, event.item_id)
            return
        self._sound += event.data
        self._session.playback.played(self._spoken.ms(len(event.data)), event.item_id)

    def _answer(self, text: str) -> None:
        if not text:
            return
        turn = self._turn()
        if not self._open:
            self._open = True
            self._print("answer: ")
            text = text.lstrip()
        turn.answer += text
        self._print(text)

    def _done(self, event: ResponseDone) -> None:
        if self._open:
            self._print("\n")
        self._open = False
        turn = self._turn()
        turn.cost = None if event.cost is None else event.cost.amount
        if event.status == "cancelled":
            note("(interrupted)") if not self._quiet else None
            return
        self._waits, self._unanswered = False, None
        if event.status != "completed":
            self._unanswered = f"the answer is {event.status}: {event.reason or 'nobody says why'}"
            warn(self._unanswered)
        elif not self._quiet:
            late = "" if turn.latency is None else f"answered after {turn.latency:.2f} s · "
            note(f"{late}{money(turn.cost)}")

    def _trouble(self, event: RealtimeEvent) -> None:
        match event:
            case SessionFailed(error=error) if error is not None and not event.recoverable:
                self._failure = error
            case SessionFailed(error=error):
                warn(str(error))
            case BudgetSpent(message=message):
                warn(message)
            case _:
                self._closed = True

    def _turn(self) -> Turn:
        """The turn that is answered."""
        if not self.turns:
            self.turns.append(Turn())
        return self.turns[-1]

    def _print(self, text: str) -> None:
        if not self._quiet:
            write(text)

    # ---------------------------------------------------------------- at the end
    def save(self, place: Path) -> None:
        """Write the answers as a WAV file. Raises InvalidRequestError where that cannot be written."""
        try:
            place.write_bytes(wave(bytes(self._sound), self._spoken))
        except OSError as error:
            message = f"{str(place)!r} cannot be written: {error.strerror or error}"
            raise InvalidRequestError(message, param="out") from error

    def total(self) -> str:
        """What all of it did cost."""
        costs = [one.cost for one in self.turns]
        known = sum((one for one in costs if one is not None), Decimal(0))
        answers = "1 answer" if len(costs) == 1 else f"{len(costs)} answers"
        return f"{self._session.model.reference} · {answers} · {money(None if None in costs else known)}"

    def summary(self, answer: Path | None) -> dict[str, Any]:
        """All of it, for programs."""
        return {
            "session": self._session.id,
            "model": self._session.model.reference,
            "turns": self.turns,
            "seconds": round(self._spoken.ms(len(self._sound)) / 1_000, 3),
            "file": None if answer is None else str(answer),
        }


def _steer(speaker: Plays, event: RealtimeEvent) -> None:
    """Let it be silent as soon as somebody may be speaking, and go on when it was nothing."""
    match event:
        case SpeechSuspected():
            speaker.hold(held=True)
        case SpeechDismissed() | SpeechStarted():  # after a start an interruption follows, unless none is wished for
            speaker.hold(held=False)
        case Interrupted():
            speaker.clear()
        case _:
            pass
