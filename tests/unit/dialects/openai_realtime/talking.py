"""A connection to talk over, for the tests of the dialect."""

from typing import Any

import msgspec

from genmux.contract.manifest import ModelSpec
from genmux.contract.model import Model
from genmux.contract.sessions import Frame, Resume
from genmux.dialects.openai_realtime import client
from genmux.dialects.openai_realtime.codec import OpenAIRealtimeCodec
from genmux.types.realtime import Command, SessionConfig
from genmux.types.realtime_events import RealtimeEvent

MODEL = Model(provider="p", id="m", wire_id="gpt-realtime", spec=ModelSpec())


def opened(config: SessionConfig | None = None, resume: Resume | None = None, **options: Any) -> OpenAIRealtimeCodec:
    return client(options).open(config or SessionConfig(), MODEL, resume)


def read(frame: Frame) -> Any:
    return msgspec.json.decode(frame)


def session_of(codec: OpenAIRealtimeCodec) -> Any:
    return read(codec.opening()[0])["session"]


def said(codec: OpenAIRealtimeCodec, command: Command) -> list[Any]:
    """The frames of a command, without their ids."""
    return [{key: value for key, value in read(frame).items() if key != "event_id"} for frame in codec.send(command)]


def heard(codec: OpenAIRealtimeCodec, kind: str, **fields: Any) -> list[RealtimeEvent]:
    return list(codec.receive(msgspec.json.encode({"type": kind, "event_id": "event_1", **fields})))
