"""LiteLLM's price fields as our meters and conditions.

The names are those of LiteLLM 1.110.2 (2026-11). A field is a base (what is counted) with suffixes (when the price holds);
a suffix that nobody knows makes the field unknown, so that a new kind of price is noticed and never billed wrongly.
"""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from genmux.types.conditions import DAYS
from genmux.types.money import Condition, Price

BASES: dict[str, str] = {
    "input_cost_per_token": "tokens.input",
    "input_cost_per_token_cache_hit": "tokens.input.cached",
    "input_cost_per_audio_token": "tokens.input.audio",
    "input_cost_per_image_token": "tokens.input.image",
    "input_cost_per_video_token": "tokens.input.video",
    "cache_read_input_token_cost": "tokens.input.cached",
    "cache_read_input_audio_token_cost": "tokens.input.cached.audio",
    "cache_read_input_image_token_cost": "tokens.input.cached.image",
    "explicit_cache_read_input_token_cost": "tokens.input.cached.explicit",
    "cache_creation_input_token_cost": "tokens.input.cache_write",
    "cache_creation_input_audio_token_cost": "tokens.input.cache_write.audio",
    "output_cost_per_token": "tokens.output",
    "output_cost_per_reasoning_token": "tokens.output.reasoning",
    "output_cost_per_audio_token": "tokens.output.audio",
    "output_cost_per_image_token": "tokens.output.image",
    "output_cost_per_video_token": "tokens.output.video",
    "citation_cost_per_token": "tokens.output.citation",
    "input_dbu_cost_per_token": "tokens.input",
    "output_dbu_cost_per_token": "tokens.output",
    "computer_use_input_cost_per_1k_tokens": "tokens.input.computer_use",
    "computer_use_output_cost_per_1k_tokens": "tokens.output.computer_use",
    "input_cost_per_character": "characters.input",
    "output_cost_per_character": "characters.output",
    "input_cost_per_image": "images.input",
    "output_cost_per_image": "images.output",
    "input_cost_per_pixel": "pixels.input",
    "output_cost_per_pixel": "pixels.output",
    "input_cost_per_audio_per_second": "seconds.input.audio",
    "input_cost_per_video_per_second": "seconds.input.video",
    "output_cost_per_video_per_second": "seconds.output.video",
    "input_cost_per_second": "seconds.input",
    "output_cost_per_second": "seconds.output",
    "cost_per_second": "seconds.reserved",
    "input_cost_per_request": "calls",
    "input_cost_per_query": "calls.query",
    "input_cost_per_text_message": "messages.input",
    "search_context_cost_per_query": "calls.web_search",
    "google_maps_grounding_cost_per_query": "calls.maps",
    "file_search_cost_per_1k_calls": "calls.file_search",
    "code_interpreter_cost_per_session": "calls.code_execution",
    "guardrail_cost_per_unit": "units.guardrail",
    "ocr_cost_per_page": "pages.input",
    "annotation_cost_per_page": "pages.input.annotated",
    "ocr_cost_per_credit": "credits.pages",
    "file_search_cost_per_gb_per_day": "storage.file_search",
    "vector_store_cost_per_gb_per_day": "storage.vectors",
}
"""What each base counts. Storage is in gigabytes kept for a day."""

BY_MODE: dict[tuple[str, str], str] = {
    ("audio_transcription", "seconds.input"): "seconds.input.audio",
    ("audio_transcription", "seconds.output"): "seconds.output.audio",
    ("audio_speech", "seconds.output"): "seconds.output.audio",
    ("video_generation", "seconds.output"): "seconds.output.video",
    ("realtime", "seconds.input"): "seconds.audio",
    ("rerank", "calls.query"): "calls.rerank",
    ("search", "calls.query"): "calls.search",
}
"""Bases that mean something narrower in models of one mode."""

PER: dict[str, tuple[int, ...]] = {
    "tokens": (1_000_000,),
    "characters": (1_000_000,),
    "seconds": (1, 60, 3_600),
    "pixels": (1_000_000, 1 << 20),
}
"""For how many units a price may be said; the one that makes the shortest number is taken."""

MULTIPLIERS: dict[str, dict[str, Condition]] = {
    "regional_processing_uplift_multiplier_eu": {"region": "eu"},
    "regional_processing_uplift_multiplier_us": {"region": "us"},
    "regional_endpoint_uplift_multiplier": {"region": "regional"},
    "fedramp_uplift_multiplier": {"region": "fedramp"},
    "provider_specific_entry.us": {"region": "us"},
    "provider_specific_entry.fast": {"service_tier": "fast"},
}
"""Factors on every price of tokens, with the condition of each. They become rows of their own, see `multiplied`."""

