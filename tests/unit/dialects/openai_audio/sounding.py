"""Short words for requests, forms and replies of sound."""

from typing import Any

import msgspec

from genmux.contract.http import Form, HttpReply, HttpRequest, WireEvent
from genmux.contract.manifest import ModelSpec
from genmux.contract.model import Model
from genmux.contract.params import Param
from genmux.contract.wires import Sent
from genmux.dialects.openai_audio.profile import Profile
from genmux.dialects.openai_audio.speech_wire import StreamingSpeechWire
from genmux.dialects.openai_audio.transcription_wire import StreamingTranscriptionWire
from genmux.types.speech import SpeechRequest
from genmux.types.transcription import AudioFile, TranscriptionRequest

SOUND = AudioFile(data=b"RIFF....", media_type="audio/wav", name="a.wav", size=8)


def model(**params: Param) -> Model:
    return Model(provider="p", id="m", wire_id="host-m", spec=ModelSpec(params=params))


def speaker(**options: Any) -> StreamingSpeechWire:
    return StreamingSpeechWire(Profile(**options))


def listener(**options: Any) -> StreamingTranscriptionWire:
    return StreamingTranscriptionWire(Profile(operation="transcribe", **options))


def say(text: str = "Hello.", **fields: Any) -> SpeechRequest:
    return SpeechRequest(model="m", text=text, **fields)


def hear(**fields: Any) -> TranscriptionRequest:
    return TranscriptionRequest(model="m", audio=fields.pop("audio", SOUND), **fields)


def sent(request: Any) -> Sent[Any]:
    return Sent(request=request, model=model(), http=HttpRequest(method="POST", url="/"))


def reply(body: bytes | Any, media_type: str = "application/json", status: int = 200) -> HttpReply:
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    return HttpReply(status=status, headers={"content-type": media_type}, body=raw)


def texts(http: HttpRequest) -> dict[str, Any]:
    """The texts of a form by name; of a name with brackets, all of them."""
    assert isinstance(http.body, Form)
    found: dict[str, Any] = {}
    for field in http.body.fields:
        if field.name == "file":
            continue
        if field.name.endswith("[]"):
            found.setdefault(field.name, []).append(field.value)
        else:
            assert field.name not in found
            found[field.name] = field.value
    return found


def document(http: HttpRequest) -> dict[str, Any]:
    return msgspec.json.decode(http.document or b"")


def event(**fields: Any) -> WireEvent:
    return WireEvent(msgspec.json.encode(fields))


def events(written: bytes) -> list[dict[str, Any]]:
    """The documents of written events; `[DONE]` is none."""
    lines = [line.removeprefix("data: ") for line in written.decode().split("\n\n") if line]
    return [msgspec.json.decode(line) for line in lines if line != "[DONE]"]
