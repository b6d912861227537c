"""The most that quantities can cost, in whole micro-units and by whole numbers alone: quick enough for every request."""

import math
from collections.abc import Iterator, Mapping
from decimal import Decimal

import msgspec

from genmux.services.prices.rule import CALL, Rule, Rules, billed, words_of
from genmux.types.money import MICRO, Condition

SCALE = 1_000_000_000
"""Rates are counted in so small parts of a micro-unit and rounded up: a bound is too high by less than a millionth."""

US_DOLLARS = "USD"
"""The currency whose micro-units are counted."""

_REMEMBERED = 256

Quantities = Mapping[str, int | float]


class _Step(msgspec.Struct, frozen=True, kw_only=True):
    """A rule by which a quantity may be billed. `rate` is in parts of a micro-unit for each unit."""

    rule: Rule
    rate: int
    thresholds: tuple[tuple[str, int], ...]


class _Steps(msgspec.Struct, frozen=True, kw_only=True):
    """All of them, the dearest first. `rate` is that of the only one, where it is a plain product."""

    steps: tuple[_Step, ...]
    rate: int | None
    are_simple: bool


class Bound:
    """The most that quantities can cost by certain rules."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._known: dict[str, _Steps | None] = {}
        fees = [_rate(rule) for rule in rules.by_meter.get(CALL, ())]
        self._fee = None if None in fees else max((fee for fee in fees if fee is not None), default=0)

    def micros(self, quantities: Quantities, context: Mapping[str, Condition] | None) -> int | None:
        """The bound; None when a quantity has no price in US dollars."""
        fee = self._fee
        if fee is None:
            return None
        total = fee * math.ceil(quantities.get(CALL, 1)) if fee else 0
        told = dict(self._rules.told(context)) if context and self._rules.asked else None
        known = self._known
        for meter, quantity in quantities.items():
            if not quantity or meter == CALL:
                continue
            if told is not None:
                steps = self._possible(meter, told)
            elif meter in known:
                steps = known[meter]
            else:
                steps = self._remember(meter)
            if steps is None:
                return None
            rate = steps.rate
            if rate is not None and isinstance(quantity, int):
                total += quantity * rate
                continue
            cost = _dearest(steps, quantity, quantities)
            if cost is None:
                return None
            total += cost
        return -(-total // SCALE)

    def _remember(self, meter: str) -> _Steps | None:
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        steps = self._known[meter] = self._possible(meter, {})
        return steps

    def _possible(self, meter: str, told: Mapping[str, Condition]) -> _Steps | None:
        """How a part of a meter may be billed; None when a price is not in US dollars, or there is none."""
        found = tuple(self._rules_for(meter, told))
        rates = [_rate(rule) for rule in found]
        if not found or None in rates:
            return None
        steps = sorted(
            (
                _Step(rule=rule, rate=rate, thresholds=rule.thresholds)
                for rule, rate in zip(found, rates, strict=True)
                if rate is not None
            ),
            key=lambda step: -step.rate,
        )
        are_simple = all((rule.row.round_to, rule.row.minimum, rule.row.free) == (None, None, None) for rule in found)
        return _Steps(
            steps=tuple(steps),
            rate=steps[0].rate if are_simple and not steps[0].thresholds else None,
            are_simple=are_simple,
        )

    def _rules_for(self, meter: str, told: Mapping[str, Condition]) -> Iterator[Rule]:
        """Rules of what a meter contains, and, where its own may not hold, of what contains it."""
        words = words_of(meter)
        is_certain = False
        for name, rules in self._rules.by_meter.items():
            if name == CALL or not words <= words_of(name):
                continue
            for rule in rules:
                if not rule.may_hold(told):
                    continue
                yield rule
                if not rule.thresholds and not rule.is_timed and rule.holds(told):
                    is_certain = is_certain or name == meter
                    break  # what is less specific can never count
        if is_certain:
            return
        for name, rules in self._rules.by_meter.items():
            if name != CALL and words_of(name) < words:
                yield from (rule for rule in rules if rule.may_hold(told))


def _dearest(steps: _Steps, quantity: float, quantities: Quantities) -> int | None:
    """The most that a quantity can cost; None when no rule can hold for it."""
    if steps.are_simple:
        for step in steps.steps:  # the dearest first
            for meter, least in step.thresholds:
                if quantities.get(meter, least + 1) <= least:
                    break
            else:
                return _times(quantity, step.rate)
        return None
    left = [step for step in steps.steps if step.rule.may_pass(quantities)]
    if not left:
        return None
    if len({step.rule.row.meter for step in left}) == 1:
        return max(_times(billed(step.rule.row, quantity), step.rate) for step in left)
    more: dict[str, int] = {}  # each part with a price of its own may be rounded up, or billed as the least
    for step in left:
        row = step.rule.row
        extra = _times(max(row.round_to or 0, row.minimum or 0), step.rate)
        more[row.meter] = max(extra, more.get(row.meter, 0))
    return _times(quantity, left[0].rate) + sum(more.values())


def _times(quantity: float | Decimal, rate: int) -> int:
    if isinstance(quantity, int):
        return quantity * rate
    top, bottom = quantity.as_integer_ratio()
    return -(-top * rate // bottom)


def _rate(rule: Rule) -> int | None:
    """Parts of a micro-unit for one unit of the meter, rounded up; None for a price in credits or in another currency."""
    row = rule.row
    if row.credit_type is not None or (row.currency != US_DOLLARS and row.amount):
        return None
    top, bottom = (row.amount * MICRO * SCALE).as_integer_ratio()
    return -(-top // (bottom * row.per))
