"""Accounts: their credentials, sealed, their balances, what is reserved, and which keys seal."""

import sqlalchemy
from alembic import op
from sqlalchemy import BigInteger, Column, Integer, LargeBinary, Text

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    _accounts()
    _balances()
    _leases()
    op.create_table(
        "sealing_keys",
        Column("key_id", Text, nullable=False),
        Column("number", Integer, nullable=False),
        Column("mark", LargeBinary, nullable=False),
        sqlalchemy.PrimaryKeyConstraint("key_id", name="pk_sealing_keys"),
    )
    op.create_table(
        "account_versions",
        Column("name", Text, nullable=False),
        Column("version", BigInteger, nullable=False),
        sqlalchemy.PrimaryKeyConstraint("name", name="pk_account_versions"),
    )
    op.execute("INSERT INTO account_versions (name, version) VALUES ('accounts', 1)")


def _accounts() -> None:
    op.create_table(
        "accounts",
        *(Column(name, Text, nullable=False) for name in ("id", "tenant", "provider", "name", "status")),
        Column("priority", Integer, nullable=False),
        Column("weight", Integer, nullable=False),
        Column("max_concurrency", Integer, nullable=True),
        Column("sharing", Text, nullable=False),
        *(Column(name, Text, nullable=True) for name in ("grants", "owner", "plan", "rates", "identity", "domains")),
        Column("expires_at", BigInteger, nullable=True),
        Column("cooldown_until", BigInteger, nullable=True),
        *(
            Column(name, BigInteger, nullable=False, server_default="0")
            for name in ("failure_streak", "refused_streak", "successes", "failures")
        ),
        Column("last_used", BigInteger, nullable=True),
        Column("created_at", BigInteger, nullable=False),
        Column("key_id", Text, nullable=False),
        Column("credential", LargeBinary, nullable=False),
        sqlalchemy.PrimaryKeyConstraint("id", name="pk_accounts"),
        sqlalchemy.UniqueConstraint("tenant", "provider", "name", name="uq_accounts_tenant_provider_name"),
    )
    op.create_index("ix_accounts_identity", "accounts", ["tenant", "provider", "identity"])


def _balances() -> None:
    op.create_table(
        "account_balances",
        Column("account", Text, nullable=False),
        Column("credit_type", Text, nullable=False),
        Column("tenant", Text, nullable=False),
        Column("amount", BigInteger, nullable=False),
        Column("unit", Text, nullable=False),
        Column("as_of", BigInteger, nullable=True),
        Column("resets_at", BigInteger, nullable=True),
        Column("resets_to", BigInteger, nullable=True),
        Column("source", Text, nullable=False),
        sqlalchemy.PrimaryKeyConstraint("account", "credit_type", name="pk_account_balances"),
        sqlalchemy.ForeignKeyConstraint(
            ["account"], ["accounts.id"], name="fk_account_balances_account_accounts", ondelete="CASCADE"
        ),
        sqlalchemy.CheckConstraint("amount >= 0", name="ck_account_balances_amount"),
    )


def _leases() -> None:
    op.create_table(
        "account_leases",
        Column("lease", Text, nullable=False),
        Column("account", Text, nullable=False),
        Column("tenant", Text, nullable=False),
        Column("until", BigInteger, nullable=False),
        Column("credits", Text, nullable=True),
        sqlalchemy.PrimaryKeyConstraint("lease", name="pk_account_leases"),
        sqlalchemy.ForeignKeyConstraint(
            ["account"], ["accounts.id"], name="fk_account_leases_account_accounts", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_account_leases_account", "account_leases", ["account"])
