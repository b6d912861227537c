"""Usage records as rows, and rows as sums by day."""

import datetime
import hashlib
import logging
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, cast

import msgspec

from genmux.store.usage.tables import DAY_KEYS, DAY_SUMS, RECORD_COLUMNS
from genmux.types.errors import ProviderError
from genmux.types.money import from_micros, micros
from genmux.types.usage_record import CostSource, UsageRecord, UsageStatus
from genmux.types.usage_report import LATENCIES, SUMMED

MICROSECONDS = 1_000_000
DAY = 86_400 * MICROSECONDS
"""Microseconds in a day."""

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_MICROSECOND = datetime.timedelta(microseconds=1)
_TOKENS = (
    "tokens.input",
    "tokens.input.cached",
    "tokens.input.cache_write",
    "tokens.output",
    "tokens.output.reasoning",
)
"""Meters whose column is the meter itself; the others also take what is below them."""

_ONLY_TOKENS = frozenset(_TOKENS)
_ROOTS = tuple(SUMMED.values())[len(_TOKENS) :]
_PLACE = {name: place for place, name in enumerate(RECORD_COLUMNS)}
_NOTHING = (0,) * len(_ROOTS)
_keys_of = itemgetter(*(_PLACE[name] for name in DAY_KEYS[1:]))
_SUMS = tuple(_PLACE[name] for name in ("attempts", "cost", *SUMMED))
_sums_of = itemgetter(*_SUMS)
_encode = msgspec.json.Encoder().encode
_meters = msgspec.json.Decoder(dict[str, int | float]).decode
_tags = msgspec.json.Decoder(dict[str, str]).decode

LONGEST_NAME = 200
"""Bytes. The sums by day have ten names in their key, and PostgreSQL takes 2,704 bytes in one."""

_MOST = 2**53
"""No meter counts so much."""

_log = logging.getLogger("genmux.usage")

Row = tuple[Any, ...]


def microseconds(time: datetime.datetime) -> int:
    """A time as microseconds since 1970."""
    return (time - EPOCH) // _MICROSECOND


def moment(at: int) -> datetime.datetime:
    """Microseconds since 1970 as a time in UTC."""
    return EPOCH + at * _MICROSECOND


def row_of(record: UsageRecord) -> Row:
    """A record in the order of the columns. What no table can hold is left out and logged, for it must not hold up the others."""
    try:
        return _row(record, None if record.cost is None else micros(record.cost))
    except (ProviderError, ValueError) as error:
        _log.error("the usage row %s has a cost or meters that cannot be kept: %s", record.id, error)
        bare = msgspec.structs.replace(record, meters={}, latency=None, first_token=None)
        return _row(bare, None)


def _row(record: UsageRecord, cost: int | None) -> Row:
    meters, latency, first = record.meters, record.latency, record.first_token
    for count in (*meters.values(), latency or 0, first or 0):
        if not 0 <= count < _MOST:
            message = f"{dict(meters)}, {latency} s"
            raise ValueError(message)
    only_tokens = meters.keys() <= _ONLY_TOKENS
    tags = record.tags
    return (
        microseconds(record.at),
        record.id,
        kept_name(record.tenant),
        kept_name(record.team or ""),
        kept_name(record.key or ""),
        kept_name(record.end_user or ""),
        kept_name(record.provider),
        kept_name(record.model),
        kept_name(record.operation),
        kept_name(record.account or ""),
        kept_name(record.route or ""),
        record.status,
        record.error and _clean(record.error),
        record.request_id and _clean(record.request_id),
        cost,
        kept_name(record.currency),
        "unknown" if cost is None else record.cost_source,
        latency,
        first,
        None if latency is None else bisect_left(LATENCIES, latency),
        record.attempts,
        _encode({_clean(name): _clean(value) for name, value in tags.items()}).decode() if tags else None,
        None if only_tokens and all(meters.values()) else _encode(meters).decode(),
        *[int(meters.get(name, 0)) for name in _TOKENS],
        *(_NOTHING if only_tokens else [_below(meters, root) for root in _ROOTS]),
    )


@lru_cache(4_096)  # they are nearly always the same ones
def kept_name(text: str) -> str:
    """A name as it is kept: as it is, unless no index of PostgreSQL could hold it.

    A long one is cut, and made different from others by a digest.
    """
    if text.isascii() and len(text) <= LONGEST_NAME and "\0" not in text:
        return text
    plain = _clean(text).encode()
    if len(plain) <= LONGEST_NAME:
        return plain.decode()
    digest = hashlib.sha256(plain).hexdigest()[:16]
    return f"{plain[: LONGEST_NAME - 20].decode('utf-8', 'ignore')}…{digest}"


def _clean(text: str) -> str:
    """Without what no database can hold: NUL, and halves of characters."""
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def _below(meters: Mapping[str, int | float], root: str) -> int | float:
    """What a meter counts, or else what those right below it do: a parent includes its children."""
    if root in meters:
        return meters[root]
    inside = [name for name in meters if name.startswith(f"{root}.")]
    highest = [name for name in inside if not any(name.startswith(f"{other}.") for other in inside)]
    total = sum(meters[name] for name in highest)
    return total if root == "seconds" else int(total)


def record_of(row: Mapping[Any, Any]) -> UsageRecord:
    """A row as the record that it was."""
    meters = row["meters"]
    told = (
        {meter: row[column] for column, meter in SUMMED.items() if meter in _TOKENS and row[column]}
        if meters is None
        else _meters(meters)
    )
    return UsageRecord(
        id=row["id"],
        at=moment(row["at"]),
        tenant=row["tenant"],
        **{name: row[name] or None for name in ("team", "key", "end_user", "account", "route")},
        **{name: row[name] for name in ("provider", "model", "operation", "error", "request_id")},
        **{name: row[name] for name in ("currency", "latency", "first_token", "attempts")},
        status=cast("UsageStatus", row["status"]),
        cost_source=cast("CostSource", row["cost_source"]),
        cost=None if row["cost"] is None else from_micros(row["cost"]),
        tags=_tags(row["tags"]) if row["tags"] else {},
        meters=told,
    )


def day_sums(rows: Iterable[Row], *, sign: int = 1) -> list[Row]:
    """What rows add up to by day, in the order of the keys and sums; sorted, so that nobody waits for one another in a circle.

    With a `sign` of -1 they are taken away.
    """
    at, latency, first, place = (_PLACE[name] for name in ("at", "latency", "first_token", "latency_class"))
    known = 1 + len(_SUMS)
    days: dict[Row, list[Any]] = {}
    for row in rows:
        key = (row[at] // DAY, *_keys_of(row))
        sums = days.get(key)
        if sums is None:
            sums = days[key] = [0] * len(DAY_SUMS)
        sums[0] += sign
        for number, value in enumerate(_sums_of(row), 1):
            if value:
                sums[number] += value * sign
        if (seconds := row[latency]) is not None:
            sums[known] += seconds * sign
            sums[known + 1] += sign
            sums[known + 4 + row[place]] += sign
        if (seconds := row[first]) is not None:
            sums[known + 2] += seconds * sign
            sums[known + 3] += sign
    return [(*key, *days[key]) for key in sorted(days)]


def as_json(names: Sequence[str], rows: Iterable[Row]) -> str:
    """Rows as a JSON list of objects, for PostgreSQL to unfold."""
    return _encode([dict(zip(names, row, strict=True)) for row in rows]).decode()
