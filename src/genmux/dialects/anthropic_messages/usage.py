"""What was consumed: the provider's usage object and our meters.

Anthropic counts cached tokens beside `input_tokens`; our `tokens.input` includes them
(platform.claude.com/docs/en/build-with-claude/prompt-caching, 2026-11).
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from genmux.types.content import Fields
from genmux.types.usage import (
    CALLS_WEB_SEARCH,
    TOKENS_INPUT,
    TOKENS_INPUT_CACHE_WRITE,
    TOKENS_INPUT_CACHE_WRITE_1H,
    TOKENS_INPUT_CACHED,
    TOKENS_OUTPUT,
    TOKENS_OUTPUT_REASONING,
    Usage,
)

_TIERS = {"standard": "standard", "priority": "priority", "batch": "batch", "default": "standard"}
"""The service tiers that a reply of this dialect can name, by every dialect's word for them."""

_COUNTS = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "output_tokens")


def read_usage(raw: Fields) -> Usage:
    """Meters of a usage object. What it does not say stays unsaid; a price that the provider states is kept."""
    meters: dict[str, int | float] = {}
    fresh = _count(raw, "input_tokens")
    written = _count(raw, "cache_creation_input_tokens")
    cached = _count(raw, "cache_read_input_tokens")
    if not (fresh is None and written is None and cached is None):
        meters[TOKENS_INPUT] = (fresh or 0) + (written or 0) + (cached or 0)
    _set(meters, TOKENS_INPUT_CACHED, cached)
    _set(meters, TOKENS_INPUT_CACHE_WRITE, written)
    _set(meters, TOKENS_INPUT_CACHE_WRITE_1H, _count(raw.get("cache_creation"), "ephemeral_1h_input_tokens") or None)
    _set(meters, TOKENS_OUTPUT, _count(raw, "output_tokens"))
    _set(meters, TOKENS_OUTPUT_REASONING, _count(raw.get("output_tokens_details"), "thinking_tokens"))
    _set(meters, CALLS_WEB_SEARCH, _count(raw.get("server_tool_use"), "web_search_requests") or None)
    cost: Any = raw.get("cost")
    stated = Decimal(str(cost)) if type(cost) in (int, float) and cost >= 0 else None
    return Usage(meters=meters, reported_cost=stated, raw=raw)


def write_usage(usage: Usage, *, own: bool, service_tier: str | None = None) -> Fields:
    """The usage object for our meters; `own` says that the provider's is of this dialect and can be given on."""
    if own and (usage.raw is not None or not usage.meters):
        return {"input_tokens": 0, "output_tokens": 0, **(usage.raw or {})}
    meters = usage.meters
    written, long_written = _whole(meters, TOKENS_INPUT_CACHE_WRITE), _whole(meters, TOKENS_INPUT_CACHE_WRITE_1H)
    cached = _whole(meters, TOKENS_INPUT_CACHED)
    fields: Fields = {
        "input_tokens": max(_whole(meters, TOKENS_INPUT) - cached - written, 0),
        "cache_creation_input_tokens": written,
        "cache_read_input_tokens": cached,
        "output_tokens": _whole(meters, TOKENS_OUTPUT),
    }
    if written:
        short_written = max(written - long_written, 0)
        fields["cache_creation"] = {
            "ephemeral_1h_input_tokens": long_written,
            "ephemeral_5m_input_tokens": short_written,
        }
    if TOKENS_OUTPUT_REASONING in meters:
        fields["output_tokens_details"] = {"thinking_tokens": _whole(meters, TOKENS_OUTPUT_REASONING)}
    if CALLS_WEB_SEARCH in meters:
        fields["server_tool_use"] = {"web_fetch_requests": 0, "web_search_requests": _whole(meters, CALLS_WEB_SEARCH)}
    if service_tier in _TIERS:
        fields["service_tier"] = _TIERS[service_tier]
    return fields


def add_usage(told: Fields, more: Fields) -> Fields:
    """Both usage objects of a stream together: later counts are totals and replace earlier ones, a null replaces nothing."""
    return {**told, **{key: value for key, value in more.items() if value is not None or key not in told}}


def final_usage(whole: Fields, told: Fields) -> Fields:
    """The usage object for the end of a stream, at whose start `told` was said: the counts, and what is new."""
    return {key: value for key, value in whole.items() if key in _COUNTS or key not in told or told[key] != value}


def service_tier_of(raw: Fields) -> str | None:
    """The tier that served the request."""
    tier = raw.get("service_tier")
    return tier if isinstance(tier, str) else None


def _count(table: Any, key: str) -> int | None:
    """A count; one that is no whole number, or below nought, says nothing."""
    value: Any = table.get(key) if type(table) is dict else None
    if type(value) is int or (type(value) is float and value.is_integer()):
        return int(value) if value >= 0 else None
    return None


def _set(meters: dict[str, int | float], meter: str, quantity: int | None) -> None:
    if quantity is not None:
        meters[meter] = quantity


def _whole(meters: Mapping[str, int | float], meter: str) -> int:
    return int(meters.get(meter, 0))
