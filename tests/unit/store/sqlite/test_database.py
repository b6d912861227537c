"""A SQLite file as a database: what is acknowledged is there, and each piece of work fails alone."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, insert, select
from sqlalchemy.exc import IntegrityError

from genmux.store.database import Tx, Work
from genmux.store.sqlite.database import READERS, SqliteDatabase
from genmux.types.errors import ErrorKind, Retry, StoreError

NUMBERS = Table("numbers", MetaData(), Column("n", Integer, primary_key=True))


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[SqliteDatabase]:
    made = SqliteDatabase(tmp_path / "store.db")
    await made.write(sql("CREATE TABLE numbers (n INTEGER PRIMARY KEY)"))
    yield made
    await made.aclose()


def sql(statement: str, *values: object) -> Work[object]:
    """Work that runs one statement on SQLite's own connection and gives its first value."""

    def work(tx: Tx) -> object:
        assert tx.raw is not None
        row = tx.raw.execute(statement, values).fetchone()
        return row and row[0]

    return work


async def test_what_was_written_can_be_read(database: SqliteDatabase) -> None:
    await database.write(sql("INSERT INTO numbers VALUES (?)", 7))

    assert await database.read(sql("SELECT n FROM numbers")) == 7


async def test_work_that_fails_undoes_only_itself(database: SqliteDatabase) -> None:
    def half(tx: Tx) -> None:
        assert tx.raw is not None
        tx.raw.execute("INSERT INTO numbers VALUES (100)")
        raise KeyError("mine")

    done = await asyncio.gather(
        *(database.write(half if n % 2 else sql("INSERT INTO numbers VALUES (?)", n)) for n in range(20)),
        return_exceptions=True,
    )

    assert [isinstance(one, KeyError) for one in done] == [n % 2 == 1 for n in range(20)]
    assert await database.read(sql("SELECT count(*) FROM numbers")) == 10
    assert await database.read(sql("SELECT count(*) FROM numbers WHERE n = 100")) == 0


async def test_a_broken_constraint_is_told_as_such(database: SqliteDatabase) -> None:
    await database.write(sql("INSERT INTO numbers VALUES (1)"))

    with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
        await database.write(sql("INSERT INTO numbers VALUES (1)"))


async def test_sqlalchemy_and_raw_statements_share_the_transaction(database: SqliteDatabase) -> None:
    def both(tx: Tx) -> int | None:
        assert tx.raw is not None
        tx.core.execute(insert(NUMBERS).values(n=1))
        tx.raw.execute("INSERT INTO numbers VALUES (2)")
        return tx.core.execute(select(NUMBERS.c.n).order_by(NUMBERS.c.n.desc())).scalar()

    def fails(tx: Tx) -> None:
        tx.core.execute(insert(NUMBERS).values(n=3))
        tx.core.commit()  # means nothing: the database commits
        tx.core.execute(insert(NUMBERS).values(n=1))

    assert await database.write(both) == 2
    with pytest.raises(IntegrityError):
        await database.write(fails)
    assert await database.read(lambda tx: list(tx.core.execute(select(NUMBERS.c.n)).scalars())) == [1, 2]


async def test_a_nested_transaction_of_sqlalchemy_can_be_undone(database: SqliteDatabase) -> None:
    def work(tx: Tx) -> None:
        tx.core.execute(insert(NUMBERS).values(n=1))
        with tx.core.begin_nested() as inner:
            tx.core.execute(insert(NUMBERS).values(n=2))
            inner.rollback()

    await database.write(work)

    assert await database.read(sql("SELECT group_concat(n) FROM numbers")) == "1"


async def test_a_constraint_checked_at_the_commit_fails_only_whoever_broke_it(database: SqliteDatabase) -> None:
    await database.write(sql("CREATE TABLE d (n INTEGER REFERENCES numbers (n) DEFERRABLE INITIALLY DEFERRED)"))

    good, bad, other = await asyncio.gather(
        database.write(sql("INSERT INTO numbers VALUES (1)")),
        database.write(sql("INSERT INTO d VALUES (99)")),
        database.write(sql("INSERT INTO d VALUES (1)")),
        return_exceptions=True,
    )

    assert (good, other) == (None, None)
    assert isinstance(bad, sqlite3.IntegrityError)
    assert await database.read(sql("SELECT group_concat(n) FROM d")) == "1"


