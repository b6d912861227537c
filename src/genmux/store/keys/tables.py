"""The tables of gateway keys: organisations, teams, keys, what was changed by whom, and how limits stand.

Moments are microseconds of Unix time. Amounts of a limit are kept as in `genmux.services.rates.meter`, in microseconds.
"""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Numeric, Table, Text, UniqueConstraint

from genmux.store.metadata import METADATA

organisations = Table(
    "organisations",
    METADATA,
    Column("tenant", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("details", Text, nullable=False),
)

teams = Table(
    "teams",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("details", Text, nullable=False),
    UniqueConstraint("tenant", "name", name="uq_teams_tenant_name"),
)

gateway_keys = Table(
    "gateway_keys",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("team", Text, nullable=True),
    Column("name", Text, nullable=False),
    Column("prefix", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("role", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=True),
    Column("last_used", BigInteger, nullable=True),
    Column("revoked_at", BigInteger, nullable=True),
    Column("rotated_to", Text, nullable=True),
    Column("details", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Index("ix_gateway_keys_tenant_created", "tenant", "created", "id"),
    Index("ix_gateway_keys_version", "version"),
)

key_versions = Table(
    "key_versions",
    METADATA,
    Column("tenant", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
)

audit_log = Table(
    "audit_log",
    METADATA,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("tenant", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("key", Text, nullable=True),
    Column("role", Text, nullable=False),
    Column("address", Text, nullable=True),
    Column("action", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("before", Text, nullable=True),
    Column("after", Text, nullable=True),
    Index("ix_audit_log_tenant_id", "tenant", "id"),
)

rate_meters = Table(
    "rate_meters",
    METADATA,
    Column("scope", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("span", BigInteger, primary_key=True, autoincrement=False),
    Column("tenant", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("empty", Numeric(60, 0), nullable=False),
    Column("shifted", Numeric(60, 0), nullable=False),
    Column("at", BigInteger, nullable=False),
)

rate_slots = Table(
    "rate_slots",
    METADATA,
    Column("scope", Text, primary_key=True),
    Column("pass_id", Text, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Index("ix_rate_slots_pass_id", "pass_id"),
)
