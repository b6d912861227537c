"""Realtime sessions against recorded traffic."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from openai.types.realtime.realtime_server_event import RealtimeServerEvent
from pydantic import TypeAdapter

from genmux.contract.manifest import ModelSpec
from genmux.contract.model import Model
from genmux.contract.sessions import Codec
from genmux.dialects import gemini_live, openai_realtime
from genmux.dialects.openai_realtime import OpenAIRealtimeServer
from genmux.providers import xai as xai_provider
from genmux.types.realtime import SessionConfig
from genmux.types.realtime_events import RealtimeEvent, Unknown
from tests.recordings import Conversation, Message, conversations, needs_recordings

pytestmark = needs_recordings

HOSTS = ("openai", "azure", "azure-voice-live", "xai", "google", "pydantic-gateway")
GOOGLE = ("setup", "setupComplete")
OFFICIAL: TypeAdapter[Any] = TypeAdapter(RealtimeServerEvent)


def sessions() -> Iterator[Conversation]:
    for provider in HOSTS:
        yield from conversations(provider=provider)


def is_google(session: Conversation) -> bool:
    return any(key in frame.get("json", {}) for frame in session.frames for key in GOOGLE)


def codec_of(session: Conversation) -> Codec:
    dialect: Any = gemini_live if is_google(session) else openai_realtime
    model = Model(provider="p", id="m", wire_id="m", spec=ModelSpec())
    codec: Codec = dialect.client({}).open(SessionConfig(), model)
    return codec


def payload(frame: Message) -> bytes:
    return msgspec.json.encode(frame["json"])


def events_of(session: Conversation) -> Iterator[RealtimeEvent]:
    codec = codec_of(session)
    for frame in session.frames:
        if frame.get("direction") == "received":
            yield from codec.receive(payload(frame))


def test_every_frame_is_understood() -> None:
    found = list(sessions())
    unknown = [(one.id, event.name) for one in found for event in events_of(one) if isinstance(event, Unknown)]
    assert unknown == []
    assert len(found) >= 30


def test_every_frame_of_a_caller_is_accepted() -> None:
    accepted = 0
    for session in sessions():
        if is_google(session):
            continue
        server = OpenAIRealtimeServer()
        for frame in session.frames:
            if frame.get("direction") == "sent":
                assert server.accept(payload(frame)), session.id
                accepted += 1
    assert accepted > 200


def test_what_a_caller_is_told_is_what_the_official_client_expects() -> None:
    told = 0
    for session in sessions():
        server = OpenAIRealtimeServer()
        frames = [*server.greet("sess_1", "gpt-realtime")]
        frames += [frame for event in events_of(session) for frame in server.write(event)]
        for frame in frames:
            OFFICIAL.validate_json(frame)
        told += len(frames)
    assert told > 1_000


def test_settings_are_written_as_the_recording_client_wrote_them() -> None:
    xai = tomllib.loads((Path(xai_provider.__file__).with_name("manifest.toml")).read_text("utf-8"))
    options: dict[str, dict[str, Any]] = {
        "openai": {},
        "azure": {},
        "pydantic-gateway": {},
        "xai": xai["wires"]["realtime"]["options"],
        "azure-voice-live": {"form": "beta", "typed": False, "rates": True, "transcriber": "whisper-1"},
    }
    compared = 0
    for session in sessions():
        server = OpenAIRealtimeServer()
        for frame in session.frames:
            told = frame.get("json", {})
            if frame.get("direction") != "sent" or told.get("type") != "session.update":
                continue
            server.accept(payload(frame))
            wire = openai_realtime.client(options[session.provider])
            model = Model(provider="p", id="m", wire_id="m", spec=ModelSpec())
            (first,) = wire.open(server.config, model).opening()
            assert msgspec.json.decode(first)["session"] == told["session"], session.id
            compared += 1
    assert compared > 20
