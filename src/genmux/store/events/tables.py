"""The tables of events: the events themselves, webhooks and their deliveries, who listens, which webhooks came in.

Moments are in microseconds since 1970 (UTC).
"""

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Integer, LargeBinary, Table, Text, text

from genmux.store.metadata import METADATA


def _text(name: str, *, nullable: bool = False) -> "Column[str]":
    return Column(name, Text, nullable=nullable)


def _moment(name: str, *, nullable: bool = False) -> "Column[int]":
    return Column(name, BigInteger, nullable=nullable)


events = Table(
    "events",
    METADATA,
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("xact", BigInteger, nullable=False),
    Column("id", Text, nullable=False, unique=True),
    *(_text(name) for name in ("tenant", "type")),
    *(_text(name, nullable=True) for name in ("subject", "provider", "model", "key")),
    _moment("at"),
    _text("data"),
    Index("ix_events_xact_seq", "xact", "seq"),
    Index("ix_events_tenant_xact_seq", "tenant", "xact", "seq"),
    Index("ix_events_subject", "subject"),
    sqlite_autoincrement=True,
)
"""`xact` is the number of the transaction that told it on PostgreSQL, and 0 on SQLite, where one writes after the other. Events
of nobody have an empty tenant. A `seq` is never given twice."""

webhooks = Table(
    "webhooks",
    METADATA,
    Column("id", Text, primary_key=True),
    *(_text(name) for name in ("tenant", "url", "types")),
    _text("name", nullable=True),
    Column("enabled", Boolean, nullable=False),
    _text("reason", nullable=True),
    *(_moment(name) for name in ("created", "since")),
    _text("key_id"),
    Column("secrets", LargeBinary, nullable=False),
    _moment("old_until", nullable=True),
    Column("streak", BigInteger, nullable=False),
    _moment("last_at", nullable=True),
    Column("last_status", Integer, nullable=True),
    Index("ix_webhooks_tenant", "tenant"),
)
"""Endpoints. `types` is JSON; `secrets` are sealed with the key `key_id`, the old one of which counts until `old_until`. Only what
is told after `since` is delivered. `streak` counts failures in a row."""

webhook_deliveries = Table(
    "webhook_deliveries",
    METADATA,
    Column("webhook", Text, primary_key=True),
    Column("event", Text, primary_key=True),
    _text("tenant"),
    Column("seq", BigInteger, nullable=False),
    *(_text(name) for name in ("type", "state")),
    _text("subject", nullable=True),
    Column("attempts", Integer, nullable=False),
    *(_moment(name) for name in ("created", "next_at")),
    _moment("ended", nullable=True),
    Column("status", Integer, nullable=True),
    _text("error", nullable=True),
    Column("seconds", Float(53), nullable=True),
    Index("ix_webhook_deliveries_created", "webhook", "created"),
    Index(
        "ix_webhook_deliveries_waiting",
        "webhook",
        "next_at",
        sqlite_where=text("state = 'waiting'"),
        postgresql_where=text("state = 'waiting'"),
    ),
)
"""One row for each event and endpoint: `waiting` until `next_at`, `delivered` or `failed`, which is for good."""

event_cursors = Table(
    "event_cursors",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("xact", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
)
"""How far events were made into deliveries."""

event_listeners = Table(
    "event_listeners",
    METADATA,
    Column("id", Text, primary_key=True),
    *(_text(name) for name in ("tenant", "types")),
    _moment("until"),
)
"""Who reads along at this moment, in any process, so that others know that it is worth writing down what happens."""

hooks_seen = Table(
    "hooks_seen",
    METADATA,
    Column("place", Text, primary_key=True),
    Column("delivery", Text, primary_key=True),
    _text("tenant"),
    _moment("at"),
    Index("ix_hooks_seen_at", "at"),
)
"""Which webhooks of providers came in, so that each counts once."""
