"""Money: price rows, what a request may cost, what it did cost."""

from decimal import Decimal
from typing import Literal

import msgspec

Confidence = Literal["exact", "high", "medium", "low"]


class Price(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One row of a price list: `amount` of `currency` for every `per` units of `meter`, `when` the conditions hold.

    `source` is where the row comes from and `as_of` the day on which it was true (ISO date).
    """

    meter: str
    amount: Decimal
    per: int = 1
    currency: str = "USD"
    when: dict[str, str | int] = msgspec.field(default_factory=dict)
    source: str | None = None
    as_of: str | None = None


class Line(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of a bill: so much of one meter at so much a unit. `amount` is `quantity` times the unit price."""

    meter: str
    quantity: int | float
    amount: Decimal


class Cost(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a request did cost. `reported` by the provider beats `computed` from price rows."""

    amount: Decimal
    currency: str = "USD"
    source: Literal["reported", "computed"] = "computed"
    lines: tuple[Line, ...] = ()
    priced_as: str | None = None


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """What a request may cost, before it is sent.

    `low` and `high` are None when the price is unknown; `unknown` then names what is missing. `lines` are those of `high`
    and sum to it. An unknown price is never 0.
    """

    low: Decimal | None
    high: Decimal | None
    currency: str = "USD"
    lines: tuple[Line, ...] = ()
    confidence: Confidence = "low"
    unknown: tuple[str, ...] = ()
    priced_as: str | None = None


class TokenCount(msgspec.Struct, frozen=True, gc=False):
    """How many tokens a request has; `method` says who counted (`provider`, `o200k_base`, `characters` …)."""

    tokens: int
    exact: bool
    method: str
