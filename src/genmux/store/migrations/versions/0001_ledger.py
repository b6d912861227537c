"""The ledger: budgets, holds, slices, lines; and on PostgreSQL the functions that hold and book in one statement."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

RENEW = """
CREATE FUNCTION genmux_renew(p_budget bigint, p_start bigint, p_drop bigint, p_at bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  b budgets%ROWTYPE;
  old_start bigint; old_spent bigint; old_presumed bigint; line bigint;
BEGIN
  SELECT * INTO b FROM budgets WHERE id = p_budget FOR UPDATE;
  IF b.period = 'sliding' THEN
    WITH old AS (
      DELETE FROM budget_buckets WHERE budget_id = p_budget AND start <= p_drop RETURNING start, spent, presumed
    )
    SELECT max(start), coalesce(sum(spent), 0)::bigint, coalesce(sum(presumed), 0)::bigint
      INTO old_start, old_spent, old_presumed FROM old;
    IF old_start IS NOT NULL THEN
      UPDATE budgets SET spent = spent - old_spent, presumed = presumed - old_presumed, peak = 0 WHERE id = p_budget;
      INSERT INTO ledger_entries (subject, kind, budget_id, turn, tenant, at, period_start, held, spent, presumed)
        VALUES ('window ' || old_start, 'roll', p_budget, 0, b.tenant, p_at, old_start, 0, -old_spent, -old_presumed);
    END IF;
  ELSIF b.window_start < p_start THEN
    INSERT INTO ledger_entries (subject, kind, budget_id, turn, tenant, at, period_start, held, spent, presumed)
      VALUES ('window ' || p_start, 'roll', p_budget, 0, b.tenant, p_at, p_start, 0, -b.spent, -b.presumed)
      RETURNING id INTO line;
    UPDATE budgets SET window_start = p_start, since_entry = line, spent = 0, presumed = 0, peak = 0 WHERE id = p_budget;
  END IF;
END $$
"""

HOLD = """
CREATE FUNCTION genmux_hold(
  p_workers text[], p_subjects text[], p_lasts bigint[], p_turns int[], p_firsts int[],
  p_budgets bigint[], p_amounts bigint[], p_starts bigint[], p_drops bigint[]
) RETURNS TABLE (o_item int, o_budget bigint, o_limit bigint, o_spent bigint, o_held bigint, o_leased bigint)
LANGUAGE plpgsql AS $$
DECLARE
  b budgets%ROWTYPE;
  moment bigint := (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;
  refused boolean; amount_now bigint;
BEGIN
  PERFORM 1 FROM budgets WHERE id = ANY (p_budgets) ORDER BY id FOR UPDATE;
  FOR i IN 1 .. cardinality(p_subjects) LOOP
    refused := false;
    FOR k IN p_firsts[i] .. p_firsts[i + 1] - 1 LOOP
      SELECT * INTO b FROM budgets WHERE id = p_budgets[k];
      CONTINUE WHEN NOT FOUND OR b.deleted_at IS NOT NULL;
      IF (b.period <> 'sliding' AND b.window_start < p_starts[k])
        OR (b.period = 'sliding' AND (p_amounts[k] IS NULL OR b.spent + b.held + p_amounts[k] > b.limit_micros))
      THEN
        PERFORM genmux_renew(b.id, p_starts[k], p_drops[k], moment);
        SELECT * INTO b FROM budgets WHERE id = p_budgets[k];
      END IF;
      IF EXISTS (
        SELECT 1 FROM ledger_entries e
        WHERE e.subject = p_subjects[i] AND e.kind = 'hold' AND e.budget_id = b.id AND e.turn = p_turns[i]
      ) THEN
        o_budget := NULL; refused := true;
      ELSIF b.spent + b.held + coalesce(p_amounts[k], 1) > b.limit_micros THEN
        o_budget := b.id; refused := true;
      END IF;
      IF refused THEN
        o_item := i; o_limit := b.limit_micros; o_spent := b.spent; o_held := b.held; o_leased := b.leased;
        RETURN NEXT;
        EXIT;
      END IF;
    END LOOP;
    CONTINUE WHEN refused;
    FOR k IN p_firsts[i] .. p_firsts[i + 1] - 1 LOOP
      SELECT * INTO b FROM budgets WHERE id = p_budgets[k];
      CONTINUE WHEN NOT FOUND OR b.deleted_at IS NOT NULL;
      amount_now := coalesce(p_amounts[k], b.limit_micros - b.spent - b.held);
      UPDATE budgets SET held = held + amount_now WHERE id = b.id;
      INSERT INTO holds AS h (subject, budget_id, tenant, amount, expires_at, worker)
        VALUES (p_subjects[i], b.id, b.tenant, amount_now, moment + p_lasts[i], p_workers[i])
        ON CONFLICT (subject, budget_id) DO UPDATE
          SET amount = h.amount + excluded.amount, expires_at = greatest(h.expires_at, excluded.expires_at);
      INSERT INTO ledger_entries (subject, kind, budget_id, turn, tenant, at, period_start, held, spent, presumed)
        VALUES (p_subjects[i], 'hold', b.id, p_turns[i], b.tenant, moment, b.window_start, amount_now, 0, 0);
    END LOOP;
  END LOOP;
END $$
"""

POST = """
CREATE FUNCTION genmux_post(
  p_budgets bigint[], p_starts bigint[], p_drops bigint[], p_buckets bigint[], p_subjects text[], p_kinds text[],
  p_turns int[], p_held bigint[], p_spent bigint[], p_presumed bigint[], p_leased bigint[]
) RETURNS TABLE (o_place int, o_total bigint, o_limit bigint, o_peak bigint, o_line bigint)
LANGUAGE plpgsql AS $$
DECLARE
  b budgets%ROWTYPE;
  moment bigint := (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;
  bucket bigint;
BEGIN
  PERFORM 1 FROM budgets WHERE id = ANY (p_budgets) ORDER BY id FOR UPDATE;
  FOR i IN 1 .. cardinality(p_budgets) LOOP
    PERFORM genmux_renew(p_budgets[i], p_starts[i], p_drops[i], moment);
    SELECT * INTO b FROM budgets WHERE id = p_budgets[i];
    bucket := b.window_start;
    IF b.period = 'sliding' THEN
      bucket := coalesce(p_buckets[i], greatest(b.window_start, p_starts[i]));
      IF p_spent[i] <> 0 OR p_presumed[i] <> 0 THEN
        INSERT INTO budget_buckets AS k (budget_id, start, tenant, spent, presumed)
          VALUES (b.id, bucket, b.tenant, p_spent[i], p_presumed[i])
          ON CONFLICT (budget_id, start) DO UPDATE
            SET spent = k.spent + excluded.spent, presumed = k.presumed + excluded.presumed;
      END IF;
    END IF;
    UPDATE budgets
      SET held = held + p_held[i], spent = spent + p_spent[i], presumed = presumed + p_presumed[i],
        leased = leased + p_leased[i], window_start = greatest(window_start, bucket),
        peak = CASE WHEN p_spent[i] < 0 THEN greatest(peak, spent) ELSE peak END
      WHERE id = b.id RETURNING spent, limit_micros, peak INTO o_total, o_limit, o_peak;
    INSERT INTO ledger_entries (subject, kind, budget_id, turn, tenant, at, period_start, held, spent, presumed)
      VALUES (p_subjects[i], p_kinds[i], b.id, p_turns[i], b.tenant, moment, bucket, p_held[i], p_spent[i], p_presumed[i])
      RETURNING id INTO o_line;
    o_place := i;
    RETURN NEXT;
  END LOOP;
END $$
"""


def _amount(name: str) -> "sa.Column[int]":
    return sa.Column(name, sa.BigInteger(), nullable=False, server_default="0")


def _number() -> "sa.Column[int]":
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column("id", kind, primary_key=True, autoincrement=True, nullable=False)


def upgrade() -> None:
    """Make it."""
    _make_budgets()
    _make_lines()
    _make_workers()
    if op.get_bind().dialect.name == "postgresql":
        for function in (RENEW, HOLD, POST):
            op.execute(function)


def _make_budgets() -> None:
    op.create_table(
        "budgets",
        _number(),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in (
                "tenant",
                "scope_kind",
                "scope_id",
                "period",
                "time_zone",
                "currency",
                "unknown_price",
                "alerts",
            )
        ),
        sa.Column("seconds", sa.BigInteger(), nullable=True),
        sa.Column("limit_micros", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("origin", sa.BigInteger(), nullable=True),
        *map(
            _amount,
            ("window_start", "since_entry", "spent", "held", "presumed", "leased", "peak", "tight_until"),
        ),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", sa.BigInteger(), nullable=True),
        *(
            sa.CheckConstraint(f"{name} >= 0", name=op.f(f"ck_budgets_{name}"))
            for name in ("spent", "held", "presumed", "leased")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_budgets")),
    )
    op.create_index("ix_budgets_scope", "budgets", ["tenant", "scope_kind", "scope_id"])
    here = sa.text("deleted_at IS NULL")
    op.create_index(
        "ux_budgets_origin", "budgets", ["origin", "scope_id"], unique=True, sqlite_where=here, postgresql_where=here
    )
    op.create_table(
        "budget_buckets",
        sa.Column("budget_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("start", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        *map(_amount, ("spent", "presumed")),
        sa.PrimaryKeyConstraint("budget_id", "start", name=op.f("pk_budget_buckets")),
    )


def _make_lines() -> None:
    op.create_table(
        "ledger_entries",
        _number(),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("subject", "kind", "tenant")),
        sa.Column("budget_id", sa.BigInteger(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        *(
            sa.Column(name, sa.BigInteger(), nullable=False)
            for name in ("at", "period_start", "held", "spent", "presumed")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_entries")),
        sa.UniqueConstraint("subject", "kind", "budget_id", "turn", name="uq_ledger_entries_subject"),
    )
    op.create_index("ix_ledger_entries_budget", "ledger_entries", ["budget_id", "id"])
    op.create_table(
        "holds",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("budget_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("worker", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("subject", "budget_id", name=op.f("pk_holds")),
    )


def _make_workers() -> None:
    op.create_table(
        "slices",
        sa.Column("worker", sa.Text(), nullable=False),
        sa.Column("budget_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("leased", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("worker", "budget_id", name=op.f("pk_slices")),
    )
    op.create_table(
        "ledger_workers",
        sa.Column("worker", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("worker", name=op.f("pk_ledger_workers")),
    )
    op.create_table(
        "ledger_versions",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_ledger_versions")),
    )


def downgrade() -> None:
    """Take it away, with everything that was booked."""
    for table in (
        "ledger_versions", "ledger_workers", "slices", "holds", "ledger_entries", "budget_buckets", "budgets",
    ):  # fmt: skip
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        for name in ("genmux_hold", "genmux_post", "genmux_renew"):
            op.execute(f"DROP FUNCTION {name}")
