"""What all of Kling's replies have in common: an envelope, in which an error may look like a success, and what was paid."""

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Any, Final, TypeVar

import msgspec

from genmux.contract.error_map import ErrorMap, classify
from genmux.contract.http import HttpReply
from genmux.types.usage import Usage, credits_used

T = TypeVar("T")

UNITS: Final = "_units"
"""After `video` or `image`: the type of the credits of a resource pack, as the manifest calls it."""


class Envelope(msgspec.Struct, frozen=True):
    """Every reply: `code` is 0 where all is well, whatever the HTTP status."""

    code: int
    message: str = ""
    data: msgspec.Raw = msgspec.Raw(b"null")


ENVELOPE: Final = msgspec.json.Decoder(Envelope)


def data_of(reply: HttpReply, decoder: "msgspec.json.Decoder[T]", errors: ErrorMap) -> T:
    """What is in the envelope. Raises ProviderError for a code that is not 0, and for what does not fit."""
    told = reply.read(ENVELOPE)
    if told.code != 0:
        raise classify(reply, errors)
    return msgspec.structs.replace(reply, body=bytes(told.data)).read(decoder)


class Bill(msgspec.Struct, frozen=True):
    """One payment: `unit` out of a resource pack of one kind, or `cash` in a currency. `amount` is a decimal number."""

    charge_type: str = ""
    amount: str | float = "0"
    currency: str | None = None
    package_type: str | None = None


def paid(bills: Iterable[Bill], raw: Any = None) -> Usage | None:
    """What a job took. None where it is not told, or in more than one money: then the price list has to say it."""
    units: dict[str, float] = {}
    dollars = Decimal(0)
    told = [*bills]
    for bill in told:
        amount = number(bill.amount)
        match bill:
            case Bill(charge_type="unit", package_type=str() as kind):
                units[kind] = units.get(kind, 0) + float(amount)
            case Bill(charge_type="cash", currency="USD"):
                dollars += amount
            case _:
                return None
    if len(units) + (dollars > 0) > 1:
        return None
    for kind, amount in units.items():
        return msgspec.structs.replace(credits_used(kind + UNITS, amount), raw=raw)
    return Usage(reported_cost=dollars, raw=raw) if told else None


def number(told: str | float) -> Decimal:
    """A decimal number, mostly written as a text; what is none counts as nothing."""
    try:
        return Decimal(str(told))
    except InvalidOperation:
        return Decimal(0)
