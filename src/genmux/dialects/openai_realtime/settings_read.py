"""A caller's settings, in either form, as ours."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from genmux.contract.beside import BESIDE
from genmux.dialects.openai_realtime.beside import read_params
from genmux.dialects.openai_realtime.schema import MODES, PLACES, Place, read_format
from genmux.types.audio import AudioFormat
from genmux.types.chat import Tool, ToolChoice
from genmux.types.errors import MessageError
from genmux.types.realtime import SessionConfig, Transcribing, TurnDetection

READ_ONLY = frozenset({"type", "id", "object", "model", "expires_at", "client_secret", "input_audio_sampling_rate"})
"""What of a session is told to a caller, and may come back unchanged."""


_SPOTS = (*PLACES["ga"].items(), *PLACES["beta"].items(), ("language", ("language",)))
"""Where each setting may stand: hosts of the new form have some where the old one has them. A language has no place in either."""


class _Detection(msgspec.Struct):
    """Of turns. What is left out is as it usually is, not as it was."""

    type: str | None = "server_vad"
    threshold: float | None = None
    prefix_padding_ms: int | None = None
    silence_duration_ms: int | None = None
    idle_timeout_ms: int | None = None
    eagerness: str | None = None
    create_response: bool | None = None
    interrupt_response: bool | None = None


class _Transcription(msgspec.Struct):
    model: str | None = None
    language: str | None = None
    prompt: str | None = None


def read_session(told: Any, config: SessionConfig) -> tuple[SessionConfig, tuple[str, ...]]:
    """The config with what a caller has changed, and the names of what is different. Raises MessageError that names the field.

    Fields that we have no word for are settings of this dialect, in their place. Under `genmux` stand those that are meant for
    the provider whichever dialect it speaks (`params`).
    """
    if not isinstance(told, dict):
        raise fault("session", "must be an object with the settings that change")
    if told.get("type") not in (None, "realtime"):
        raise fault("session.type", f"is {told['type']!r}; only sessions of the type 'realtime' are served here")
    rest = _copied(told)
    changed: dict[str, Any] = {}
    for name, place in _SPOTS:
        found, value = _taken(rest, place)
        if found:
            changed[name] = _READERS[name](value, f"session.{'.'.join(place)}")
    changed["params"] = _merged(config.params, read_params(rest.pop(BESIDE, None)))
    changed["extra"] = _merged(config.extra, {key: value for key, value in rest.items() if key not in READ_ONLY})
    different = {name: value for name, value in changed.items() if value != getattr(config, name)}
    return msgspec.structs.replace(config, **different), tuple(different)


def fault(place: str, what: str) -> MessageError:
    """The error for a field."""
    return MessageError(f"{place} {what}", param=place)


def _copied(told: dict[str, Any]) -> dict[str, Any]:
    return {key: _copied(value) if isinstance(value, dict) else value for key, value in told.items()}


def _taken(fields: dict[str, Any], place: Place) -> tuple[bool, Any]:
    """Take a value out of its place; whether there was one."""
    for key in place[:-1]:
        inner = fields.get(key)
        if not isinstance(inner, dict):
            return False, None
        fields = inner
    return (True, fields.pop(place[-1])) if place[-1] in fields else (False, None)


def _merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """The old fields with the new ones, table by table. What is null and was not there is not there; nor are empty tables."""
    merged = dict(old)
    for key, value in new.items():
        inner = merged.get(key)
        if isinstance(value, dict):
            value = _merged(inner if isinstance(inner, dict) else {}, value)  # noqa: PLW2901 — the same, merged
        if value not in (None, {}) or key in merged:
            merged[key] = value
    return merged


def read_as(value: Any, kind: Any, place: str) -> Any:
    """A value of a kind. Raises MessageError that says what it must be."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise fault(place, f"is not understood: {error}") from error


def _text(value: Any, place: str) -> str | None:
    return read_as(value, str | None, place)


def _number(value: Any, place: str) -> float | None:
    return read_as(value, float | None, place)


def _limit(value: Any, place: str) -> int | None:
    return None if value == "inf" else read_as(value, int | None, place)


