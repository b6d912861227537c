"""What was backed up comes back, in the same kind of database or the other; all of it or nothing."""

import asyncio
import datetime
import json
import zipfile
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select, text

from genmux.store.ledger.store import LedgerStore
from genmux.store.metadata import all_tables
from genmux.store.opening import Store, open_store
from genmux.store.postgres.database import PostgresDatabase
from genmux.store.revisions import head
from genmux.store.upkeep import restore
from genmux.store.upkeep.archive import Archive, ArchiveWriter
from genmux.store.upkeep.backup import backup_postgres, backup_sqlite
from genmux.store.upkeep.restore import restore_postgres, restore_sqlite
from genmux.types.errors import InvalidRequestError, NotFoundError, StoreError
from tests.ledgers import desk, warm
from tests.unit.store.filled import ROWS, everything, fill

NOW = datetime.datetime(2026, 11, 27, 12, tzinfo=datetime.UTC)


async def filled(place: str | Path) -> Store:
    store = await open_store(place, role="library")
    await store.database.write(fill)
    return store


def found(folder: Path, pattern: str) -> list[str]:
    return sorted(path.name for path in folder.glob(pattern))


async def content(place: str | Path) -> dict[str, list[tuple[object, ...]]]:
    store = await open_store(place, role="library")
    found = await store.database.read(everything)
    await store.aclose()
    return found


@pytest.fixture
async def backup(tmp_path: Path) -> Path:
    """A backup of a SQLite file, made while that is in use."""
    store = await filled(tmp_path / "first.db")
    manifest = await asyncio.to_thread(backup_sqlite, tmp_path / "first.db", tmp_path / "b.backup", now=NOW)
    await store.aclose()
    assert manifest.rows == ROWS * len(manifest.tables)
    return tmp_path / "b.backup"


async def test_a_sqlite_store_comes_back_from_its_backup(tmp_path: Path, backup: Path) -> None:
    done = restore_sqlite(backup, tmp_path / "second.db", now=NOW)

    assert (done.kept, done.backup.kind, done.backup.revision) == (None, "sqlite", head())
    assert await content(tmp_path / "second.db") == await content(tmp_path / "first.db")
    for path in (backup, tmp_path / "second.db"):
        assert path.stat().st_mode & 0o777 == 0o600
    assert found(tmp_path, "*.partial") + found(tmp_path, "*.restoring*") == []


async def test_a_sqlite_store_moves_up_to_postgresql_and_down_again(
    tmp_path: Path, backup: Path, postgres_url: str
) -> None:
    database = PostgresDatabase(postgres_url)

    await restore_postgres(backup, database, now=NOW)
    manifest = await backup_postgres(database, tmp_path / "up.backup", now=NOW)
    restore_sqlite(tmp_path / "up.backup", tmp_path / "down.db", now=NOW)

    before = await content(tmp_path / "first.db")
    assert await content(postgres_url) == before
    assert await content(tmp_path / "down.db") == before
    assert manifest.kind == "postgresql"
    await database.aclose()


async def test_what_a_process_had_leased_at_the_time_of_a_backup_is_presumed_spent_after_a_restore(
    tmp_path: Path, sqlite_store_url: str, postgres_url: str
) -> None:
    async with desk(sqlite_store_url) as one:
        budget = await one.make(limit=1_000_000)
        await warm(one, budget)
        leased = (await one.balance(budget))[1]
        await asyncio.to_thread(backup_sqlite, Path(sqlite_store_url), tmp_path / "b.backup", now=NOW)

    database = PostgresDatabase(postgres_url)
    await restore_postgres(tmp_path / "b.backup", database, now=NOW)
    ledger = LedgerStore(database, lambda: NOW)
    workers, _ = await ledger.sweep()
    state = await ledger.state("default", budget.id)

    assert leased > 0
    assert len(workers) == 1
    assert (state.held, state.leased, state.spent, state.presumed) == (0, 0, leased, leased)
    await database.aclose()


async def test_numbers_go_on_after_those_that_were_restored(backup: Path, postgres_url: str) -> None:
    database = PostgresDatabase(postgres_url)
    await restore_postgres(backup, database, now=NOW)
    log = all_tables().tables["audit_log"]
    row = {"tenant": "t", "at": 1, "role": "r", "action": "a", "kind": "k", "subject": "s"}

    await database.write(lambda tx: tx.core.execute(insert(log).values(row)) and None)

    assert await database.read(lambda tx: tx.core.execute(select(func.max(log.c.id))).scalar()) == ROWS + 1
    await database.aclose()


