"""Usage as hosts tell it."""

from decimal import Decimal
from typing import Any

import pytest

from genmux.dialects.openai_chat.usage import read_usage, write_usage
from genmux.types.usage import Usage
from tests.unit.dialects.openai_chat.speaking import answered

COUNTS = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}


@pytest.mark.parametrize(
    ("told", "meter", "count"),
    [
        ({"prompt_tokens_details": {"cached_tokens": 4}}, "tokens.input.cached", 4),
        ({"prompt_cache_hit_tokens": 4, "prompt_cache_miss_tokens": 6}, "tokens.input.cached", 4),
        ({"cached_tokens": 4}, "tokens.input.cached", 4),
        ({"cache_read_input_tokens": 4}, "tokens.input.cached", 4),
        ({"num_cached_tokens": 4}, "tokens.input.cached", 4),
        ({"prompt_tokens_details": {"cached_tokens": 4}, "cached_tokens": 9}, "tokens.input.cached", 4),
        ({"prompt_tokens_details": {"cached_tokens": None}, "cached_tokens": 9}, "tokens.input.cached", 9),
        ({"prompt_tokens_details": {"cache_write_tokens": 4}}, "tokens.input.cache_write", 4),
        ({"cache_creation_input_tokens": 4}, "tokens.input.cache_write", 4),
        ({"cache_creation": {"ephemeral_1h_input_tokens": 4}}, "tokens.input.cache_write.1h", 4),
        ({"prompt_tokens_details": {"audio_tokens": 4}}, "tokens.input.audio", 4),
        ({"prompt_tokens_details": {"image_tokens": 4}}, "tokens.input.image", 4),
        ({"completion_tokens_details": {"reasoning_tokens": 4}}, "tokens.output.reasoning", 4),
        ({"reasoning_tokens": 4}, "tokens.output.reasoning", 4),
        ({"completion_tokens_details": {"audio_tokens": 4}}, "tokens.output.audio", 4),
        ({"completion_tokens_details": {"image_tokens": 4}}, "tokens.output.image", 4),
        ({"completion_tokens_details": {"accepted_prediction_tokens": 4}}, "tokens.output.accepted_prediction", 4),
        ({"completion_tokens_details": {"rejected_prediction_tokens": 4}}, "tokens.output.rejected_prediction", 4),
        ({"num_search_queries": 4}, "calls.web_search", 4),
        ({"server_tool_use_details": {"web_search_requests": 4}}, "calls.web_search", 4),
    ],
)
def test_every_hosts_word_for_a_quantity_is_known(told: dict[str, Any], meter: str, count: int) -> None:
    usage = read_usage({**COUNTS, **told})
    assert usage.meters == {"tokens.input": 10, "tokens.output": 5, meter: count}
    assert usage.raw == {**COUNTS, **told}


def test_nulls_and_odd_values_count_nothing() -> None:
    told = {"prompt_tokens": 10, "completion_tokens": None, "total_tokens": "?", "prompt_tokens_details": None}
    assert read_usage({**told, "completion_tokens_details": [1], "cache_creation": 5}).meters == {"tokens.input": 10}


def test_whole_numbers_with_a_point_are_counts_and_others_and_negative_ones_are_not() -> None:
    details = {"prompt_tokens_details": {"cached_tokens": 4.0, "audio_tokens": -1}, "reasoning_tokens": -2}
    told = {"prompt_tokens": 10.0, "completion_tokens": -5, "num_search_queries": 1.5, **details}
    assert read_usage(told).meters == {"tokens.input": 10, "tokens.input.cached": 4}
    assert write_usage(read_usage(told), own=True) == {**told, "completion_tokens": 0, "total_tokens": 10}
    apart = {**COUNTS, "total_tokens": 115.0, "completion_tokens_details": {"reasoning_tokens": 100}}
    assert read_usage(apart).output == 105


