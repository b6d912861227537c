"""The tables of usage: one row a request, their sums by day, and what was said."""

from sqlalchemy import BigInteger, Column, Float, Index, Integer, LargeBinary, SmallInteger, Table, Text

from genmux.store.metadata import METADATA
from genmux.types.usage_report import LATENCIES, SUMMED

FRACTIONAL = frozenset({"seconds", "latency", "first_token"})
"""What is not counted in whole numbers."""

CLASSES = tuple(f"latency_{number}" for number in range(len(LATENCIES) + 1))
"""The columns that count latencies by class."""

DAY_KEYS = (
    *("day", "tenant", "team", "key", "provider", "model"),
    *("operation", "account", "status", "cost_source", "currency"),
)
"""For each of which there is a row of sums."""

DAY_SUMS = (
    *("requests", "attempts", "cost", *SUMMED),
    *("latency", "latency_count", "first_token", "first_token_count", *CLASSES),
)

RECORD_COLUMNS = (
    *("at", "id", "tenant", "team", "key", "end_user", "provider", "model", "operation", "account", "route"),
    *("status", "error", "request_id", "cost", "currency", "cost_source", "latency", "first_token"),
    *("latency_class", "attempts", "tags", "meters", *SUMMED),
)
"""In the order in which rows are written."""


def _text(name: str, *, nullable: bool = False) -> "Column[str]":
    """A text; who has no team or key has an empty one, so that it can be part of a key."""
    return Column(name, Text, nullable=nullable)


def _number(name: str, *, nullable: bool = False) -> "Column[float] | Column[int]":
    return Column(name, Float(53) if name in FRACTIONAL else BigInteger(), nullable=nullable)


usage_records = Table(
    "usage_records",
    METADATA,
    Column("at", BigInteger, primary_key=True, autoincrement=False),
    Column("id", Text, primary_key=True),
    *map(_text, ("tenant", "team", "key", "end_user", "provider", "model", "operation", "account", "route", "status")),
    *(_text(name, nullable=True) for name in ("error", "request_id")),
    _number("cost", nullable=True),
    *map(_text, ("currency", "cost_source")),
    *(_number(name, nullable=True) for name in ("latency", "first_token")),
    Column("latency_class", SmallInteger, nullable=True),
    Column("attempts", Integer, nullable=False),
    *(_text(name, nullable=True) for name in ("tags", "meters")),
    *map(_number, SUMMED),
    sqlite_with_rowid=False,
)
"""Clustered by time on SQLite: new rows are appended, and a month is one stretch of the file. `at` is in microseconds since
1970 (UTC), `cost` in micro-units, `tags` and `meters` are JSON; meters only where the columns do not say it all."""

Index("ix_usage_records_tenant_at", usage_records.c.tenant, usage_records.c.at)
Index(
    "ix_usage_records_end_user",
    usage_records.c.end_user,
    sqlite_where=usage_records.c.end_user != "",
    postgresql_where=usage_records.c.end_user != "",
)

usage_days = Table(
    "usage_days",
    METADATA,
    Column("day", Integer, primary_key=True, autoincrement=False),
    *(Column(name, Text, primary_key=True) for name in DAY_KEYS[1:]),
    *map(_number, DAY_SUMS),
    sqlite_with_rowid=False,
)
"""Sums by day (days since 1970, UTC), written in the transaction of the rows that they add up. They outlive the rows."""

usage_contents = Table(
    "usage_contents",
    METADATA,
    Column("record", Text, primary_key=True),
    *map(_text, ("tenant", "end_user")),
    Column("at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("request", LargeBinary, nullable=False),
    Column("answer", LargeBinary, nullable=False),
)
"""What was said, in requests whose content is kept."""

Index("ix_usage_contents_end_user", usage_contents.c.tenant, usage_contents.c.end_user)
Index("ix_usage_contents_expires_at", usage_contents.c.expires_at)