async def test_readers_cannot_write(database: SqliteDatabase) -> None:
    with pytest.raises(StoreError, match="cannot be written"):
        await database.read(sql("INSERT INTO numbers VALUES (1)"))


async def test_readers_do_not_wait_for_the_writer(database: SqliteDatabase) -> None:
    may_go = threading.Event()
    writing = asyncio.create_task(database.write(lambda _: may_go.wait(20)))

    assert await database.read(sql("SELECT count(*) FROM numbers")) == 0
    may_go.set()
    assert await writing


async def test_a_full_disk_fails_whoever_needed_room_and_nobody_hangs(database: SqliteDatabase) -> None:
    await database.write(sql("CREATE TABLE big (b BLOB)"))
    await database.write(sql("PRAGMA max_page_count = 40"))

    done = await asyncio.gather(
        *(database.write(sql("INSERT INTO big VALUES (zeroblob(?))", 500_000 if n == 3 else 10)) for n in range(6)),
        return_exceptions=True,
    )

    failed = [one for one in done if isinstance(one, StoreError)]
    assert failed
    assert {one.reason for one in failed} == {"full"}
    assert failed[0].kind is ErrorKind.OVERLOADED
    assert (failed[0].status, failed[0].retry, failed[0].retry_after) == (503, Retry.SAFE, 5.0)
    assert await database.read(sql("SELECT count(*) FROM big")) == 6 - len(failed)
    await database.write(sql("INSERT INTO numbers VALUES (5)"))  # it goes on


async def test_a_commit_that_is_taken_away_fails_the_whole_group(database: SqliteDatabase) -> None:
    def ends_it(tx: Tx) -> None:
        assert tx.raw is not None
        tx.raw.execute("ROLLBACK")

    done = await asyncio.gather(
        database.write(sql("INSERT INTO numbers VALUES (1)")), database.write(ends_it), return_exceptions=True
    )

    assert [type(one) for one in done] == [StoreError, StoreError]
    assert await database.read(sql("SELECT count(*) FROM numbers")) == 0


async def test_another_program_that_holds_the_file_is_named_as_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("genmux.store.sqlite.files.BUSY", 0.01)
    database = SqliteDatabase(tmp_path / "store.db")
    await database.write(sql("CREATE TABLE numbers (n INTEGER PRIMARY KEY)"))
    other = sqlite3.connect(tmp_path / "store.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(StoreError, match="another program holds the store") as caught:
        await database.write(sql("INSERT INTO numbers VALUES (1)"))

    assert caught.value.reason == "locked"
    other.execute("ROLLBACK")
    other.close()
    await database.write(sql("INSERT INTO numbers VALUES (1)"))
    await database.aclose()


async def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "store.db").write_bytes(b"this is no database" * 100)

    with pytest.raises(StoreError, match=r"store\.db is damaged or no database") as caught:
        SqliteDatabase(tmp_path / "store.db")

    assert (caught.value.reason, caught.value.kind) == ("corrupt", ErrorKind.OVERLOADED)


async def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be opened") as caught:
        SqliteDatabase(tmp_path / "nowhere" / "store.db")

    assert caught.value.reason == "gone"


async def test_what_waits_at_the_end_is_written_and_what_comes_later_is_refused(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path / "store.db")
    await database.write(sql("CREATE TABLE numbers (n INTEGER PRIMARY KEY)"))
    waiting = [asyncio.ensure_future(database.write(sql("INSERT INTO numbers VALUES (?)", n))) for n in range(50)]
    await asyncio.sleep(0)

    await database.aclose()
    await database.aclose()

    await asyncio.gather(*waiting)
    with pytest.raises(StoreError, match="is closed"):
        await database.write(sql("SELECT 1"))
    with pytest.raises(StoreError, match="is closed"):
        await database.read(sql("SELECT 1"))
    again = SqliteDatabase(tmp_path / "store.db")
    assert await again.read(sql("SELECT count(*) FROM numbers")) == 50
    await again.aclose()