def test_reasoning_that_a_host_counts_beside_the_answer_is_included() -> None:
    told = {**COUNTS, "total_tokens": 115, "completion_tokens_details": {"reasoning_tokens": 100}}
    usage = read_usage(told)
    assert (usage.input, usage.output, usage.reasoning) == (10, 105, 100)


def test_sound_that_a_host_counts_beside_the_prompt_is_included() -> None:
    usage = read_usage({**COUNTS, "total_tokens": 115, "prompt_tokens_details": {"audio_tokens": 100}})
    assert (usage.input, usage.output) == (110, 5)


def test_a_total_that_nothing_explains_changes_nothing() -> None:
    assert read_usage({**COUNTS, "total_tokens": 90}).meters == {"tokens.input": 10, "tokens.output": 5}


@pytest.mark.parametrize(
    ("told", "cost"),
    [
        ({"cost": 0.000123}, "0.000123"),
        ({"cost": 0}, "0"),
        ({"cost": {"total_cost": 0.00609}}, "0.00609"),
        ({"cost_in_usd_ticks": 3080400}, "0.0003080400"),
        ({"cost": 0.01, "is_byok": True, "cost_details": {"upstream_inference_cost": 0.2}}, "0.21"),
        ({"cost": 0.01, "is_byok": False, "cost_details": {"upstream_inference_cost": 0.2}}, "0.01"),
    ],
)
def test_a_price_that_the_host_states_is_the_cost(told: dict[str, Any], cost: str) -> None:
    assert read_usage({**COUNTS, **told}).reported_cost == Decimal(cost)


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"cost": None},
        {"cost": True},
        {"cost": {}},
        {"cost_in_usd_ticks": 0},
        {"cost": -0.01},
        {"cost": {"total_cost": -0.01}},
        {"cost": 0.01, "is_byok": True},
        {"cost": 0.01, "is_byok": True, "cost_details": None},
        {"cost": 0.01, "is_byok": True, "cost_details": {"upstream_inference_cost": -0.2}},
        {"cost": 0.01, "is_byok": True, "cost_details": {"upstream_inference_cost": None}},
    ],
)
def test_a_price_that_is_not_stated_is_unknown_and_not_zero(told: dict[str, Any]) -> None:
    assert read_usage({**COUNTS, **told}).reported_cost is None


def test_a_price_beside_the_usage_is_found() -> None:
    result = answered(cost={"usd": 0.002, "diem": 0})
    assert result.usage.reported_cost == Decimal("0.002")
    assert result.extra == {"cost": {"usd": 0.002, "diem": 0}}


def test_a_hosts_own_usage_is_told_as_it_came_with_the_counts_that_clients_require() -> None:
    assert write_usage(read_usage({**COUNTS, "x": 1}), own=True) == {**COUNTS, "x": 1}
    cut = {"prompt_tokens": 10, "completion_tokens": None}
    assert write_usage(read_usage(cut), own=True) == {"prompt_tokens": 10, "completion_tokens": 0, "total_tokens": 10}


def test_usage_of_another_dialect_is_told_in_this_ones_words() -> None:
    meters = {
        "tokens.input": 10,
        "tokens.input.cached": 4,
        "tokens.input.cache_write": 2,
        "tokens.output": 5,
        "tokens.output.reasoning": 3,
        "characters.input": 9,
    }
    usage = Usage(meters=meters, reported_cost=Decimal("0.5"), estimated=True, raw={"input_tokens": 4})
    told = write_usage(usage, own=False)
    assert told == {
        **COUNTS,
        "prompt_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 2},
        "completion_tokens_details": {"reasoning_tokens": 3},
        "cost": 0.5,
        "estimated": True,
    }
    again = read_usage(told)
    assert again.meters == {name: count for name, count in meters.items() if name != "characters.input"}
    assert (again.estimated, again.reported_cost) == (True, Decimal("0.5"))


def test_unknown_usage_is_not_told_as_zero() -> None:
    assert write_usage(Usage(), own=True) is None
    assert write_usage(Usage(), own=False) is None
