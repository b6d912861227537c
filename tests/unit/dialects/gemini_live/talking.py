"""A connection to talk over, for the tests of the dialect."""

from typing import Any

import msgspec

from genmux.contract.manifest import ModelSpec
from genmux.contract.model import Model
from genmux.contract.sessions import Resume
from genmux.dialects.gemini_live import client
from genmux.dialects.gemini_live.codec import GeminiLiveCodec
from genmux.types.realtime import Command, SessionConfig
from genmux.types.realtime_events import RealtimeEvent

BASE = "https://generativelanguage.googleapis.com/v1beta"
MODEL = Model(provider="p", id="m", wire_id="gemini-3.8-live", spec=ModelSpec(), base_url=BASE)
SOUND = {"inlineData": {"mimeType": "audio/pcm;rate=24000", "data": "AQI="}}


def opened(config: SessionConfig | None = None, resume: Resume | None = None, **options: Any) -> GeminiLiveCodec:
    return client(options).open(config or SessionConfig(), MODEL, resume)


def setup_of(codec: GeminiLiveCodec) -> Any:
    (frame,) = codec.opening()
    return msgspec.json.decode(frame)["setup"]


def said(codec: GeminiLiveCodec, command: Command) -> list[Any]:
    return [msgspec.json.decode(frame) for frame in codec.send(command)]


def heard(codec: GeminiLiveCodec, message: Any = None, /, **content: Any) -> list[RealtimeEvent]:
    """The events of a message, or of content of the conversation."""
    return list(codec.receive(msgspec.json.encode(message or {"serverContent": content})))


def kinds(events: list[RealtimeEvent]) -> list[str]:
    return [type(event).__name__ for event in events]


def spoken(**more: Any) -> dict[str, Any]:
    return {"modelTurn": {"parts": [SOUND]}, **more}
