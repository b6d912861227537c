"""Sound in base64 with the times of letters, from which those of words are made.

Times of a stream are counted from its beginning (pipecat 1.14 reads them so; the documents do not say it).
"""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from genmux.contract.error_map import ErrorMap, stream_error
from genmux.contract.http import HttpReply, WireEvent, malformed
from genmux.contract.speaking import decoded, spoken
from genmux.types.audio import AudioFormat
from genmux.types.speech import SpeechDelta, SpeechPart, SpeechResult, SpeechStart, SpeechWords, SpokenWord


class Alignment(msgspec.Struct):
    """Letters with their times in seconds."""

    characters: list[str]
    character_start_times_seconds: list[float]
    character_end_times_seconds: list[float]


class Timed(msgspec.Struct):
    """A piece of sound, or an error in its place. In a stream the sound may be lacking, and the letters too."""

    audio_base64: str | None = None
    alignment: Alignment | None = None
    detail: Any = None


_TIMED = msgspec.json.Decoder(Timed)


class WordMaker:
    """Makes words of letters that come piece by piece."""

    def __init__(self) -> None:
        self._held: list[tuple[str, float, float]] = []

    def feed(self, letters: Alignment | None) -> Iterator[SpokenWord]:
        """The words that are complete after more letters."""
        if letters is None:
            return
        starts, ends = letters.character_start_times_seconds, letters.character_end_times_seconds
        if not len(letters.characters) == len(starts) == len(ends):
            raise malformed("the times of the letters are not as many as the letters")
        for letter, start, end in zip(letters.characters, starts, ends, strict=True):
            if letter.isspace():
                yield from self.close()
            else:
                self._held.append((letter, start, end))

    def close(self) -> Iterator[SpokenWord]:
        """The last word."""
        if self._held:
            text = "".join(letter for letter, _, _ in self._held)
            yield SpokenWord(text=text, start=self._held[0][1], end=self._held[-1][2])
            self._held = []


class TimedReader:
    """Reads a stream of pieces."""

    def __init__(self, made: AudioFormat, errors: ErrorMap) -> None:
        self._made = made
        self._errors = errors
        self._begun = False
        self._words = WordMaker()

    def feed(self, event: WireEvent) -> Iterable[SpeechPart]:
        """One piece. Raises ProviderError."""
        piece = event.read(_TIMED)
        if piece.detail is not None:
            raise stream_error({"detail": piece.detail}, self._errors)
        if data := decoded(piece.audio_base64 or ""):
            if not self._begun:
                self._begun = True
                yield SpeechStart(format=self._made)
            yield SpeechDelta(data)
        if words := tuple(self._words.feed(piece.alignment)):
            yield SpeechWords(words)

    def close(self) -> Iterable[SpeechPart]:
        """The end: the last word. Raises ProviderError where there was no sound."""
        if not self._begun:
            raise malformed("the stream ended without a sound")
        words = tuple(self._words.close())
        return (SpeechWords(words),) if words else ()


def timed_sound(reply: HttpReply, made: AudioFormat) -> SpeechResult:
    """All of the sound with its words."""
    told, words = reply.read(_TIMED), WordMaker()
    found = (*words.feed(told.alignment), *words.close())
    return spoken(decoded(told.audio_base64 or ""), made, words=found, status=reply.status)
