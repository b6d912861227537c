"""The first message of Google's Live protocol, read."""

from collections.abc import Iterator, Mapping
from typing import Any

from genmux.contract.sessions import Resume
from genmux.testing.simulator.voice.realtime_speech import Hangup, Opened
from genmux.types.audio import AudioFormat
from genmux.types.chat import Tool
from genmux.types.realtime import SessionConfig, Transcribing, TurnDetection

HEARD = AudioFormat(sample_rate=16_000)
MADE = AudioFormat(sample_rate=24_000)
_BAD = 1007


def read_setup(setup: Mapping[str, Any]) -> Opened:
    """What is asked for. Raises Hangup for what cannot be read."""
    try:
        return Opened(
            config=_config(setup), model=str(setup.get("model", "")).removeprefix("models/"), resume=_resume(setup)
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Hangup(_BAD, f"the setup is not understood: {type(error).__name__}: {error}"[:120]) from error


def _config(setup: Mapping[str, Any]) -> SessionConfig:
    told = setup.get("systemInstruction")
    spoken = setup.get("generationConfig", {}).get("responseModalities", ["AUDIO"])
    return SessionConfig(
        instructions=None if told is None else "".join(part.get("text", "") for part in told["parts"]),
        modalities=("audio",) if "AUDIO" in spoken else ("text",),
        input=HEARD,
        output=MADE,
        turns=_turns(setup.get("realtimeInputConfig", {})),
        transcription=Transcribing() if "inputAudioTranscription" in setup else None,
        tools=tuple(_tools(setup.get("tools", []))),
    )


def _turns(told: Mapping[str, Any]) -> TurnDetection:
    heard = told.get("automaticActivityDetection", {})
    return TurnDetection(
        kind="client" if heard.get("disabled") else "server",
        silence_ms=heard.get("silenceDurationMs"),
        interrupts=told.get("activityHandling") != "NO_INTERRUPTION",
    )


def _tools(told: list[Mapping[str, Any]]) -> Iterator[Tool]:
    for several in told:
        for one in several.get("functionDeclarations", []):
            schema = one.get("parametersJsonSchema") or _lowered(one.get("parameters"))
            yield Tool(name=one["name"], description=one.get("description"), parameters=schema)


def _lowered(schema: Any) -> Any:
    """Google's own form of a schema has its types in capitals."""
    if isinstance(schema, dict):
        return {
            key: value.lower() if key == "type" and isinstance(value, str) else _lowered(value)
            for key, value in schema.items()
        }
    return [_lowered(one) for one in schema] if isinstance(schema, list) else schema


def _resume(setup: Mapping[str, Any]) -> Resume | None:
    handle = setup.get("sessionResumption", {}).get("handle")
    return Resume(handle=handle) if handle else None
