"""A whole answer out of its parts, and the other way round, whatever was asked."""

from collections.abc import Iterable, Sequence
from typing import Any

from genmux.types.chat import ChatRequest, ChatResult
from genmux.types.errors import ProviderError
from genmux.types.join import join
from genmux.types.parts import ErrorPart, UsagePart, WarningPart
from genmux.types.speech import SpeechDelta, SpeechRequest, SpeechResult, SpeechStart, SpeechWords, SpokenWord
from genmux.types.split import split
from genmux.types.transcription import (
    Transcript,
    TranscriptDelta,
    TranscriptDone,
    TranscriptionRequest,
    TranscriptSegment,
)
from genmux.types.usage import Usage
from genmux.types.warning import Warning  # noqa: A004 — see genmux.types.warning


def whole_of(request: Any, parts: Sequence[Any]) -> Any:
    """One answer to what was asked. Raises ProviderError when there is none, or one of the parts is an error."""
    if isinstance(request, ChatRequest):
        return join([*parts])
    for part in parts:
        if isinstance(part, ErrorPart):
            raise part.error
    if not parts:
        raise ProviderError("the embedded engine gave no result", kind="server")
    match request:
        case SpeechRequest():
            return speech_of(parts)
        case TranscriptionRequest():
            return transcript_of(parts)
        case _:
            return parts[0]


def parts_of(result: Any) -> Iterable[Any]:
    """The parts of an answer that came whole."""
    match result:
        case SpeechResult():
            yield SpeechStart(format=result.format)
            yield SpeechDelta(result.audio)
            if result.words:
                yield SpeechWords(result.words)
            yield UsagePart(result.usage)
        case Transcript():
            yield TranscriptDelta(result.text)
            yield from map(TranscriptSegment, result.segments)
            yield TranscriptDone(result)
        case ChatResult():
            yield from split(result)
        case _:
            raise TypeError(type(result).__name__)


def speech_of(parts: Iterable[Any]) -> SpeechResult:
    """Speech out of what came of it so far."""
    start: SpeechStart | None = None
    sound: list[bytes] = []
    words: list[SpokenWord] = []
    warnings: list[Warning] = []
    usage = Usage()
    for part in parts:
        match part:
            case SpeechStart():
                start = start or part
            case SpeechDelta(data=data):
                sound.append(data)
            case SpeechWords(words=more):
                words += more
            case UsagePart(usage=told):
                usage = told
            case WarningPart(warning=warning):
                warnings.append(warning)
            case _:
                pass
    if start is None:
        raise ProviderError("the speech has no beginning", kind="malformed_reply")
    audio, made = b"".join(sound), start.format
    seconds = made.ms(len(audio)) / 1_000 if made.is_raw else None
    return SpeechResult(
        audio=audio, format=made, seconds=seconds, words=tuple(words), usage=usage, warnings=tuple(warnings)
    )


def transcript_of(parts: Iterable[Any]) -> Transcript:
    """A transcript out of what came of it so far."""
    texts: list[str] = []
    segments: list[Any] = []
    usage = Usage()
    for part in parts:
        match part:
            case TranscriptDone(transcript=transcript):
                return transcript
            case TranscriptDelta(text=text):
                texts.append(text)
            case TranscriptSegment(segment=segment):
                segments.append(segment)
            case UsagePart(usage=told):
                usage = told
            case _:
                pass
    return Transcript(text="".join(texts), segments=tuple(segments), usage=usage)
