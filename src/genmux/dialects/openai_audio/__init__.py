"""OpenAI's audio, as several hosts speak it: speech and transcription, both halves."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from genmux.contract.dialect import Answer
from genmux.contract.openai_errors import refuse
from genmux.dialects.openai_audio.accept_speech import AcceptedSpeech, accept_speech
from genmux.dialects.openai_audio.accept_transcription import AcceptedTranscription, accept_form
from genmux.dialects.openai_audio.profile import Profile, read_profile
from genmux.dialects.openai_audio.respond_speech import EVENTS, SpeechWriter, respond_speech, speech_writer
from genmux.dialects.openai_audio.respond_transcription import respond_transcription
from genmux.dialects.openai_audio.schema import NAME, SPEECH, TRANSCRIPTIONS, TRANSLATIONS, Way
from genmux.dialects.openai_audio.speech_wire import SpeechWire, StreamingSpeechWire
from genmux.dialects.openai_audio.transcript_writer import TranscriptWriter
from genmux.dialects.openai_audio.transcription_wire import StreamingTranscriptionWire, TranscriptionWire
from genmux.types.errors import ProviderError
from genmux.types.speech import SpeechResult
from genmux.types.transcription import AudioFile, Transcript

__all__ = [
    "EVENTS",
    "AcceptedSpeech",
    "AcceptedTranscription",
    "AudioDialect",
    "AudioWire",
    "OpenAIAudioServer",
    "SpeechWriter",
    "TranscriptWriter",
    "client",
    "dialect",
]

AudioWire = SpeechWire | TranscriptionWire
"""What a host is spoken to with; those that stream have a `reader` besides."""


class OpenAIAudioServer:
    """The half that faces a caller."""

    def accept_speech(self, body: bytes) -> AcceptedSpeech:
        """Understand a JSON body. Raises InvalidRequestError that names the field and what is wrong with it."""
        return accept_speech(body)

    def accept_form(
        self, fields: Mapping[str, Any], audio: AudioFile, way: Way = "transcriptions"
    ) -> AcceptedTranscription:
        """Understand a form: its texts by name (several of one name as a list) and its file. Raises InvalidRequestError."""
        return accept_form(fields, audio, way)

    def respond_speech(self, result: SpeechResult, accepted: AcceptedSpeech) -> Answer:
        """Write speech that is complete."""
        return respond_speech(result, accepted)

    def respond_transcription(self, transcript: Transcript, accepted: AcceptedTranscription) -> Answer:
        """Write a transcript in the format that the caller wants."""
        return respond_transcription(transcript, accepted)

    def speech_writer(self, accepted: AcceptedSpeech) -> SpeechWriter:
        """Start writing speech as it comes: as bytes (of the media type of its format), or as events (`EVENTS`)."""
        return speech_writer(accepted)

    def transcript_writer(self, accepted: AcceptedTranscription) -> TranscriptWriter:
        """Start writing a transcript as it comes, as events."""
        return TranscriptWriter(accepted)

    def refuse(self, error: ProviderError) -> Answer:
        """Write an error, with the HTTP status that the dialect uses for its kind."""
        return refuse(error)


class AudioDialect(msgspec.Struct, frozen=True, kw_only=True):
    """Both halves of a dialect for sound, as `contract.dialect.Dialect` is for chat."""

    name: str
    client: Callable[[Mapping[str, Any]], AudioWire]
    server: OpenAIAudioServer
    paths: tuple[str, ...] = ()


def client(options: Mapping[str, Any]) -> AudioWire:
    """The wire for one host. Raises ConfigurationError for unknown options."""
    return _wire(read_profile(options))


def _wire(profile: Profile) -> AudioWire:
    if profile.operation == "text_to_speech":
        return StreamingSpeechWire(profile) if profile.streams else SpeechWire(profile)
    return StreamingTranscriptionWire(profile) if profile.streams else TranscriptionWire(profile)


dialect = AudioDialect(
    name=NAME, client=client, server=OpenAIAudioServer(), paths=(SPEECH, TRANSCRIPTIONS, TRANSLATIONS)
)
