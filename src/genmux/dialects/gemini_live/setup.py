"""The first message of a session, and what of it can be changed later."""

from collections.abc import Mapping
from typing import Any

from genmux.contract.model import Model
from genmux.contract.sessions import Capabilities, Resume, lacks
from genmux.dialects.gemini_live.profile import Profile
from genmux.dialects.gemini_live.schema import NAME
from genmux.dialects.gemini_live.tools import write_tools
from genmux.types.chat import ToolChoice
from genmux.types.realtime import SessionConfig, Transcribing, TurnDetection

Fields = dict[str, Any]

MUTABLE = ("instructions", "tools")
"""What a session takes while it lasts; all else is for its setup only."""

_EAGERNESS = {"low": "END_SENSITIVITY_LOW", "high": "END_SENSITIVITY_HIGH"}
_SENSITIVE = 0.5
"""A threshold below this hears speech easily; there are only two words for it."""


def write_setup(
    config: SessionConfig, model: Model, resume: Resume | None, profile: Profile, capabilities: Capabilities
) -> Fields:
    """The setup. Raises MessageError for what there is no word for.

    What the user says is written down by the model itself, so that a transcription's own model is not told.
    """
    _check(config, capabilities)
    wanted = "audio" if "audio" in config.modalities else "text"
    if wanted not in profile.modalities:
        raise lacks(f"answer with {wanted}", capabilities, instead=f"ask for {' or '.join(profile.modalities)}")
    setup: Fields = {"generationConfig": _generation(config)}
    if config.instructions is not None:
        setup["systemInstruction"] = instruction(config.instructions)
    if config.tools:
        setup["tools"] = write_tools(config.tools)
    if config.turns is not None:
        setup["realtimeInputConfig"] = _turns(config.turns)
    if config.transcription is not None:
        setup["inputAudioTranscription"] = _transcription(config.transcription, config.language)
    if "audio" in config.modalities:
        setup["outputAudioTranscription"] = {}
    if capabilities.resumable:
        handle = resume.handle if resume else None
        setup["sessionResumption"] = {"handle": handle} if handle else {}
    if profile.compress:
        setup["contextWindowCompression"] = {"slidingWindow": {}}
    own = config.extra if config.dialect == NAME else {}
    named = {"model": profile.model_prefix + model.wire_id.removeprefix(profile.model_prefix)}
    return {**merge(merge(merge(setup, profile.defaults), own), config.params), **named}


def context_update(config: SessionConfig, names: tuple[str, ...]) -> Fields:
    """New instructions and tools."""
    update: Fields = {}
    if "instructions" in names:
        update["systemInstruction"] = instruction(config.instructions or "")
    if "tools" in names:
        update["tools"] = {"tools": write_tools(config.tools)}
    return {"contextUpdate": update}


def instruction(text: str) -> Fields:
    """What the model is to be."""
    return {"parts": [{"text": text}]}


def merge(fields: Fields, more: Mapping[str, Any]) -> Fields:
    """The same with further fields, table by table; what is in `more` wins."""
    for key, value in more.items():
        inner = fields.get(key)
        fields[key] = merge(dict(inner), value) if isinstance(inner, dict) and isinstance(value, Mapping) else value
    return fields


def _check(config: SessionConfig, capabilities: Capabilities) -> None:
    choice = config.tool_choice.mode if isinstance(config.tool_choice, ToolChoice) else config.tool_choice
    if choice not in (None, "auto"):
        raise lacks(
            "be told which tool to choose", capabilities, instead="leave tool_choice out, or say it in the instructions"
        )
    if config.speed is not None:
        raise lacks("be told a speed", capabilities, instead="leave speed out, or say it in the instructions")
    if config.transcription is not None and config.transcription.prompt is not None:
        raise lacks("be given a prompt for the transcription", capabilities, instead="leave it out")
    turns = config.turns
    if turns is not None and not turns.answers and turns.kind not in {"client", "local"}:
        raise lacks("listen without answering", capabilities, instead='use turns of kind "client"')


def _generation(config: SessionConfig) -> Fields:
    spoken = "audio" in config.modalities
    generation: Fields = {"responseModalities": ["AUDIO" if spoken else "TEXT"]}
    if config.temperature is not None:
        generation["temperature"] = config.temperature
    if config.max_output_tokens is not None:
        generation["maxOutputTokens"] = config.max_output_tokens
    speech: Fields = {}
    if config.voice is not None:
        speech["voiceConfig"] = {"prebuiltVoiceConfig": {"voiceName": config.voice}}
    if config.language is not None:
        speech["languageCode"] = config.language
    return {**generation, "speechConfig": speech} if speech else generation


def _turns(turns: TurnDetection) -> Fields:
    handling = {} if turns.interrupts else {"activityHandling": "NO_INTERRUPTION"}
    if turns.kind in {"client", "local"}:
        return {"automaticActivityDetection": {"disabled": True}, **handling}
    sensitivity = None
    if turns.threshold is not None:
        sensitivity = f"START_SENSITIVITY_{'HIGH' if turns.threshold < _SENSITIVE else 'LOW'}"
    told = {
        "startOfSpeechSensitivity": sensitivity,
        "endOfSpeechSensitivity": _EAGERNESS.get(turns.eagerness or ""),
        "prefixPaddingMs": turns.prefix_ms,
        "silenceDurationMs": turns.silence_ms,
    }
    return {"automaticActivityDetection": {key: value for key, value in told.items() if value is not None}, **handling}


def _transcription(told: Transcribing, language: str | None) -> Fields:
    spoken = told.language or language
    return {"languageCodes": [spoken]} if spoken else {}
