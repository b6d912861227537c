"""How to ask a provider what credits are left, as a table of its manifest (`[[balances]]`), and how its reply is read."""

import datetime
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Literal

import msgspec

from genmux.contract.http import HttpReply, malformed

_MOST = 10**15
"""No account has so many credits."""


class BalanceSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One kind of credit in the reply to one light, unpaid request; rows with the same `path` share the request.

    `path` is added to the base URL, or is an address on one of the `api_hosts`. `amount`, `less`, `unit_at`, `resets_at`,
    `resets_to` and `plan_at` are places in the reply, names with dots between. The balance is `amount` minus `less`,
    divided by `divisor`. `each` is the place of a list, of which each entry is read alike. The credit type is
    `credit_type`, or else the unit. `special_key` says that only some keys may ask: then a refusal is no fault.
    """

    path: str
    amount: str
    method: str = "GET"
    credit_type: str | None = None
    less: str | None = None
    divisor: Annotated[int, msgspec.Meta(ge=1)] = 1
    unit: str | None = None
    unit_at: str | None = None
    each: str | None = None
    resets_at: str | None = None
    resets_to: str | None = None
    resets_form: Literal["unix", "iso"] = "iso"
    plan_at: str | None = None
    special_key: bool = False
    source: str | None = None
    as_of: str | None = None


class BalanceRead(msgspec.Struct, frozen=True, kw_only=True):
    """What a reply says of one kind of credit; `amount` is None when it says that there is no limit."""

    credit_type: str
    unit: str
    amount: Decimal | None
    resets_at: datetime.datetime | None = None
    resets_to: Decimal | None = None
    plan: str | None = None


def read_balances(spec: BalanceSpec, reply: HttpReply) -> tuple[BalanceRead, ...]:
    """All kinds of credit that the reply tells of.

    An amount below 0 is a debt and told as 0. Raises ProviderError(malformed_reply) for what is no amount.
    """
    try:
        document = msgspec.json.decode(reply.body, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise malformed(f"the balance is no JSON object: {error}", status=reply.status) from error
    return tuple(_read(spec, entry, reply.status) for entry in _entries(spec, document, reply.status))


def _entries(spec: BalanceSpec, document: Mapping[str, Any], status: int) -> Iterator[Mapping[str, Any]]:
    if spec.each is None:
        yield document
        return
    found = _at(document, spec.each)
    if not isinstance(found, list):
        raise malformed(f"the balance has no list at `{spec.each}`", status=status)
    yield from (entry for entry in found if isinstance(entry, dict))


def _read(spec: BalanceSpec, entry: Mapping[str, Any], status: int) -> BalanceRead:
    unit = (str(_at(entry, spec.unit_at) or "") if spec.unit_at else "") or spec.unit or "credits"
    plan = _at(entry, spec.plan_at) if spec.plan_at else None
    return BalanceRead(
        credit_type=spec.credit_type or unit,
        unit=unit,
        amount=_left(spec, entry, status),
        resets_at=_moment(spec, entry, status),
        resets_to=_number(entry, spec.resets_to, status) if spec.resets_to else None,
        plan=str(plan) if plan else None,
    )


def _left(spec: BalanceSpec, entry: Mapping[str, Any], status: int) -> Decimal | None:
    amount = _number(entry, spec.amount, status)
    if amount is None:
        return None
    used = _number(entry, spec.less, status) if spec.less else None
    return max(Decimal(0), (amount - (used or 0)) / spec.divisor)


def _number(entry: Mapping[str, Any], place: str, status: int) -> Decimal | None:
    """A number, or the text of one; None where the reply says null. Floats are read as they are written."""
    parent, _, name = place.rpartition(".")
    holder = _at(entry, parent) if parent else entry
    if not isinstance(holder, dict) or name not in holder:
        raise malformed(f"the balance has nothing at `{place}`", status=status)
    value = holder[name]
    if value is None:
        return None
    try:
        number = Decimal("NaN" if isinstance(value, bool) else str(value).strip())
    except InvalidOperation as error:
        raise malformed(
            f"the balance has {str(value)[:40]!r} at `{place}`, which is no number", status=status
        ) from error
    if not (number.is_finite() and -_MOST <= number <= _MOST):
        raise malformed(f"the balance has {number} at `{place}`, which is no amount", status=status)
    return number


def _moment(spec: BalanceSpec, entry: Mapping[str, Any], status: int) -> datetime.datetime | None:
    value = _at(entry, spec.resets_at) if spec.resets_at else None
    if value is None:
        return None
    try:
        if spec.resets_form == "unix":
            return datetime.datetime.fromtimestamp(float(value), datetime.UTC)
        moment = datetime.datetime.fromisoformat(str(value))
    except (ValueError, TypeError, OverflowError, OSError) as error:
        raise malformed(f"the balance has no time at `{spec.resets_at}`", status=status) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)


def _at(entry: Mapping[str, Any], place: str) -> Any:
    value: Any = entry
    for name in place.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value
