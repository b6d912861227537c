"""What genmux says beside a dialect, under one key that no other host has: gateways to callers, and callers to gateways.

The HTTP interfaces of a gateway say the same in headers where an answer is whole: what it did cost, and what was left out.
"""

import re
from decimal import Decimal
from typing import Any

import msgspec

from genmux.types.money import Cost
from genmux.types.usage import Usage

BESIDE = "genmux"
"""The key."""

US_DOLLARS = "USD"
_WRITTEN = re.compile(r"\d{1,15}(?:\.\d{1,60})?", re.ASCII)
"""A cost as gateways write it. With an exponent a few letters may stand for a number that takes gigabytes to be written."""


class Spent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Of an answer: its cost in US dollars, and all that it used."""

    cost: str | None = None
    meters: dict[str, int | float] = msgspec.field(default_factory=dict)


def spent(usage: Usage | None, cost: Cost | None) -> dict[str, Any]:
    """What a caller is told of the cost of an answer; nothing where nothing is known."""
    dollars = None if cost is None or cost.currency != US_DOLLARS else f"{cost.amount:f}"
    meters = {} if usage is None else usage.meters
    return msgspec.to_builtins(Spent(cost=dollars, meters=meters))


def with_spent(usage: Usage | None, told: Spent) -> Usage:
    """The usage of an answer with what a gateway says of it."""
    known = usage or Usage()
    cost = dollars_of(told.cost)
    reported = known.reported_cost if cost is None else cost
    return msgspec.structs.replace(known, meters=told.meters or known.meters, reported_cost=reported)


def dollars_of(told: str | None) -> Decimal | None:
    """A cost as a gateway writes it; None for what is none."""
    return Decimal(told) if told is not None and _WRITTEN.fullmatch(told) else None
