"""Price rows with their conditions taken apart, the most specific first."""

import datetime
from collections.abc import Iterable, Mapping
from decimal import ROUND_CEILING, Decimal
from operator import itemgetter

import msgspec

from genmux.types.conditions import THRESHOLDS, TIMES, holds_at, named, plain, rank
from genmux.types.money import Condition, Price

CALL = "calls"
"""A fee for each call. It is due once, whatever else is counted."""

Told = tuple[tuple[str, Condition], ...]
"""The conditions that are known, as far as any row asks for them."""

_NOTHING = Decimal(0)

STEPS = "steps"
"""A condition of which a row names the most: it holds for fewer too."""


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One row. `named` are its conditions on what was asked, `thresholds` those on quantities, by meter.

    A row `is_timed` when it holds at certain times only.
    """

    row: Price
    named: dict[str, Condition]
    thresholds: tuple[tuple[str, int], ...]
    is_simple: bool
    is_timed: bool

    def holds(self, told: Mapping[str, Condition]) -> bool:
        """Whether all its named conditions are told and hold."""
        return all(name in told and fits(name, value, told[name]) for name, value in self.named.items())

    def may_hold(self, told: Mapping[str, Condition]) -> bool:
        """Whether none of its named conditions is told to be otherwise."""
        return all(name not in told or fits(name, value, told[name]) for name, value in self.named.items())

    def may_pass(self, most: Mapping[str, int | float]) -> bool:
        """Whether its thresholds can be passed by quantities of at most this; those that are left out may be anything."""
        return all(meter not in most or most[meter] > least for meter, least in self.thresholds)


class Rules:
    """All rows by meter that hold at a moment, or at `any_time`. `asked` are the conditions that any of them asks for."""

    def __init__(self, rows: Iterable[Price], at: datetime.datetime | None, *, any_time: bool = False) -> None:
        ranked: dict[str, list[tuple[tuple[int, int, tuple[int, ...]], Rule]]] = {}
        for row in rows:
            if row.when and not any_time and not _is_timely(row, at):
                continue
            rule = Rule(
                row=row,
                named=named(row),
                thresholds=_thresholds(row),
                is_simple=_is_simple(row),
                is_timed=is_timed(row),
            )
            ranked.setdefault(row.meter, []).append((rank(row), rule))
        self.by_meter: dict[str, tuple[Rule, ...]] = {
            meter: tuple(rule for _, rule in sorted(rules, key=itemgetter(0), reverse=True))
            for meter, rules in ranked.items()
        }
        self.take_credits = any(rule.row.credit_type for rules in self.by_meter.values() for rule in rules)
        self.asked = tuple(sorted({name for rules in self.by_meter.values() for rule in rules for name in rule.named}))

    def told(self, context: Mapping[str, Condition]) -> Told:
        """What a context says of the conditions that are asked for."""
        return tuple([(name, plain(context[name])) for name in self.asked if name in context])

    def holding(self, told: Told) -> dict[str, tuple[Rule, ...]]:
        """The rules whose named conditions hold, the most specific first, without meters that have none."""
        known = dict(told)
        holding = {meter: tuple(rule for rule in rules if rule.holds(known)) for meter, rules in self.by_meter.items()}
        return {meter: rules for meter, rules in holding.items() if rules}

    def missing(self, meter: str) -> str:
        """A meter without a price, with the conditions under which it would have one."""
        conditions = {name for rule in self.by_meter.get(meter, ()) for name in rule.named}
        return f"{meter} ({', '.join(sorted(conditions))} not told or not priced)" if conditions else meter


def fits(name: str, wanted: Condition, told: Condition) -> bool:
    """Whether a condition holds for a value that is told."""
    if name == STEPS and isinstance(wanted, int) and isinstance(told, int):
        return told <= wanted
    return wanted == told


def words_of(meter: str) -> frozenset[str]:
    """The words of a meter; one whose words are all in another contains that."""
    return frozenset(meter.split("."))


def is_timed(row: Price) -> bool:
    """Whether a row holds at certain times only."""
    return not row.when.keys().isdisjoint(TIMES)


def _is_timely(row: Price, at: datetime.datetime | None) -> bool:
    return not is_timed(row) or (at is not None and holds_at(row, at))


def _thresholds(row: Price) -> tuple[tuple[str, int], ...]:
    return tuple((meter or row.meter, int(row.when[name])) for name, meter in THRESHOLDS.items() if name in row.when)


def _is_simple(row: Price) -> bool:
    """Whether it is billed by a product alone, whatever the quantities are."""
    return row.when.keys().isdisjoint(THRESHOLDS) and (row.round_to, row.minimum, row.free) == (None, None, None)


def billed(row: Price, quantity: float) -> Decimal:
    """How much of a quantity is billed: less what is free, rounded up, and not less than the least."""
    exact = exactly(quantity)
    if row.free is not None:
        exact = max(_NOTHING, exact - exactly(row.free))
    if row.round_to is not None and exact:
        step = exactly(row.round_to)
        exact = (exact / step).to_integral_value(ROUND_CEILING) * step
    if row.minimum is not None:
        exact = max(exact, exactly(row.minimum))
    return exact


def plainly(exact: Decimal) -> int | float:
    """An exact quantity as it is shown: whole, or to the digits of a binary fraction."""
    whole = int(exact)
    return whole if whole == exact else float(exact)


def exactly(quantity: float) -> Decimal:
    """A quantity to the last digit that is written."""
    return Decimal(quantity) if isinstance(quantity, int) else Decimal(str(quantity))
