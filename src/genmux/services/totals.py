"""What has been used since the start, by provider and model; needs no server."""

from collections.abc import Mapping
from decimal import Decimal
from threading import Lock

import msgspec

from genmux.types.money import Cost
from genmux.types.usage import Usage

US_DOLLARS = "USD"

MODELS = 1_000
"""So many models are told apart; further ones are booked together under `provider/*`, for callers can invent names."""


class Total(msgspec.Struct, kw_only=True):
    """What one model has used. `cost` is in US dollars; `unpriced` counts the calls whose cost is not known in them."""

    calls: int = 0
    failed: int = 0
    unpriced: int = 0
    cost: Decimal = Decimal(0)
    meters: dict[str, int | float] = msgspec.field(default_factory=dict)


class Totals:
    """Adds up. Safe to share between threads."""

    def __init__(self) -> None:
        self._totals: dict[tuple[str, str], Total] = {}
        self._lock = Lock()

    def add(self, provider: str, model: str, usage: Usage, cost: Cost | None) -> None:
        """Book one answered call."""
        with self._lock:
            total = self._of(provider, model)
            total.calls += 1
            _book(total, usage, cost)

    def fail(self, provider: str, model: str, usage: Usage, cost: Cost | None) -> None:
        """Book one call that failed, and what it used all the same: a stream that broke is billed as far as it came."""
        with self._lock:
            total = self._of(provider, model)
            total.failed += 1
            if usage.meters:
                _book(total, usage, cost)

    def _of(self, provider: str, model: str) -> Total:
        total = self._totals.get((provider, model))
        if total is None:
            key = (provider, model if len(self._totals) < MODELS else "*")
            total = self._totals.setdefault(key, Total())
        return total

    def snapshot(self) -> Mapping[str, Total]:
        """A copy of all totals by `provider/model`."""
        with self._lock:
            return {
                f"{provider}/{model}": msgspec.structs.replace(total, meters=dict(total.meters))
                for (provider, model), total in self._totals.items()
            }


def _book(total: Total, usage: Usage, cost: Cost | None) -> None:
    if cost is None or cost.currency != US_DOLLARS:
        total.unpriced += 1
    else:
        total.cost += cost.amount
    meters = total.meters
    for meter, quantity in usage.meters.items():
        if quantity or meter not in meters:
            meters[meter] = meters.get(meter, 0) + quantity
