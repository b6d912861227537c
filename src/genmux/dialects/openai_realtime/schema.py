"""The names of the dialect: of what is set up, of sound, of what a message may be.

Two editions are spoken: the one of 2025-08 ("GA"), and the flat one before it ("beta"), which Azure Voice Live kept
(openai 3.54.0 `types/realtime` and `types/beta/realtime`; recorded sessions; read 2026-11-27).
"""

from collections.abc import Iterable
from typing import Any, Literal

from genmux.types.audio import AudioEncoding, AudioFormat

NAME = "openai_realtime"

Form = Literal["ga", "beta"]
Place = tuple[str, ...]

GA_PLACES: dict[str, Place] = {
    "instructions": ("instructions",),
    "modalities": ("output_modalities",),
    "voice": ("audio", "output", "voice"),
    "speed": ("audio", "output", "speed"),
    "max_output_tokens": ("max_output_tokens",),
    "input": ("audio", "input", "format"),
    "output": ("audio", "output", "format"),
    "turns": ("audio", "input", "turn_detection"),
    "transcription": ("audio", "input", "transcription"),
    "tools": ("tools",),
    "tool_choice": ("tool_choice",),
}
"""Where each setting stands in a session. There is no temperature any more."""

BETA_PLACES: dict[str, Place] = {
    "instructions": ("instructions",),
    "modalities": ("modalities",),
    "voice": ("voice",),
    "speed": ("speed",),
    "temperature": ("temperature",),
    "max_output_tokens": ("max_response_output_tokens",),
    "input": ("input_audio_format",),
    "output": ("output_audio_format",),
    "turns": ("turn_detection",),
    "transcription": ("input_audio_transcription",),
    "tools": ("tools",),
    "tool_choice": ("tool_choice",),
}
"""The same before."""

PLACES: dict[Form, dict[str, Place]] = {"ga": GA_PLACES, "beta": BETA_PLACES}

GA_FORMATS: dict[str, AudioEncoding] = {"audio/pcm": "pcm", "audio/pcmu": "pcmu", "audio/pcma": "pcma"}
BETA_FORMATS: dict[str, AudioEncoding] = {"pcm16": "pcm", "g711_ulaw": "pcmu", "g711_alaw": "pcma"}
_GA_NAMES = {encoding: name for name, encoding in GA_FORMATS.items()}
_BETA_NAMES = {encoding: name for name, encoding in BETA_FORMATS.items()}

RATE = 24_000
TELEPHONE_RATE = 8_000

MODES = ("auto", "required", "none")
"""Of choosing tools."""


def written_format(audio: AudioFormat, form: Form) -> Any:
    """A format as a session names it."""
    if form == "beta":
        return _BETA_NAMES.get(audio.encoding, audio.encoding)
    named: dict[str, Any] = {"type": _GA_NAMES.get(audio.encoding, audio.media_type)}
    if audio.encoding == "pcm":
        named["rate"] = audio.sample_rate
    return named


def written_modalities(wanted: Iterable[str], form: Form) -> list[str]:
    """What is answered with. Sound always comes with its words; to ask for both is refused, but the flat form asked so."""
    if "audio" not in wanted:
        return ["text"]
    return ["text", "audio"] if form == "beta" else ["audio"]


def read_format(told: Any) -> AudioFormat | None:
    """A format as a session names it, None for one that is not known."""
    if isinstance(told, str):
        encoding, rate = BETA_FORMATS.get(told) or GA_FORMATS.get(told), None
    elif isinstance(told, dict):
        encoding, rate = GA_FORMATS.get(str(told.get("type"))), told.get("rate")
    else:
        return None
    if encoding is None:
        return None
    usual = RATE if encoding == "pcm" else TELEPHONE_RATE
    return AudioFormat(encoding=encoding, sample_rate=rate if type(rate) is int and rate > 0 else usual)
