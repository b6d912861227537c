"""From `usageMetadata` to meters."""

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

TOKENS_INPUT_VIDEO = "tokens.input.video"
TOKENS_INPUT_CACHED_AUDIO = "tokens.input.cached.audio"

_INPUT = ("promptTokenCount", "toolUsePromptTokenCount")
_OUTPUT = ("responseTokenCount", "candidatesTokenCount", "thoughtsTokenCount")
"""Vertex says `candidates` where the Gemini API says `response`. The total leaves thoughts out; that they are billed like the
rest of the output is told of the other interfaces, not of this one (2026-11-27, not verified)."""

_KINDS: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (("promptTokensDetails", "toolUsePromptTokensDetails"), "AUDIO", TOKENS_INPUT_AUDIO),
    (("promptTokensDetails", "toolUsePromptTokensDetails"), "IMAGE", TOKENS_INPUT_IMAGE),
    (("promptTokensDetails", "toolUsePromptTokensDetails"), "VIDEO", TOKENS_INPUT_VIDEO),
    (("cacheTokensDetails",), "AUDIO", TOKENS_INPUT_CACHED_AUDIO),
    (("responseTokensDetails", "candidatesTokensDetails"), "AUDIO", TOKENS_OUTPUT_AUDIO),
)


def read_usage(told: Any) -> Usage | None:
    """The meters; None where nothing is told."""
    if not isinstance(told, dict) or not told:
        return None
    meters: dict[str, int | float] = {}
    for names, meter in ((_INPUT, TOKENS_INPUT), (_OUTPUT, TOKENS_OUTPUT)):
        if (total := _sum(told, names)) is not None:
            meters[meter] = total
    for name, meter in (
        ("cachedContentTokenCount", TOKENS_INPUT_CACHED),
        ("thoughtsTokenCount", TOKENS_OUTPUT_REASONING),
    ):
        if count := _sum(told, (name,)):
            meters[meter] = count
    for names, modality, meter in _KINDS:
        if count := sum(_share(told.get(name), modality) for name in names):
            meters[meter] = count
    return Usage(meters=meters, raw=told) if meters else None


def together(*several: Usage | None) -> Usage | None:
    """The sum of what is known; the provider's own words stay only where there is but one."""
    known = [one for one in several if one is not None]
    if len(known) < 2:
        return next(iter(known), None)
    meters: dict[str, int | float] = {}
    for one in known:
        for meter, quantity in one.meters.items():
            meters[meter] = meters.get(meter, 0) + quantity
    return Usage(meters=meters)


def _sum(told: dict[str, Any], names: tuple[str, ...]) -> int | None:
    known = [count for name in names if type(count := told.get(name)) is int and count >= 0]
    return sum(known) if known else None


def _share(details: Any, modality: str) -> int:
    if not isinstance(details, list):
        return 0
    counts = [one.get("tokenCount") for one in details if isinstance(one, dict) and one.get("modality") == modality]
    return sum(count for count in counts if type(count) is int and count > 0)
