"""Where sources disagree, and which prices jumped since the catalogue was last made."""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from genmux.services.prices.media import MediaModel, MediaProvider
from genmux.types.money import Price

JUMP = Decimal("0.05")
"""A change or a difference by more than this part of the lower price is looked at by somebody."""

AGREED = Decimal("0.01")
"""Prices that differ by less than this are the same, differently rounded."""


def jumps(old: Mapping[str, MediaProvider], new: Mapping[str, MediaProvider]) -> Iterator[str]:
    """Prices that changed by more than `JUMP`, one line each."""
    for provider, before in old.items():
        after = new.get(provider)
        for name, model in before.models.items():
            now = after.models.get(name) if after else None
            if now is not None:
                for place, was, price in shared(model.prices, now.prices):
                    if differ(was, price, by=JUMP):
                        yield f"{provider}/{name} {place}: {told(was)} -> {told(price)}"


def differences(name: str, sources: Mapping[str, tuple[Price, ...]]) -> Iterator[str]:
    """Where two sources give one model prices that differ by more than `JUMP`."""
    pairs = list(sources.items())
    for number, (source, rows) in enumerate(pairs):
        for other, others in pairs[number + 1 :]:
            for place, one, price in shared(rows, others):
                if differ(one, price, by=JUMP):
                    yield f"{name} {place}: {source} {told(one)}, {other} {told(price)}"


def shared(rows: tuple[Price, ...], others: tuple[Price, ...]) -> Iterator[tuple[str, Price, Price]]:
    """Rows for the same meter under the same conditions."""
    theirs = {_place(row): row for row in others}
    for row in rows:
        if (other := theirs.get(_place(row))) is not None:
            yield _place(row), row, other


def agree(model: MediaModel, other: MediaModel) -> bool | None:
    """Whether all prices that two sources both give are the same; None when they share none."""
    pairs = list(shared(model.prices, other.prices))
    return not any(differ(one, price, by=AGREED) for _, one, price in pairs) if pairs else None


def differ(one: Price, other: Price, *, by: Decimal) -> bool:
    """Whether two prices differ by more than a part of the lower one."""
    first, second = one.amount / one.per, other.amount / other.per
    if one.currency != other.currency:
        return True
    return abs(first - second) > min(first, second) * by


def told(row: Price) -> str:
    """A price in words."""
    return f"{row.amount.normalize():f}" if row.per == 1 else f"{row.amount.normalize():f} for {row.per}"


def _place(row: Price) -> str:
    when = ", ".join(f"{name}={value}" for name, value in sorted(row.when.items()))
    return f"{row.meter} ({when})" if when else row.meter
