"""ElevenLabs' speech: sound alone, or sound in base64 with the time of every letter.

Sources: elevenlabs 2.78.0 (paths, fields, formats), help.elevenlabs.io (errors), recorded traffic; read 2026-11-27.
Not verified: that Opus comes in an Ogg container, and under which name the header with the characters comes (`character-cost`
or `x-character-count`: both are read).
"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import msgspec

from genmux.contract.asked import heeded, own_fields, voice_of, with_query
from genmux.contract.error_map import ErrorMap
from genmux.contract.http import Framing, HttpReply, HttpRequest, json_request
from genmux.contract.model import Model
from genmux.contract.sessions import Capabilities
from genmux.contract.speaking import SoundReader, rate_of, sound_of
from genmux.contract.wires import Encoded, Sent
from genmux.providers.elevenlabs.saying import CAPABILITIES, NOT_LIVE, SETTINGS, SayingCodec
from genmux.providers.elevenlabs.timed import TimedReader, timed_sound
from genmux.providers.elevenlabs.voice_list import VoiceList
from genmux.types.audio import AudioEncoding, AudioFormat
from genmux.types.realtime import SessionConfig
from genmux.types.speech import SpeechRequest, SpeechResult
from genmux.types.usage import Usage

_RATES: dict[AudioEncoding, tuple[tuple[int, ...], int, str]] = {
    "mp3": ((22_050, 44_100), 44_100, "mp3_{}"),
    "pcm": ((8_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000), 24_000, "pcm_{}"),
    "wav": ((8_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000), 24_000, "wav_{}"),
    "opus": ((48_000,), 48_000, "opus_{}_128"),
    "pcmu": ((8_000,), 8_000, "ulaw_{}"),
    "pcma": ((8_000,), 8_000, "alaw_{}"),
}
"""Rates of each encoding, the usual one, and how it is written; 44.1 kHz of samples and more need a higher plan."""

_MP3 = {22_050: "mp3_22050_32", 44_100: "mp3_44100_128"}
_IN_QUERY = frozenset({"enable_logging", "optimize_streaming_latency"})
_COSTS = ("character-cost", "x-character-count")


class SpeechWire(VoiceList):
    """One request; with `timestamps` its reply is JSON, or a line of JSON for each piece."""

    def __init__(self, errors: ErrorMap) -> None:
        self._errors = errors

    def encode(self, request: SpeechRequest, model: Model, *, stream: bool = False) -> Encoded:
        """Write the request."""
        voice, usual = voice_of(request, model)
        known, warnings = heeded(request, model, ("speed", "language", "instructions", "seed"))
        params = request.params
        settings = {name: value for name, value in params.items() if name in SETTINGS}
        if "speed" in known:
            settings["speed"] = known["speed"]
        own, foreign = own_fields(request)
        body: dict[str, Any] = {name: value for name, value in params.items() if name not in SETTINGS | _IN_QUERY}
        if settings:
            body["voice_settings"] = settings
        if "language" in known:
            body["language_code"] = known["language"].partition("-")[0].lower()
        if "seed" in known:
            body["seed"] = known["seed"]
        query = {"output_format": _format(request)[1], **{name: params.get(name) for name in sorted(_IN_QUERY)}}
        tail = ("/stream" if stream else "") + ("/with-timestamps" if request.timestamps else "")
        path = with_query(f"/v1/text-to-speech/{quote(voice, safe='')}{tail}", query)
        body |= own | {"text": request.text, "model_id": model.wire_id}
        http = _framed(json_request(path, body), request, stream=stream)
        return Encoded(http, usual + warnings + foreign)

    def decode(self, reply: HttpReply, sent: Sent[SpeechRequest]) -> SpeechResult:
        """Read the sound. What it cost in characters of the plan is kept as it was told: a stream does not tell it."""
        made = _format(sent.request)[0]
        told = timed_sound(reply, made) if sent.request.timestamps else sound_of(reply, made)
        cost = next((cost for name in _COSTS if (cost := reply.headers.get(name, "")).isdecimal()), None)
        usage = Usage() if cost is None else Usage(raw={"character_cost": int(cost)})
        return msgspec.structs.replace(told, usage=usage, request_id=reply.headers.get("request-id"))

    def reader(self, sent: Sent[SpeechRequest]) -> SoundReader | TimedReader:
        """Start reading one stream."""
        made = _format(sent.request)[0]
        return TimedReader(made, self._errors) if sent.request.timestamps else SoundReader(made)

    def speaks_live(self, model: Model) -> Capabilities | None:
        """The models of before v3 do."""
        return None if model.wire_id.startswith(NOT_LIVE) else CAPABILITIES

    def saying(self, config: SessionConfig, model: Model, numbers: Iterator[int] | None = None) -> SayingCodec:
        """A codec for a text that is spoken while it is being written. Raises InvalidRequestError where there is no voice."""
        voice, _ = voice_of(SpeechRequest(model=model.reference, text="", voice=config.voice), model)
        return SayingCodec(config, model, voice, self._errors, numbers)


def _format(request: SpeechRequest) -> tuple[AudioFormat, str]:
    """What is asked for, and how that is written."""
    encoding = request.format if request.format in _RATES else "mp3"
    rates, usual, written = _RATES[encoding]
    rate = rate_of(request.sample_rate, rates, usual)
    return AudioFormat(encoding=encoding, sample_rate=rate), _MP3[rate] if encoding == "mp3" else written.format(rate)


def _framed(http: HttpRequest, request: SpeechRequest, *, stream: bool) -> HttpRequest:
    """Sound comes as it is; a stream with times is a line of JSON for each piece."""
    accept = "application/json" if request.timestamps else "audio/*"
    headers = (("content-type", "application/json"), ("accept", accept))
    framing = Framing.NDJSON if stream and request.timestamps else Framing.RAW
    return msgspec.structs.replace(http, headers=headers, framing=framing)
