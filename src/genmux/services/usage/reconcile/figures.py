"""What a provider's file says, and what our own rows say, in one form."""

import datetime
import re
from decimal import Decimal

import msgspec


class Theirs(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One entry of a provider's file: a day in UTC, a model, and what is said of it; None is what the file does not say.

    `input` are tokens with the cached ones. `request_id` is the provider's own id, where the file has single requests.
    """

    day: datetime.date
    model: str | None = None
    cost: Decimal | None = None
    currency: str = "USD"
    input: int | None = None
    output: int | None = None
    requests: int | None = None
    request_id: str | None = None


class Ours(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What our rows say of a model on a day in UTC. `cost` is what is known; `unknown` requests have none."""

    day: datetime.date
    model: str
    cost: Decimal
    currency: str = "USD"
    input: int = 0
    output: int = 0
    requests: int = 0
    unknown: int = 0


_DATED = re.compile(r"-(20\d\d-?[01]\d-?[0-3]\d|latest)$")
_JOINTS = re.compile(r"[\s._]+")


def known_as(model: str) -> str:
    """A model's name as it is compared: `Claude Haiku 4.5` and `claude-haiku-4-5-20251001` are the same.

    Providers name snapshots where we name what was asked for, and their invoices display names.
    """
    return _DATED.sub("", _JOINTS.sub("-", model.strip().lower()))
