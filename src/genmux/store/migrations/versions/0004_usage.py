"""Usage: one row a request, sums by day, and what was said."""

import sqlalchemy
from alembic import op
from sqlalchemy import BigInteger, Column, Float, Integer, LargeBinary, SmallInteger, Text

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_METERS = (
    *("input_tokens", "cached_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens"),
    *("seconds", "images", "characters", "pages", "calls"),
)


def upgrade() -> None:
    """Make the tables."""
    _records()
    _days()
    _contents()


def _records() -> None:
    op.create_table(
        "usage_records",
        Column("at", BigInteger, nullable=False),
        Column("id", Text, nullable=False),
        *(_text(name) for name in ("tenant", "team", "key", "end_user", "provider", "model", "operation")),
        *(_text(name) for name in ("account", "route", "status")),
        Column("error", Text, nullable=True),
        Column("request_id", Text, nullable=True),
        Column("cost", BigInteger, nullable=True),
        *(_text(name) for name in ("currency", "cost_source")),
        Column("latency", Float(53), nullable=True),
        Column("first_token", Float(53), nullable=True),
        Column("latency_class", SmallInteger, nullable=True),
        Column("attempts", Integer, nullable=False),
        Column("tags", Text, nullable=True),
        Column("meters", Text, nullable=True),
        *(_count(name) for name in _METERS),
        sqlalchemy.PrimaryKeyConstraint("at", "id", name="pk_usage_records"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_usage_records_tenant_at", "usage_records", ["tenant", "at"])
    op.create_index(
        "ix_usage_records_end_user",
        "usage_records",
        ["end_user"],
        sqlite_where=sqlalchemy.text("end_user != ''"),
        postgresql_where=sqlalchemy.text("end_user != ''"),
    )


def _days() -> None:
    keys = (
        *("tenant", "team", "key", "provider", "model"),
        *("operation", "account", "status", "cost_source", "currency"),
    )
    op.create_table(
        "usage_days",
        Column("day", Integer, nullable=False),
        *(_text(name) for name in keys),
        *(_count(name) for name in ("requests", "attempts", "cost", *_METERS)),
        Column("latency", Float(53), nullable=False),
        _count("latency_count"),
        Column("first_token", Float(53), nullable=False),
        _count("first_token_count"),
        *(_count(f"latency_{number}") for number in range(25)),
        sqlalchemy.PrimaryKeyConstraint("day", *keys, name="pk_usage_days"),
        sqlite_with_rowid=False,
    )


def _contents() -> None:
    op.create_table(
        "usage_contents",
        _text("record"),
        *(_text(name) for name in ("tenant", "end_user")),
        Column("at", BigInteger, nullable=False),
        Column("expires_at", BigInteger, nullable=False),
        Column("request", LargeBinary, nullable=False),
        Column("answer", LargeBinary, nullable=False),
        sqlalchemy.PrimaryKeyConstraint("record", name="pk_usage_contents"),
    )
    op.create_index("ix_usage_contents_end_user", "usage_contents", ["tenant", "end_user"])
    op.create_index("ix_usage_contents_expires_at", "usage_contents", ["expires_at"])


def _text(name: str) -> "Column[str]":
    return Column(name, Text, nullable=False)


def _count(name: str) -> "Column[float] | Column[int]":
    return Column(name, Float(53) if name == "seconds" else BigInteger(), nullable=False)


def downgrade() -> None:
    """Remove the tables."""
    for name in ("usage_contents", "usage_days", "usage_records"):
        op.drop_table(name)
