"""Speech and transcription at a gateway: in the dialect of OpenAI, with what that has no words for beside it."""

from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlencode

import msgspec

from genmux.contract.beside import BESIDE, with_spent
from genmux.contract.http import HttpReply, HttpRequest, WireEvent
from genmux.contract.model import Model
from genmux.contract.wires import Encoded, Sent
from genmux.dialects.openai_audio.beside import Wished, read_speech, read_transcript
from genmux.dialects.openai_audio.formats import USUAL
from genmux.dialects.openai_audio.profile import Profile
from genmux.dialects.openai_audio.speech_reader import EventsReader, data_of
from genmux.dialects.openai_audio.speech_wire import StreamingSpeechWire
from genmux.dialects.openai_audio.transcription_reader import TranscriptReader
from genmux.dialects.openai_audio.transcription_wire import StreamingTranscriptionWire
from genmux.types.audio import AudioFormat
from genmux.types.parts import UsagePart
from genmux.types.speech import SpeechDelta, SpeechPart, SpeechRequest, SpeechResult, SpeechStart, SpeechWords, Voice
from genmux.types.transcription import Transcript, TranscriptDone, TranscriptionRequest, TranscriptPart
from genmux.types.usage import Usage

VOICES = "/audio/voices"

SPEAKS = Profile(events=True, takes=("instructions", "speed", "language", "seed", "user", "sample_rate"))
WRITES = Profile(
    operation="transcribe", takes=("language", "prompt", "temperature", "user"), formats=("json",), granularities=()
)


class _Page(msgspec.Struct):
    data: list[Voice]


class GatewaySpeech(StreamingSpeechWire):
    """Speech as a gateway makes it: as events, which tell how the sound is written and what it did cost."""

    def __init__(self) -> None:
        super().__init__(SPEAKS)

    def encode(self, request: SpeechRequest, model: Model, *, stream: bool = False) -> Encoded:
        """Write the request."""
        wished = Wished(timestamps=request.timestamps, params=dict(request.params))
        told = {BESIDE: msgspec.to_builtins(wished)}
        return super().encode(msgspec.structs.replace(request, timestamps=False, params=told), model, stream=stream)

    def decode(self, reply: HttpReply, sent: Sent[SpeechRequest]) -> SpeechResult:
        """Read a whole reply. Raises ProviderError."""
        reader = self.reader(sent)
        parts = [part for event in data_of(reply.body) for part in reader.feed(event)]
        parts += reader.close()
        (start,) = (part for part in parts if isinstance(part, SpeechStart))
        return SpeechResult(
            audio=b"".join(part.data for part in parts if isinstance(part, SpeechDelta)),
            format=start.format,
            words=tuple(word for part in parts if isinstance(part, SpeechWords) for word in part.words),
            usage=next((part.usage for part in parts if isinstance(part, UsagePart)), Usage()),
        )

    def reader(self, sent: Sent[SpeechRequest]) -> "GatewaySpeechReader":
        """Start reading one stream."""
        made = AudioFormat(encoding=sent.request.format or USUAL, sample_rate=self.rate(sent.request))
        return GatewaySpeechReader(made)

    def encode_voices(self, model: Model) -> HttpRequest:
        """Ask for the voices of a model."""
        return HttpRequest(method="GET", url=f"{VOICES}?{urlencode({'model': model.wire_id})}")

    def decode_voices(self, reply: HttpReply) -> tuple[Voice, ...]:
        """Read them. Raises ProviderError."""
        return tuple(reply.read(_VOICES).data)

    def more_voices(self, reply: HttpReply) -> None:
        """There is one page."""
        del reply


class GatewaySpeechReader(EventsReader):
    """Reads events, and what stands beside."""

    def feed(self, event: WireEvent) -> Iterable[SpeechPart]:
        """Read one event. Raises ProviderError for one that tells of an error."""
        about = read_speech(event.data)
        if about is None:
            return super().feed(event)
        if about.format is not None:
            self.made = about.format.format()
        told: list[SpeechPart] = [
            UsagePart(with_spent(part.usage, about)) if isinstance(part, UsagePart) else part
            for part in super().feed(event)
        ]
        return [*([SpeechWords(about.words)] if about.words else []), *told]


class GatewayTranscripts(StreamingTranscriptionWire):
    """Transcription as a gateway does it, with all that it knows of a transcript."""

    def __init__(self) -> None:
        super().__init__(WRITES)

    def encode(self, request: TranscriptionRequest, model: Model, *, stream: bool = False) -> Encoded:
        """Write the request. Raises InvalidRequestError for a sound that cannot go along."""
        wished = Wished(
            words=request.words,
            segments=request.segments,
            diarize=request.diarize,
            language=request.language,
            params=dict(request.params),
        )
        told: dict[str, Any] = {BESIDE: msgspec.to_builtins(wished)}
        plain = msgspec.structs.replace(request, words=False, segments=False, diarize=False, params=told)
        return super().encode(plain, model, stream=stream)

    def decode(self, reply: HttpReply, sent: Sent[TranscriptionRequest]) -> Transcript:
        """Read a whole reply. Raises ProviderError."""
        return _whole(super().decode(reply, sent), reply.body)

    def reader(self, sent: Sent[TranscriptionRequest]) -> "GatewayTranscriptReader":
        """Start reading one stream."""
        del sent
        return GatewayTranscriptReader()


class GatewayTranscriptReader(TranscriptReader):
    """Reads events, and what stands beside."""

    def feed(self, event: WireEvent) -> Iterator[TranscriptPart]:
        """Read one event. Raises ProviderError for one that tells of an error."""
        for part in super().feed(event):
            yield TranscriptDone(_whole(part.transcript, event.data)) if isinstance(part, TranscriptDone) else part


_VOICES = msgspec.json.Decoder(_Page)


def _whole(transcript: Transcript, document: bytes) -> Transcript:
    about = read_transcript(document)
    if about is None:
        return transcript
    return msgspec.structs.replace(
        transcript,
        language=about.language,
        seconds=about.seconds,
        words=about.words,
        segments=about.segments,
        usage=with_spent(transcript.usage, about),
        extra=None,
    )
