"""From price rows and quantities to the lines of a bill."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from genmux.types.money import Line, Price

CALL = "calls"
"""A fee for each call. It is due once, whatever else is counted."""

ABOVE = "input_tokens_gt"
"""The condition of a dearer row: more input tokens than this. It then holds for all tokens, not only for those above."""


class Tariff:
    """Price rows, made ready to bill with.

    A meter contains every meter that has all its words and more: `tokens.input` contains `tokens.input.cached`, and
    `tokens.input.audio` contains `tokens.input.cached.audio`. What is priced by itself is taken off what contains it.
    """

    def __init__(self, rows: Iterable[Price]) -> None:
        self._rows: dict[str, list[Price]] = {}
        for row in rows:
            if row.when.keys() <= {ABOVE}:  # any other condition is one of which we cannot tell whether it holds
                self._rows.setdefault(row.meter, []).append(row)
        for steps in self._rows.values():
            steps.sort(key=_above)
        self._words = {meter: _words_of(meter) for meter in self._rows}
        self._inside = {
            meter: tuple(other for other, theirs in self._words.items() if words < theirs)
            for meter, words in self._words.items()
            if meter != CALL
        }
        self._narrowest_first = sorted(self._inside, key=lambda meter: -len(self._words[meter]))
        self._covered: dict[str, bool] = {}

    def lines(self, meters: Mapping[str, int | float]) -> tuple[Line, ...]:
        """One line for each meter that is priced and was used."""
        own: dict[str, int | float] = {}
        for meter in self._narrowest_first:
            quantity = meters.get(meter, 0)
            if quantity:
                own[meter] = max(quantity - sum(own.get(other, 0) for other in self._inside[meter]), 0)
        if CALL in self._rows:
            own[CALL] = meters.get(CALL, 1)
        asked = meters.get("tokens.input", 0)
        return tuple(
            Line(meter=meter, quantity=quantity, amount=_exactly(quantity) * row.amount / row.per)
            for meter, steps in self._rows.items()
            if (quantity := own.get(meter)) and (row := _step(steps, asked)) is not None
        )

    def covers(self, meters: Mapping[str, int | float]) -> bool:
        """Whether everything that was used has a price, so that the lines are the whole bill."""
        return all(not quantity or self._covers(meter) for meter, quantity in meters.items())

    def _covers(self, meter: str) -> bool:
        known = self._covered.get(meter)
        if known is None:
            words = _words_of(meter)
            known = self._covered[meter] = any(theirs <= words for theirs in self._words.values())
        return known


def bill(rows: Iterable[Price], meters: Mapping[str, int | float]) -> tuple[Line, ...]:
    """One line for each meter that is priced and was used."""
    return Tariff(rows).lines(meters)


def _step(steps: list[Price], asked: float) -> Price | None:
    """The row with the highest threshold that is passed."""
    return next((row for row in reversed(steps) if asked > _above(row)), None)


def _above(row: Price) -> int:
    return int(row.when.get(ABOVE, -1))


def _words_of(meter: str) -> frozenset[str]:
    return frozenset(meter.split("."))


def _exactly(quantity: float) -> Decimal:
    return Decimal(quantity) if isinstance(quantity, int) else Decimal(str(quantity))
