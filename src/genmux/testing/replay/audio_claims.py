"""Which exchanges are speech or transcripts in OpenAI's audio dialect, and which wire of which host reads them."""

from functools import cache
from typing import Any, Literal, NamedTuple

from genmux.dialects import load_dialect
from genmux.dialects.openai_audio import AudioDialect, AudioWire
from genmux.dialects.openai_audio.schema import SPEECH, TRANSLATIONS, Way
from genmux.services.registry import Registry
from genmux.testing.replay.recording import Exchange, RecordedReply

Does = Literal["text_to_speech", "transcribe"]

HOSTS = frozenset({"openai", "groq", "mistral"})
"""Providers whose sound is claimed where only the reply was kept; sound looks the same everywhere."""

TRANSCRIPTS = frozenset({f"{host}-stt" for host in HOSTS})
"""The labels of transcripts whose path was not kept."""

_SOUND = ("audio/", "application/octet-stream")


class AudioClaim(NamedTuple):
    """What an exchange is about, and at whose address."""

    does: Does
    provider: str
    way: Way = "transcriptions"

    @property
    def dialect(self) -> AudioDialect:
        """The dialect, both halves."""
        return load_dialect("openai_audio")

    def client(self, model: str) -> AudioWire:
        """The wire with which the provider is asked for this model; as OpenAI's, where the provider has none of its own."""
        return _wire(self.provider, self.does, model)


def audio_claim(exchange: Exchange) -> AudioClaim | None:
    """What an exchange is about; None where it is of no sound."""
    path, reply = exchange.path, exchange.reply
    if reply is None:
        return None
    if path:
        if not path.endswith(load_dialect("openai_audio").paths):
            return None
        way: Way = "translations" if path.endswith(TRANSLATIONS) else "transcriptions"
        return AudioClaim("text_to_speech" if path.endswith(SPEECH) else "transcribe", exchange.provider, way)
    if exchange.api in TRANSCRIPTS:
        return AudioClaim("transcribe", exchange.provider)
    return AudioClaim("text_to_speech", exchange.provider) if exchange.provider in HOSTS and _is_sound(reply) else None


def _is_sound(reply: RecordedReply) -> bool:
    return reply.body_b64 is not None and reply.http.headers.get("content-type", "").startswith(_SOUND)


@cache
def _wire(provider_id: str, does: Does, model: str) -> AudioWire:
    registry = Registry()
    options: dict[str, Any] = {"operation": does}
    if provider_id in registry.ids():
        manifest = registry.manifest(provider_id)
        own = {name: spec for name, spec in manifest.wires.items() if spec.dialect == "openai_audio"}
        spec = manifest.models.get(model)
        named = spec.operations.get(does) if spec is not None else None
        alike = (name for name, one in own.items() if one.options.get("operation", "text_to_speech") == does)
        name = named if named in own else next(alike, None)
        options = own[name].options if name is not None else options
    return load_dialect("openai_audio").client(options)
