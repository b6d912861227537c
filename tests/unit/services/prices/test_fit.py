"""Every price field of the public data fits our meters and conditions."""

from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from genmux.services.prices.sources.fields import BASES, MULTIPLIERS, exact, fitted, is_price, multiplied, row
from genmux.types.conditions import CONDITIONS, price_faults, when_faults
from genmux.types.money import Price
from tests.price_fields import price_fields, source
from tests.unit.services.shop import price

FAMILIES = {
    "tokens", "characters", "seconds", "images", "pixels", "pages", "calls", "messages", "storage", "credits", "units", "*",
}  # fmt: skip


def test_no_price_field_of_litellm_is_left_over() -> None:
    left: Counter[str] = Counter()
    fields: Counter[str] = Counter()
    meters: Counter[str] = Counter()
    conditions: Counter[str] = Counter()
    entries = price_fields()
    for facts in entries.values():
        for field in filter(is_price, facts):
            fields[field] += 1
            rows = fitted(field, facts[field], mode=facts.get("mode") or "chat")
            if rows is None:
                left[field] += 1
                continue
            meters.update(one.meter for one in rows)
            conditions.update(name for one in rows for name in one.when)
            assert [fault for one in rows for fault in when_faults(one.when)] == []

    assert left == {}, f"{left.total()} fields of LiteLLM {source()['version']} do not fit"
    assert len(entries) > 4_800
    assert len(fields) > 180
    assert {meter.partition(".")[0] for meter in meters} <= FAMILIES
    assert conditions.keys() <= CONDITIONS.keys()
    assert 45 < len(meters) < 60


def test_what_says_no_price_never_has_a_name_that_could_be_one() -> None:
    for field in (
        "input_cost_per_token_above_200k_tokens",
        "supports_cost_per_token",
        "max_price",
        "weekend_pricing",
        "odd_new_field",
    ):
        assert is_price(field)
    for field in ("max_tokens", "supports_vision", "deprecation_date", "mode", "gemini_native_audio"):
        assert not is_price(field)


@pytest.mark.parametrize(
    ("field", "value", "mode", "expected"),
    [
        ("input_cost_per_token", 3e-06, "chat", price("tokens.input", "3")),
        ("input_cost_per_token", 2.0000000000000002e-07, "chat", price("tokens.input", "0.2")),
        ("cache_creation_input_token_cost_above_1hr_above_200k_tokens", 1.2e-05, "chat",
         price("tokens.input.cache_write.1h", "12", when={"input_tokens_gt": 200_000})),
        ("cache_read_input_token_cost_above_272k_tokens_batches", 1e-06, "chat",
         price("tokens.input.cached", "1", when={"input_tokens_gt": 272_000, "service_tier": "batch"})),
        ("output_cost_per_second_1080p", 0.12, "video_generation",
         price("seconds.output.video", "0.12", per=1, when={"resolution": "1080p"})),
        ("output_cost_per_image_0.5K", 0.06, "image_generation",
         price("images.output", "0.06", per=1, when={"resolution": "0.5k"})),
        ("input_cost_per_second", 0.0005666666666666667, "audio_transcription", price("seconds.input.audio", "0.034", per=60)),
        ("output_cost_per_pixel", 2.384185791015625e-08, "image_generation", price("pixels.output", "0.025", per=1 << 20)),
        ("input_cost_per_video_per_second_above_15s_interval", 0.003, "chat",
         price("seconds.input.video", "0.003", per=1, when={"seconds_gt": 15})),
        ("input_dbu_cost_per_token", 7.1429e-05, "chat", price("tokens.input", "71.429", credit_type="dbu")),
        ("file_search_cost_per_1k_calls", 2.5, "chat", price("calls.file_search", "2.5", per=1_000)),
        ("search_context_cost_per_query", {"search_context_size_low": 0.01, "search_context_size_high": 0.01}, "chat",
         price("calls.web_search", "0.01", per=1)),
        ("search_free_requests", {"count": 5000, "period": "month", "shared_group": "g"}, "chat",
         price("calls.web_search", "0", per=1, when={"allowance": "5000/month"})),
        ("provider_specific_entry", {"us": 1.1}, "chat", price("*", "1.1", per=1, when={"region": "us"})),
    ],
)  # fmt: skip
def test_a_field_means_a_row(field: str, value: Any, mode: str, expected: Price) -> None:
    assert fitted(field, value, mode=mode) == (expected,)


def test_steps_and_hours_become_conditions() -> None:
    steps = [
        {"input_cost_per_token": 4e-07, "range": [0, 256000.0]},
        {"input_cost_per_token": 1.2e-06, "range": [256000.0, 1000000.0]},
    ]
    results = [
        {"input_cost_per_query": 0.005, "max_results_range": [0, 25]},
        {"input_cost_per_query": 0.025, "max_results_range": [26, 100]},
    ]
    window = {"hours_utc": ["00:00-01:00", "10:00-00:00"], "weekdays": [1, 5]}
    quiet = {"input_cost_per_token": 1.5e-07, "windows": [window, {"hours_utc": "00:00-00:00", "weekdays": [6, 7]}]}

    assert fitted("tiered_pricing", steps) == (
        price("tokens.input", "0.4"),
        price("tokens.input", "1.2", when={"input_tokens_gt": 256_000}),
    )
    assert [one.when for one in fitted("tiered_pricing", results, mode="search") or ()] == [{}, {"results_gt": 25}]
    found = fitted("off_peak_pricing", quiet)
    assert found is not None
    assert [one.when for one in found] == [
        {"hours": "00:00-01:00,10:00-24:00", "weekdays": "mon,fri"},
        {"hours": "00:00-24:00", "weekdays": "sat,sun"},
    ]
    assert price_faults(found) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("input_cost_per_dream", 1.0),
        ("input_cost_per_token_on_sundays", 1.0),
        ("input_cost_per_token", True),
        ("search_context_cost_per_query", {"depth_low": 1.0, "depth_high": 2.0}),
        ("tiered_pricing", [{"input_cost_per_dream": 1.0, "range": [0, 1]}]),
        ("provider_specific_entry", {"moon": 1.1}),
    ],
)
def test_a_new_kind_of_price_is_noticed(field: str, value: Any) -> None:
    assert fitted(field, value) is None


def test_a_factor_becomes_rows_of_its_own_for_tokens() -> None:
    rows = (price("tokens.input", "4"), price("tokens.input", "2", when={"service_tier": "batch"}), price("calls", "1"))
    factor = Price(meter="*", amount=Decimal("1.1"), when=dict(MULTIPLIERS["regional_processing_uplift_multiplier_eu"]))

    assert [*multiplied(rows, factor)] == [
        price("tokens.input", "4.4", when={"region": "eu"}),
        price("tokens.input", "2.2", when={"service_tier": "batch", "region": "eu"}),
    ]


def test_a_price_is_said_for_as_many_units_as_make_it_short_and_stays_what_it_was() -> None:
    for facts in price_fields().values():
        for field, value in facts.items():
            if field in BASES and isinstance(value, float) and "_per_1k_" not in field:
                made = row(BASES[field], exact(value))
                assert abs(made.amount / made.per - Decimal(value)) <= Decimal(value) * Decimal("2e-6")
