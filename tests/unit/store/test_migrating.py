"""Steps are taken all or none; what was there stays as it was when one fails."""

import sqlite3
from pathlib import Path
from textwrap import dedent

import pytest
from sqlalchemy import text

from genmux.store import migrating, revisions
from genmux.store.migrating import migrate_postgres, migrate_sqlite
from genmux.store.postgres.database import PostgresDatabase
from genmux.types.errors import StoreError

STEP = """
from alembic import op
import sqlalchemy as sa
revision = {number!r}
down_revision = {before!r}
def upgrade():
{body}
"""


@pytest.fixture
def steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Writes a history of one's own: the bodies of its steps."""
    scripts = tmp_path / "migrations"
    (scripts / "versions").mkdir(parents=True)
    (scripts / "env.py").write_text((revisions.SCRIPTS / "env.py").read_text("utf-8"), "utf-8")
    for module in (revisions, migrating):
        monkeypatch.setattr(module, "SCRIPTS", scripts)

    def write(*bodies: str) -> None:
        for number, body in enumerate(bodies, 1):
            before = f"{number - 1:04}" if number > 1 else None
            source = STEP.format(number=f"{number:04}", before=before, body=indent(body))
            (scripts / "versions" / f"{number:04}_step.py").write_text(source, "utf-8")
        revisions.known_revisions.cache_clear()

    yield write
    revisions.known_revisions.cache_clear()


def indent(body: str) -> str:
    return "\n".join(f"    {line}" for line in dedent(body).strip().splitlines())


MAKE = 'op.create_table("things", sa.Column("id", sa.Integer, primary_key=True), sa.Column("tenant", sa.Text))'
FILL = "op.execute(\"INSERT INTO things (id, tenant) VALUES (1, 'a')\")"
WIDEN = 'op.add_column("things", sa.Column("more", sa.Text))'
FAIL = """
op.add_column("things", sa.Column("more", sa.Text))
op.execute("INSERT INTO nowhere VALUES (1)")
"""


def tables(path: Path) -> dict[str, list[str]]:
    raw = sqlite3.connect(path)
    names = [name for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    query = "SELECT name FROM pragma_table_info(?)"
    found = {name: [str(row[0]) for row in raw.execute(query, (name,))] for name in names}
    raw.close()
    return found


def test_a_new_file_gets_all_steps(steps, tmp_path: Path) -> None:
    steps(MAKE, WIDEN)

    assert migrate_sqlite(tmp_path / "s.db") is None
    assert tables(tmp_path / "s.db")["things"] == ["id", "tenant", "more"]
    assert migrate_sqlite(tmp_path / "s.db") == "0002"
    assert not [*tmp_path.glob("s.db.before*")]


def test_a_file_with_something_in_it_is_copied_before_it_is_changed(steps, tmp_path: Path) -> None:
    steps(f"{MAKE}\n{FILL}")
    migrate_sqlite(tmp_path / "s.db")
    steps(MAKE, WIDEN)

    assert migrate_sqlite(tmp_path / "s.db") == "0001"

    copy = tmp_path / "s.db.before-0002"
    assert tables(copy)["things"] == ["id", "tenant"]
    assert copy.stat().st_mode & 0o777 == 0o600
    assert tables(tmp_path / "s.db")["things"] == ["id", "tenant", "more"]


def test_a_step_that_fails_leaves_the_file_as_it_was(steps, tmp_path: Path) -> None:
    steps(f"{MAKE}\n{FILL}")
    migrate_sqlite(tmp_path / "s.db")
    steps(MAKE, FAIL)

    with pytest.raises(StoreError, match=r"up to date failed, and it is as it was: .*nowhere"):
        migrate_sqlite(tmp_path / "s.db")

    assert tables(tmp_path / "s.db") == {"genmux_revision": ["version_num"], "things": ["id", "tenant"]}
    steps(MAKE, WIDEN)
    assert migrate_sqlite(tmp_path / "s.db") == "0001"


def test_a_step_that_leaves_rows_pointing_to_nothing_fails(steps, tmp_path: Path) -> None:
    parts = """
    op.create_table("parts", sa.Column("thing", sa.Integer, sa.ForeignKey("things.id")))
    op.execute("INSERT INTO parts VALUES (99)")
    """
    steps(MAKE, parts)

    with pytest.raises(StoreError, match="row of parts that points to nothing in things"):
        migrate_sqlite(tmp_path / "s.db")

    assert tables(tmp_path / "s.db") == {}


def test_a_table_that_is_made_anew_does_not_take_other_rows_with_it(steps, tmp_path: Path) -> None:
    parts = """
    op.create_table("parts", sa.Column("thing", sa.Integer, sa.ForeignKey("things.id", ondelete="CASCADE")))
    op.execute("INSERT INTO parts VALUES (1)")
    """
    anew = """
    with op.batch_alter_table("things") as batch:
        batch.alter_column("tenant", nullable=False, existing_type=sa.Text)
    """
    steps(f"{MAKE}\n{FILL}", parts, anew)

    migrate_sqlite(tmp_path / "s.db")

    raw = sqlite3.connect(tmp_path / "s.db")
    assert raw.execute("SELECT count(*) FROM parts").fetchone() == (1,)
    raw.close()


def test_nothing_is_done_when_there_are_no_steps(steps, tmp_path: Path) -> None:
    steps()

    assert migrate_sqlite(tmp_path / "s.db") is None
    assert tables(tmp_path / "s.db") == {}


async def names(database: PostgresDatabase) -> set[str]:
    query = text(
        "SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_schema = 'public'"
    )
    return set(await database.read(lambda tx: list(tx.core.execute(query).scalars())))


async def test_postgresql_takes_all_steps_or_none(steps, postgres_url: str) -> None:
    database = PostgresDatabase(postgres_url)
    steps(MAKE)
    assert await database.migrate(migrate_postgres) is None
    made = {"things.id", "things.tenant", "genmux_revision.version_num"}
    assert await names(database) == made
    steps(MAKE, FAIL)

    with pytest.raises(StoreError, match=r"up to date failed, and it is as it was: .*nowhere"):
        await database.migrate(migrate_postgres)

    assert await names(database) == made
    steps(MAKE, WIDEN)
    assert await database.migrate(migrate_postgres) == "0001"
    assert await database.migrate(migrate_postgres) == "0002"
    assert await names(database) == {*made, "things.more"}
    await database.aclose()


async def test_a_postgresql_with_somebody_elses_tables_of_the_same_name_is_refused(postgres_url: str) -> None:
    database = PostgresDatabase(postgres_url)
    await database.write(lambda tx: tx.core.execute(text("CREATE TABLE budgets (title TEXT)")) and None)

    with pytest.raises(StoreError, match=r"has tables that genmux did not make \(budgets\)"):
        await database.migrate(migrate_postgres)

    await database.aclose()
