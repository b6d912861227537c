"""The tables of accounts: what is known of each, its sealed credential, its balances, what is reserved, which keys seal.

Moments are in microseconds since 1970 (UTC), amounts and rates in micro-units.
"""

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text
from sqlalchemy import UniqueConstraint as Unique

from genmux.store.metadata import METADATA


def _moment(name: str) -> "Column[int]":
    return Column(name, BigInteger, nullable=True)


def _count(name: str) -> "Column[int]":
    return Column(name, BigInteger, nullable=False, server_default="0")


accounts = Table(
    "accounts",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("tenant", Text, nullable=False),
    *(Column(name, Text, nullable=False) for name in ("provider", "name", "status")),
    Column("priority", Integer, nullable=False),
    Column("weight", Integer, nullable=False),
    Column("max_concurrency", Integer, nullable=True),
    Column("sharing", Text, nullable=False),
    *(Column(name, Text, nullable=True) for name in ("grants", "owner", "plan", "rates", "identity", "domains")),
    _moment("expires_at"),
    _moment("cooldown_until"),
    *map(_count, ("failure_streak", "refused_streak", "successes", "failures")),
    _moment("last_used"),
    Column("created_at", BigInteger, nullable=False),
    Column("key_id", Text, nullable=False),
    Column("credential", LargeBinary, nullable=False),
    Unique("tenant", "provider", "name"),
)
"""`grants`, `rates` and `domains` are JSON; `credential` holds each field of it sealed by itself, with the key `key_id`."""

Index("ix_accounts_identity", accounts.c.tenant, accounts.c.provider, accounts.c.identity)

account_balances = Table(
    "account_balances",
    METADATA,
    Column("account", Text, ForeignKey(accounts.c.id, ondelete="CASCADE"), primary_key=True),
    Column("credit_type", Text, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("unit", Text, nullable=False),
    _moment("as_of"),
    _moment("resets_at"),
    Column("resets_to", BigInteger, nullable=True),
    Column("source", Text, nullable=False),
    CheckConstraint("amount >= 0", name="amount"),
)
"""What is left of each kind of credit."""

account_leases = Table(
    "account_leases",
    METADATA,
    Column("lease", Text, primary_key=True),
    Column("account", Text, ForeignKey(accounts.c.id, ondelete="CASCADE"), nullable=False),
    Column("tenant", Text, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("credits", Text, nullable=True),
)
"""Slots in use by several workers, until a time at which a worker is taken for dead; `credits` is JSON, in micro-units."""

Index("ix_account_leases_account", account_leases.c.account)

sealing_keys = Table(
    "sealing_keys",
    METADATA,
    Column("key_id", Text, primary_key=True),
    Column("number", Integer, nullable=False),
    Column("mark", LargeBinary, nullable=False),
)
"""Of each key a known text that was sealed with it; the largest number is the newest. For all tenants."""

account_versions = Table(
    "account_versions",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
)
"""One row, for all tenants: the version of all accounts, so that every process sees when something changed."""