async def test_a_store_that_is_not_empty_is_only_replaced_when_asked_and_then_kept(
    tmp_path: Path, backup: Path
) -> None:
    store = await filled(tmp_path / "second.db")
    await store.database.write(lambda tx: tx.core.execute(text("UPDATE budgets SET name = 'mine'")) and None)
    await store.aclose()
    mine = await content(tmp_path / "second.db")

    with pytest.raises(InvalidRequestError, match=r"is not empty; --replace takes its place"):
        restore_sqlite(backup, tmp_path / "second.db", now=NOW)
    assert await content(tmp_path / "second.db") == mine
    done = restore_sqlite(backup, tmp_path / "second.db", now=NOW, replace=True)

    assert await content(tmp_path / "second.db") == await content(tmp_path / "first.db")
    assert done.kept == tmp_path / "second.db.replaced-20261127T120000Z"
    assert await content(done.kept) == mine


async def test_a_damaged_store_can_be_replaced(tmp_path: Path, backup: Path) -> None:
    (tmp_path / "second.db").write_bytes(b"damaged" * 1000)

    done = restore_sqlite(backup, tmp_path / "second.db", now=NOW, replace=True)

    assert done.kept is not None
    assert done.kept.read_bytes() == b"damaged" * 1000
    assert await content(tmp_path / "second.db") == await content(tmp_path / "first.db")


async def test_a_store_in_which_nobody_has_anything_counts_as_empty(tmp_path: Path, backup: Path) -> None:
    store = await open_store(tmp_path / "second.db", role="library")
    await store.aclose()

    assert restore_sqlite(backup, tmp_path / "second.db", now=NOW).kept is None


async def test_a_postgresql_that_is_not_empty_is_only_replaced_when_asked_and_then_kept(
    backup: Path, postgres_store_url: str
) -> None:
    store = await filled(postgres_store_url)
    database = store.database
    assert isinstance(database, PostgresDatabase)
    await database.write(lambda tx: tx.core.execute(text("UPDATE budgets SET name = 'mine'")) and None)
    mine = await database.read(everything)

    with pytest.raises(InvalidRequestError, match="is not empty"):
        await restore_postgres(backup, database, now=NOW)
    assert await database.read(everything) == mine
    done = await restore_postgres(backup, database, now=NOW, replace=True)

    assert await database.read(everything) != mine
    assert done.kept is not None
    await restore_postgres(done.kept, database, now=NOW + datetime.timedelta(seconds=1), replace=True)
    assert await database.read(everything) == mine
    await store.aclose()


def spoil(backup: Path, name: str, change) -> None:
    """Change one member of a backup."""
    with zipfile.ZipFile(backup) as source:
        members = {one: source.read(one) for one in source.namelist()}
    members[name] = change(members[name])
    with zipfile.ZipFile(backup, "w") as target:
        for one, data in members.items():
            target.writestr(one, data)


async def test_a_row_that_was_changed_is_found(tmp_path: Path, backup: Path, postgres_url: str) -> None:
    spoil(backup, "budgets.jsonl", lambda data: data.replace(b"tenant 1", b"tenant 9"))
    database = PostgresDatabase(postgres_url)

    with pytest.raises(InvalidRequestError, match=r"the table budgets is not what it was.*nothing was restored"):
        restore_sqlite(backup, tmp_path / "second.db", now=NOW)
    with pytest.raises(InvalidRequestError, match="the table budgets is not what it was"):
        await restore_postgres(backup, database, now=NOW)

    assert not (tmp_path / "second.db").exists()
    assert await database.read(lambda tx: tx.core.execute(text("SELECT to_regclass('budgets')")).scalar()) is None
    await database.aclose()


def altered(**changes: object):
    return lambda data: json.dumps(json.loads(data) | changes).encode()


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (altered(format=2), InvalidRequestError, "has format 2.*update genmux"),
        (altered(revision="9999"), StoreError, "made by a newer genmux"),
        (lambda _: b"{", InvalidRequestError, "is no backup of genmux"),
    ],
)
async def test_a_manifest_that_means_nothing_here_is_refused(
    tmp_path: Path, backup: Path, change, error: type[Exception], words: str
) -> None:
    spoil(backup, "manifest.json", change)

    with pytest.raises(error, match=words):
        restore_sqlite(backup, tmp_path / "second.db", now=NOW)

    assert not (tmp_path / "second.db").exists()


