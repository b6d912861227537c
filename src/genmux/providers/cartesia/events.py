"""Events with sound in base64: `chunk`, `timestamps`, `phoneme_timestamps`, `done`, `error`."""

from collections.abc import Iterable, Iterator

import msgspec

from genmux.contract.error_map import ErrorMap, stream_error
from genmux.contract.http import WireEvent, malformed
from genmux.contract.speaking import decoded, spoken
from genmux.types.audio import AudioFormat
from genmux.types.speech import SpeechDelta, SpeechPart, SpeechResult, SpeechStart, SpeechWords, SpokenWord


class Times(msgspec.Struct):
    """Words with their times in seconds."""

    words: list[str]
    start: list[float]
    end: list[float]


class Event(msgspec.Struct):
    """One event, told by its `type`."""

    type: str
    data: str | None = None
    word_timestamps: Times | None = None


_EVENT = msgspec.json.Decoder(Event)


class EventReader:
    """Reads a stream of events."""

    def __init__(self, made: AudioFormat, errors: ErrorMap) -> None:
        self._made = made
        self._errors = errors
        self._begun = False
        self._done = False

    def feed(self, event: WireEvent) -> Iterable[SpeechPart]:
        """One event. Raises ProviderError."""
        told = event.read(_EVENT)
        match told.type:
            case "chunk":
                if not self._begun:
                    self._begun = True
                    yield SpeechStart(format=self._made)
                yield SpeechDelta(decoded(told.data or ""))
            case "timestamps" if told.word_timestamps is not None:
                yield SpeechWords(tuple(_words(told.word_timestamps)))
            case "error":
                raise stream_error(msgspec.json.decode(event.data), self._errors)
            case "done":
                self._done = True
            case _:  # phonemes, and what there may be one day
                pass

    def close(self) -> Iterable[SpeechPart]:
        """The stream has ended. Raises ProviderError(malformed_reply) where that came before its last event."""
        if not self._done:
            raise malformed("the stream ended before its last event")
        if not self._begun:
            raise malformed("the stream ended without a sound")
        return ()


def whole_sound(
    events: Iterable[WireEvent], made: AudioFormat, errors: ErrorMap, *, status: int | None = None
) -> SpeechResult:
    """All events as one result. Raises ProviderError."""
    reader = EventReader(made, errors)
    parts = [part for event in events for part in reader.feed(event)]
    parts += reader.close()
    words = [word for part in parts if isinstance(part, SpeechWords) for word in part.words]
    audio = b"".join(part.data for part in parts if isinstance(part, SpeechDelta))
    return spoken(audio, made, words=words, status=status)


def events_in(body: bytes) -> Iterator[WireEvent]:
    """The events of a stream that came whole; Cartesia puts the data of each into one line."""
    for line in body.splitlines():
        if line.startswith(b"data:") and (data := line[5:].strip()):
            yield WireEvent(data)


def _words(times: Times) -> Iterator[SpokenWord]:
    if not len(times.words) == len(times.start) == len(times.end):
        raise malformed("the times of the words are not as many as the words")
    for text, start, end in zip(times.words, times.start, times.end, strict=True):
        yield SpokenWord(text=text, start=start, end=end)
