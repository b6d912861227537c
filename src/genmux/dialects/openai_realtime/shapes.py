"""The objects of the dialect as official clients expect them: sessions, answers, items."""

from typing import Any

import msgspec

from genmux.dialects.openai_realtime.profile import USUAL, Profile
from genmux.dialects.openai_realtime.schema import Form, written_format
from genmux.dialects.openai_realtime.settings_write import SETTINGS, merge, write_session
from genmux.types.realtime import SessionConfig

Fields = dict[str, Any]

_PROFILES: dict[Form, Profile] = {"ga": Profile(), "beta": Profile(form="beta", typed=False)}
_UNSET: dict[Form, Fields] = {
    "ga": {"tool_choice": "auto", "tracing": None, "truncation": "auto", "prompt": None, "include": None},
    "beta": {"tool_choice": "auto", "speed": 1.0, "temperature": 0.8},
}
"""How a session is where nobody says otherwise."""

_DETECTION: Fields = {"type": "server_vad", "threshold": 0.5, "prefix_padding_ms": 300, "silence_duration_ms": 500}


class Part(msgspec.Struct):
    """A part of a message that is being written; what is `done` was told to be complete."""

    kind: str
    index: int
    words: str = ""
    heard: bool = False
    audio_done: bool = False
    words_done: bool = False


class Shown(msgspec.Struct, kw_only=True):
    """An item that the caller knows."""

    id: str
    kind: str = "message"
    role: str | None = None
    text: str | None = None
    response_id: str | None = None
    output_index: int = 0
    call_id: str | None = None
    name: str | None = None
    arguments: str = ""
    called: bool = False
    previous: str | None = None
    parts: dict[int, Part] = msgspec.field(default_factory=dict)
    heads: dict[int, str] = msgspec.field(default_factory=dict)
    done: bool = False


class Given(msgspec.Struct, kw_only=True):
    """An answer that is being given."""

    id: str
    items: list[Shown] = msgspec.field(default_factory=list)
    metadata: Any = None


def session_object(config: SessionConfig, form: Form, *, session: str, model: str) -> Fields:
    """A session, whole."""
    profile = _PROFILES[form]
    names = [name for name in SETTINGS if profile.place(name)]
    told = write_session(config, names, profile, USUAL)
    place: Any = told["audio"]["input"] if form == "ga" else told
    if config.turns is not None and place["turn_detection"] is not None and config.turns.kind == "server":
        place["turn_detection"] = {**_DETECTION, "idle_timeout_ms": None, **place["turn_detection"]}
    if form == "ga":
        place.setdefault("noise_reduction", None)
    given = {key: value for key, value in told.items() if value is not None or key not in _UNSET[form]}
    about: Fields = {"id": session, "object": "realtime.session", "model": model, "expires_at": None}
    return merge({**about, **_UNSET[form], **given}, config.extra)


def response_object(given: Given, config: SessionConfig, form: Form, *, conversation: str) -> Fields:
    """An answer without its end."""
    spoken = "audio" in config.modalities
    about: Fields = {
        "object": "realtime.response",
        "id": given.id,
        "status": "in_progress",
        "status_details": None,
        "output": [],
        "conversation_id": conversation,
        "max_output_tokens": config.max_output_tokens or "inf",
        "usage": None,
        "metadata": given.metadata,
    }
    sound = written_format(config.output, form)
    if form == "beta":
        modalities = ["text", "audio"] if spoken else ["text"]
        return about | {"modalities": modalities, "voice": config.voice, "output_audio_format": sound}
    return about | {
        "output_modalities": ["audio" if spoken else "text"],
        "audio": {"output": {"format": sound, "voice": config.voice}},
    }


def item_object(item: Shown, form: Form, status: str) -> Fields:
    """An item."""
    about: Fields = {"id": item.id, "object": "realtime.item", "type": item.kind, "status": status}
    if item.kind == "function_call":
        return about | {"name": item.name or "", "call_id": item.call_id or "", "arguments": item.arguments}
    if item.kind == "function_call_output":
        return about | {"call_id": item.call_id or "", "output": item.text or ""}
    return about | {"role": item.role or "assistant", "content": _contents(item, form)}


def part_object(part: Part) -> Fields:
    """A part, as events about parts name it."""
    return {"type": "audio", "transcript": part.words} if part.kind == "audio" else {"type": "text", "text": part.words}


def _contents(item: Shown, form: Form) -> list[Fields]:
    prefix = "output_" if form == "ga" else ""
    if item.parts:
        told = (part_object(part) for part in item.parts.values())
        return [{**part, "type": prefix + part["type"]} for part in told]
    if item.role == "assistant" or item.response_id:
        return [] if item.text is None else [{"type": f"{prefix}text", "text": item.text}]
    if item.text is None:
        return [{"type": "input_audio", "transcript": None}]
    return [{"type": "input_text", "text": item.text}]
