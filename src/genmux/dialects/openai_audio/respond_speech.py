"""From speech to a caller's reply: whole, as bytes as they come, or as events."""

import base64

import msgspec

from genmux.contract.beside import BESIDE
from genmux.contract.dialect import Answer
from genmux.contract.openai_errors import error_document
from genmux.dialects.openai_audio.accept_speech import AcceptedSpeech
from genmux.dialects.openai_audio.beside import about_format, about_speech
from genmux.dialects.openai_audio.schema import AUDIO_DELTA, AUDIO_DONE
from genmux.dialects.openai_audio.usage import write_speech_usage
from genmux.types.content import Fields
from genmux.types.errors import ProviderError
from genmux.types.money import Cost
from genmux.types.parts import UsagePart
from genmux.types.speech import SpeechDelta, SpeechPart, SpeechResult, SpeechStart, SpeechWords, SpokenWord
from genmux.types.usage import Usage

EVENTS = "text/event-stream; charset=utf-8"
"""The media type of events."""


def respond_speech(result: SpeechResult, accepted: AcceptedSpeech) -> Answer:
    """Write a whole reply: the sound, or the events of it."""
    if not accepted.events:
        return Answer(status=200, body=result.audio, headers=(("content-type", result.media_type),))
    writer = SpeechEventsWriter(beside=accepted.beside)
    parts = (SpeechStart(format=result.format), SpeechDelta(result.audio), SpeechWords(result.words))
    body = b"".join(map(writer.write, parts)) + writer.close(result.usage, result.cost)
    return Answer(status=200, body=body, headers=(("content-type", EVENTS),))


class SoundWriter:
    """Writes the sound as it is."""

    def write(self, part: SpeechPart) -> bytes:
        """The bytes of a part; none for one that is no sound."""
        return part.data if isinstance(part, SpeechDelta) else b""

    def close(self, usage: Usage | None = None, cost: Cost | None = None) -> bytes:
        """The end: there is nothing more to say."""
        del usage, cost
        return b""

    def fail(self, error: ProviderError) -> bytes:
        """Sound has no words for an error: the connection must be broken off."""
        del error
        return b""


class SpeechEventsWriter:
    """Writes speech as server-sent events; with `beside` to somebody who listens to what genmux says there."""

    def __init__(self, *, beside: bool = False) -> None:
        self._usage: Usage | None = None
        self._beside = beside
        self._about: Fields = {}
        self._words: list[SpokenWord] = []

    def write(self, part: SpeechPart) -> bytes:
        """The bytes for one part; usage and words are told at the end."""
        match part:
            case SpeechDelta(data=data) if data:
                about, self._about = self._about, {}
                return _event({"type": AUDIO_DELTA, "audio": base64.b64encode(data).decode(), **about})
            case SpeechStart(format=made) if self._beside:
                self._about = {BESIDE: about_format(made)}
            case SpeechWords(words=words):
                self._words += words
            case UsagePart(usage=usage):
                self._usage = usage
            case _:
                pass
        return b""

    def close(self, usage: Usage | None = None, cost: Cost | None = None) -> bytes:
        """The event that ends the stream, with what it took; a part that told the usage before need not be repeated."""
        used = usage or self._usage
        about = {BESIDE: about_speech(used, cost, tuple(self._words))} if self._beside else {}
        return _event({"type": AUDIO_DONE, "usage": write_speech_usage(used), **about})

    def fail(self, error: ProviderError) -> bytes:
        """The end of a stream in which something failed."""
        return _event({"type": "error", **error_document(error)})


SpeechWriter = SoundWriter | SpeechEventsWriter


def speech_writer(accepted: AcceptedSpeech) -> SpeechWriter:
    """Start writing, as the caller wants it."""
    return SpeechEventsWriter(beside=accepted.beside) if accepted.events else SoundWriter()


def _event(document: Fields) -> bytes:
    return b"data: " + msgspec.json.encode(document) + b"\n\n"
