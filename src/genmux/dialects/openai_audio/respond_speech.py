"""From speech to a caller's reply: whole, as bytes as they come, or as events."""

import base64

import msgspec

from genmux.contract.dialect import Answer
from genmux.contract.openai_errors import error_document
from genmux.dialects.openai_audio.accept_speech import AcceptedSpeech
from genmux.dialects.openai_audio.schema import AUDIO_DELTA, AUDIO_DONE
from genmux.dialects.openai_audio.usage import write_speech_usage
from genmux.types.content import Fields
from genmux.types.errors import ProviderError
from genmux.types.parts import UsagePart
from genmux.types.speech import SpeechDelta, SpeechPart, SpeechResult
from genmux.types.usage import Usage

EVENTS = "text/event-stream; charset=utf-8"
"""The media type of events."""


def respond_speech(result: SpeechResult, accepted: AcceptedSpeech) -> Answer:
    """Write a whole reply: the sound, or the events of it."""
    if not accepted.events:
        return Answer(status=200, body=result.audio, headers=(("content-type", result.media_type),))
    writer = SpeechEventsWriter()
    body = writer.write(SpeechDelta(result.audio)) + writer.close(result.usage)
    return Answer(status=200, body=body, headers=(("content-type", EVENTS),))


class SoundWriter:
    """Writes the sound as it is."""

    def write(self, part: SpeechPart) -> bytes:
        """The bytes of a part; none for one that is no sound."""
        return part.data if isinstance(part, SpeechDelta) else b""

    def close(self, usage: Usage | None = None) -> bytes:
        """The end: there is nothing more to say."""
        del usage
        return b""

    def fail(self, error: ProviderError) -> bytes:
        """Sound has no words for an error: the connection must be broken off."""
        del error
        return b""


class SpeechEventsWriter:
    """Writes speech as server-sent events."""

    def __init__(self) -> None:
        self._usage: Usage | None = None

    def write(self, part: SpeechPart) -> bytes:
        """The bytes for one part; usage is told at the end."""
        if isinstance(part, UsagePart):
            self._usage = part.usage
        if not isinstance(part, SpeechDelta) or not part.data:
            return b""
        return _event({"type": AUDIO_DELTA, "audio": base64.b64encode(part.data).decode()})

    def close(self, usage: Usage | None = None) -> bytes:
        """The event that ends the stream, with what it took; a part that told the usage before need not be repeated."""
        return _event({"type": AUDIO_DONE, "usage": write_speech_usage(usage or self._usage)})

    def fail(self, error: ProviderError) -> bytes:
        """The end of a stream in which something failed."""
        return _event({"type": "error", **error_document(error)})


SpeechWriter = SoundWriter | SpeechEventsWriter


def speech_writer(accepted: AcceptedSpeech) -> SpeechWriter:
    """Start writing, as the caller wants it."""
    return SpeechEventsWriter() if accepted.events else SoundWriter()


def _event(document: Fields) -> bytes:
    return b"data: " + msgspec.json.encode(document) + b"\n\n"
