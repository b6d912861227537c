"""From price rows and quantities to the lines of a bill."""

import datetime
from collections.abc import Iterable, Mapping

import msgspec

from genmux.services.prices.bound import Bound
from genmux.services.prices.rule import CALL, Rule, Rules, Told, billed, exactly, is_timed, plainly, words_of
from genmux.types.money import Condition, Line, Price

UNBILLED = frozenset({"results"})
"""Meters that are counted only because the price of another depends on them."""

MEASURES = frozenset({"characters.input", "seconds.input.audio", "seconds.output.audio"})
"""Meters of sound and of what is spoken, several of which are counted of the same thing; a model is priced by one of them, or by
tokens."""

_REMEMBERED = 256

Quantities = Mapping[str, int | float]
Context = Mapping[str, Condition]


class Tariff:
    """Price rows, made ready to bill with.

    A meter contains every meter that has all its words and more: `tokens.input` contains `tokens.input.cached`, and
    `tokens.input.audio` contains `tokens.input.cached.audio`. What is priced by itself is taken off what contains it.
    Of the rows of one meter whose conditions all hold, the most specific counts (`genmux.types.conditions.rank`). Without
    a moment `at`, rows that hold at certain times only are left out.
    """

    def __init__(self, rows: Iterable[Price], *, at: datetime.datetime | None = None) -> None:
        rows = tuple(rows)
        self._rules = Rules(rows, at)
        self.takes_credits = self._rules.take_credits
        """Whether any row is in the provider's own credits."""
        self._bound = Bound(Rules(rows, at, any_time=True) if any(map(is_timed, rows)) else self._rules)
        self._plans: dict[tuple[tuple[str, ...], Told], _Plan] = {}
        self._plain: dict[tuple[str, ...], _Plan] = {}

    def lines(self, meters: Quantities, *, context: Context | None = None) -> tuple[Line, ...]:
        """One line for each meter that is priced and was used; amounts of credit rows are in credits."""
        return self._lines(self._plan(meters, context), meters)[0]

    def covers(self, meters: Quantities, *, context: Context | None = None) -> bool:
        """Whether everything that was used has a price, so that the lines are the whole bill."""
        return self.whole_bill(meters, context=context) is not None

    def whole_bill(self, meters: Quantities, *, context: Context | None = None) -> tuple[Line, ...] | None:
        """The lines, None when something that was used has no price under the conditions that are told."""
        plan = self._plan(meters, context)
        if not plan.whole:
            return None
        lines, whole = self._lines(plan, meters)
        return lines if whole else None

    def unpriced(self, meters: Quantities, *, context: Context | None = None) -> tuple[str, ...]:
        """The meters that were used and have no price, with the conditions that would have to be told."""
        plan = self._plan(meters, context)
        return tuple(self._rules.missing(meter) for meter in plan.unpriced)

    def highest(self, quantities: Quantities, *, context: Context | None = None) -> int | None:
        """A number of micro-units that usage within these quantities cannot cost more than; None without such a price.

        Each quantity counts at the dearest rate that any part of it can have, at whatever time it is billed. Of `context`
        only what is known for sure may be told; conditions that it leaves out may turn out either way. The micro-units
        are those of the US dollar, so what is priced in another currency has no such number.
        """
        return self._bound.micros(quantities, context)

    def _lines(self, plan: "_Plan", meters: Quantities) -> tuple[tuple[Line, ...], bool]:
        own = _own(plan, meters)
        if plan.has_fee:
            own[CALL] = meters.get(CALL, 1)
        lines: list[Line] = []
        whole = True
        for meter, row, steps in plan.rows:
            quantity = own[meter]
            if not quantity:
                continue
            if steps is not None:
                row = _passed(steps, meters)  # noqa: PLW2901 — the row that holds
                if row is None:
                    whole = False
                    continue
                exact = billed(row, quantity)
                quantity = plainly(exact)
            else:
                exact = exactly(quantity)
            amount = exact * row.amount / row.per
            if row.credit_type is None:
                lines.append(Line(meter=meter, quantity=quantity, amount=amount))
            else:
                lines.append(Line(meter=meter, quantity=quantity, amount=amount, credit_type=row.credit_type))
        return tuple(lines), whole

    def _plan(self, meters: Quantities, context: Context | None) -> "_Plan":
        """How these meters are billed. It depends only on which of them were used, so it is made once for each choice."""
        used = tuple([meter for meter, quantity in meters.items() if quantity])
        if not context or not self._rules.asked:
            plan = self._plain.get(used)
            if plan is None:
                if len(self._plain) >= _REMEMBERED:
                    self._plain.clear()
                plan = self._plain[used] = self._planned(used, ())
            return plan
        key = (used, self._rules.told(context))
        plan = self._plans.get(key)
        if plan is None:
            if len(self._plans) >= _REMEMBERED:
                self._plans.clear()
            plan = self._plans[key] = self._planned(*key)
        return plan

    def _planned(self, used: tuple[str, ...], told: Told) -> "_Plan":
        holding = self._rules.holding(told)
        words = {meter: words_of(meter) for meter in holding}
        priced = sorted(
            (meter for meter in holding if meter in used and meter != CALL), key=lambda meter: -len(words[meter])
        )
        unpriced = tuple(
            meter
            for meter in used
            if meter not in UNBILLED
            and not any(theirs <= words_of(meter) for theirs in words.values())
            and not _measured_otherwise(meter, priced, holding)
        )
        return _Plan(
            whole=not unpriced,
            unpriced=unpriced,
            has_fee=CALL in holding,
            taken=tuple((meter, tuple(other for other in priced if words[meter] < words[other])) for meter in priced),
            rows=tuple(
                (meter, rules[0].row, None if rules[0].is_simple else rules)
                for meter, rules in holding.items()
                if meter in priced or meter == CALL
            ),
        )


