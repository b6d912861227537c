"""What has been used since the start, by provider and model; needs no server."""

from collections.abc import Mapping
from decimal import Decimal
from threading import Lock

import msgspec

from genmux.types.money import Cost
from genmux.types.usage import Usage


class Total(msgspec.Struct, kw_only=True):
    """What one model has used. `unpriced` counts the calls whose cost is unknown; `cost` is the sum of the others, in US dollars."""

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
            if cost is None:
                total.unpriced += 1
            else:
                total.cost += cost.amount
            meters = total.meters
            for meter, quantity in usage.meters.items():
                meters[meter] = meters.get(meter, 0) + quantity

    def fail(self, provider: str, model: str) -> None:
        """Book one call that failed."""
        with self._lock:
            self._of(provider, model).failed += 1

    def _of(self, provider: str, model: str) -> Total:
        total = self._totals.get((provider, model))
        if total is None:
            total = self._totals[provider, model] = Total()
        return total

    def snapshot(self) -> Mapping[str, Total]:
        """A copy of all totals by `provider/model`."""
        with self._lock:
            return {
                f"{provider}/{model}": msgspec.structs.replace(total, meters=dict(total.meters))
                for (provider, model), total in self._totals.items()
            }