NO_PRICE = re.compile(
    r"(supports|supported|uses?|max|token_count|thinking|bedrock|gemini)_(?!.*(cost|price|pricing|multiplier)).*"
    r"|default_reasoning_effort|reasoning_(effort_levels|contexts|modes)|prompt_cache_min_tokens|deprecation_(date|source)"
    r"|alias_of|comment|mode|litellm_provider|metadata|rpm|tpm|rules|source|successor_model|output_vector_size"
    r"|audio_transcription_config|vertex_ai_audio_api"
    r"|web_search_billing_unit"  # says that a search is billed by the query, which is what the meter counts
)
"""Fields that say no price. Any other field must be one."""

NO_PRICE_IN_ENTRY = frozenset({
    "bedrock_invocation_schema", "dashscope_video_reference_input", "realtime_ga_only", "transcription_json_or_text_only",
    "transcription_usage_duration", "volcengine_video_frames",
})  # fmt: skip
"""What else stands in `provider_specific_entry`."""

_SUFFIXES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"_(batches|flex|priority|ultrafast|balanced|decisions)$"), "service_tier"),
    (re.compile(r"_above_(\d+)k_tokens$"), "input_tokens_gt"),
    (re.compile(r"_above_(\d+)s_interval$"), "seconds_gt"),
    (re.compile(r"_above_(\d+h)r$"), "cache_ttl"),
    (re.compile(r"_(\d+p|[\d.]+[kK]|512|1024|1536)$"), "resolution"),
)
_DIGITS = 12
"""Significant digits that are more than the noise of binary fractions."""


def is_price(field: str) -> bool:
    """Whether a field of an entry says a price."""
    return NO_PRICE.fullmatch(field) is None


def fitted(field: str, value: Any, *, mode: str = "chat") -> tuple[Price, ...] | None:
    """The rows that a field means, None when it is unknown. Multipliers give rows of the meter `*`."""
    if isinstance(value, bool):
        return None
    if field in ("tiered_pricing", "off_peak_pricing", "provider_specific_entry", "search_free_requests"):
        return _nested(field, value, mode)
    if field in MULTIPLIERS:
        return (Price(meter="*", amount=exact(value), when=MULTIPLIERS[field]),)
    base, when = _taken_apart(field)
    if base not in BASES:
        return None
    meter = BY_MODE.get((mode, BASES[base]), BASES[base])
    if ttl := when.pop("cache_ttl", None):
        meter = f"{meter}.{ttl}"
    if isinstance(value, Mapping):
        return _by_name(value, meter, when)
    price = row(meter, exact(value), when)
    if "_dbu_" in base:
        return (msgspec.structs.replace(price, credit_type="dbu"),)
    if "_per_1k_" in base:
        return (msgspec.structs.replace(price, amount=exact(value), per=1_000),)
    return (price,)


def exact(value: float) -> Decimal:
    """A number without the noise of binary fractions."""
    return Decimal(f"{value:.{_DIGITS}g}")


def row(meter: str, amount: Decimal, when: Mapping[str, Condition] | None = None) -> Price:
    """A row for an amount for one unit, said for as many units as make it short."""
    choices = ((_shortened(amount * per), per) for per in PER.get(meter.partition(".")[0], (1,)))
    short, per = min(choices, key=lambda one: (len(one[0].as_tuple().digits), one[1]))
    return Price(meter=meter, amount=short, per=per, when=dict(when or {}))


def multiplied(rows: tuple[Price, ...], factor: Price) -> Iterator[Price]:
    """The rows of tokens under the condition of a factor, each with its amount times that."""
    for one in rows:
        if one.meter.startswith("tokens.") and one.when.keys().isdisjoint(factor.when):
            yield msgspec.structs.replace(
                one, amount=(one.amount * factor.amount).normalize(), when={**one.when, **factor.when}
            )


def _shortened(amount: Decimal) -> Decimal:
    """At most so many digits as a price has: five after the rounding that the sources did themselves."""
    for digits in (4, 5, 6, 7, 8, 9, 10):
        short = Decimal(f"{amount:.{digits}g}")
        if abs(short - amount) <= amount * Decimal("1e-6"):
            break
    else:
        short = amount
    plain = short.normalize()
    return plain.quantize(Decimal(1)) if plain == plain.to_integral_value() else plain


