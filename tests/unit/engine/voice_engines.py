"""A small embedded engine that says bytes and writes down what it was given."""

from collections.abc import Iterator
from typing import Any, ClassVar, Literal

import msgspec

from genmux.contract.local import Pause
from genmux.contract.model import Model
from genmux.types.audio import AudioFormat
from genmux.types.errors import AudioError
from genmux.types.parts import UsagePart, WarningPart
from genmux.types.speech import SpeechDelta, SpeechRequest, SpeechStart, SpeechWords, SpokenWord
from genmux.types.timed_words import Segment, Word
from genmux.types.transcription import Transcript, TranscriptDelta, TranscriptDone, TranscriptSegment
from genmux.types.usage import Usage
from genmux.types.warning import Warning  # noqa: A004 — see genmux.types.warning


class Talker:
    """Speaks by the bytes of its text."""

    def run(self, request: Any) -> Iterator[Any]:
        yield Pause(0)
        yield WarningPart(Warning("unsupported", "voice", "there is only one"))
        if isinstance(request, SpeechRequest):
            yield SpeechStart(format=AudioFormat(encoding="pcm", sample_rate=8_000))
            yield SpeechDelta(bytes(range(256)) + request.text.encode())
            yield SpeechWords((SpokenWord(text=request.text, start=0.0, end=1.5),))
            yield UsagePart(Usage(meters={"characters.input": len(request.text)}))
            return
        audio = request.audio
        if not audio.data:
            raise AudioError("there is nothing to hear", param="audio")
        segment = Segment(text=repr(audio.data), start=0.0, end=1.0)
        yield TranscriptDelta(segment.text)
        yield TranscriptSegment(segment)
        word = Word(text="x", start=0.0, end=1.0, confidence=0.5)
        yield TranscriptDone(Transcript(text=segment.text, segments=(segment,), words=(word,), seconds=1.0))


class TalkEngine(msgspec.Struct, frozen=True):
    isolation: ClassVar[Literal["process"]] = "process"

    def load(self, model: Model, options: dict[str, str]) -> Talker:
        del model, options
        return Talker()


class InlineTalkEngine(msgspec.Struct, frozen=True):
    isolation: ClassVar[Literal["inline"]] = "inline"

    def load(self, model: Model, options: dict[str, str]) -> Talker:
        del model, options
        return Talker()
