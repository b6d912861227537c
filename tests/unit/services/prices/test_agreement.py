"""Two public price sets agree on popular models, but for differences that `agreement.toml` lists with their causes."""

import datetime
import tomllib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from genmux.services.prices import PriceList, Tariff
from genmux.services.prices.sources.fields import fitted, is_price
from genmux.types.money import Price
from tests.price_fields import price_fields

EXPLAINED = Path(__file__).with_name("agreement.toml")
MILLION = 1_000_000

POPULAR: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "openai": ("openai", "", (
        "gpt-6-astra", "gpt-6-sol", "gpt-6-luna", "gpt-6.1-sol", "gpt-6.1-terra", "gpt-5.6-sol", "gpt-5.6-terra", "gpt-5.6-luna",
        "gpt-5.5", "gpt-5.4", "gpt-5.4-mini", "gpt-5.4-nano", "gpt-4.1", "gpt-4o", "gpt-image-2", "gpt-realtime-2.1", "gpt-audio-1.5",
    )),
    "anthropic": ("anthropic", "", (
        "claude-fable-5-1", "claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-5-5", "claude-opus-4-8", "claude-haiku-4-5",
    )),
    "google": ("google", "gemini/", (
        "gemini-3.8-flash", "gemini-3.7-flash", "gemini-3.5-flash", "gemini-3.5-flash-lite", "gemini-3.1-pro-preview",
        "gemini-2.5-pro", "gemini-2.5-flash", "gemini-nano-banana-2.1", "gemini-3.8-live",
    )),
    "xai": ("x-ai", "xai/", ("grok-4.7", "grok-4.6", "grok-4.3")),
    "mistral": ("mistral", "mistral/", ("mistral-large-latest", "mistral-medium-latest", "mistral-small-latest")),
    "deepseek": ("deepseek", "deepseek/", ("deepseek-v4-pro", "deepseek-chat")),
    "moonshot": ("moonshotai", "moonshot/", ("kimi-k3",)),
    "zai": ("zai", "zai/", ("glm-5.2",)),
    "minimax": ("minimax", "minimax/", ("MiniMax-M3",)),
    "groq": ("groq", "groq/", ("openai/gpt-oss-120b",)),
    "perplexity": ("perplexity", "perplexity/", ("sonar-pro",)),
    "cohere": ("cohere", "", ("command-a-03-2025",)),
}  # fmt: skip
"""Popular models by provider, with the provider's id in genai-prices and its prefix in LiteLLM."""

METERS = (
    "tokens.input", "tokens.output", "tokens.input.cached", "tokens.input.cache_write", "tokens.input.cache_write.1h",
    "tokens.input.audio", "tokens.input.cached.audio", "tokens.output.audio", "tokens.input.image", "tokens.output.image",
)  # fmt: skip
"""What is compared."""

FRIDAY = datetime.datetime(2026, 11, 27, 12, tzinfo=datetime.UTC)
MOMENTS = {"noon": FRIDAY, "peak": FRIDAY.replace(hour=2), "weekend": FRIDAY.replace(day=28, hour=2)}


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory) -> PriceList:
    """genai-prices."""
    return PriceList(tmp_path_factory.mktemp("cache"))


def models() -> list[tuple[str, str, str, str]]:
    """Our reference, the provider and the name in genai-prices, the key in LiteLLM."""
    return [
        (f"{provider}/{name}", listed_as, name, f"{prefix}{name}")
        for provider, (listed_as, prefix, names) in POPULAR.items()
        for name in names
    ]


def rows_of(facts: dict[str, Any]) -> list[Price]:
    """LiteLLM's rows for the standard tier in dollars."""
    mode = facts.get("mode") or "chat"
    found = [row for field in facts if is_price(field) for row in fitted(field, facts[field], mode=mode) or ()]
    return [row for row in found if row.credit_type is None and row.meter in METERS and "service_tier" not in row.when]


def cost(tariff: Tariff, meter: str, tokens: int) -> Decimal | None:
    """What so many tokens of one kind cost, whatever they are filed under."""
    words = frozenset(meter.split("."))
    used = {one: tokens for one in METERS if frozenset(one.split(".")) <= words}
    lines = tariff.whole_bill(used)
    return None if lines is None else sum((line.amount for line in lines), Decimal(0)).normalize()


def compared(listed: PriceList) -> Iterator[tuple[str, str, Decimal, Decimal]]:
    """Model, what was counted and when, and what it costs by genai-prices and by LiteLLM."""
    entries = price_fields()
    for reference, provider, name, key in models():
        found = listed.find(provider, name)
        assert found is not None, reference
        theirs = rows_of(entries[key])
        for told, moment in MOMENTS.items():
            ours = [row for row in found.rows(moment, {}) if row.meter in METERS]
            one, other = Tariff(ours, at=moment), Tariff(theirs, at=moment)
            priced = {row.meter for row in (*ours, *theirs)}
            for meter in (meter for meter in METERS if meter in priced):
                for tokens in (MILLION // 10, MILLION):  # below and above the steps
                    first, second = cost(one, meter, tokens), cost(other, meter, tokens)
                    if first is not None and second is not None:
                        yield reference, f"{meter} {tokens} {told}", first, second


def test_the_sets_agree_but_for_what_is_explained(listed: PriceList) -> None:
    explained = {
        (one["model"], meter): one
        for one in tomllib.loads(EXPLAINED.read_text())["difference"]
        for meter in one["meters"]
    }
    unexplained: list[str] = []
    used: set[tuple[str, str]] = set()
    count = 0
    for reference, told, first, second in compared(listed):
        count += 1
        if first == second:
            continue
        key = (reference, told.partition(" ")[0])
        if key in explained:
            used.add(key)
        else:
            unexplained.append(f"{reference} {told}: genai-prices {first}, LiteLLM {second}")

    assert unexplained == []
    assert sorted(explained.keys() - used) == [], "these agree by now: take their explanations away"
    assert count > 900
    assert all(len(one["cause"]) > 20 for one in explained.values())


def test_the_models_are_46_and_both_sets_know_them(listed: PriceList) -> None:
    assert len(models()) == 46
    assert [key for *_, key in models() if key not in price_fields()] == []
    assert [name for name, provider, wire_id, _ in models() if listed.find(provider, wire_id) is None] == []


def test_most_prices_agree_to_the_last_digit(listed: PriceList) -> None:
    same = [first == second for _, _, first, second in compared(listed)]

    assert sum(same) / len(same) > 0.93