def _taken_apart(field: str) -> tuple[str, dict[str, Condition]]:
    """A field as its base and its conditions."""
    when: dict[str, Condition] = {}
    base = field
    while base not in BASES:
        for pattern, name in _SUFFIXES:
            if found := pattern.search(base):
                when[name] = _condition(name, found[1])
                base = base[: found.start()]
                break
        else:
            return field, {}
    return base, when


def _condition(name: str, text: str) -> Condition:
    match name:
        case "input_tokens_gt":
            return int(text) * 1_000
        case "seconds_gt":
            return int(text)
        case "service_tier":
            return "batch" if text == "batches" else text
        case _:
            return text.lower()


def _by_name(value: Mapping[str, Any], meter: str, when: Mapping[str, Condition]) -> tuple[Price, ...] | None:
    """A table of prices: a search by how much it brings, or a guardrail by what it looks at."""
    if meter == "calls.web_search" and len({*value.values()}) == 1:
        return (row(meter, exact(next(iter(value.values()))), when),)
    rows: list[Price] = []
    for name, amount in value.items():
        if meter == "calls.web_search" and name.startswith("search_context_size_"):
            condition: dict[str, Condition] = {"search_context": name.removeprefix("search_context_size_")}
        elif meter == "units.guardrail":
            condition = {"variant": name}
        else:
            return None
        rows.append(row(meter, exact(amount), {**when, **condition}))
    return tuple(rows)


def _nested(field: str, value: Any, mode: str) -> tuple[Price, ...] | None:
    match field:
        case "tiered_pricing":
            return _joined(_tier(one, mode) for one in value)
        case "off_peak_pricing":
            return _joined(_off_peak(value, mode))
        case "search_free_requests":
            allowance = f"{value['count']}/{value['period']}"
            return (Price(meter="calls.web_search", amount=Decimal(0), when={"allowance": allowance}),)
        case _:
            return _joined(_special(name, one) for name, one in value.items() if name not in NO_PRICE_IN_ENTRY)


def _joined(groups: Iterator[tuple[Price, ...] | None]) -> tuple[Price, ...] | None:
    rows: list[Price] = []
    for group in groups:
        if group is None:
            return None
        rows += group
    return tuple(rows)


def _tier(tier: Mapping[str, Any], mode: str) -> tuple[Price, ...] | None:
    """The rows of one step: from so many input tokens, or for so many results, on."""
    name, bounds = next(((name, tier[name]) for name in ("range", "max_results_range") if name in tier), ("", [0]))
    least = int(bounds[0])
    condition = {"range": "input_tokens_gt", "max_results_range": "results_gt"}.get(name)
    if condition == "results_gt" and least > 1:
        least -= 1  # a step begins with this many; our condition is more than
    when: dict[str, Condition] = {condition: least} if condition and least > 1 else {}
    prices = {field: amount for field, amount in tier.items() if field not in ("range", "max_results_range")}
    return _joined(_under(field, amount, mode, when) for field, amount in prices.items())


def _under(field: str, value: Any, mode: str, when: Mapping[str, Condition]) -> tuple[Price, ...] | None:
    rows = fitted(field, value, mode=mode)
    return rows and tuple(msgspec.structs.replace(one, when={**one.when, **when}) for one in rows)


def _off_peak(value: Mapping[str, Any], mode: str) -> Iterator[tuple[Price, ...] | None]:
    for window in value["windows"]:
        hours = window["hours_utc"]
        texts = [hours] if isinstance(hours, str) else hours
        days = ",".join(DAYS[day - 1] for day in window.get("weekdays", range(1, 8)))
        spans = ",".join("00:00-24:00" if text == "00:00-00:00" else text for text in texts)
        when: dict[str, Condition] = {"hours": spans.replace("-00:00", "-24:00"), "weekdays": days}
        for field, amount in value.items():
            if field not in ("windows", "weekday_timezone"):
                yield _under(field, amount, mode, when)


def _special(name: str, value: Any) -> tuple[Price, ...] | None:
    if name == "minimax_free_input_images":
        return (Price(meter="images.input", amount=Decimal(0), free=int(value)),)
    found = MULTIPLIERS.get(f"provider_specific_entry.{name}")
    return (Price(meter="*", amount=exact(value), when=found),) if found else None
