"""What an expression comes to for given parameters: the reference for evaluators in other languages.

0. A `prompt` gives `characters`, `prompt_bytes` (UTF-8) and `text_bytes` (16 more), where these are not given. A `size` of
   `WxH`, or `width` and `height`, give `pixels`; so does the name of a resolution, roughly (`facts.py`). Measures that are
   given as null are there, but unknown.
1. Every number is a span: `low`, and `high`, which may be unknown. A parameter that is given is both; one that is not
   given is its default, else its choices' smallest and largest, else its range; else `high` is unknown.
2. Trees are evaluated with spans: sums, products, smallest and rounding up by each end; `first` is the first whose `high`
   is known; `between` takes the low end of one and the high end of the other; `pick` the smallest and the largest case
   that may hold, and unknown when none may. Nothing times something unknown is nothing.
3. A condition holds, may hold, or does not. With one value told, it is compared (names in small letters; of `steps` the
   row names the most). With a size told and no resolution, the rows for the resolutions of that size may hold, and those
   for others do not, if any row is for one of them (`facts.py`). Of what else is not told, a `service_tier` does not hold,
   all others may. A condition `…_gt` holds when the low end is above it, and may when the high end is.
4. A row may hold when all its conditions may. A row that holds for certain puts all rows of a lower rank and the same meter
   out (`genmux.types.conditions.rank`). When none is left, those count that only a tier that nobody asked for put out.
5. What is billed of a quantity: less `free`, then up to a multiple of `round_to`, then at least `minimum`. Nothing of
   nothing. Times `amount`, by `per`. An item costs from the cheapest row at its low end to the dearest at its high end,
   or at a threshold of its own quantity below that, if it costs more there.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import ROUND_CEILING, Decimal
from typing import Any

import msgspec

from genmux.services.estimates.expression import (
    Add,
    Between,
    Case,
    Expression,
    First,
    Item,
    Least,
    Multiply,
    Number,
    Pick,
    RoundUp,
    Tree,
    Value,
)
from genmux.services.estimates.facts import Facts, Span
from genmux.services.estimates.vocabulary import ALIASES, ASKED_FOR, KNOWN, lacking
from genmux.types.conditions import THRESHOLDS, TIMES, plain, rank
from genmux.types.errors import InvalidRequestError
from genmux.types.money import Condition, Confidence, Line, Price

_NOTHING = Span(Decimal(0), Decimal(0))
_ORDER: tuple[Confidence, ...] = ("low", "medium", "high", "exact")


class Evaluated(msgspec.Struct, frozen=True, kw_only=True):
    """What an expression comes to. `credits` are spans by the type of the credits; `lines` are all of the high end."""

    low: Decimal
    high: Decimal | None
    lines: tuple[Line, ...]
    credits: dict[str, Span]
    unknown: tuple[str, ...]
    assumed: tuple[str, ...]
    confidence: Confidence


def evaluate(
    expression: Expression, params: Mapping[str, Any], *, rates: Mapping[str, Decimal] | None = None
) -> Evaluated:
    """The cost for these parameters. `rates` are what one credit of each type costs the account, in the currency.

    Raises InvalidRequestError for a value of the wrong type or out of its range; names that no price asks for are ignored.
    """
    return _Evaluation(expression, _checked(params)).run(rates or {})


class _Evaluation:
    """One evaluation, which collects on its way what is unknown and what was assumed."""

    def __init__(self, expression: Expression, params: Mapping[str, Any]) -> None:
        self._expression = expression
        self._facts = Facts(params, expression.params)
        self._unknown: dict[str, None] = {}
        self._assumed: dict[str, None] = {}
        self._confidence: Confidence = expression.confidence
        self._is_certain = True

    def run(self, rates: Mapping[str, Decimal]) -> Evaluated:
        low = high = Decimal(0)
        lines: list[Line] = []
        credited: dict[str, Span] = {}
        for item in self._expression.items:
            span = self._tree(item.quantity)
            for kind, (least, line) in self._cost(item, span).items():
                if kind is not None and kind not in rates:
                    credited[kind] = _sum((credited.get(kind, _NOTHING), Span(least, line.amount)))
                    continue
                rate = Decimal(1) if kind is None else rates[kind]
                low += least * rate
                high += line.amount * rate
                if line.quantity:
                    lines.append(msgspec.structs.replace(line, amount=line.amount * rate, credit_type=None))
        self._unknown.update(dict.fromkeys(self._expression.unpriced))
        unknown = (*self._unknown, *(f"what a credit of type {kind!r} costs the account" for kind in credited))
        return Evaluated(
            low=min(low, high) if not unknown else low,
            high=None if unknown else high,
            lines=() if unknown else tuple(lines),
            credits={kind: Span(span.low, None) for kind, span in credited.items()} if self._unknown else credited,
            unknown=unknown,
            assumed=tuple(self._assumed),
            confidence="low" if unknown else self._rated(low == high),
        )

    def _rated(self, is_point: bool) -> Confidence:
        if not self._is_certain or self._assumed:
            return _lower("medium", self._confidence)
        return "exact" if is_point and self._confidence == "high" else self._confidence

    def _cost(self, item: Item, span: Span) -> dict[str | None, tuple[Decimal, Line]]:
        """The least, and the line of the most, of each kind of row: those in the currency, and those in credits."""
        if span.high == 0:
            return {}
        rows = self._rows(item, span)
        if not rows:
            self._unknown[self._no_row(item)] = None
            return {}
        if span.high is None and any(row.amount for row in rows):
            self._unknown.update(dict.fromkeys(map(lacking, span.missing)))
        self._is_certain = self._is_certain and len(rows) == 1
        found: dict[str | None, tuple[Decimal, Line]] = {}
        for row in rows:
            self._confidence = _lower(self._confidence, row.confidence or "high")
            least = _amount(row, billed(row, span.low))
            line = _line(item, row, span.low if span.high is None else span.high)
            known = found.get(row.credit_type)
            if known is not None:
                least = min(least, known[0])
                line = max(known[1], line, key=_by_amount)
            found[row.credit_type] = least, line
        for step in _steps(item, span):
            for row in self._rows(item, Span(step, step)):
                if row.credit_type in found:
                    least, line = found[row.credit_type]
                    found[row.credit_type] = least, max(line, _line(item, row, step), key=_by_amount)
        return found

    def _rows(self, item: Item, span: Span) -> list[Price]:
        """The rows that may hold for a quantity, with those of dearer kinds of it; none if none of its own may."""
        found: list[Price] = []
        for meter in dict.fromkeys((item.meter, *(row.meter for row in item.rows))):
            rows = [row for row in item.rows if row.meter == meter]
            found += self._holding(rows, lambda row: self._holds(row.when, item.rows, span), rank)
            if not found:
                break
        return found

    def _no_row(self, item: Item) -> str:
        told = {name: sorted({str(row.when[name]) for row in item.rows if name in row.when}) for name in _named(item)}
        wanted = "; ".join(f"`{name}`: {', '.join(values)}" for name, values in told.items())
        return f"the price of {item.meter} for what was asked; there are prices for {wanted or 'other times'}"

    def _holding(
        self, choices: Sequence[Any], holds: Callable[[Any], bool | None], order: Callable[[Any], Any]
    ) -> list[Any]:
        """The choices that may hold, without those that are less specific than one that holds for certain."""
        found = [(choice, certain) for choice in choices if (certain := holds(choice)) is not False]
        if not found:
            return [
                choice
                for choice in choices
                if holds(msgspec.structs.replace(choice, when=_unasked(choice.when, self._facts))) is not False
            ]
        certain = [order(choice) for choice, holding in found if holding]
        least = max(certain, default=None)
        return [choice for choice, _ in found if least is None or order(choice) >= least]

    def _holds(self, when: Mapping[str, Condition], choices: Iterable[Price | Case], span: Span | None) -> bool | None:
        """Whether conditions hold, None when they may."""
        certain: bool | None = True
        for name, wanted in when.items():
            if name in TIMES:  # what is served holds now; when exactly it will be billed is not known
                holding: bool | None = None
            elif name in THRESHOLDS:
                holding = self._passes(name, int(wanted), span)
            else:
                holding = self._fits(name, wanted, choices)
            if holding is False:
                return False
            certain = certain and holding
        return certain

    def _passes(self, name: str, least: int, span: Span | None) -> bool | None:
        tree = self._expression.thresholds.get(name)
        quantity = span if THRESHOLDS[name] is None else (None if tree is None else self._tree(tree))
        if quantity is None:
            return None
        if quantity.low > least:
            return True
        return None if quantity.high is None or quantity.high > least else False

    def _fits(self, name: str, wanted: Condition, choices: Iterable[Price | Case]) -> bool | None:
        told = self._facts.told(name)
        if told is None and (guessed := self._facts.guessed(name)):
            known = {plain(choice.when[name]) for choice in choices if name in choice.when}
            if guessed & known:
                return None if plain(wanted) in guessed else False
        if told is None:
            return False if name in ASKED_FOR else None
        fitting = [_matches(name, wanted, names) for names in told]
        return True if all(fitting) else (None if any(fitting) else False)

    def _tree(self, tree: Tree) -> Span:
        match tree:
            case Number(value):
                return Span(value, value)
            case Value(name):
                return self._facts.number(name)
            case Multiply(of):
                return self._product(of)
            case Add() | Least():
                return _TOGETHER[type(tree)]([self._tree(one) for one in tree.of])
            case First(of):
                return self._first(of)
            case RoundUp(of, step):
                span = self._tree(of)
                return Span(_up(span.low, step), None if span.high is None else _up(span.high, step), span.missing)
            case Between():
                return self._between(tree)
            case Pick(cases, why):
                return self._pick(cases, why)

    def _product(self, of: tuple[Tree, ...]) -> Span:
        low, high, missing = Decimal(1), Decimal(1), ()
        endless = False
        for one in of:
            span = self._tree(one)
            if span.high == 0:
                return _NOTHING
            low *= span.low
            endless = endless or span.high is None
            high *= span.high or 1
            missing += span.missing
        return Span(low, None if endless else high, missing)

    def _first(self, of: tuple[Tree, ...]) -> Span:
        spans: list[Span] = []
        for one in of:
            span = self._tree(one)
            if span.high is not None:
                return span
            spans.append(span)
        return spans[0]

    def _between(self, tree: Between) -> Span:
        low, high = self._tree(tree.low), self._tree(tree.high)
        if tree.why and high.high != 0:
            self._assumed[tree.why] = None
            self._confidence = _lower(self._confidence, tree.confidence)
        return Span(low.low if high.high is None else min(low.low, high.high), high.high, high.missing)

    def _pick(self, cases: tuple[Case, ...], why: str | None) -> Span:
        if why:
            self._assumed[why] = None
        fitting = self._holding(cases, lambda case: self._holds(case.when, cases, None), lambda case: len(case.when))
        if not fitting:
            return Span(Decimal(0), None, tuple(sorted({name for case in cases for name in case.when})))
        values = [case.value for case in fitting]
        return Span(min(values), max(values))


def _checked(params: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters by their usual names."""
    found = {ALIASES.get(name, name): value for name, value in params.items()}
    for name, value in found.items():
        known = KNOWN.get(name)
        if known is not None and value is not None and (fault := known.fault(name, value)):
            raise InvalidRequestError(fault, param=name)
    return found


