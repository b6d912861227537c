"""Wires of voice without a network: requests written, replies and streams read."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

from genmux.contract.http import FileBody, Form, HttpReply, HttpRequest, WireEvent
from genmux.contract.model import Model
from genmux.contract.provider import Provider
from genmux.contract.wires import Encoded, Sent
from genmux.flows.call.whole import speech_of
from genmux.types.speech import SpeechRequest, SpeechResult
from genmux.types.transcription import AudioFile, Transcript, TranscriptionRequest
from tests.recordings import RECORDINGS
from tests.unit.providers.simulated import REGISTRY, model_of

FOLDER = Path(__file__).parents[2] / "data" / "voice"
SOUND = AudioFile(data=b"RIFF-sound", media_type="audio/wav", name="talk.wav", size=10, seconds=3.7)


def told(provider: str) -> dict[str, Any]:
    """Replies that were authored from the documents of a provider; each file says from which."""
    return msgspec.json.decode((FOLDER / f"{provider}.json").read_bytes())


def recorded(file: str, index: int = 0) -> HttpReply:
    """A recorded reply."""
    from genmux.testing.replay.recording import read_exchanges

    reply = [*read_exchanges([RECORDINGS / file])][index].reply
    assert reply is not None
    return reply.http


class Voiced:
    """One model of one provider."""

    def __init__(self, provider: str, name: str) -> None:
        self.provider: Provider = REGISTRY.load(provider)
        self.model: Model = model_of(self.provider, name)

    def speech(self, text: str = "Hello there", **rest: Any) -> SpeechRequest:
        """A request for speech."""
        return SpeechRequest(model=self.model.reference, text=text, **rest)

    def sound(self, audio: AudioFile = SOUND, **rest: Any) -> TranscriptionRequest:
        """A request for a transcription."""
        return TranscriptionRequest(model=self.model.reference, audio=audio, **rest)

    @property
    def wire(self) -> Any:
        """The wire of the model's one operation."""
        return self.provider.wires[next(iter(self.model.spec.operations.values()))]

    def encoded(self, request: Any, *, stream: bool = False) -> Encoded:
        """The request as it is sent."""
        return self.wire.encode(request, self.model, stream=stream)

    def sent(self, request: Any, *, stream: bool = False) -> Sent[Any]:
        """What a reply is read against."""
        return Sent(request=request, model=self.model, http=self.encoded(request, stream=stream).http)

    def heard(self, reply: HttpReply, **rest: Any) -> Transcript:
        """A transcription that was replied."""
        return self.wire.decode(reply, self.sent(self.sound(**rest)))

    def spoken(self, reply: HttpReply, **rest: Any) -> SpeechResult:
        """Speech that was replied."""
        return self.wire.decode(reply, self.sent(self.speech(**rest)))

    def parts(self, events: Iterable[bytes], **rest: Any) -> list[Any]:
        """The parts of a stream of speech."""
        reader = self.wire.reader(self.sent(self.speech(**rest), stream=True))
        found = [part for data in events for part in reader.feed(WireEvent(data))]
        return [*found, *reader.close()]

    def streamed(self, events: Iterable[bytes], **rest: Any) -> SpeechResult:
        """A stream of speech as a whole."""
        return speech_of(self.parts(events, **rest))


def body(http: HttpRequest) -> Any:
    """The JSON of a request."""
    return msgspec.json.decode(http.document or b"null")


def form(http: HttpRequest) -> dict[str, Any]:
    """The fields of a form; of several equal ones a list."""
    assert isinstance(http.body, Form)
    fields: dict[str, Any] = {}
    for field in http.body.fields:
        value = field.value.path if isinstance(field.value, FileBody) else field.value
        fields[field.name] = [fields[field.name], value] if field.name in fields else value
    return fields


def query(http: HttpRequest) -> tuple[str, dict[str, str]]:
    """The path and the query of a request."""
    parts = urlsplit(http.url)
    return parts.path, dict(parse_qsl(parts.query, keep_blank_values=True))


def reply(document: Any, *, status: int = 200, **headers: str) -> HttpReply:
    """A reply in JSON."""
    named = {"content-type": "application/json", **{name.replace("_", "-"): one for name, one in headers.items()}}
    return HttpReply(status=status, headers=named, body=msgspec.json.encode(document))


def sound(data: bytes, media_type: str = "audio/mpeg", **headers: str) -> HttpReply:
    """A reply that is sound."""
    named = {"content-type": media_type, **{name.replace("_", "-"): one for name, one in headers.items()}}
    return HttpReply(status=200, headers=named, body=data)
