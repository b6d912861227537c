"""Prices usage."""

import datetime
from collections.abc import Callable
from decimal import Decimal

import msgspec

from genmux.contract.model import Model
from genmux.services.ports import Now
from genmux.services.prices.bill import Tariff
from genmux.services.prices.listing import PriceList
from genmux.types.money import Cost, Price
from genmux.types.usage import Usage

TIER = "service_tier"
"""The condition of a row that holds for one service tier only."""

_REMEMBERED = 1_024
_US_DOLLARS = "USD"
_NOTHING = Decimal(0)
_MINUTE = datetime.timedelta(minutes=1)


class _Kept(msgspec.Struct, frozen=True):
    """What holds for a model at one minute; some prices depend on the hour."""

    minute: datetime.datetime
    until: datetime.datetime
    rows: tuple[Price, ...] | None
    tariff: Tariff | None = None
    priced_as: str | None = None
    currency: str = _US_DOLLARS


class PriceBook:
    """Prices usage by the rows of a model's manifest, else by the price list.

    `price_provider` gives a provider's id in that list, None when it is not in it. Safe to share between threads.
    """

    def __init__(self, now: Now, price_provider: Callable[[str], str | None], price_list: PriceList) -> None:
        self._now = now
        self._price_provider = price_provider
        self._list = price_list
        self._kept: dict[tuple[str, str, str | None], _Kept] = {}

    def forget(self) -> None:
        """Look everything up anew: a provider was registered or removed."""
        self._kept = {}

    def is_ready(self, model: Model) -> bool:
        """Whether the price of a model can be told at once. It can, but for the first one from a list that was never read."""
        return self._list.ready or bool(model.spec.prices) or self._price_provider(model.provider) is None

    def prepare(self) -> None:
        """Have the price list ready, which may take a second."""
        self._list.prepare()

    def rows(self, model: Model, *, service_tier: str | None = None) -> tuple[Price, ...] | None:
        """The price rows of a model at this minute, None when its price is unknown."""
        return self._look_up(model, service_tier).rows

    def cost(self, model: Model, usage: Usage, *, service_tier: str | None = None) -> Cost | None:
        """What this usage cost: as the provider reports it, else computed.

        None when the price is unknown, of all or of a part: an unpriced web search makes the whole cost unknown.
        """
        if usage.reported_cost is not None:
            return Cost(amount=usage.reported_cost, source="reported")
        kept = self._look_up(model, service_tier)
        meters = usage.meters
        lines = kept.tariff.whole_bill(meters) if kept.tariff is not None and meters else None
        if lines is None:
            return None
        amount = _NOTHING
        for line in lines:
            amount += line.amount
        return Cost(amount=amount, currency=kept.currency, lines=lines, priced_as=kept.priced_as)

    def _look_up(self, model: Model, service_tier: str | None) -> _Kept:
        now = self._now()
        key = (model.provider, model.wire_id, service_tier)
        store = self._kept
        kept = store.get(key)
        if kept is None or not kept.minute <= now < kept.until:
            if len(store) >= _REMEMBERED:
                store.clear()
            kept = store[key] = self._find(model, service_tier, now)
        return kept

    def _find(self, model: Model, service_tier: str | None, now: datetime.datetime) -> _Kept:
        minute = now.replace(second=0, microsecond=0)
        until = minute + _MINUTE
        priced_as: str | None = model.reference
        rows = model.spec.prices and _of_tier(model.spec.prices, service_tier)
        if not rows:
            rows, priced_as = self._from_list(model, service_tier, now)
        currencies = {row.currency for row in rows or ()}
        if not rows or len(currencies) > 1:  # amounts in different currencies cannot be added up
            return _Kept(minute, until, None)
        return _Kept(minute, until, rows, Tariff(rows), priced_as, currencies.pop())

    def _from_list(
        self, model: Model, service_tier: str | None, now: datetime.datetime
    ) -> tuple[tuple[Price, ...] | None, str | None]:
        provider_id = self._price_provider(model.provider)
        found = self._list.find(provider_id, model.wire_id) if provider_id else None
        if found is None:
            return None, None
        return found.rows(now, {TIER: service_tier} if service_tier else {}), f"{provider_id}/{found.id}"


def _of_tier(rows: tuple[Price, ...], service_tier: str | None) -> tuple[Price, ...]:
    """The rows that hold for a service tier: those that name it, and for all other meters those that name none."""
    named = [row for row in rows if row.when.get(TIER) == service_tier and TIER in row.when]
    meters = {row.meter for row in named}
    bare = [
        msgspec.structs.replace(row, when={key: value for key, value in row.when.items() if key != TIER})
        for row in named
    ]
    return (*bare, *(row for row in rows if TIER not in row.when and row.meter not in meters))
