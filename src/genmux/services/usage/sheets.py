"""Usage as CSV (RFC 4180), in which nothing is a formula."""

import csv
import io
from collections.abc import Iterable, Sequence

from genmux.services.usage.shown import UsageLine
from genmux.types.usage_record import UsageRecord
from genmux.types.usage_report import SUMMED

RECORD_FIELDS = (
    *("at", "id", "tenant", "team", "key", "end_user", "provider", "model", "operation", "account", "route", "status"),
    *("error", "cost", "currency", "cost_source", "latency", "first_token", "attempts", "request_id"),
)
_FORMULAS = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet would take for the beginning of a formula (https://owasp.org/www-community/attacks/CSV_Injection,
2026-11-27)."""

_COUNTED = ("requests", "failed", "attempts", "currency", "cost", "reported", "computed", "estimated", "unknown")
_TIMES = ("latency_mean", "latency_p50", "latency_p95", "first_token_mean")


def group_heading(group_by: Sequence[str]) -> bytes:
    """The first line of a sheet of groups."""
    return written([[*group_by, *_COUNTED, *SUMMED, *_TIMES]])


def group_lines(lines: Iterable[UsageLine], group_by: Sequence[str]) -> bytes:
    """Groups as lines."""
    return written(_cells(line, group_by) for line in lines)


def _cells(line: UsageLine, group_by: Sequence[str]) -> list[object]:
    costs, latency = line.costs, line.latency
    amounts = (line.cost, costs.reported, costs.computed, costs.estimated)
    return [
        *(line.group.get(name) for name in group_by),
        *(line.requests, line.failed, line.attempts, line.currency),
        *(f"{amount:f}" for amount in amounts),
        line.unknown,
        *(line.meters.get(meter, 0) for meter in SUMMED.values()),
        *((latency.mean, latency.p50, latency.p95) if latency else (None,) * 3),
        line.first_token,
    ]


def record_heading() -> bytes:
    """The first line of a sheet of rows."""
    return written([[*RECORD_FIELDS, "tags", "meters"]])


def record_lines(rows: Iterable[UsageRecord]) -> bytes:
    """Rows as lines; tags and meters as `name=value`, separated by `; `."""
    return written(_fields(row) for row in rows)


def _fields(row: UsageRecord) -> list[object]:
    plain: list[object] = [getattr(row, name) for name in RECORD_FIELDS]
    plain[0] = row.at.isoformat()
    plain[RECORD_FIELDS.index("cost")] = None if row.cost is None else f"{row.cost:f}"
    told = (row.tags, row.meters)
    return [*plain, *("; ".join(f"{name}={value}" for name, value in sorted(pairs.items())) for pairs in told)]


def written(rows: Iterable[Sequence[object]]) -> bytes:
    """Cells as CSV. A text that a spreadsheet would take for a formula gets an apostrophe in front."""
    sheet = io.StringIO()
    writer = csv.writer(sheet, lineterminator="\r\n")
    for row in rows:
        writer.writerow([f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULAS) else cell for cell in row])
    return sheet.getvalue().encode()
