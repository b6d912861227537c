"""The tables of the ledger: budgets with their balances, open holds, slices, and the lines that explain every balance.

Moments are in microseconds since 1970 (UTC), amounts in micro-units.
"""

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, Table, Text, UniqueConstraint

from genmux.store.metadata import METADATA

NUMBER = BigInteger().with_variant(Integer(), "sqlite")
"""A key that counts up by itself: on SQLite only INTEGER does."""


def _amount(name: str) -> "Column[int]":
    return Column(name, BigInteger, nullable=False, server_default="0")


budgets = Table(
    "budgets",
    METADATA,
    Column("id", NUMBER, primary_key=True, autoincrement=True),
    Column("tenant", Text, nullable=False),
    Column("scope_kind", Text, nullable=False),
    Column("scope_id", Text, nullable=False),
    Column("period", Text, nullable=False),
    Column("seconds", BigInteger, nullable=True),
    Column("time_zone", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("limit_micros", BigInteger, nullable=False),
    Column("unknown_price", Text, nullable=False),
    Column("alerts", Text, nullable=False),
    Column("name", Text, nullable=True),
    Column("origin", BigInteger, nullable=True),
    _amount("window_start"),
    _amount("since_entry"),
    *map(_amount, ("spent", "held", "presumed", "leased", "peak", "tight_until")),
    Column("created_at", BigInteger, nullable=False),
    Column("deleted_at", BigInteger, nullable=True),
    CheckConstraint("spent >= 0", name="spent"),
    CheckConstraint("held >= 0", name="held"),
    CheckConstraint("presumed >= 0", name="presumed"),
    CheckConstraint("leased >= 0", name="leased"),
)
"""One row holds the balance of one budget. `origin` is the budget for everyone of which this is one's own.

`spent` and `presumed` are those of the period that began at `window_start`, and only lines after `since_entry` count in
them; of a sliding period, `window_start` is its last step. `leased` is the part of `held` that is in slices. `peak` is the
most that `spent` was before something was taken off. Until `tight_until`, slices are to be given back.
"""

Index("ix_budgets_scope", budgets.c.tenant, budgets.c.scope_kind, budgets.c.scope_id)
Index(
    "ux_budgets_origin",
    budgets.c.origin,
    budgets.c.scope_id,
    unique=True,
    sqlite_where=budgets.c.deleted_at.is_(None),
    postgresql_where=budgets.c.deleted_at.is_(None),
)

budget_buckets = Table(
    "budget_buckets",
    METADATA,
    Column("budget_id", BigInteger, primary_key=True, autoincrement=False),
    Column("start", BigInteger, primary_key=True, autoincrement=False),
    Column("tenant", Text, nullable=False),
    *map(_amount, ("spent", "presumed")),
)
"""What was spent in each step of a sliding period."""

ledger_entries = Table(
    "ledger_entries",
    METADATA,
    Column("id", NUMBER, primary_key=True, autoincrement=True),
    Column("subject", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("budget_id", BigInteger, nullable=False),
    Column("turn", Integer, nullable=False),
    Column("tenant", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("period_start", BigInteger, nullable=False),
    Column("held", BigInteger, nullable=False),
    Column("spent", BigInteger, nullable=False),
    Column("presumed", BigInteger, nullable=False),
    UniqueConstraint("subject", "kind", "budget_id", "turn", name="uq_ledger_entries_subject"),
)
"""Lines, only ever added. A line is written after its budget's row in the same transaction, so `id` is in the order in which
a budget changed."""

Index("ix_ledger_entries_budget", ledger_entries.c.budget_id, ledger_entries.c.id)

holds = Table(
    "holds",
    METADATA,
    Column("subject", Text, primary_key=True),
    Column("budget_id", BigInteger, primary_key=True, autoincrement=False),
    Column("tenant", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("worker", Text, nullable=True),
)
"""Open holds. `worker` is the process that would settle it, None when any may."""

slices = Table(
    "slices",
    METADATA,
    Column("worker", Text, primary_key=True),
    Column("budget_id", BigInteger, primary_key=True, autoincrement=False),
    Column("tenant", Text, nullable=False),
    Column("leased", BigInteger, nullable=False),
)
"""What a worker has leased of a budget and not used yet, as far as the ledger knows."""

ledger_workers = Table(
    "ledger_workers",
    METADATA,
    Column("worker", Text, primary_key=True),
    Column("about", Text, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
)
"""Processes that may have slices; for all tenants. Who does not beat before `expires_at` is taken for dead."""

ledger_versions = Table(
    "ledger_versions",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
)
"""One row, for all tenants: the version of the set of budgets, so that every process sees when it changed."""
