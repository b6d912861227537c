"""Money: price rows, what a request may cost, what it did cost."""

import math
from decimal import Decimal
from typing import Literal

import msgspec

from genmux.types.errors import InvalidRequestError

Confidence = Literal["exact", "high", "medium", "low"]


MICRO = 1_000_000
"""Micro-units in a unit of a currency: ledgers count whole ones, never fractions and never floats."""

MOST = 1_000_000_000
"""The largest amount that a ledger takes, in units of the currency."""

_MICRO = Decimal(MICRO)
_MOST = Decimal(MOST)
_ZERO = Decimal(0)

Condition = str | int | bool


class Price(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One row of a price list: `amount` of `currency` for every `per` units of `meter`, `when` all the conditions hold.

    A row in the provider's own credits names their `credit_type`, and `currency` says nothing then. `round_to` rounds what
    was used up to a whole multiple, `minimum` is the least that is billed, `free` so many units of each request are not
    billed; all three are in units of the meter. `source` is where the row comes from and `as_of` the day on which it was
    true (ISO date). The conditions are listed in `genmux.types.conditions`.
    """

    meter: str
    amount: Decimal
    per: int = 1
    currency: str = "USD"
    credit_type: str | None = None
    when: dict[str, Condition] = msgspec.field(default_factory=dict)
    round_to: int | float | None = None
    minimum: int | float | None = None
    free: int | float | None = None
    source: str | None = None
    as_of: str | None = None
    confidence: Confidence | None = None


class Line(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of a bill: so much of one meter at so much a unit. `amount` is `quantity` times the unit price.

    With a `credit_type`, the amount is in those credits and not in a currency.
    """

    meter: str
    quantity: int | float
    amount: Decimal
    credit_type: str | None = None


class Cost(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a request did cost. `reported` by the provider beats `computed` from price rows.

    `credits` are those that it took, by type; `amount` contains what they cost at the account's rate.
    """

    amount: Decimal
    currency: str = "USD"
    source: Literal["reported", "computed"] = "computed"
    lines: tuple[Line, ...] = ()
    priced_as: str | None = None
    credits: dict[str, Decimal] = msgspec.field(default_factory=dict)


class CreditRange(msgspec.Struct, frozen=True, kw_only=True):
    """How many of a provider's own credits something may take; `high` is None when that is unknown."""

    low: Decimal
    high: Decimal | None


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """What a request may cost, before it is sent.

    `low` and `high` are None when the price is unknown; `unknown` then names what is missing. `lines` are those of `high`
    and sum to it. An unknown price is never 0. `assumed` tells what the range stands on where nobody can know it, and
    `credits` those of the provider's own credits, by type, whose rate is not known.
    """

    low: Decimal | None
    high: Decimal | None
    currency: str = "USD"
    lines: tuple[Line, ...] = ()
    confidence: Confidence = "low"
    unknown: tuple[str, ...] = ()
    priced_as: str | None = None
    assumed: tuple[str, ...] = ()
    credits: dict[str, CreditRange] = msgspec.field(default_factory=dict)


class TokenCount(msgspec.Struct, frozen=True, gc=False):
    """How many tokens a request has; `method` says who counted (`provider`, `o200k_base`, `characters` …)."""

    tokens: int
    exact: bool
    method: str


def micros(amount: Decimal) -> int:
    """An amount in whole micro-units, rounded up, so that what was held or spent is never told too low.

    Raises InvalidRequestError for what is no amount: negative, endless, or more than a ledger can hold.
    """
    if not amount.is_finite() or not _ZERO <= amount <= _MOST:
        message = f"{amount} is no amount of money; give 0 to {MOST:,}"
        raise InvalidRequestError(message, param="amount")
    return math.ceil(amount * _MICRO)


def from_micros(amount: int) -> Decimal:
    """Micro-units as an amount."""
    return Decimal(amount) / MICRO
