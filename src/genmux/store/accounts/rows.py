"""Accounts as rows of the database, and rows as accounts."""

import datetime
from collections.abc import Iterable, Mapping
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

import msgspec

from genmux.types.accounts import Account, Balance, Grants
from genmux.types.errors import InvalidRequestError
from genmux.types.money import MICRO

LARGEST = 9_000_000_000_000
"""The most credits that a balance can hold."""

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_MICROSECOND = datetime.timedelta(microseconds=1)
_PLAIN = (
    *("id", "tenant", "provider", "name", "status", "priority", "weight", "max_concurrency", "sharing", "owner"),
    *("plan", "identity", "failure_streak", "refused_streak", "successes", "failures"),
)
_MOMENTS = ("expires_at", "cooldown_until", "last_used", "created_at")
_JSON: dict[str, Any] = {"grants": Grants, "rates": dict[str, Decimal], "domains": tuple[str, ...]}

FIELDS = frozenset((*_PLAIN, *_MOMENTS, *_JSON))
"""What of an account is a column."""


def microseconds(time: datetime.datetime | None) -> int | None:
    """A time as microseconds since 1970."""
    return None if time is None else (time - EPOCH) // _MICROSECOND


def moment(at: int | None) -> datetime.datetime | None:
    """Microseconds since 1970 as a time in UTC."""
    return None if at is None else EPOCH + at * _MICROSECOND


def whole(amount: Decimal, *, up: bool = False) -> int:
    """Credits in micro-units: what is left rounded down, what is taken rounded up.

    Raises InvalidRequestError for what is no amount: negative, endless, or more than a balance can hold.
    """
    if not amount.is_finite() or not 0 <= amount <= LARGEST:
        message = f"{amount} is no amount of credits; give 0 to {LARGEST:,}"
        raise InvalidRequestError(message, param="amount")
    return int((amount * MICRO).to_integral_value(ROUND_CEILING if up else ROUND_FLOOR))


def amount_of(micros: int) -> Decimal:
    """Micro-units as credits."""
    return Decimal(micros) / MICRO


def row_of(account: Account, names: Iterable[str] = FIELDS) -> dict[str, Any]:
    """The named columns of an account."""
    row: dict[str, Any] = {}
    for name in FIELDS.intersection(names):
        value = getattr(account, name)
        if name in _MOMENTS:
            row[name] = microseconds(value)
        elif name in _JSON:
            row[name] = msgspec.json.encode(value).decode()
        else:
            row[name] = value
    return row


def account_of(row: Mapping[Any, Any], balances: Mapping[str, Balance]) -> Account:
    """The account of a row."""
    fields: dict[str, Any] = {name: row[name] for name in _PLAIN}
    fields |= {name: moment(row[name]) for name in _MOMENTS}
    for name, kind in _JSON.items():
        if row[name] is not None:
            fields[name] = msgspec.json.decode(row[name], type=kind)
    return Account(**fields, balances=balances)


def balance_row(account: Account, credit_type: str, balance: Balance) -> dict[str, Any]:
    """A balance as a row."""
    return {
        "account": account.id,
        "credit_type": credit_type,
        "tenant": account.tenant,
        "amount": whole(balance.amount),
        "unit": balance.unit,
        "as_of": microseconds(balance.as_of),
        "resets_at": microseconds(balance.resets_at),
        "resets_to": None if balance.resets_to is None else whole(balance.resets_to),
        "source": balance.source,
    }


def balance_of(row: Mapping[Any, Any]) -> Balance:
    """The balance of a row."""
    return Balance(
        amount=amount_of(row["amount"]),
        unit=row["unit"],
        as_of=moment(row["as_of"]),
        resets_at=moment(row["resets_at"]),
        resets_to=None if row["resets_to"] is None else amount_of(row["resets_to"]),
        source=row["source"],
    )


def box_of(fields: Mapping[str, bytes]) -> bytes:
    """Sealed fields as one value."""
    return msgspec.msgpack.encode(fields)


def fields_of(box: bytes) -> dict[str, bytes]:
    """The sealed fields of a value."""
    return msgspec.msgpack.decode(box, type=dict[str, bytes])
