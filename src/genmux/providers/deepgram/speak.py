"""Aura, Deepgram's speech: everything but the text is in the query, and the voice is the end of the model's name.

Sources: deepgram-sdk 7.17.0 (query, models, encodings), developers.deepgram.com/docs/tts-media-output-settings, recorded traffic
(mp3 at 24 kHz, WAV with a made-up length, `dg-char-count`); read 2026-11-27.
"""

from typing import Any, NamedTuple

import msgspec

from genmux.contract.asked import heeded, own_fields, voice_of, with_query
from genmux.contract.http import Framing, HttpReply, json_request
from genmux.contract.model import Model
from genmux.contract.speaking import SoundReader, rate_of, sound_of
from genmux.contract.wires import Encoded, Sent
from genmux.types.audio import AudioEncoding, AudioFormat
from genmux.types.speech import SpeechRequest, SpeechResult
from genmux.types.usage import Usage


class _Written(NamedTuple):
    """How an encoding is written: `encoding`, `container`, and the rates in Hz that there are; the usual one is not told."""

    encoding: str
    container: str | None
    rates: tuple[int, ...]
    usual: int


_FORMATS: dict[AudioEncoding, _Written] = {
    "mp3": _Written("mp3", None, (24_000,), 24_000),
    "wav": _Written("linear16", "wav", (8_000, 16_000, 24_000, 32_000, 48_000), 24_000),
    "pcm": _Written("linear16", "none", (8_000, 16_000, 24_000, 32_000, 48_000), 24_000),
    "opus": _Written("opus", "ogg", (48_000,), 48_000),
    "flac": _Written("flac", None, (8_000, 16_000, 22_050, 32_000, 48_000), 48_000),
    "aac": _Written("aac", None, (22_050,), 22_050),
    "pcmu": _Written("mulaw", "none", (8_000, 16_000), 8_000),
    "pcma": _Written("alaw", "none", (8_000, 16_000), 8_000),
}


class SpeakWire:
    """One request, whose reply is sound, whole or as it comes."""

    def encode(self, request: SpeechRequest, model: Model, *, stream: bool = False) -> Encoded:
        """Write the request; a stream is asked for as the whole is."""
        del stream
        voice, usual = voice_of(request, model)
        known, warnings = heeded(request, model, ("speed", "language", "instructions", "seed"))
        made, written = _format(request)
        own, foreign = own_fields(request)
        query: dict[str, Any] = {
            "encoding": written.encoding,
            "container": written.container,
            "sample_rate": made.sample_rate if made.sample_rate != written.usual else None,
            "speed": known.get("speed"),
            **request.params,
            **own,
            "model": f"{model.wire_id}-{voice.removeprefix(f'{model.wire_id}-')}",
        }
        http = json_request(with_query("/v1/speak", query), {"text": request.text})
        headers = (("content-type", "application/json"), ("accept", "audio/*"))
        return Encoded(msgspec.structs.replace(http, headers=headers, framing=Framing.RAW), usual + warnings + foreign)

    def decode(self, reply: HttpReply, sent: Sent[SpeechRequest]) -> SpeechResult:
        """Read the sound."""
        told = sound_of(reply, _format(sent.request)[0], request_id=reply.headers.get("dg-request-id"))
        count = reply.headers.get("dg-char-count", "")
        usage = Usage(meters={"characters.input": int(count)}) if count.isdecimal() else Usage()
        return msgspec.structs.replace(told, usage=usage)

    def reader(self, sent: Sent[SpeechRequest]) -> SoundReader:
        """Start reading one stream."""
        return SoundReader(_format(sent.request)[0])


def _format(request: SpeechRequest) -> tuple[AudioFormat, _Written]:
    encoding = request.format if request.format in _FORMATS else "mp3"
    written = _FORMATS[encoding]
    rate = rate_of(request.sample_rate, written.rates, written.usual)
    return AudioFormat(encoding=encoding, sample_rate=rate), written
