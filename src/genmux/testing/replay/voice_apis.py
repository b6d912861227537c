"""The recorded exchanges of speech and of transcription: whose they are, and what they ask for.

One more provider is one more row of `VOICE_APIS`. Those that are jobs are in `job_apis`.
"""

import re
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import msgspec

from genmux.contract.manifest import inherit
from genmux.contract.model import Model
from genmux.contract.provider import Provider
from genmux.services.registry import Registry
from genmux.testing.replay.asking import decoded
from genmux.testing.replay.recording import Exchange
from genmux.types.audio import AudioEncoding
from genmux.types.calls import VoiceRequest
from genmux.types.speech import SpeechRequest
from genmux.types.transcription import AudioFile, TranscriptionRequest

Asked = Callable[[Exchange, str], VoiceRequest]


class VoiceApi(NamedTuple):
    """Exchanges of a provider that belong to a wire of it: the model with which it is read, and what was asked for.

    `fits` says whether an exchange is one. `named` are keys of a body that its address says already.
    """

    provider: str
    model: str
    fits: Callable[[Exchange], bool]
    asked: Asked
    named: frozenset[str] = frozenset()


class VoiceClaim(NamedTuple):
    """Whose exchange it is."""

    api: VoiceApi
    provider: Provider
    model: Model

    @property
    def wire(self) -> Any:
        """The wire that reads it."""
        return self.provider.wires[next(iter(self.model.spec.operations.values()))]


def voice_claim(exchange: Exchange) -> VoiceClaim | None:
    """The wire of an exchange; None where it is of no voice."""
    for api in VOICE_APIS:
        if api.provider == exchange.provider and api.fits(exchange):
            provider = _provider(api.provider)
            spec = inherit(provider.manifest.models[api.model], provider.manifest.model_defaults)
            wire_id = spec.wire_id or api.model
            model = Model(provider=api.provider, id=api.model, wire_id=_named(exchange) or wire_id, spec=spec)
            return VoiceClaim(api, provider, model)
    return None


@cache
def _provider(provider_id: str) -> Provider:
    return Registry().load(provider_id)


def _named(exchange: Exchange) -> str | None:
    """The model that the address names, where it does."""
    found = re.search(r"/models/([^/:]+):", exchange.path)
    return found[1] if found else _query(exchange).get("model") if exchange.path.endswith("/listen") else None


def _query(exchange: Exchange) -> dict[str, Any]:
    asked = parse_qs(urlsplit(exchange.request.path).query) if exchange.request else {}
    return {name: values[0] if len(values) == 1 else values for name, values in asked.items()}


def _at(*endings: str) -> Callable[[Exchange], bool]:
    return lambda exchange: exchange.path.endswith(endings)


def _replies(*keys: str) -> Callable[[Exchange], bool]:
    """Exchanges whose reply is JSON with all of these keys, and those that ask for a transcription by their address."""

    def fits(exchange: Exchange) -> bool:
        told = decoded(exchange.reply.body) if exchange.reply else None
        return exchange.path.endswith("/v1/listen") or (isinstance(told, dict) and all(key in told for key in keys))

    return fits


def _is_sound(exchange: Exchange) -> bool:
    return exchange.reply is not None and exchange.reply.http.headers.get("content-type", "").startswith("audio/")


# ---------------------------------------------------------------- ElevenLabs, of which no request was kept
def _spoken(exchange: Exchange, model: str) -> SpeechRequest:
    del exchange
    return SpeechRequest(model=model, text="?", voice="?", format="mp3")


def _heard(exchange: Exchange, model: str) -> TranscriptionRequest:
    del exchange
    return TranscriptionRequest(model=model, audio=AudioFile(data=b"?"))


# ---------------------------------------------------------------- Deepgram
_ENCODINGS: dict[str, AudioEncoding] = {"mp3": "mp3", "opus": "opus", "flac": "flac", "aac": "aac", "mulaw": "pcmu"}
_ALWAYS = frozenset({"model", "smart_format", "utterances", "language", "diarize_model"})


def _speak(exchange: Exchange, model: str) -> SpeechRequest:
    query = _query(exchange)
    body: dict[str, Any] = decoded(exchange.request.body) if exchange.request else {}
    coding = query.get("encoding", "linear16")
    samples: AudioEncoding = "wav" if query.get("container", "wav") == "wav" else "pcm"
    rate = query.get("sample_rate")
    return SpeechRequest(
        model=model,
        text=body.get("text", ""),
        voice=query.get("model", "").removeprefix("aura-2-"),
        format=_ENCODINGS.get(coding, samples),
        sample_rate=int(rate) if rate else None,
    )


def _listen(exchange: Exchange, model: str) -> TranscriptionRequest:
    query = _query(exchange)
    request = exchange.request
    media_type = request.headers.get("content-type", "audio/wav") if request else "audio/wav"
    return TranscriptionRequest(
        model=model,
        audio=AudioFile(data=request.body if request else b"?", media_type=media_type),
        language=query.get("language"),
        diarize="diarize_model" in query,
        params={name: value for name, value in query.items() if name not in _ALWAYS},
    )


# ---------------------------------------------------------------- Google
def _gemini(exchange: Exchange, model: str) -> SpeechRequest:
    body: dict[str, Any] = decoded(exchange.request.body) if exchange.request else {}
    speech = body["generationConfig"]["speechConfig"]
    return SpeechRequest(
        model=model,
        text=body["contents"][-1]["parts"][0]["text"],
        voice=speech["voiceConfig"]["prebuiltVoiceConfig"]["voiceName"],
        language=speech.get("languageCode"),
        format="pcm",
    )


def _is_gemini(exchange: Exchange) -> bool:
    return exchange.request is not None and bool(
        re.search(r"/models/[^/:]*-tts[^/:]*:\w*enerateContent$", exchange.path)
    )


VOICE_APIS: tuple[VoiceApi, ...] = (
    VoiceApi("elevenlabs", "eleven_multilingual_v2", _is_sound, _spoken),
    VoiceApi("elevenlabs", "scribe_v2", _replies("text", "words"), _heard),
    VoiceApi("deepgram", "aura-2", _at("/v1/speak"), _speak),
    VoiceApi("deepgram", "nova-3", _replies("results", "metadata"), _listen),
    VoiceApi("google", "gemini-3.8-flash-tts", _is_gemini, _gemini, frozenset({"model"})),
)
"""All of them."""


def body_of(exchange: Exchange, named: frozenset[str]) -> Any:
    """The recorded body as JSON, without what the address says already; None where it is none."""
    told = decoded(exchange.request.body) if exchange.request else None
    return {name: value for name, value in told.items() if name not in named} if isinstance(told, dict) else None


def written_of(document: bytes | None) -> Any:
    """A body that was written, as JSON; None where it is none."""
    try:
        return msgspec.json.decode(document or b"")
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