def read_modalities(value: Any, place: str) -> tuple[str, ...]:
    """What is answered with. Sound always has its words."""
    names = read_as(value, list[str], place)
    if not names or not set(names) <= {"audio", "text"}:
        raise fault(place, f'is {names}; it must be ["audio"] or ["text"]')
    return ("audio",) if "audio" in names else ("text",)


def _format(value: Any, place: str) -> AudioFormat:
    known = read_format(value)
    if known is None:
        raise fault(place, f"is {value!r}; audio/pcm, audio/pcmu and audio/pcma are known")
    return known


def _turns(value: Any, place: str) -> TurnDetection:
    told = _Detection(type=None) if value is None else read_as(value, _Detection, place)
    answers, interrupts = told.create_response is not False, told.interrupt_response is not False
    if told.type is None or told.type == "none":
        return TurnDetection(kind="client", answers=False)
    if told.type == "semantic_vad":
        eager: Any = told.eagerness
        if eager not in (None, "low", "medium", "high", "auto"):
            raise fault(f"{place}.eagerness", f"is {eager!r}; it must be low, medium, high or auto")
        return TurnDetection(kind="semantic", eagerness=eager, answers=answers, interrupts=interrupts)
    if told.type not in {"server_vad", "azure_semantic_vad"}:
        raise fault(f"{place}.type", f"is {told.type!r}; it must be server_vad, semantic_vad, or null for none")
    return TurnDetection(
        threshold=told.threshold,
        prefix_ms=told.prefix_padding_ms,
        silence_ms=told.silence_duration_ms,
        idle_ms=told.idle_timeout_ms,
        answers=answers,
        interrupts=interrupts,
    )


def _transcription(value: Any, place: str) -> Transcribing | None:
    if value is None:
        return None
    told = read_as(value, _Transcription, place)
    return Transcribing(model=told.model, language=told.language, prompt=told.prompt)


def _voice(value: Any, place: str) -> str | None:
    if isinstance(value, dict):  # a voice of one's own, or one of a kind
        value = value.get("id") or value.get("name")
    return _text(value, place)


def read_tools(value: Any, place: str) -> tuple[Tool, ...]:
    """Functions; a tool that a provider runs itself keeps its fields."""
    tools = read_as(value if value is not None else [], list[dict[str, Any]], place)
    return tuple(_tool(one, f"{place}[{index}]") for index, one in enumerate(tools))


def _tool(told: dict[str, Any], place: str) -> Tool:
    kind = told.get("type", "function")
    if kind != "function":
        rest = {key: value for key, value in told.items() if key != "type"}
        return Tool(name=str(told.get("name") or told.get("server_label") or kind), kind=str(kind), extra=rest)
    if not isinstance(told.get("name"), str):
        raise fault(f"{place}.name", "is missing; every function has a name")
    known = {"name", "description", "parameters", "type"}
    extra = {key: value for key, value in told.items() if key not in known}
    parameters = told.get("parameters")
    if parameters is not None and not isinstance(parameters, dict):
        raise fault(f"{place}.parameters", "must be a JSON Schema")
    description = _text(told.get("description"), f"{place}.description")
    return Tool(name=told["name"], description=description, parameters=parameters, extra=extra or None)


def read_choice(value: Any, place: str) -> Any:
    """Which tools may be chosen; what is no choice of ours stays as it is."""
    if value is None:
        return None
    if isinstance(value, str):
        if value not in MODES:
            raise fault(place, f"is {value!r}; it must be {', '.join(MODES)} or name a function")
        return ToolChoice(read_as(value, Any, place))
    if isinstance(value, dict) and value.get("type") == "function" and isinstance(value.get("name"), str):
        return ToolChoice("tool", value["name"])
    return read_as(value, dict[str, Any], place)


_READERS: dict[str, Callable[[Any, str], Any]] = {
    "instructions": _text,
    "language": _text,
    "modalities": read_modalities,
    "voice": _voice,
    "speed": _number,
    "temperature": _number,
    "max_output_tokens": _limit,
    "input": _format,
    "output": _format,
    "turns": _turns,
    "transcription": _transcription,
    "tools": read_tools,
    "tool_choice": read_choice,
}
