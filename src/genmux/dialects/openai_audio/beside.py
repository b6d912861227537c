"""What genmux says beside the dialect: what OpenAI's audio has no words for."""

from collections.abc import Mapping
from typing import Any

import msgspec

from genmux.contract.beside import BESIDE, Spent, spent
from genmux.dialects.openai_audio.fields import wrong
from genmux.types.audio import AudioEncoding, AudioFormat
from genmux.types.content import Fields
from genmux.types.money import Cost
from genmux.types.speech import SpokenWord
from genmux.types.timed_words import Segment, Word
from genmux.types.transcription import Transcript
from genmux.types.usage import Usage


class Wished(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a caller wants beside: times, and the provider's own parameters, whichever dialect that speaks."""

    timestamps: bool = False
    words: bool = False
    segments: bool = False
    diarize: bool = False
    language: str | None = None
    params: dict[str, Any] = msgspec.field(default_factory=dict)


class AboutSound(msgspec.Struct, frozen=True, kw_only=True):
    """How sound is written."""

    encoding: AudioEncoding
    sample_rate: int
    channels: int = 1

    def format(self) -> AudioFormat:
        """The same as ours."""
        return AudioFormat(encoding=self.encoding, sample_rate=self.sample_rate, channels=self.channels)


class AboutSpeech(Spent, frozen=True, kw_only=True):
    """Of speech: how it is written, told with its first piece; and at its end when each word is said."""

    format: AboutSound | None = None
    words: tuple[SpokenWord, ...] = ()


class AboutTranscript(Spent, frozen=True, kw_only=True):
    """Of a transcript: all that is known of it beside its text."""

    language: str | None = None
    seconds: float | None = None
    words: tuple[Word, ...] = ()
    segments: tuple[Segment, ...] = ()


class _Speech(msgspec.Struct):
    genmux: AboutSpeech


class _Transcript(msgspec.Struct):
    genmux: AboutTranscript


def take_wished(fields: Fields) -> Wished | None:
    """What a caller wants beside, taken out of its fields; None where it does not listen. Raises InvalidRequestError."""
    given = fields.pop(BESIDE, None)
    if given is None:
        return None
    try:
        return msgspec.json.decode(given, type=Wished) if isinstance(given, str) else msgspec.convert(given, Wished)
    except msgspec.MsgspecError as error:
        raise wrong(BESIDE, f"is not understood: {error}") from error


def about_format(made: AudioFormat) -> Fields:
    """How the sound is written that begins."""
    told = AboutSound(encoding=made.encoding, sample_rate=made.sample_rate, channels=made.channels)
    return {"format": msgspec.to_builtins(told)}


def about_speech(usage: Usage | None, cost: Cost | None, words: tuple[SpokenWord, ...]) -> Fields:
    """What speech took."""
    told: Fields = spent(usage, cost)
    return {**told, "words": msgspec.to_builtins(words)} if words else told


def about_transcript(transcript: Transcript) -> Fields:
    """What is known of a transcript."""
    told: Mapping[str, Any] = {
        "language": transcript.language,
        "seconds": transcript.seconds,
        "words": msgspec.to_builtins(transcript.words),
        "segments": msgspec.to_builtins(transcript.segments),
    }
    return {**spent(transcript.usage, transcript.cost), **{name: value for name, value in told.items() if value}}


def read_speech(event: bytes) -> AboutSpeech | None:
    """What an event says beside; None where it says nothing."""
    try:
        return msgspec.json.decode(event, type=_Speech).genmux
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


def read_transcript(document: bytes) -> AboutTranscript | None:
    """What a document or event says beside; None where it says nothing."""
    try:
        return msgspec.json.decode(document, type=_Transcript).genmux
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
