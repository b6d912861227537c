"""Organisations, teams, keys, rate limits and the audit log; on PostgreSQL the functions that keep rate limits."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ENTER = """
CREATE FUNCTION genmux_rates_enter(
  p_pass text, p_lease bigint, p_tenants text[], p_scopes text[], p_kinds text[],
  p_spans bigint[], p_amounts bigint[], p_costs bigint[],
  OUT o_refused int, OUT o_wait numeric, OUT o_empty numeric[], OUT o_shifted numeric[], OUT o_at bigint[]
) LANGUAGE plpgsql AS $$
DECLARE
  m rate_meters%ROWTYPE;
  n int := cardinality(p_scopes);
  moment bigint; t bigint; at_scaled numeric; filled numeric; over numeric; inside bigint;
BEGIN
  FOR i IN 1 .. n LOOP
    LOOP
      PERFORM 1 FROM rate_meters WHERE scope = p_scopes[i] AND kind = p_kinds[i] AND span = p_spans[i] FOR UPDATE;
      EXIT WHEN FOUND;
      INSERT INTO rate_meters (scope, kind, span, tenant, amount, empty, shifted, at)
        VALUES (p_scopes[i], p_kinds[i], p_spans[i], p_tenants[i], p_amounts[i], 0, 0, 0) ON CONFLICT DO NOTHING;
    END LOOP;
  END LOOP;
  moment := (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;
  FOR i IN 1 .. n LOOP
    SELECT * INTO m FROM rate_meters WHERE scope = p_scopes[i] AND kind = p_kinds[i] AND span = p_spans[i];
    t := greatest(m.at, moment);
    o_at[i] := t; o_shifted[i] := m.shifted; o_empty[i] := 0;
    IF p_kinds[i] = 'concurrent' THEN
      DELETE FROM rate_slots WHERE scope = p_scopes[i] AND expires_at <= moment;
      SELECT count(*) INTO inside FROM rate_slots WHERE scope = p_scopes[i];
      IF inside >= p_amounts[i] THEN
        o_refused := i; o_wait := 1000000; RETURN;
      END IF;
      CONTINUE;
    END IF;
    at_scaled := t::numeric * p_amounts[i];
    IF m.amount = p_amounts[i] THEN
      filled := greatest(m.empty, at_scaled);
    ELSE
      filled := at_scaled + greatest(m.empty - t::numeric * m.amount, 0);
    END IF;
    filled := filled + p_costs[i]::numeric * p_spans[i];
    over := filled - at_scaled - p_spans[i]::numeric * p_amounts[i];
    IF over > 0 THEN
      o_refused := i;
      o_wait := CASE WHEN p_costs[i] > p_amounts[i] THEN NULL ELSE ceil(over / p_amounts[i]) END;
      RETURN;
    END IF;
    o_empty[i] := filled;
  END LOOP;
  FOR i IN 1 .. n LOOP
    IF p_kinds[i] = 'concurrent' THEN
      INSERT INTO rate_slots (scope, pass_id, tenant, expires_at)
        VALUES (p_scopes[i], p_pass, p_tenants[i], moment + p_lease);
    END IF;
    UPDATE rate_meters SET empty = o_empty[i], amount = p_amounts[i], at = o_at[i]
      WHERE scope = p_scopes[i] AND kind = p_kinds[i] AND span = p_spans[i];
  END LOOP;
END $$
"""

LEAVE = """
CREATE FUNCTION genmux_rates_leave(
  p_passes text[], p_scopes text[], p_kinds text[], p_spans bigint[], p_amounts bigint[],
  p_taken bigint[], p_used bigint[], p_empty numeric[], p_shifted numeric[]
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  m rate_meters%ROWTYPE;
  moment bigint; t bigint; back numeric;
BEGIN
  DELETE FROM rate_slots WHERE pass_id = ANY (p_passes);
  FOR i IN 1 .. cardinality(p_scopes) LOOP
    SELECT * INTO m FROM rate_meters
      WHERE scope = p_scopes[i] AND kind = p_kinds[i] AND span = p_spans[i] FOR UPDATE;
    CONTINUE WHEN NOT FOUND;
    moment := (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;
    t := greatest(m.at, moment);
    IF p_used[i] > p_taken[i] THEN
      UPDATE rate_meters SET at = t,
        empty = greatest(m.empty, t::numeric * m.amount) + (p_used[i] - p_taken[i])::numeric * m.span
        WHERE scope = m.scope AND kind = m.kind AND span = m.span;
    ELSIF m.amount = p_amounts[i] THEN
      back := greatest(p_empty[i] - (m.shifted - p_shifted[i]) - t::numeric * m.amount, 0);
      back := least((p_taken[i] - p_used[i])::numeric * m.span, back);
      UPDATE rate_meters SET at = t, empty = m.empty - back, shifted = m.shifted + back
        WHERE scope = m.scope AND kind = m.kind AND span = m.span;
    END IF;
  END LOOP;
END $$
"""


def upgrade() -> None:
    """Make the tables."""
    _tenants()
    _keys()
    _audit()
    _rates()
    if op.get_context().dialect.name == "postgresql":
        op.execute(ENTER)
        op.execute(LEAVE)


def _tenants() -> None:
    op.create_table(
        "organisations",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", name="pk_organisations"),
    )
    op.create_table(
        "teams",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_teams"),
        sa.UniqueConstraint("tenant", "name", name="uq_teams_tenant_name"),
    )


def _keys() -> None:
    op.create_table(
        "gateway_keys",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("team", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("last_used", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("rotated_to", sa.Text(), nullable=True),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_gateway_keys"),
        sa.UniqueConstraint("digest", name="uq_gateway_keys_digest"),
    )
    op.create_index("ix_gateway_keys_tenant_created", "gateway_keys", ["tenant", "created", "id"])
    op.create_index("ix_gateway_keys_version", "gateway_keys", ["version"])
    op.create_table(
        "key_versions",
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", name="pk_key_versions"),
    )


def _audit() -> None:
    op.create_table(
        "audit_log",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("after", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_audit_log"),
    )
    op.create_index("ix_audit_log_tenant_id", "audit_log", ["tenant", "id"])


def _rates() -> None:
    op.create_table(
        "rate_meters",
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("span", sa.BigInteger(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("empty", sa.Numeric(60, 0), nullable=False),
        sa.Column("shifted", sa.Numeric(60, 0), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "kind", "span", name="pk_rate_meters"),
    )
    op.create_table(
        "rate_slots",
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("pass_id", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "pass_id", name="pk_rate_slots"),
    )
    op.create_index("ix_rate_slots_pass_id", "rate_slots", ["pass_id"])


def downgrade() -> None:
    """Take it away, with all keys."""
    for table in ("rate_slots", "rate_meters", "audit_log", "key_versions", "gateway_keys", "teams", "organisations"):
        op.drop_table(table)
    if op.get_context().dialect.name == "postgresql":
        for name in ("genmux_rates_enter", "genmux_rates_leave"):
            op.execute(f"DROP FUNCTION {name}")
