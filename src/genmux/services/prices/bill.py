"""From price rows and quantities to the lines of a bill."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

import msgspec

from genmux.types.money import Line, Price

CALL = "calls"
"""A fee for each call. It is due once, whatever else is counted."""

ABOVE = "input_tokens_gt"
"""The condition of a dearer row: more input tokens than this. It then holds for all tokens, not only for those above."""

_REMEMBERED = 256


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
        self._plans: dict[tuple[str, ...], _Plan] = {}

    def lines(self, meters: Mapping[str, int | float]) -> tuple[Line, ...]:
        """One line for each meter that is priced and was used."""
        return self._lines(self._plan(meters), meters)

    def covers(self, meters: Mapping[str, int | float]) -> bool:
        """Whether everything that was used has a price, so that the lines are the whole bill."""
        return self._plan(meters).whole

    def whole_bill(self, meters: Mapping[str, int | float]) -> tuple[Line, ...] | None:
        """The lines, None when something that was used has no price."""
        plan = self._plan(meters)
        return self._lines(plan, meters) if plan.whole else None

    def _lines(self, plan: "_Plan", meters: Mapping[str, int | float]) -> tuple[Line, ...]:
        own: dict[str, int | float] = {}
        for meter, inside in plan.taken:
            quantity = meters[meter]
            for other in inside:
                quantity -= own[other]
            own[meter] = max(0, quantity)
        if CALL in self._rows:
            own[CALL] = meters.get(CALL, 1)
        lines: list[Line] = []
        for meter, steps in plan.rows:
            quantity = own[meter]
            row = _step(steps, meters.get("tokens.input", 0)) if isinstance(steps, list) else steps
            if quantity and row is not None:
                lines.append(Line(meter=meter, quantity=quantity, amount=_exactly(quantity) * row.amount / row.per))
        return tuple(lines)

    def _plan(self, meters: Mapping[str, int | float]) -> "_Plan":
        """How these meters are billed. It depends only on which of them were used, so it is made once for each choice."""
        used = tuple([meter for meter, quantity in meters.items() if quantity])
        plan = self._plans.get(used)
        if plan is None:
            if len(self._plans) >= _REMEMBERED:
                self._plans.clear()
            plan = self._plans[used] = self._planned(used)
        return plan

    def _planned(self, used: tuple[str, ...]) -> "_Plan":
        priced = [meter for meter in self._narrowest_first if meter in used]
        return _Plan(
            whole=all(any(theirs <= _words_of(meter) for theirs in self._words.values()) for meter in used),
            taken=tuple((meter, tuple(one for one in self._inside[meter] if one in used)) for meter in priced),
            rows=tuple(
                (meter, steps[0] if len(steps) == 1 and not steps[0].when else steps)
                for meter, steps in self._rows.items()
                if meter in priced or meter == CALL
            ),
        )


class _Plan(msgspec.Struct, frozen=True, kw_only=True):
    """How certain meters are billed: whether all of them are priced, what is taken off what, and the rows that apply.

    A row that holds whatever the quantities are stands by itself, not in a list of steps.
    """

    whole: bool
    taken: tuple[tuple[str, tuple[str, ...]], ...]
    rows: tuple[tuple[str, Price | list[Price]], ...]


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
