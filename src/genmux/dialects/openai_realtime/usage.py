"""From the dialect's usage objects to meters, and back."""

from collections.abc import Iterator
from typing import Any

from genmux.types.usage import (
    TOKENS_INPUT,
    TOKENS_INPUT_AUDIO,
    TOKENS_INPUT_CACHED,
    TOKENS_INPUT_IMAGE,
    TOKENS_OUTPUT,
    TOKENS_OUTPUT_AUDIO,
    TOKENS_OUTPUT_REASONING,
    Usage,
)

TOKENS_INPUT_CACHED_AUDIO = "tokens.input.cached.audio"
TOKENS_INPUT_CACHED_IMAGE = "tokens.input.cached.image"
SECONDS_INPUT_AUDIO = "seconds.input.audio"
SECONDS_OUTPUT_AUDIO = "seconds.output.audio"

_IN, _OUT, _CACHED = "input_token_details", "output_token_details", "cached_tokens_details"

PATHS: dict[tuple[str, ...], str] = {
    ("input_tokens",): TOKENS_INPUT,
    ("output_tokens",): TOKENS_OUTPUT,
    (_IN, "audio_tokens"): TOKENS_INPUT_AUDIO,
    (_IN, "image_tokens"): TOKENS_INPUT_IMAGE,
    (_IN, "cached_tokens"): TOKENS_INPUT_CACHED,
    (_IN, _CACHED, "audio_tokens"): TOKENS_INPUT_CACHED_AUDIO,
    (_IN, _CACHED, "image_tokens"): TOKENS_INPUT_CACHED_IMAGE,
    (_OUT, "audio_tokens"): TOKENS_OUTPUT_AUDIO,
    (_OUT, "reasoning_tokens"): TOKENS_OUTPUT_REASONING,
    ("output_audio_seconds",): SECONDS_OUTPUT_AUDIO,  # xAI
    ("seconds",): SECONDS_INPUT_AUDIO,  # of a transcription that is billed by time
}
"""Where each quantity is told. Text is what remains."""


def read_usage(told: Any) -> Usage | None:
    """The meters of a usage object; None where it tells nothing."""
    if not isinstance(told, dict) or not told:
        return None
    meters = dict(_counts(told))
    return Usage(meters=meters, raw=told) if meters else None


def _counts(told: dict[str, Any]) -> Iterator[tuple[str, int | float]]:
    for path, meter in PATHS.items():
        value: Any = told
        for key in path:
            value = value.get(key) if isinstance(value, dict) else None
        # a child of nought says nothing that its parent does not
        if type(value) in (int, float) and (
            value > 0 or (value == 0 and len(path) == 1 and path[0].endswith("_tokens"))
        ):
            yield meter, value


def write_usage(usage: Usage | None) -> dict[str, Any] | None:
    """The usage of a response, with all fields that official clients read; None when nothing is known."""
    if usage is None or (usage.input is None and usage.output is None):
        return None
    count = usage.count
    asked, answered = usage.input or 0, usage.output or 0
    sound, pictures, spoken = (count(m) or 0 for m in (TOKENS_INPUT_AUDIO, TOKENS_INPUT_IMAGE, TOKENS_OUTPUT_AUDIO))
    cached, old_sound, old_pictures = (
        count(meter) or 0 for meter in (TOKENS_INPUT_CACHED, TOKENS_INPUT_CACHED_AUDIO, TOKENS_INPUT_CACHED_IMAGE)
    )
    leaving: dict[str, Any] = {"text_tokens": max(answered - spoken, 0), "audio_tokens": spoken}
    if (reasoned := count(TOKENS_OUTPUT_REASONING)) is not None:
        leaving["reasoning_tokens"] = reasoned
    document: dict[str, Any] = {
        "total_tokens": asked + answered,
        "input_tokens": asked,
        "output_tokens": answered,
        _IN: {
            "text_tokens": max(asked - sound - pictures, 0),
            "audio_tokens": sound,
            "image_tokens": pictures,
            "cached_tokens": cached,
            _CACHED: {
                "text_tokens": max(cached - old_sound - old_pictures, 0),
                "audio_tokens": old_sound,
                "image_tokens": old_pictures,
            },
        },
        _OUT: leaving,
    }
    if (seconds := usage.meters.get(SECONDS_OUTPUT_AUDIO)) is not None:
        document["output_audio_seconds"] = seconds
    return document


def write_transcript_usage(usage: Usage | None) -> dict[str, Any]:
    """The usage of a transcription, which official clients expect always; of nothing, where nothing is known."""
    seconds = usage.meters.get(SECONDS_INPUT_AUDIO) if usage else None
    if usage is None or (seconds is not None and usage.input is None):
        return {"type": "duration", "seconds": seconds or 0}
    asked, answered = usage.input or 0, usage.output or 0
    sound = usage.count(TOKENS_INPUT_AUDIO) or 0
    return {
        "type": "tokens",
        "total_tokens": asked + answered,
        "input_tokens": asked,
        "output_tokens": answered,
        _IN: {"text_tokens": max(asked - sound, 0), "audio_tokens": sound},
    }
