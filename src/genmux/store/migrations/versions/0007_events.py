"""Events, webhooks and their deliveries, who listens, which webhooks of providers came in."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TABLES = ("hooks_seen", "event_listeners", "event_cursors", "webhook_deliveries", "webhooks", "events")


def upgrade() -> None:
    """Make the tables."""
    _events()
    _webhooks()
    _deliveries()
    _listening()
    _incoming()


def _text(name: str, *, nullable: bool = False) -> "sa.Column[str]":
    return sa.Column(name, sa.Text(), nullable=nullable)


def _number(name: str, *, nullable: bool = False) -> "sa.Column[int]":
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _events() -> None:
    op.create_table(
        "events",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        _number("xact"),
        *(_text(name) for name in ("id", "tenant", "type")),
        *(_text(name, nullable=True) for name in ("subject", "provider", "model", "key")),
        _number("at"),
        _text("data"),
        sa.PrimaryKeyConstraint("seq", name="pk_events"),
        sa.UniqueConstraint("id", name="uq_events_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_events_xact_seq", "events", ["xact", "seq"])
    op.create_index("ix_events_tenant_xact_seq", "events", ["tenant", "xact", "seq"])
    op.create_index("ix_events_subject", "events", ["subject"])


def _webhooks() -> None:
    op.create_table(
        "webhooks",
        *(_text(name) for name in ("id", "tenant", "url", "types")),
        _text("name", nullable=True),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        _text("reason", nullable=True),
        *(_number(name) for name in ("created", "since")),
        _text("key_id"),
        sa.Column("secrets", sa.LargeBinary(), nullable=False),
        _number("old_until", nullable=True),
        _number("streak"),
        _number("last_at", nullable=True),
        sa.Column("last_status", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_webhooks"),
    )
    op.create_index("ix_webhooks_tenant", "webhooks", ["tenant"])


def _deliveries() -> None:
    op.create_table(
        "webhook_deliveries",
        *(_text(name) for name in ("webhook", "event", "tenant")),
        _number("seq"),
        *(_text(name) for name in ("type", "state")),
        _text("subject", nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        *(_number(name) for name in ("created", "next_at")),
        _number("ended", nullable=True),
        sa.Column("status", sa.Integer(), nullable=True),
        _text("error", nullable=True),
        sa.Column("seconds", sa.Float(53), nullable=True),
        sa.PrimaryKeyConstraint("webhook", "event", name="pk_webhook_deliveries"),
    )
    op.create_index("ix_webhook_deliveries_created", "webhook_deliveries", ["webhook", "created"])
    op.create_index(
        "ix_webhook_deliveries_waiting",
        "webhook_deliveries",
        ["webhook", "next_at"],
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )


def _listening() -> None:
    op.create_table(
        "event_cursors",
        _text("name"),
        *(_number(name) for name in ("xact", "seq")),
        sa.PrimaryKeyConstraint("name", name="pk_event_cursors"),
    )
    op.create_table(
        "event_listeners",
        *(_text(name) for name in ("id", "tenant", "types")),
        _number("until"),
        sa.PrimaryKeyConstraint("id", name="pk_event_listeners"),
    )


def _incoming() -> None:
    op.create_table(
        "hooks_seen",
        *(_text(name) for name in ("place", "delivery", "tenant")),
        _number("at"),
        sa.PrimaryKeyConstraint("place", "delivery", name="pk_hooks_seen"),
    )
    op.create_index("ix_hooks_seen_at", "hooks_seen", ["at"])


def downgrade() -> None:
    """Take it away, with all that was not delivered."""
    for name in TABLES:
        op.drop_table(name)
