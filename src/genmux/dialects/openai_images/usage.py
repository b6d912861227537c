"""Tokens and costs, both ways."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from genmux.dialects.openai_images.schema import TICKS
from genmux.types.content import Fields
from genmux.types.usage import (
    TOKENS_INPUT,
    TOKENS_INPUT_CACHED,
    TOKENS_INPUT_IMAGE,
    TOKENS_OUTPUT,
    TOKENS_OUTPUT_IMAGE,
    Usage,
)

IMAGES = "images.output"


def read_usage(told: Mapping[str, Any] | None, images: int) -> Usage:
    """What was used up: tokens where the host tells them, the number of pictures where it does not.

    Both together would be billed twice. Where it is not told which tokens of the output are words, all are the picture's.
    """
    told = told or {}
    spent, details = _count(told, "output_tokens"), _table(told, "output_tokens_details")
    asked, entering = _count(told, "input_tokens"), _table(told, "input_tokens_details")
    meters = {
        TOKENS_INPUT: asked,
        TOKENS_INPUT_IMAGE: _count(entering, "image_tokens"),
        TOKENS_INPUT_CACHED: _count(entering, "cached_tokens"),
        TOKENS_OUTPUT: spent,
        TOKENS_OUTPUT_IMAGE: _count(details, "image_tokens") if details else spent,
    }
    counted: dict[str, int | float] = {meter: count for meter, count in meters.items() if count is not None}
    if not counted and images:
        counted[IMAGES] = images
    ticks = _count(told, "cost_in_usd_ticks")
    cost = None if ticks is None else Decimal(ticks) / TICKS
    return Usage(meters=counted, reported_cost=cost, raw=dict(told) or None)


def added(one: Mapping[str, Any] | None, other: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The counts of two pictures of one stream together."""
    if one is None or other is None:
        return dict(one or other or {}) or None
    merged: dict[str, Any] = {**one, **other}
    for name in one.keys() & other.keys():
        first, second = one[name], other[name]
        if isinstance(first, dict) and isinstance(second, dict):
            merged[name] = added(first, second)
        elif type(first) is int and type(second) is int:
            merged[name] = first + second
    return merged


def write_usage(usage: Usage | None) -> Fields | None:
    """The usage as official clients read it; None where no tokens are known."""
    count = None if usage is None else usage.count
    if count is None or (count(TOKENS_INPUT) is None and count(TOKENS_OUTPUT) is None):
        return None
    asked, spent = count(TOKENS_INPUT) or 0, count(TOKENS_OUTPUT) or 0
    shown, drawn = count(TOKENS_INPUT_IMAGE) or 0, count(TOKENS_OUTPUT_IMAGE) or 0
    entering = {"image_tokens": shown, "text_tokens": max(asked - shown, 0)}
    if (cached := count(TOKENS_INPUT_CACHED)) is not None:
        entering["cached_tokens"] = cached
    return {
        "input_tokens": asked,
        "input_tokens_details": entering,
        "output_tokens": spent,
        "output_tokens_details": {"image_tokens": drawn, "text_tokens": max(spent - drawn, 0)},
        "total_tokens": asked + spent,
    }


def _count(table: Mapping[str, Any], name: str) -> int | None:
    count = table.get(name)
    return count if type(count) is int and count >= 0 else None


def _table(told: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    table = told.get(name)
    return table if isinstance(table, dict) else {}
