"""Tokens, seconds and costs, both ways."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from genmux.types.content import Fields
from genmux.types.usage import TOKENS_INPUT, TOKENS_INPUT_AUDIO, TOKENS_OUTPUT, TOKENS_OUTPUT_AUDIO, Usage

SECONDS_INPUT = "seconds.input.audio"


def spoken_usage(told: Mapping[str, Any] | None) -> Usage:
    """What speech used: what goes out is sound, all of it."""
    if not told:
        return Usage()
    asked, made = _tokens(told)
    meters = {TOKENS_INPUT: asked, TOKENS_OUTPUT: made, TOKENS_OUTPUT_AUDIO: made}
    return _usage(meters, told)


def heard_usage(told: Mapping[str, Any] | None) -> Usage:
    """What a transcription used: tokens or seconds, as the host bills.

    Mistral does not count the sound among the `prompt_tokens`, but among the `total_tokens`.
    """
    if not told:
        return Usage()
    asked, written = _tokens(told)
    details = next((one for name in _DETAILS if isinstance(one := told.get(name), dict)), {})
    seconds = told.get("seconds") if told.get("type") == "duration" else told.get("prompt_audio_seconds")
    meters = {
        TOKENS_INPUT: asked,
        TOKENS_INPUT_AUDIO: _count(details, "audio_tokens"),
        TOKENS_OUTPUT: written,
        SECONDS_INPUT: seconds if type(seconds) in (int, float) else None,
    }
    return _usage(meters, told)


_DETAILS = ("input_token_details", "prompt_tokens_details")


def write_speech_usage(usage: Usage | None) -> Fields:
    """The usage at the end of streamed speech; official clients want all three counts."""
    asked, made = (0, 0) if usage is None else (usage.input or 0, usage.output or 0)
    return {"input_tokens": asked, "output_tokens": made, "total_tokens": asked + made}


def write_usage(usage: Usage, seconds: float | None) -> Fields | None:
    """The usage of a transcript, in tokens where those are known, else in seconds; None where neither is."""
    if usage.input is not None or usage.output is not None:
        asked, written = usage.input or 0, usage.output or 0
        audio = usage.count(TOKENS_INPUT_AUDIO)
        details: Fields = {}
        if audio is not None:
            details["input_token_details"] = {"text_tokens": max(asked - audio, 0), "audio_tokens": audio}
        total = {"output_tokens": written, "total_tokens": asked + written}
        return {"type": "tokens", "input_tokens": asked, **details, **total}
    heard = usage.meters.get(SECONDS_INPUT, seconds)
    return None if heard is None else {"type": "duration", "seconds": heard}


def _tokens(told: Mapping[str, Any]) -> tuple[int | None, int | None]:
    """What goes in, and what comes out."""
    asked = _first(told, "input_tokens", "prompt_tokens")
    made = _first(told, "output_tokens", "completion_tokens")
    total = _count(told, "total_tokens")
    if total is not None and made is not None and total >= made:
        asked = max(asked or 0, total - made)
    return asked, made


def _usage(meters: Mapping[str, int | float | None], told: Mapping[str, Any]) -> Usage:
    counted = {meter: count for meter, count in meters.items() if count is not None}
    match told.get("cost"):
        case (int() | float()) as cost if type(cost) is not bool and cost >= 0:
            stated = Decimal(repr(cost))
        case _:
            stated = None
    return Usage(meters=counted, reported_cost=stated, raw=dict(told))


def _first(table: Mapping[str, Any], *names: str) -> int | None:
    return next((count for name in names if (count := _count(table, name)) is not None), None)


def _count(table: Mapping[str, Any], name: str) -> int | None:
    count = table.get(name)
    return count if type(count) is int and count >= 0 else None
