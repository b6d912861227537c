"""Speech, the half that faces a host: from a request to sound."""

import msgspec

from genmux.contract.asked import own_fields
from genmux.contract.error_map import classify
from genmux.contract.http import Framing, HttpReply, HttpRequest, malformed
from genmux.contract.model import Model
from genmux.contract.wires import Encoded, Sent
from genmux.dialects.openai_audio.formats import USUAL, made_format
from genmux.dialects.openai_audio.profile import Profile
from genmux.dialects.openai_audio.schema import NAME, SPEECH_EVENT
from genmux.dialects.openai_audio.speech_reader import EventsReader, SoundReader, bytes_of, data_of, is_page
from genmux.dialects.openai_audio.usage import spoken_usage
from genmux.types.audio import AudioFormat
from genmux.types.content import Fields
from genmux.types.speech import SpeechRequest, SpeechResult
from genmux.types.warning import Warning  # noqa: A004 — see genmux.types.warning

_OPTIONAL = ("instructions", "speed", "language", "seed", "user", "sample_rate", "timestamps")
_SILENT = frozenset({"user", "sample_rate"})
"""What is left out without a word: an id that changes nothing, and a rate into which the sound is converted afterwards."""


class SpeechWire:
    """Speech as one host makes it, whole."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile

    def encode(self, request: SpeechRequest, model: Model, *, stream: bool = False) -> Encoded:
        """Write the request."""
        profile = self.profile
        fields, warnings = _fields(request, model, profile)
        if profile.events:
            fields["stream_format"] = "sse"
        if profile.json_speech and stream:
            fields["stream"] = True
        document = {profile.rename.get(name, name): value for name, value in fields.items()}
        events = stream and (profile.events or profile.json_speech)
        http = HttpRequest(
            method="POST",
            url=profile.speech,
            headers=(("content-type", "application/json"), ("accept", _accepted(profile, events=events))),
            body=msgspec.json.encode(document),
            framing=Framing.SSE if events else Framing.RAW,
        )
        return Encoded(http, tuple(warnings))

    def decode(self, reply: HttpReply, sent: Sent[SpeechRequest]) -> SpeechResult:
        """Read a whole reply: bytes, base64 in JSON, or events. Raises ProviderError for an error, and for silence."""
        audio, usage = _read(reply)
        if not audio:
            raise malformed("the reply has no sound", status=reply.status)
        headers = {} if reply.body is not audio else reply.headers
        made = made_format(sent.request.format, self.rate(sent.request), headers, audio)
        seconds = made.ms(len(audio)) / 1_000 if made.is_raw else None
        return SpeechResult(audio=audio, format=made, seconds=seconds, usage=spoken_usage(usage))

    def rate(self, request: SpeechRequest) -> int:
        """The sample rate of the sound in Hz."""
        asked = request.sample_rate if "sample_rate" in self.profile.taken else None
        return asked or self.profile.sample_rate


class StreamingSpeechWire(SpeechWire):
    """The same at a host whose sound can be heard while it is made."""

    def reader(self, sent: Sent[SpeechRequest]) -> SoundReader | EventsReader:
        """Start reading one stream."""
        profile = self.profile
        made = AudioFormat(encoding=sent.request.format or USUAL, sample_rate=self.rate(sent.request))
        return EventsReader(made) if profile.events or profile.json_speech else SoundReader(made)


def _fields(request: SpeechRequest, model: Model, profile: Profile) -> tuple[Fields, list[Warning]]:
    voice = request.voice or _usual_voice(model)
    as_id = voice is not None and bool(profile.voice_ids) and voice.startswith(profile.voice_ids)
    fields: Fields = {}
    if voice is not None:
        fields["voice"] = {"id": voice} if as_id else voice
    if request.format is not None:
        fields["response_format"] = profile.format_names.get(request.format, request.format)
    warnings: list[Warning] = []
    for name in _OPTIONAL:
        value = getattr(request, name)
        if value is None or value is False:
            continue
        if name in profile.taken:
            fields[name] = value
        elif name not in _SILENT:
            warnings.append(Warning("unsupported", name, "the host does not take it; it is left out"))
    own, foreign = own_fields(request, NAME)
    fields = {**profile.defaults, **fields, **request.params, **own, "model": model.wire_id, "input": request.text}
    return fields, [*warnings, *foreign]


def _usual_voice(model: Model) -> str | None:
    """The voice that the manifest names for those who name none; most hosts demand one."""
    param = model.spec.params.get("voice")
    return param.default if param is not None and isinstance(param.default, str) else None


def _accepted(profile: Profile, *, events: bool) -> str:
    if events or profile.events:
        return "text/event-stream"
    return "application/json" if profile.json_speech else "*/*"


def _read(reply: HttpReply) -> tuple[bytes, Fields | None]:
    """The sound and what it used. Raises ProviderError."""
    media_type = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type.startswith("audio/"):
        return reply.body, None
    if media_type == "text/html" or is_page(reply.body):
        raise malformed("the reply is a page of HTML and no sound", status=reply.status)
    if media_type == "text/event-stream" or reply.body.startswith((b"data:", b"event:")):
        return _read_events(reply)
    if media_type == "application/json" or reply.body.startswith(b"{"):
        told = reply.read(SPEECH_EVENT)
        if told.error:
            raise classify(reply)
        return bytes_of(told.sound or ""), told.usage
    return reply.body, None


def _read_events(reply: HttpReply) -> tuple[bytes, Fields | None]:
    pieces: list[bytes] = []
    usage: Fields | None = None
    for event in data_of(reply.body):
        told = event.read(SPEECH_EVENT)
        if told.error:
            raise classify(msgspec.structs.replace(reply, body=event.data))
        pieces.append(bytes_of(told.sound or ""))
        usage = told.usage or usage
    return b"".join(pieces), usage
