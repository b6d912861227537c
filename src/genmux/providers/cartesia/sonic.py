"""Sonic, Cartesia's speech: sound as it is, or events with sound in base64 and the times of words.

A stream of samples is asked for as events, which tell errors and the end; files in a container come as bytes.

Sources: cartesia 4.2.0 (version 2026-08-14: fields, formats, events), docs.cartesia.ai/use-the-api/api-errors; read 2026-11-27.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from genmux.contract.asked import heeded, language_of, own_fields, voice_of
from genmux.contract.error_map import ErrorMap
from genmux.contract.http import Framing, HttpReply, json_request
from genmux.contract.model import Model
from genmux.contract.sessions import Capabilities
from genmux.contract.speaking import SoundReader, rate_of, sound_of
from genmux.contract.wires import Encoded, Sent
from genmux.providers.cartesia.events import EventReader, events_in, whole_sound
from genmux.providers.cartesia.saying import CAPABILITIES, GENERATION, SayingCodec
from genmux.providers.cartesia.voice_list import VoiceList
from genmux.types.audio import AudioEncoding, AudioFormat
from genmux.types.realtime import SessionConfig
from genmux.types.speech import SpeechRequest, SpeechResult

RATES = (8_000, 16_000, 22_050, 24_000, 44_100, 48_000)
_RAW: dict[AudioEncoding, str] = {"pcm": "pcm_s16le", "pcmu": "pcm_mulaw", "pcma": "pcm_alaw"}
_USUAL: dict[AudioEncoding, int] = {"mp3": 44_100, "wav": 24_000, "pcm": 24_000, "pcmu": 8_000, "pcma": 8_000}


class SonicWire(VoiceList):
    """One request, whose reply is sound or events."""

    def __init__(self, errors: ErrorMap) -> None:
        self._errors = errors

    def encode(self, request: SpeechRequest, model: Model, *, stream: bool = False) -> Encoded:
        """Write the request."""
        voice, usual = voice_of(request, model)
        known, warnings = heeded(request, model, ("speed", "language", "instructions", "seed"))
        generation = {name: value for name, value in request.params.items() if name in GENERATION}
        if "speed" in known:
            generation["speed"] = known["speed"]
        made = _format(request)
        own, foreign = own_fields(request)
        body: dict[str, Any] = {
            "voice": {"id": voice},
            "output_format": _written(made),
            **{name: value for name, value in request.params.items() if name not in GENERATION},
        }
        if generation:
            body["generation_config"] = generation
        if "language" in known:
            body["language"] = language_of(known["language"])
        if request.timestamps:
            body["add_timestamps"] = True
        body |= own | {"model_id": model.wire_id, "transcript": request.text}
        if _as_events(request, stream=stream):
            return Encoded(json_request("/tts/sse", body, stream=True), usual + warnings + foreign)
        headers = (("content-type", "application/json"), ("accept", made.media_type))
        http = msgspec.structs.replace(json_request("/tts/bytes", body), headers=headers, framing=Framing.RAW)
        return Encoded(http, usual + warnings + foreign)

    def decode(self, reply: HttpReply, sent: Sent[SpeechRequest]) -> SpeechResult:
        """Read the sound, or all of the events."""
        made = _format(sent.request)
        if sent.request.timestamps:
            return whole_sound(events_in(reply.body), made, self._errors, status=reply.status)
        return sound_of(reply, made)

    def reader(self, sent: Sent[SpeechRequest]) -> SoundReader | EventReader:
        """Start reading one stream."""
        made = _format(sent.request)
        return EventReader(made, self._errors) if _as_events(sent.request, stream=True) else SoundReader(made)

    def speaks_live(self, model: Model) -> Capabilities:
        """All of its models do."""
        del model
        return CAPABILITIES

    def saying(self, config: SessionConfig, model: Model, numbers: Iterator[int] | None = None) -> SayingCodec:
        """A codec for a text that is spoken while it is being written. Raises InvalidRequestError where there is no voice."""
        voice, _ = voice_of(SpeechRequest(model=model.reference, text="", voice=config.voice), model)
        return SayingCodec(config, model, voice, self._errors, numbers)


def _as_events(request: SpeechRequest, *, stream: bool) -> bool:
    return request.timestamps or (stream and _format(request).encoding in _RAW)


def _format(request: SpeechRequest) -> AudioFormat:
    """What is asked for; with times there is nothing but samples."""
    encoding: AudioEncoding = request.format if request.format in _USUAL else "mp3"
    if request.timestamps and encoding not in _RAW:
        encoding = "pcm"
    return AudioFormat(encoding=encoding, sample_rate=rate_of(request.sample_rate, RATES, _USUAL[encoding]))


def _written(made: AudioFormat) -> dict[str, Any]:
    rate = made.sample_rate
    if made.encoding == "mp3":
        return {"container": "mp3", "sample_rate": rate, "bit_rate": 128_000}
    if made.encoding == "wav":
        return {"container": "wav", "encoding": "pcm_s16le", "sample_rate": rate}
    return {"container": "raw", "encoding": _RAW[made.encoding], "sample_rate": rate}