async def test_closing_breaks_off_a_statement_that_never_ends(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path / "store.db", patience=0.05)
    endless = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT max(n) FROM c"
    began = threading.Event()

    def work(tx: Tx) -> object:
        began.set()
        return sql(endless)(tx)

    tasks = [asyncio.create_task(database.write(work)), asyncio.create_task(database.read(work))]
    await asyncio.to_thread(began.wait, 20)

    await database.aclose()

    done = await asyncio.gather(*tasks, return_exceptions=True)
    assert {one.reason for one in done if isinstance(one, StoreError)} == {"closed"}


async def test_callers_in_other_loops_and_threads_are_served(database: SqliteDatabase) -> None:
    async def write_some(first: int) -> None:
        await asyncio.gather(
            *(database.write(sql("INSERT INTO numbers VALUES (?)", n)) for n in range(first, first + 50))
        )

    threads = [threading.Thread(target=asyncio.run, args=(write_some(first),)) for first in (0, 100, 200)]
    for thread in threads:
        thread.start()
    await write_some(300)
    for thread in threads:
        await asyncio.to_thread(thread.join)

    assert await database.read(sql("SELECT count(*) FROM numbers")) == 200


async def test_work_whose_caller_was_cancelled_before_it_began_is_not_done(database: SqliteDatabase) -> None:
    may_go = threading.Event()
    first = asyncio.create_task(database.write(lambda _: may_go.wait(20)))
    second = asyncio.create_task(database.write(sql("INSERT INTO numbers VALUES (1)")))
    await asyncio.sleep(0)
    second.cancel()
    await asyncio.gather(second, return_exceptions=True)
    may_go.set()
    await first

    assert await database.write(sql("SELECT count(*) FROM numbers")) == 0


async def test_an_error_that_no_future_can_carry_is_told_in_another_form(database: SqliteDatabase) -> None:
    with pytest.raises(RuntimeError, match="StopIteration"):
        await database.write(lambda _: next(iter(())))


async def test_its_name_tells_the_file(database: SqliteDatabase) -> None:
    assert repr(database) == f"SqliteDatabase({str(database.path)!r})"
    assert database.kind == "sqlite"


async def test_whoever_waits_to_read_at_the_end_is_told_so(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path / "store.db")
    may_go, busy = threading.Event(), threading.Barrier(READERS + 1, timeout=20)

    def wait(_: Tx) -> None:
        busy.wait()
        may_go.wait(20)

    reading = [asyncio.create_task(database.read(wait)) for _ in range(READERS)]
    waiting = asyncio.create_task(database.read(sql("SELECT 1")))
    await asyncio.to_thread(busy.wait)
    closing = asyncio.create_task(database.aclose())

    with pytest.raises(StoreError, match="is closed"):
        await waiting
    may_go.set()
    await asyncio.gather(closing, *reading)


async def test_a_reader_that_is_cancelled_is_cancelled(database: SqliteDatabase) -> None:
    may_go = threading.Event()
    reading = asyncio.create_task(database.read(lambda _: may_go.wait(20)))
    await asyncio.sleep(0)
    reading.cancel()

    with pytest.raises(asyncio.CancelledError):
        await reading
    may_go.set()


async def test_a_loop_that_ended_is_not_waited_for(database: SqliteDatabase) -> None:
    may_go = threading.Event()

    async def leave_behind() -> None:
        task = asyncio.ensure_future(database.write(lambda _: may_go.wait(20)))
        await asyncio.sleep(0)
        task.cancel()

    await asyncio.to_thread(asyncio.run, leave_behind())
    may_go.set()

    assert await database.write(sql("SELECT 5")) == 5
