"""From a host's usage object to meters and cost, and back."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from genmux.types.content import Fields
from genmux.types.usage import (
    CALLS_WEB_SEARCH,
    TOKENS_INPUT,
    TOKENS_INPUT_AUDIO,
    TOKENS_INPUT_CACHE_WRITE,
    TOKENS_INPUT_CACHE_WRITE_1H,
    TOKENS_INPUT_CACHED,
    TOKENS_INPUT_IMAGE,
    TOKENS_OUTPUT,
    TOKENS_OUTPUT_ACCEPTED_PREDICTION,
    TOKENS_OUTPUT_AUDIO,
    TOKENS_OUTPUT_IMAGE,
    TOKENS_OUTPUT_REASONING,
    TOKENS_OUTPUT_REJECTED_PREDICTION,
    Usage,
)

_PROMPT = "prompt_tokens_details"
_COMPLETION = "completion_tokens_details"

SOURCES: dict[str, tuple[str, ...]] = {
    TOKENS_INPUT: ("prompt_tokens",),
    TOKENS_INPUT_CACHED: (
        f"{_PROMPT}.cached_tokens",
        "prompt_cache_hit_tokens",  # DeepSeek
        "cached_tokens",  # Together, Moonshot
        "cache_read_input_tokens",  # Databricks, Venice
        "num_cached_tokens",  # Mistral
    ),
    TOKENS_INPUT_CACHE_WRITE: (f"{_PROMPT}.cache_write_tokens", "cache_creation_input_tokens"),
    TOKENS_INPUT_CACHE_WRITE_1H: ("cache_creation.ephemeral_1h_input_tokens",),
    TOKENS_INPUT_AUDIO: (f"{_PROMPT}.audio_tokens",),
    TOKENS_INPUT_IMAGE: (f"{_PROMPT}.image_tokens",),
    TOKENS_OUTPUT: ("completion_tokens",),
    TOKENS_OUTPUT_REASONING: (f"{_COMPLETION}.reasoning_tokens", "reasoning_tokens"),
    TOKENS_OUTPUT_AUDIO: (f"{_COMPLETION}.audio_tokens",),
    TOKENS_OUTPUT_IMAGE: (f"{_COMPLETION}.image_tokens",),
    TOKENS_OUTPUT_ACCEPTED_PREDICTION: (f"{_COMPLETION}.accepted_prediction_tokens",),
    TOKENS_OUTPUT_REJECTED_PREDICTION: (f"{_COMPLETION}.rejected_prediction_tokens",),
    CALLS_WEB_SEARCH: ("num_search_queries", "server_tool_use_details.web_search_requests"),
}
"""Where hosts tell each quantity; the first place that tells one wins."""

_PATHS = {meter: tuple(tuple(place.split(".")) for place in places) for meter, places in SOURCES.items()}
_FIRST = {paths[0][0]: meter for meter, paths in _PATHS.items() if len(paths[0]) == 1}
_FIRST_DETAILS: dict[str, dict[str, str]] = {}
for _meter, _paths in _PATHS.items():
    if len(_paths[0]) > 1:
        _FIRST_DETAILS.setdefault(_paths[0][0], {})[_paths[0][1]] = _meter
_OTHERWISE_KEYS = frozenset(path[0] for paths in _PATHS.values() for path in paths[1:])
_COST_KEYS = frozenset({"cost", "cost_in_usd_ticks"})
_TICKS = Decimal("1e-10")
"""xAI's unit of `cost_in_usd_ticks`, in US dollars (docs.x.ai/docs/models, 2026-11)."""

_ESTIMATED = "estimated"


def read_usage(usage: Fields, said: Fields | None = None) -> Usage:
    """The meters of a usage object. `said` is what the reply says beside it: one host tells the cost there."""
    meters: dict[str, int | float] = {}
    for key, value in usage.items():
        if (meter := _FIRST.get(key)) is not None:
            _note(meters, meter, value)
        elif (details := _FIRST_DETAILS.get(key)) is not None and type(value) is dict:
            for name, count in value.items():
                if (meter := details.get(name)) is not None:
                    _note(meters, meter, count)
    if not _OTHERWISE_KEYS.isdisjoint(usage):
        _fill(meters, usage)
    _include(meters, usage.get("total_tokens"))
    stated = said is not None or not _COST_KEYS.isdisjoint(usage)
    cost = _cost(usage, said or {}) if stated else None
    return Usage(meters=meters, estimated=usage.get(_ESTIMATED) is True, reported_cost=cost, raw=usage)