def billed(row: Price, quantity: Decimal) -> Decimal:
    """How much of a quantity a row bills."""
    if not quantity:
        return quantity
    if row.free is not None:
        quantity = max(Decimal(0), quantity - _exactly(row.free))
    if row.round_to is not None:
        quantity = _up(quantity, _exactly(row.round_to))
    return quantity if row.minimum is None else max(quantity, _exactly(row.minimum))


def _matches(name: str, wanted: Condition, names: frozenset[Condition]) -> bool:
    if name == "steps" and isinstance(wanted, int):
        return all(isinstance(told, int | float) and told <= wanted for told in names)
    return plain(wanted) in names


def _unasked(when: Mapping[str, Condition], facts: Facts) -> dict[str, Condition]:
    """Conditions without those that nobody asked for."""
    return {name: value for name, value in when.items() if name not in ASKED_FOR or facts.told(name) is not None}


def _named(item: Item) -> list[str]:
    return sorted({name for row in item.rows for name in row.when})


def _sum(spans: Iterable[Span]) -> Span:
    low, high, missing = Decimal(0), Decimal(0), ()
    endless = False
    for span in spans:
        low += span.low
        endless = endless or span.high is None
        high += span.high or 0
        missing += span.missing
    return Span(low, None if endless else high, missing)


