"""What a model costs: the rows of its manifest, else the public token price list (genai-prices)."""

import datetime
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from genmux.contract.model import Model
from genmux.services.ports import Now
from genmux.types.money import Cost, Line, Price
from genmux.types.usage import Usage

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, ModelPrice

METERS: dict[str, tuple[str, int]] = {
    "input_mtok": ("tokens.input", 1_000_000),
    "cache_read_mtok": ("tokens.input.cached", 1_000_000),
    "cache_write_mtok": ("tokens.input.cache_write", 1_000_000),
    "cache_write_1h_mtok": ("tokens.input.cache_write.1h", 1_000_000),
    "input_audio_mtok": ("tokens.input.audio", 1_000_000),
    "cache_audio_read_mtok": ("tokens.input.cached.audio", 1_000_000),
    "input_image_mtok": ("tokens.input.image", 1_000_000),
    "cache_image_read_mtok": ("tokens.input.cached.image", 1_000_000),
    "input_video_mtok": ("tokens.input.video", 1_000_000),
    "output_mtok": ("tokens.output", 1_000_000),
    "output_audio_mtok": ("tokens.output.audio", 1_000_000),
    "output_image_mtok": ("tokens.output.image", 1_000_000),
    "output_video_mtok": ("tokens.output.video", 1_000_000),
    "output_reasoning_mtok": ("tokens.output.reasoning", 1_000_000),
    "output_citation_mtok": ("tokens.output.citation", 1_000_000),
    "requests_kcount": ("calls", 1_000),
    "web_searches_kcount": ("calls.web_search", 1_000),
    "storage_searches_kcount": ("calls.storage_search", 1_000),
    "audio_hours": ("seconds.input.audio", 3_600),
    "input_audio_hours": ("seconds.input.audio", 3_600),
    "input_mchars": ("characters.input", 1_000_000),
    "input_document_kpages": ("pages.input", 1_000),
    "input_annotated_document_kpages": ("pages.input.annotated", 1_000),
    "input_text_messages_kcount": ("calls.message", 1_000),
}
"""The price list's units as our meters, and how many units a price is for."""

SERVICE_TIERS = frozenset({"flex", "priority", "fast", "default", "batch"})


class PriceBook:
    """Prices usage. Rows are kept for a minute, because some prices depend on the hour."""

    def __init__(self, now: Now, price_providers: Mapping[str, str | None]) -> None:
        self._now = now
        self._price_providers = price_providers
        self._kept: dict[tuple[str, str, str | None], tuple[int, tuple[Price, ...] | None, str | None]] = {}

    def rows(self, model: Model, *, service_tier: str | None = None) -> tuple[Price, ...] | None:
        """The price rows of a model at this minute, None when its price is unknown."""
        return self._look_up(model, service_tier)[1]

    def cost(self, model: Model, usage: Usage, *, service_tier: str | None = None) -> Cost | None:
        """What this usage cost: as the provider reports it, else computed; None when the price is unknown."""
        if usage.reported_cost is not None:
            return Cost(amount=usage.reported_cost, source="reported")
        _, rows, priced_as = self._look_up(model, service_tier)
        if rows is None or not usage.meters:
            return None
        lines = bill(rows, usage.meters)
        return Cost(amount=sum((line.amount for line in lines), Decimal(0)), lines=lines, priced_as=priced_as)

    def _look_up(self, model: Model, service_tier: str | None) -> tuple[int, tuple[Price, ...] | None, str | None]:
        now = self._now()
        minute = int(now.timestamp()) // 60
        key = (model.provider, model.wire_id, service_tier)
        kept = self._kept.get(key)
        if kept is None or kept[0] != minute:
            own = model.spec.prices
            rows, priced_as = (own, model.reference) if own else self._from_list(model, service_tier, now)
            kept = (minute, rows, priced_as)
            self._kept[key] = kept
        return kept

    def _from_list(
        self, model: Model, service_tier: str | None, now: datetime.datetime
    ) -> tuple[tuple[Price, ...] | None, str | None]:
        provider_id = self._price_providers.get(model.provider)
        info = find_listed(provider_id, model.wire_id) if provider_id else None
        if info is None:
            return None, None
        context: dict[str, Any] | None = {"service_tier": service_tier} if service_tier in SERVICE_TIERS else None
        return tuple(_rows(info.get_prices(now, context))), f"{provider_id}/{info.id}"


def find_listed(provider_id: str, wire_id: str) -> "ModelInfo | None":
    """The price list's entry for a model of a provider."""
    for provider in listed_providers():
        if provider.id == provider_id:
            return provider.find_model(wire_id.lower())
    return None


def listed_providers() -> list[Any]:
    """Everything in the price list; imported on first use because it takes a tenth of a second."""
    from genai_prices.data_snapshot import get_snapshot

    return get_snapshot().providers


def _rows(prices: "ModelPrice") -> Iterable[Price]:
    """Translate the price list's fields. A field that has no meter of ours is an error in our table, found by a test."""
    for field, value in vars(prices).items():
        if value is None or field.startswith("_"):
            continue
        meter, per = METERS[field]
        if isinstance(value, Decimal):
            yield Price(meter=meter, per=per, amount=value, source="genai-prices")
            continue
        yield Price(meter=meter, per=per, amount=value.base, source="genai-prices")
        for tier in value.tiers:
            yield Price(
                meter=meter,
                per=per,
                amount=tier.price,
                when={"input_tokens_gt": tier.start},
                source="genai-prices",
            )


def bill(rows: Iterable[Price], meters: Mapping[str, int | float]) -> tuple[Line, ...]:
    """One line for each priced meter. A meter includes its children; what a priced child counts is not counted again."""
    chosen = _applicable(rows, meters)
    lines: list[Line] = []
    for meter, row in chosen.items():
        quantity = meters.get(meter, 1 if meter == "calls" else 0)
        if not quantity:
            continue
        own = quantity - sum(meters.get(child, 0) for child in _nearest_children(meter, chosen))
        if own > 0:
            lines.append(Line(meter=meter, quantity=own, amount=_exactly(own) * row.amount / row.per))
    return tuple(lines)


def _applicable(rows: Iterable[Price], meters: Mapping[str, int | float]) -> dict[str, Price]:
    """For each meter the row with the highest threshold that is passed."""
    asked = meters.get("tokens.input", 0)
    chosen: dict[str, Price] = {}
    for row in rows:
        threshold = int(row.when.get("input_tokens_gt", -1))
        if asked > threshold and (
            row.meter not in chosen or threshold >= int(chosen[row.meter].when.get("input_tokens_gt", -1))
        ):
            chosen[row.meter] = row
    return chosen


def _nearest_children(meter: str, priced: Mapping[str, Price]) -> list[str]:
    below = [other for other in priced if other.startswith(f"{meter}.")]
    return [child for child in below if not any(child.startswith(f"{other}.") for other in below)]


def _exactly(quantity: float) -> Decimal:
    return Decimal(quantity) if isinstance(quantity, int) else Decimal(str(quantity))
