"""Usage as it is shown: groups with names, amounts in units of their currency, percentiles of latency."""

import datetime
import zoneinfo
from collections.abc import Sequence
from decimal import Decimal

import msgspec

from genmux.types.money import from_micros
from genmux.types.usage_record import UsageRecord
from genmux.types.usage_report import LATENCIES, SUMMED, UsageGroup, UsageQuestion, UsageSums

_DAY = datetime.date(1970, 1, 1)
_HOUR = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


class CostParts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a cost, by how it is known: told by the provider, computed from counted usage, or from estimated usage."""

    reported: Decimal
    computed: Decimal
    estimated: Decimal


class Latency(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds until the end of a request. `p50` and `p95` are approximate: they are told from classes of 0.01 to 600 s."""

    mean: float
    p50: float
    p95: float


class UsageLine(msgspec.Struct, frozen=True, kw_only=True):
    """One group of requests.

    `group` has the names asked for, with their values, null where a request has none. `failed` requests did not complete:
    they failed, were cancelled or refused. `cost` is what is known, in `currency`; `unknown` requests have no known cost.
    `first_token` is the mean of the seconds until the first part. `meters` without a quantity are left out.
    """

    group: dict[str, str | None]
    requests: int
    failed: int
    attempts: int
    currency: str
    cost: Decimal
    costs: CostParts
    unknown: int
    meters: dict[str, int | float]
    latency: Latency | None = None
    first_token: float | None = None


class UsageReport(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for, from `since` until before `until`. `next` is the cursor of the next page.

    `totals` are of all pages, by currency, and only on the first one. `complete_since` is set when older rows that were needed are no longer kept.
    """

    data: tuple[UsageLine, ...]
    totals: tuple[UsageLine, ...]
    since: datetime.datetime
    until: datetime.datetime
    time_zone: str
    next: str | None = None
    complete_since: datetime.datetime | None = None


class RecordPage(msgspec.Struct, frozen=True, kw_only=True):
    """Rows, the newest first. `next` is the cursor of the next page."""

    data: tuple[UsageRecord, ...]
    next: str | None = None


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What was said in one request: the request and the answer as they were, kept until `expires_at`."""

    record: str
    at: datetime.datetime
    expires_at: datetime.datetime
    request: msgspec.Raw
    answer: msgspec.Raw
    end_user: str | None = None


def line_of(group: UsageGroup, question: UsageQuestion) -> UsageLine:
    """A group as it is shown."""
    sums = group.sums
    zone = zoneinfo.ZoneInfo(question.time_zone)
    names = question.group_by if group.keys else ()
    return UsageLine(
        group={name: _named(name, value, zone) for name, value in zip(names, group.keys, strict=True)},
        requests=sums.requests,
        failed=sums.failed,
        attempts=sums.attempts,
        currency=group.currency,
        cost=from_micros(sums.cost),
        costs=CostParts(
            reported=from_micros(sums.reported),
            computed=from_micros(sums.computed),
            estimated=from_micros(sums.estimated),
        ),
        unknown=sums.unknown,
        meters={meter: count for meter, count in zip(SUMMED.values(), sums.meters, strict=True) if count},
        latency=_latency(sums),
        first_token=_mean(sums.first_token, sums.first_token_count),
    )


def _named(name: str, value: str | int, zone: zoneinfo.ZoneInfo) -> str | None:
    match name, value:
        case "day", int():
            return (_DAY + datetime.timedelta(days=value)).isoformat()
        case "month", int():
            return f"{value // 100}-{value % 100:02}"
        case "hour", int():
            return (_HOUR + datetime.timedelta(hours=value)).astimezone(zone).isoformat()
        case _:
            return str(value) or None


def _latency(sums: UsageSums) -> Latency | None:
    mean = _mean(sums.latency, sums.latency_count)
    if mean is None:
        return None
    return Latency(mean=mean, p50=percentile(sums.latencies, 0.5), p95=percentile(sums.latencies, 0.95))


def _mean(total: float, count: int) -> float | None:
    return round(total / count, 6) if count else None


def percentile(classes: Sequence[int], share: float) -> float:
    """About how many seconds that share of requests took at most, evenly spread within each class.

    What is beyond the last class counts as its border.
    """
    wanted = share * sum(classes)
    below = 0
    for place, count in enumerate(classes[:-1]):
        if count and below + count >= wanted:
            low = LATENCIES[place - 1] if place else 0.0
            return round(low + (LATENCIES[place] - low) * (wanted - below) / count, 6)
        below += count
    return LATENCIES[-1]