def _fill(meters: dict[str, int | float], usage: Fields) -> None:
    """Look in the other places for what the first ones did not tell."""
    for meter, paths in _PATHS.items():
        for path in paths[1:]:
            value = usage.get(path[0])
            if len(path) > 1:
                value = value.get(path[1]) if isinstance(value, dict) else None
            if meter not in meters:
                _note(meters, meter, value)


def _note(meters: dict[str, int | float], meter: str, value: Any) -> None:
    if (count := _count(value)) is not None:
        meters[meter] = count


def _count(value: Any) -> int | None:
    """A count, which some hosts tell as 5.0; one that is no whole number, or below nought, says nothing."""
    if type(value) is int or (type(value) is float and value.is_integer()):
        return int(value) if value >= 0 else None
    return None


def _include(meters: dict[str, int | float], total: Any) -> None:
    """Put into a parent what a host counts beside it, where the total proves that it does.

    xAI counts reasoning beside `completion_tokens`, Mistral sound beside `prompt_tokens`; all others inside.
    """
    total = _count(total)
    if total is None or total == meters.get(TOKENS_INPUT, 0) + meters.get(TOKENS_OUTPUT, 0):
        return
    for parent, child in ((TOKENS_OUTPUT, TOKENS_OUTPUT_REASONING), (TOKENS_INPUT, TOKENS_INPUT_AUDIO)):
        apart = meters.get(child, 0)
        if apart and meters.get(TOKENS_INPUT, 0) + meters.get(TOKENS_OUTPUT, 0) + apart == total:
            meters[parent] = meters.get(parent, 0) + apart


def _cost(usage: Fields, said: Fields) -> Decimal | None:
    """The price that the host states, in US dollars. A count of no ticks at all is Azure's way of not saying."""
    match usage:
        case {"cost": dict() as cost}:  # Perplexity
            return _dollars(cost.get("total_cost"))
        case {"cost_in_usd_ticks": int() as ticks} if ticks > 0:
            return ticks * _TICKS
        case {"cost": cost, "is_byok": True}:
            # OpenRouter with the caller's own key: its fee, and what the provider behind it charges.
            details = usage.get("cost_details")
            upstream = _dollars(details.get("upstream_inference_cost")) if isinstance(details, dict) else None
            fee = _dollars(cost)
            return None if fee is None or upstream is None else fee + upstream
        case {"cost": cost}:  # OpenRouter, Vercel
            return _dollars(cost)
        case _:
            venice = said.get("cost")
            return _dollars(venice.get("usd")) if isinstance(venice, dict) else None


def _dollars(value: Any) -> Decimal | None:
    """A price; one below nought says nothing."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return Decimal(repr(value)) if value >= 0 else None


def write_usage(usage: Usage, *, own: bool) -> Fields | None:
    """The usage object; a host's own words when it is of this dialect. None when nothing is known."""
    if own and usage.raw:
        return _whole(usage.raw)
    if not usage.meters:
        return None
    document: Fields = {
        "prompt_tokens": usage.input or 0,
        "completion_tokens": usage.output or 0,
        "total_tokens": usage.total or 0,
    }
    for meter, quantity in _told(usage.meters):
        _put(document, _PATHS[meter][0], quantity)
    if usage.reported_cost is not None:
        document["cost"] = float(usage.reported_cost)
    if usage.estimated:
        document[_ESTIMATED] = True
    return document


def _told(meters: dict[str, int | float]) -> Iterable[tuple[str, int | float]]:
    return ((meter, quantity) for meter, quantity in meters.items() if meter in _PATHS)


def _put(document: Fields, path: tuple[str, ...], quantity: float) -> None:
    if len(path) == 1:
        document[path[0]] = int(quantity)
    else:
        document.setdefault(path[0], {})[path[1]] = int(quantity)


def _whole(raw: Fields) -> Fields:
    """The three counts that official clients require are there, whatever the host left out or null."""
    given = raw.get("prompt_tokens"), raw.get("completion_tokens"), raw.get("total_tokens")
    if all(type(count) is int and count >= 0 for count in given):
        return raw
    asked, answered = (_count(count) or 0 for count in given[:2])
    total = _count(given[2])
    total = asked + answered if total is None else total
    return {**raw, "prompt_tokens": asked, "completion_tokens": answered, "total_tokens": total}
