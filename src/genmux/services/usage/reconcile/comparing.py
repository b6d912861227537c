"""Compares what our rows say with what a provider says, by day and model."""

import datetime
from collections.abc import Iterable
from decimal import Decimal
from typing import Literal

import msgspec

from genmux.services.usage.reconcile.figures import Ours, Theirs, known_as
from genmux.types.errors import InvalidRequestError

Verdict = Literal["equal", "within_tolerance", "usage_differs", "price_differs", "only_here", "only_there"]
DIFFERENT: frozenset[Verdict] = frozenset({"usage_differs", "price_differs", "only_here", "only_there"})
_MICRO = Decimal("0.000001")
_NOTHING = Decimal(0)


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What one side says; None where it says nothing. `input` and `output` are tokens."""

    cost: Decimal | None = None
    input: int | None = None
    output: int | None = None
    requests: int | None = None


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """One model on one day. `difference` is theirs less ours; `unknown` is the number of our requests without a known cost.

    `day` and `model` are null in totals, `model` also where the file does not tell models apart.
    """

    day: datetime.date | None
    model: str | None
    currency: str
    verdict: Verdict
    ours: Figures | None
    theirs: Figures | None
    difference: Decimal | None
    unknown: int = 0


class Reconciliation(msgspec.Struct, frozen=True, kw_only=True):
    """All lines by day and model, and their totals by currency. `differs` says that a line is beyond the tolerance."""

    lines: tuple[Compared, ...]
    totals: tuple[Compared, ...]
    tolerance: Decimal
    differs: bool


def read_tolerance(text: str) -> Decimal:
    """`1%` or `0.01` as a share. Raises InvalidRequestError for what is none."""
    plain, percent = (text[:-1], 100) if text.endswith("%") else (text, 1)
    try:
        share = Decimal(plain) / percent
        if share.is_finite() and 0 <= share <= 1:
            return share
    except ArithmeticError:
        pass
    message = f"the tolerance is {text!r}; give a share such as 1% or 0.01"
    raise InvalidRequestError(message, param="tolerance")


def compare(ours: Iterable[Ours], theirs: Iterable[Theirs], *, tolerance: Decimal) -> Reconciliation:
    """Put both sides beside each other. Models are only told apart where the file does so."""
    there = list(theirs)
    by_model = any(entry.model for entry in there)
    sides: dict[_Key, _Pair] = {}
    for row in ours:
        key = _Key(row.day, known_as(row.model) if by_model else "", row.currency)
        pair = sides.setdefault(key, _Pair(row.model if by_model else None))
        pair.ours.append(Figures(cost=row.cost, input=row.input, output=row.output, requests=row.requests))
        pair.unknown += row.unknown
    for entry in there:
        key = _Key(entry.day, known_as(entry.model or ""), entry.currency)
        pair = sides.setdefault(key, _Pair(entry.model))
        told = Figures(cost=entry.cost, input=entry.input, output=entry.output, requests=entry.requests)
        pair.theirs.append(told)
    lines = tuple(_line(key, sides[key], tolerance) for key in sorted(sides, key=_Key.order))
    lines = tuple(line for line in lines if line is not None)
    currencies = sorted({line.currency for line in lines})
    totals = tuple(_total([line for line in lines if line.currency == name], name, tolerance) for name in currencies)
    differs = any(line.verdict in DIFFERENT for line in lines)
    return Reconciliation(lines=lines, totals=totals, tolerance=tolerance, differs=differs)


class _Key(msgspec.Struct, frozen=True):
    day: datetime.date
    model: str
    currency: str

    def order(self) -> tuple[datetime.date, str, str]:
        return self.day, self.model, self.currency


class _Pair:
    """Both sides of one model on one day, while they are gathered."""

    def __init__(self, model: str | None) -> None:
        self.model = model
        self.ours: list[Figures] = []
        self.theirs: list[Figures] = []
        self.unknown = 0


def _line(key: _Key, pair: _Pair, tolerance: Decimal) -> Compared | None:
    """None where both sides say that there was nothing."""
    ours, theirs = _added(pair.ours), _added(pair.theirs)
    if _is_nothing(ours) and _is_nothing(theirs):
        return None
    return Compared(
        day=key.day,
        model=pair.model,
        currency=key.currency,
        verdict=_verdict(ours, theirs, tolerance),
        ours=ours,
        theirs=theirs,
        difference=_difference(ours, theirs),
        unknown=pair.unknown,
    )


def _total(lines: list[Compared], currency: str, tolerance: Decimal) -> Compared:
    ours = _added([line.ours for line in lines if line.ours])
    theirs = _added([line.theirs for line in lines if line.theirs])
    return Compared(
        day=None,
        model=None,
        currency=currency,
        verdict=_verdict(ours, theirs, tolerance),
        ours=ours,
        theirs=theirs,
        difference=_difference(ours, theirs),
        unknown=sum(line.unknown for line in lines),
    )


def _added(figures: list[Figures]) -> Figures | None:
    """All together; what none of them says stays unsaid."""
    if not figures:
        return None
    costs = [one.cost for one in figures if one.cost is not None]
    counts = ([value for one in figures if (value := getattr(one, name)) is not None] for name in _COUNTED)
    told = {name: sum(values) if values else None for name, values in zip(_COUNTED, counts, strict=True)}
    return Figures(cost=sum(costs, _NOTHING) if costs else None, **told)


_COUNTED = ("input", "output", "requests")


def _is_nothing(side: Figures | None) -> bool:
    return side is None or not (side.cost or side.input or side.output)


def _difference(ours: Figures | None, theirs: Figures | None) -> Decimal | None:
    here = ours.cost if ours else _NOTHING
    there = theirs.cost if theirs else _NOTHING
    return None if here is None or there is None else there - here


def _verdict(ours: Figures | None, theirs: Figures | None, tolerance: Decimal) -> Verdict:
    if ours is None or (_is_nothing(ours) and not ours.requests):
        return "only_there"
    if theirs is None:
        return "only_here"
    tokens = [(getattr(ours, name), getattr(theirs, name)) for name in ("input", "output")]
    counted = [(here, there) for here, there in tokens if here is not None and there is not None]
    if any(not _is_near(Decimal(here), Decimal(there), tolerance) for here, there in counted):
        return "usage_differs"
    exact = all(here == there for here, there in counted)
    if ours.cost is None or theirs.cost is None:
        return "equal" if exact else "within_tolerance"
    rounding = _MICRO * max(1, ours.requests or 0)  # each of our costs is rounded up to a micro-unit
    if abs(ours.cost - theirs.cost) <= rounding:
        return "equal" if exact else "within_tolerance"
    return "within_tolerance" if _is_near(ours.cost, theirs.cost, tolerance) else "price_differs"


def _is_near(here: Decimal, there: Decimal, tolerance: Decimal) -> bool:
    return abs(here - there) <= tolerance * max(abs(here), abs(there))