def _least(spans: list[Span]) -> Span:
    known = [span.high for span in spans if span.high is not None]
    if not known:
        return spans[0]
    return Span(min(span.low for span in spans), min(known))


_TOGETHER: dict[type, Callable[[list[Span]], Span]] = {Add: _sum, Least: _least}


def _up(number: Decimal, step: Decimal) -> Decimal:
    return (number / step).to_integral_value(ROUND_CEILING) * step


def _steps(item: Item, span: Span) -> set[Decimal]:
    """The quantities below which another row holds: what is used in the end may stay just there, and cost more."""
    own = {name for name, meter in THRESHOLDS.items() if meter is None}
    steps = {Decimal(int(row.when[name])) for row in item.rows for name in own & row.when.keys()}
    return {step for step in steps if step and (span.high is None or step < span.high)}


def _line(item: Item, row: Price, quantity: Decimal) -> Line:
    amount = billed(row, quantity)
    return Line(meter=item.meter, quantity=_plainly(amount), amount=_amount(row, amount))


def _amount(row: Price, quantity: Decimal) -> Decimal:
    return quantity * row.amount / row.per


def _by_amount(line: Line) -> Decimal:
    return line.amount


def _exactly(number: float) -> Decimal:
    return Decimal(str(number))


def _plainly(number: Decimal) -> int | float:
    whole = int(number)
    return whole if whole == number else float(number)


def _lower(one: Confidence, other: Confidence) -> Confidence:
    return one if _ORDER.index(one) < _ORDER.index(other) else other
