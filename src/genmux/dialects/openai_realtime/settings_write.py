"""A session's settings as the provider wants them."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from genmux.contract.sessions import Capabilities, lacks
from genmux.dialects.openai_realtime.profile import Profile
from genmux.dialects.openai_realtime.schema import MODES, Place, written_format, written_modalities
from genmux.types.audio import AudioFormat
from genmux.types.chat import Tool, ToolChoice
from genmux.types.realtime import SessionConfig, Transcribing, TurnDetection

ALWAYS = ("modalities", "input", "output")
"""What is told whenever a session is opened, though it be as usual."""

SETTINGS = (
    "instructions",
    "modalities",
    "voice",
    "speed",
    "temperature",
    "max_output_tokens",
    "input",
    "output",
    "turns",
    "transcription",
    "tools",
    "tool_choice",
)


def given(config: SessionConfig) -> tuple[str, ...]:
    """The settings that a config names, with those that are always told."""
    return tuple(name for name in SETTINGS if name in ALWAYS or getattr(config, name) not in (None, ()))


def write_session(
    config: SessionConfig, names: Iterable[str], profile: Profile, capabilities: Capabilities
) -> dict[str, Any]:
    """The session object with these settings. Raises MessageError for one that the host does not have."""
    session: dict[str, Any] = {"type": "realtime"} if profile.typed else {}
    for name in names:
        if name in ("params", "extra"):
            continue
        if name == "language" and profile.place(name) is None:
            _check_language(config, capabilities)
            continue
        value = _written(name, getattr(config, name), config, profile)
        place = profile.place(name)
        if place is not None:
            put(session, place, value)
        elif value is not None and (name not in ALWAYS or value == ["text"]):
            raise lacks(f"be told {name!r}", capabilities, instead="leave it out, or choose another model")
    if profile.rates and "input" in names:
        session["input_audio_sampling_rate"] = config.input.sample_rate
    return session


def merge(session: dict[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """The same with further fields, table by table; what is in `more` wins."""
    for key, value in more.items():
        inner = session.get(key)
        session[key] = merge(dict(inner), value) if isinstance(inner, dict) and isinstance(value, Mapping) else value
    return session


def put(session: dict[str, Any], place: Place, value: Any) -> None:
    """Set a value at its place."""
    for key in place[:-1]:
        session = session.setdefault(key, {})
    session[place[-1]] = value


def write_choice(choice: Any) -> Any:
    """Which tools may be chosen; what is no choice of ours goes as it is."""
    if not isinstance(choice, ToolChoice):
        return choice
    return choice.mode if choice.mode in MODES else {"type": "function", "name": choice.name}


def write_tool(tool: Tool) -> dict[str, Any]:
    """A tool; one that the provider runs itself goes as it is told in `extra`."""
    if tool.kind != "function":
        return {"type": tool.kind, **(tool.extra or {})}
    written: dict[str, Any] = {"type": "function", "name": tool.name}
    if tool.description is not None:
        written["description"] = tool.description
    written["parameters"] = tool.parameters or {"type": "object", "properties": {}}
    return {**written, **(tool.extra or {})}


def _written(name: str, value: Any, config: SessionConfig, profile: Profile) -> Any:
    write = _WRITERS.get(name)
    return value if write is None else write(value, config, profile)


def _format(value: AudioFormat, config: SessionConfig, profile: Profile) -> Any:
    del config
    return written_format(value, profile.form)


def _tools(value: tuple[Tool, ...], config: SessionConfig, profile: Profile) -> Any:
    del config, profile
    return [write_tool(tool) for tool in value]


def _choice(value: Any, config: SessionConfig, profile: Profile) -> Any:
    del config, profile
    return "auto" if value is None else write_choice(value)


def _voice(value: str | None, config: SessionConfig, profile: Profile) -> Any:
    del config
    if value is None or profile.voice_type is None or value in profile.plain_voices:
        return value
    return {"type": profile.voice_type, "name": value}


def _limit(value: int | None, config: SessionConfig, profile: Profile) -> Any:
    del config, profile
    return "inf" if value is None else value


def _modalities(value: tuple[str, ...], config: SessionConfig, profile: Profile) -> list[str]:
    del config
    return written_modalities(value, profile.form)


def _turns(turns: TurnDetection | None, config: SessionConfig, profile: Profile) -> dict[str, Any] | None:
    del config
    if turns is None or turns.kind in {"client", "local"}:
        return None if profile.manual == "null" else {"type": None}
    decided = {"create_response": turns.answers, "interrupt_response": turns.interrupts}
    if turns.kind == "semantic" and profile.semantic:
        told: dict[str, Any] = {"type": "semantic_vad", "eagerness": turns.eagerness}
    else:
        told = {
            "type": "server_vad",
            "threshold": turns.threshold,
            "prefix_padding_ms": turns.prefix_ms,
            "silence_duration_ms": turns.silence_ms,
            "idle_timeout_ms": turns.idle_ms,
        }
    return {key: value for key, value in told.items() if value is not None} | decided


def _transcription(told: Transcribing | None, config: SessionConfig, profile: Profile) -> dict[str, Any] | None:
    if told is None:
        return None
    written = {
        "model": told.model or profile.transcriber,
        "language": told.language or config.language,
        "prompt": told.prompt,
    }
    return {key: value for key, value in written.items() if value}


def _check_language(config: SessionConfig, capabilities: Capabilities) -> None:
    """The language goes along with the transcription; the model itself cannot be told."""
    if config.language is not None and config.transcription is None:
        raise lacks(
            f"be told to speak {config.language!r}",
            capabilities,
            instead="say it in the instructions, or set transcription",
        )


_WRITERS: dict[str, Callable[[Any, SessionConfig, Profile], Any]] = {
    "input": _format,
    "output": _format,
    "modalities": _modalities,
    "turns": _turns,
    "transcription": _transcription,
    "tools": _tools,
    "tool_choice": _choice,
    "voice": _voice,
    "max_output_tokens": _limit,
}
