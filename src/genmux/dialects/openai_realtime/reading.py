"""Frames of a provider, read."""

from collections.abc import Iterable
from typing import Any

import msgspec

from genmux.dialects.openai_realtime.heard_items import ItemMessage
from genmux.dialects.openai_realtime.heard_responses import AnswerMessage
from genmux.dialects.openai_realtime.heard_session import SessionMessage
from genmux.dialects.openai_realtime.memory import Memory
from genmux.types.realtime_events import RealtimeEvent, Unknown

_DECODE = msgspec.json.Decoder(AnswerMessage | ItemMessage | SessionMessage).decode
_LONGEST_NAME = 100


def read_frame(frame: str | bytes, memory: Memory) -> Iterable[RealtimeEvent]:
    """What a frame says; one that is not understood is `Unknown`."""
    try:
        message = _DECODE(frame)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return (Unknown(name=_name(frame)),)
    return message.events(memory)


def _name(frame: str | bytes) -> str:
    """The provider's word for a message that was not understood."""
    try:
        told: Any = msgspec.json.decode(frame)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return "not JSON"
    name = told.get("type") if isinstance(told, dict) else None
    return name[:_LONGEST_NAME] if isinstance(name, str) else "no type"
