"""One row a request: who asked what of whom, what it used, what it cost."""

import datetime
from collections.abc import Mapping
from decimal import Decimal
from typing import Literal

import msgspec

from genmux.types.principal import DEFAULT_TENANT

CostSource = Literal["reported", "computed", "estimated", "unknown"]
UsageStatus = Literal["completed", "failed", "cancelled", "refused"]


class UsageRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is kept of a request. No prompt and no answer.

    `id` is the subject of its ledger entries. `cost` is in `currency`, None when it is not known; `cost_source` says
    whether the provider reported it, it was computed from counted usage, or from estimated usage. Times are in seconds:
    `latency` until the end, `first_token` until the first part. `error` is the kind of the error.
    """

    id: str
    at: datetime.datetime
    operation: str
    provider: str
    model: str
    status: UsageStatus
    tenant: str = DEFAULT_TENANT
    team: str | None = None
    key: str | None = None
    end_user: str | None = None
    account: str | None = None
    route: str | None = None
    tags: Mapping[str, str] = msgspec.field(default_factory=dict)
    meters: Mapping[str, int | float] = msgspec.field(default_factory=dict)
    cost: Decimal | None = None
    currency: str = "USD"
    cost_source: CostSource = "unknown"
    latency: float | None = None
    first_token: float | None = None
    attempts: int = 1
    error: str | None = None
    request_id: str | None = None