class _Plan(msgspec.Struct, frozen=True, kw_only=True):
    """How certain meters are billed: whether all of them are priced, what is taken off what, and the rows that apply.

    A row that holds whatever the quantities are stands alone; the rules of the others are tried in turn.
    """

    whole: bool
    unpriced: tuple[str, ...]
    has_fee: bool
    taken: tuple[tuple[str, tuple[str, ...]], ...]
    rows: tuple[tuple[str, Price, tuple[Rule, ...] | None], ...]


def bill(rows: Iterable[Price], meters: Quantities, *, context: Context | None = None) -> tuple[Line, ...]:
    """One line for each meter that is priced and was used."""
    return Tariff(rows).lines(meters, context=context)


def _measured_otherwise(meter: str, priced: Iterable[str], holding: Iterable[str]) -> bool:
    """Whether what a meter counts is billed by another one."""
    if meter in MEASURES:
        return any(True for _ in priced)
    by_tokens = any(one.startswith("tokens.") for one in holding)
    return meter.startswith("tokens.") and not by_tokens and not MEASURES.isdisjoint(priced)


def _own(plan: _Plan, meters: Quantities) -> dict[str, int | float]:
    """How much of each meter is left when what is priced by itself is taken off."""
    own: dict[str, int | float] = {}
    for meter, inside in plan.taken:
        quantity = meters[meter]
        for other in inside:
            quantity -= own[other]
        if inside and isinstance(quantity, float):
            quantity = plainly(exactly(meters[meter]) - sum(exactly(own[other]) for other in inside))
        own[meter] = max(0, quantity)
    return own


def _passed(steps: tuple[Rule, ...], meters: Quantities) -> Price | None:
    """The most specific row whose thresholds are all passed."""
    for rule in steps:
        for meter, least in rule.thresholds:
            if meters.get(meter, 0) <= least:
                break
        else:
            return rule.row
    return None
