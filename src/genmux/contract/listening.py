"""Sessions that only listen: sound goes in, what is said comes out in writing, turn by turn.

What providers of these have in common. A codec of one brings its addresses, its words for the end of a turn and of the session, and
reads its own messages into a `Listener`'s events.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

import msgspec

from genmux.contract.goodbyes import LASTING_CODES, goodbye
from genmux.contract.http import HttpRequest
from genmux.contract.model import Model
from genmux.contract.sessions import Capabilities, Codec, Frame, Goodbye, Resume, lacks, pick
from genmux.types.audio import AudioFormat
from genmux.types.errors import AudioError
from genmux.types.realtime import AppendAudio, CloseSession, Command, CommitAudio, SessionConfig
from genmux.types.realtime_events import (
    InputCommitted,
    InputTranscriptDelta,
    InputTranscriptDone,
    RealtimeEvent,
    SpeechStarted,
    SpeechStopped,
    UsageReported,
)
from genmux.types.usage import Usage

SECONDS_INPUT_AUDIO = "seconds.input.audio"


def hears(formats: Sequence[AudioFormat], *, longest: float | None = None) -> Capabilities:
    """What sessions can do that only listen; `longest` is how many seconds one lasts at most."""
    return Capabilities(
        turn_owner="server",
        input_formats=tuple(formats),
        output_formats=(),
        commits=True,
        tools=False,
        text_input=False,
        reports_speech=True,
        transcribes_input=True,
        interim_transcripts=True,
        longest_session=longest,
        billing="seconds",
    )


class Sound:
    """Sound on its way out: at least `least_ms` milliseconds and at most `most_ms` of it in one frame."""

    def __init__(self, made: AudioFormat, *, least_ms: int = 0, most_ms: int = 1_000) -> None:
        self._made = made
        self._least = made.size(least_ms)
        self._most = made.size(most_ms)
        self._held = b""

    def frames(self, data: bytes) -> list[Frame]:
        """The frames that are full. Raises AudioError for half a sample."""
        if len(data) % self._made.sample_bytes:
            message = f"{len(data)} bytes are no whole samples of {self._made.sample_bytes} bytes"
            raise AudioError(message, param="data")
        self._held += data
        if len(self._held) < self._least:
            return []
        return self.rest()

    def rest(self) -> list[Frame]:
        """What is held back, however short."""
        data, self._held = self._held, b""
        return [data[start : start + self._most] for start in range(0, len(data), self._most)]


class Turns:
    """The turns of what is said. Each is an item `heard_1`, `heard_2` …; providers number them otherwise, or not at all."""

    def __init__(self) -> None:
        self._number = 1
        self._speaking = False
        self._ended = False
        self._seconds = 0.0

    @property
    def item(self) -> str:
        """The id of the turn that is under way."""
        return f"heard_{self._number}"

    def starts(self, seconds: float | None) -> Iterator[RealtimeEvent]:
        """Somebody speaks; said again, it says nothing."""
        if not self._speaking:
            self._speaking = True
            yield SpeechStarted(item_id=self.item, audio_ms=_ms(seconds))

    def says(self, text: str, *, since: float | None = None) -> Iterator[RealtimeEvent]:
        """What is said so far; it may change."""
        if text:
            yield from self.starts(since)
            yield InputTranscriptDelta(item_id=self.item, text=text, interim=True)

    def stops(self, seconds: float | None) -> Iterator[RealtimeEvent]:
        """The turn is over; its text may still be made better."""
        if self._ended:
            return
        self._ended = True
        if self._speaking:
            yield SpeechStopped(item_id=self.item, audio_ms=_ms(seconds))
        yield InputCommitted(item_id=self.item)

    def done(self, text: str, *, until: float | None = None) -> Iterator[RealtimeEvent]:
        """The text of the turn as it stays, and the seconds of sound that were heard `until` then."""
        yield from self.stops(until)
        yield InputTranscriptDone(item_id=self.item, text=text)
        self._number += 1
        self._speaking = self._ended = False
        if until is not None:
            yield from self.used(until)

    def used(self, seconds: float) -> Iterator[RealtimeEvent]:
        """So many seconds of sound were heard so far, in all; they never become less."""
        self._seconds = max(self._seconds, seconds)
        yield UsageReported(usage=Usage(meters={SECONDS_INPUT_AUDIO: round(self._seconds, 3)}))


class Listener:
    """The half of a codec that all who only listen have. A subclass reads frames: `receive`."""

    lasting: Collection[int] = LASTING_CODES
    """The codes with which a connection ends that would end likewise again."""

    def __init__(
        self, config: SessionConfig, capabilities: Capabilities, *, commit: object, close: object, least_ms: int = 0
    ) -> None:
        entering = pick(config.input, capabilities.input_formats)
        self._capabilities = capabilities
        self._input = msgspec.structs.replace(entering, frame_ms=max(config.input.frame_ms, least_ms))
        self._sound = Sound(self._input, least_ms=least_ms)
        self._commit, self._close = _text(commit), _text(close)
        self.url = ""
        self.turns = Turns()

    @property
    def capabilities(self) -> Capabilities:
        """What this session can do."""
        return self._capabilities

    @property
    def input(self) -> AudioFormat:
        """How sound must go in."""
        return self._input

    @property
    def output(self) -> AudioFormat:
        """No sound comes out; what would, has the format of what goes in."""
        return self._input

    def connect(self) -> HttpRequest:
        """The request that opens the socket."""
        return HttpRequest(method="GET", url=self.url)

    def opening(self) -> Sequence[Frame]:
        """Everything is said by the address."""
        return ()

    def send(self, command: Command) -> Sequence[Frame]:
        """Sound, the end of a turn, goodbye. Raises MessageError for all else, AudioError for half a sample."""
        match command:
            case AppendAudio(data=data):
                return self._sound.frames(data)
            case CommitAudio():
                return [*self._sound.rest(), self._commit]
            case CloseSession():
                return [*self._sound.rest(), self._close]
            case _:
                what = type(command).__name__
                raise lacks(f"take {what}", self._capabilities, instead="send sound; what is said comes in writing")

    def receive(self, frame: Frame) -> Iterable[RealtimeEvent]:
        """What a frame says."""
        raise NotImplementedError(frame)

    def closed(self, code: int | None, reason: str) -> Goodbye:
        """What the end of the connection means."""
        return goodbye(code, reason, lasting=self.lasting)


class ListeningWire:
    """Opens sessions that only listen: `codec` makes one for a connection. What was said before is nothing to them."""

    def __init__(self, capabilities: Capabilities, codec: Callable[[SessionConfig, Model], Codec]) -> None:
        self._capabilities = capabilities
        self._codec = codec

    def capabilities(self, model: Model) -> Capabilities:
        """What they can do."""
        del model
        return self._capabilities

    def open(self, config: SessionConfig, model: Model, resume: Resume | None = None) -> Codec:
        """A codec for one connection."""
        del resume
        return self._codec(config, model)


def _ms(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * 1_000)


def _text(message: object) -> str:
    return msgspec.json.encode(message).decode()