async def test_a_failure_half_way_leaves_postgresql_as_it_was(
    backup: Path, postgres_store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await filled(postgres_store_url)
    assert isinstance(store.database, PostgresDatabase)
    before = await store.database.read(everything)
    whole = Archive.rows

    def fails(self: Archive, member):
        yield from whole(self, member)
        if member.name == "usage_records":
            raise ValueError("the disk went away")

    monkeypatch.setattr(Archive, "rows", fails)
    with pytest.raises(StoreError, match="the disk went away"):
        await restore_postgres(backup, store.database, now=NOW, replace=True)

    assert await store.database.read(everything) == before
    await store.aclose()


async def test_a_failure_half_way_leaves_no_file(tmp_path: Path, backup: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restore, "run_steps", lambda *_, **__: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        restore_sqlite(backup, tmp_path / "second.db", now=NOW)

    assert found(tmp_path, "second.db*") == []


async def test_a_backup_of_an_older_genmux_is_brought_up_to_date(tmp_path: Path, postgres_url: str) -> None:
    writer = ArchiveWriter(tmp_path / "old.backup")
    table = writer.table("ledger_workers", ("worker", "about", "expires_at"))
    table.add([("w", "an old one", 0)])
    table.finish()
    writer.finish(genmux="0.1", made_at="2026-01-01T00:00:00+00:00", kind="sqlite", revision="0001")
    database = PostgresDatabase(postgres_url)

    restore_sqlite(tmp_path / "old.backup", tmp_path / "new.db", now=NOW)
    await restore_postgres(tmp_path / "old.backup", database, now=NOW)

    for place in (tmp_path / "new.db", postgres_url):
        assert (await content(place))["ledger_workers"] == [("w", "an old one", 0)]
    await database.aclose()


async def test_what_is_no_backup_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("no zip", "utf-8")

    with pytest.raises(InvalidRequestError, match="is no backup of genmux"):
        restore_sqlite(tmp_path / "x", tmp_path / "s.db", now=NOW)
    with pytest.raises(NotFoundError, match="there is no backup"):
        restore_sqlite(tmp_path / "y", tmp_path / "s.db", now=NOW)


async def test_a_backup_never_overwrites_a_file(tmp_path: Path, backup: Path) -> None:
    with pytest.raises(InvalidRequestError, match="exists already"):
        backup_sqlite(tmp_path / "first.db", backup, now=NOW)
    with pytest.raises(InvalidRequestError, match="cannot be made"):
        backup_sqlite(tmp_path / "first.db", tmp_path / "nowhere" / "b", now=NOW)


def test_a_disk_that_does_not_take_the_backup_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full = ArchiveWriter(tmp_path / "full")
    table = full.table("t", ("a",))

    class Full:
        def write(self, _: bytes) -> int:
            raise OSError(28, "No space left on device")

        def close(self) -> None:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(table, "_file", Full())
    for write in (lambda: table.add([("x",)]), table.finish):
        with pytest.raises(InvalidRequestError, match=r"cannot be written .*No space left"):
            write()
    full.abandon()

    assert found(tmp_path, "full*") == []


async def test_where_there_is_no_store_there_is_nothing_to_back_up(tmp_path: Path, postgres_url: str) -> None:
    database = PostgresDatabase(postgres_url)

    with pytest.raises(NotFoundError, match="there is no store at"):
        backup_sqlite(tmp_path / "s.db", tmp_path / "b", now=NOW)
    with pytest.raises(NotFoundError, match="there is no store in"):
        await backup_postgres(database, tmp_path / "b", now=NOW)

    assert not (tmp_path / "s.db").exists()
    assert found(tmp_path, "b*") == []
    await database.aclose()


async def test_what_postgresql_cannot_take_is_told(tmp_path: Path, postgres_url: str) -> None:
    writer = ArchiveWriter(tmp_path / "b.backup")
    table = writer.table("ledger_workers", ("worker", "about", "expires_at"))
    table.add([("w", "a zero \0 byte", 5)])
    table.finish()
    writer.finish(genmux="0.1", made_at="2026-01-01T00:00:00+00:00", kind="sqlite", revision=head() or "")
    database = PostgresDatabase(postgres_url)

    with pytest.raises(StoreError, match=r"ledger_workers of the backup .* does not fit into PostgreSQL"):
        await restore_postgres(tmp_path / "b.backup", database, now=NOW)

    await database.aclose()
