"""What genmux says beside the dialect: of a session what it can do, of an answer what it did cost."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from genmux.contract.beside import BESIDE, Spent, with_spent
from genmux.contract.sessions import Capabilities
from genmux.types.errors import MessageError
from genmux.types.realtime_events import (
    GenerationComplete,
    Idle,
    InputTranscriptDelta,
    RealtimeEvent,
    SpeechDismissed,
    SpeechSuspected,
    ToolCallsCancelled,
    UsageReported,
)
from genmux.types.usage import Usage
from genmux.types.warning import Warning  # noqa: A004 — see genmux.types.warning

EVENT = "genmux.event"
"""The type of frames with events that the dialect has no word for; only those hear them who ask for `events`."""

Wordless = (
    SpeechSuspected
    | SpeechDismissed
    | ToolCallsCancelled
    | InputTranscriptDelta
    | UsageReported
    | GenerationComplete
    | Idle
)
"""Such events. Of pieces of a transcript, those that may still change."""


class AboutSession(msgspec.Struct, frozen=True, kw_only=True):
    """Of a session: what it can do."""

    capabilities: Capabilities


class _Updated(msgspec.Struct):
    genmux: AboutSession


class _Told(msgspec.Struct):
    event: Wordless


class _Done(msgspec.Struct):
    genmux: Spent


def about_session(able: Capabilities, warnings: Iterable[Warning]) -> dict[str, Any]:
    """What a caller is told of its session."""
    told = {"capabilities": msgspec.to_builtins(able, order="deterministic")}
    left_out = [str(one) for one in warnings]
    return {**told, "warnings": left_out} if left_out else told


def read_capabilities(frame: str | bytes) -> Capabilities | None:
    """What a gateway says that its session can do; None where it does not."""
    try:
        return msgspec.json.decode(frame, type=_Updated).genmux.capabilities
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None


def read_used(frame: str | bytes, usage: Usage | None) -> Usage | None:
    """The usage of an answer with what a gateway says of it: all meters, and what it did cost."""
    try:
        told = msgspec.json.decode(frame, type=_Done).genmux
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return usage
    return with_spent(usage, told)


def read_event(frame: str | bytes) -> RealtimeEvent | None:
    """An event that the dialect has no word for; None for a frame that is none."""
    try:
        return msgspec.json.decode(frame, type=_Told).event
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None


def wants_events(session: Mapping[str, Any]) -> bool:
    """Whether a caller asks for them in its settings."""
    told = session.get(BESIDE)
    return isinstance(told, dict) and told.get("events") is True


def read_params(told: Any) -> Mapping[str, Any]:
    """Settings of the provider's own that a caller gives. Raises MessageError."""
    if told is None:
        return {}
    params = told.get("params") if isinstance(told, dict) else told
    if params is not None and not isinstance(params, dict):
        message = f"session.{BESIDE}.params must be an object with the provider's own settings"
        raise MessageError(message, param=f"session.{BESIDE}.params")
    return params or {}
