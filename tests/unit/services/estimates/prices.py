"""Prices for the tests of estimates: every model costs the same here."""

from genmux.contract.model import Model
from genmux.services.prices.bill import Tariff
from genmux.types.money import Price


class Prices:
    """A price book with one set of rows."""

    def __init__(self, *rows: Price) -> None:
        self._rows = rows
        self.asked_for: list[str | None] = []

    def rows(self, model: Model, *, service_tier: str | None = None) -> tuple[Price, ...] | None:
        assert model.provider == "acme"
        self.asked_for.append(service_tier)
        return self._rows or None

    def compiled(self, model: Model, *, service_tier: str | None = None) -> Tariff | None:
        rows = self.rows(model, service_tier=service_tier)
        return None if rows is None else Tariff(rows)
