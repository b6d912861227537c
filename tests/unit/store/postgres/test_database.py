"""PostgreSQL as a database: the same promises as SQLite's, for several gateways."""

import asyncio
import threading
from collections.abc import AsyncIterator

import asyncpg
import pytest
from sqlalchemy import Column, Integer, MetaData, Table, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from genmux.store.clock import database_now
from genmux.store.database import Tx
from genmux.store.postgres.database import PostgresDatabase
from genmux.store.postgres.listening import notify
from genmux.types.errors import ConfigurationError, ErrorKind, InvalidRequestError, Retry, StoreError
from tests.postgres import Server, others

NUMBERS = Table("numbers", MetaData(), Column("n", Integer, primary_key=True), Column("m", Integer, default=0))
COUNT = select(func.count()).select_from(NUMBERS)


@pytest.fixture
async def database(postgres_url: str) -> AsyncIterator[PostgresDatabase]:
    made = PostgresDatabase(postgres_url)
    await made.write(lambda tx: NUMBERS.create(tx.core))
    yield made
    await made.aclose()


def count(tx: Tx) -> int:
    return tx.core.execute(COUNT).scalar_one()


def add(n: int, m: int = 0):
    return lambda tx: tx.core.execute(insert(NUMBERS).values(n=n, m=m)).rowcount


async def test_what_was_written_can_be_read(database: PostgresDatabase) -> None:
    assert await database.write(add(7)) == 1
    assert await database.read(count) == 1
    assert database.kind == "postgresql"


async def test_work_that_fails_undoes_only_itself(database: PostgresDatabase) -> None:
    def half(tx: Tx) -> None:
        add(100)(tx)
        raise FileNotFoundError("mine")

    done = await asyncio.gather(*(database.write(half if n % 2 else add(n)) for n in range(10)), return_exceptions=True)

    assert [isinstance(one, FileNotFoundError) for one in done] == [n % 2 == 1 for n in range(10)]
    assert await database.read(count) == 5


async def test_a_broken_constraint_is_told_as_such(database: PostgresDatabase) -> None:
    await database.write(add(1))

    with pytest.raises(IntegrityError):
        await database.write(add(1))


async def test_readers_cannot_write(database: PostgresDatabase) -> None:
    with pytest.raises(StoreError, match="takes no changes"):
        await database.read(add(1))

    assert await database.write(add(1)) == 1  # the connection is as before


async def test_deadlocks_are_resolved_by_repeating(database: PostgresDatabase) -> None:
    await database.write(lambda tx: [add(n)(tx) for n in (1, 2)])
    both = threading.Barrier(2, timeout=20)
    met: list[int] = []

    def raise_both(first: int, second: int):
        def work(tx: Tx) -> None:
            tx.core.execute(update(NUMBERS).where(NUMBERS.c.n == first).values(m=NUMBERS.c.m + 1))
            if first not in met:
                met.append(first)
                both.wait()
            tx.core.execute(update(NUMBERS).where(NUMBERS.c.n == second).values(m=NUMBERS.c.m + 1))

        return work

    def in_a_thread(first: int, second: int) -> None:
        async def run() -> None:
            await database.write(raise_both(first, second))
            await database.leave()

        asyncio.run(run())

    await asyncio.gather(asyncio.to_thread(in_a_thread, 1, 2), asyncio.to_thread(in_a_thread, 2, 1))

    assert await database.read(lambda tx: list(tx.core.execute(select(NUMBERS.c.m)).scalars())) == [2, 2]


async def test_endless_conflicts_end_in_an_error_that_says_so(database: PostgresDatabase) -> None:
    def work(tx: Tx) -> None:
        tx.core.execute(text("DO $$ BEGIN RAISE EXCEPTION 'again' USING ERRCODE = '40001'; END $$"))

    with pytest.raises(StoreError, match="busy with the same rows") as caught:
        await database.write(work)

    assert (caught.value.reason, caught.value.status, caught.value.retry) == ("locked", 503, Retry.SAFE)


async def test_a_text_that_the_database_cannot_hold_is_the_callers_mistake(database: PostgresDatabase) -> None:
    asked = text("SELECT CAST(:name AS text)").bindparams(name="a\0b")
    with pytest.raises(InvalidRequestError, match="such as NUL"):
        await database.read(lambda tx: tx.core.execute(asked).scalar())


async def test_a_connection_that_was_cut_between_two_pieces_of_work_is_made_anew(
    database: PostgresDatabase, postgres_url: str
) -> None:
    await cut(postgres_url)

    assert await database.write(add(1)) == 1
    assert await database.read(count) == 1


async def cut(url: str) -> None:
    """Let the server end all connections of a database, its own last."""
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
    connection = await asyncpg.connect(url)
    await connection.execute(f"{others} AND pid <> pg_backend_pid()")
    await connection.close()


async def test_a_statement_whose_connection_was_cut_may_have_been_done(database: PostgresDatabase) -> None:
    async def suicide(connection: asyncpg.Connection) -> None:
        await connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    with pytest.raises(StoreError, match=r"shut down|lost") as caught:
        await database.direct(suicide)

    assert (caught.value.reason, caught.value.retry) == ("gone", Retry.UNSURE)


async def test_hot_statements_use_the_drivers_pool(database: PostgresDatabase) -> None:
    pool = await database.pool()
    assert await pool.fetchval("SELECT 1") == 1
    assert await database.direct(lambda connection: connection.fetchval("SELECT 2")) == 2


@pytest.mark.parametrize(
    ("statement", "words", "reason"),
    [
        ("RAISE EXCEPTION 'x' USING ERRCODE = '53100'", "no room on its disk", "full"),
        ("RAISE EXCEPTION 'x' USING ERRCODE = '53300'", "no connection left", "failed"),
        ("RAISE EXCEPTION 'x' USING ERRCODE = 'XX001'", "damaged data", "corrupt"),
        ("RAISE EXCEPTION 'x' USING ERRCODE = '57014'", "took too long", "failed"),
        ("RAISE EXCEPTION 'x' USING ERRCODE = '58030'", "failed in its system", "failed"),
    ],
)
async def test_what_ails_the_server_is_told(
    database: PostgresDatabase, statement: str, words: str, reason: str
) -> None:
    with pytest.raises(StoreError, match=words) as caught:
        await database.write(lambda tx: tx.core.execute(text(f"DO $$ BEGIN {statement}; END $$")) and None)

    assert caught.value.reason == reason


async def test_wrong_sql_is_the_works_fault(database: PostgresDatabase) -> None:
    with pytest.raises(DBAPIError, match="nonsense"):
        await database.write(lambda tx: tx.core.execute(text("SELECT * FROM nonsense")) and None)


async def test_a_database_that_is_not_there_is_named(postgres_server: Server) -> None:
    database = PostgresDatabase(postgres_server.url("missing"))

    with pytest.raises(StoreError, match="missing has no database of this name") as caught:
        await database.write(count)

    assert (caught.value.reason, caught.value.kind) == ("refused", ErrorKind.CONFIGURATION)
    await database.aclose()


async def test_a_wrong_password_is_told_without_the_password(postgres_server: Server, postgres_url: str) -> None:
    postgres_server.sql("CREATE ROLE guest LOGIN PASSWORD 'right'")
    with postgres_server.asking_for_passwords("guest"):
        database = PostgresDatabase(postgres_url.replace("postgres@", "guest:wr0ng-secret@"))
        with pytest.raises(StoreError, match="refuses the password") as caught:
            await database.pool()
        with pytest.raises(StoreError, match="refuses the password"):
            await database.write(count)
        await database.aclose()

    assert "wr0ng-secret" not in f"{caught.value} {database!r}"


async def test_a_server_that_is_not_there_is_told(unused_tcp_port: int) -> None:
    database = PostgresDatabase(f"postgres://me:secret@127.0.0.1:{unused_tcp_port}/mine")

    with pytest.raises(StoreError, match=rf"postgresql://127.0.0.1:{unused_tcp_port}/mine cannot be reached") as caught:
        await database.write(count)

    assert (caught.value.reason, caught.value.retry) == ("gone", Retry.SAFE)
    assert "secret" not in str(caught.value)
    with pytest.raises(StoreError, match="cannot be reached"):
        await database.listen("hints", print)
    await database.aclose()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("mysql://me:secret@host/db", "is no PostgreSQL"),
        ("postgresql://me:secret@host", "names no database"),
        ("postgresql://me:secret@host:port/db", "cannot be read"),
    ],
)
def test_a_wrong_url_is_refused_without_telling_its_password(url: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words) as caught:
        PostgresDatabase(url)

    assert "secret" not in str(caught.value)


async def test_each_event_loop_has_its_own_connections(database: PostgresDatabase) -> None:
    def elsewhere(n: int) -> int:
        async def run() -> int:
            done = await database.write(add(n))
            await database.leave()
            return done

        return asyncio.run(run())

    assert await asyncio.gather(*(asyncio.to_thread(elsewhere, n) for n in range(3))) == [1, 1, 1]
    assert await database.read(count) == 3


async def test_nothing_is_done_after_the_end(postgres_url: str) -> None:
    database = PostgresDatabase(postgres_url)
    await database.write(database_now)
    await database.aclose()
    await database.aclose()

    with pytest.raises(StoreError, match="is closed"):
        await database.write(count)


async def test_hints_arrive_with_the_commit(database: PostgresDatabase) -> None:
    heard: asyncio.Queue[str] = asyncio.Queue()
    listener = await database.listen("hints", heard.put_nowait)

    def fails(tx: Tx) -> None:
        notify(tx, "hints", "never")
        raise KeyError

    with pytest.raises(KeyError):
        await database.write(fails)
    await database.write(lambda tx: notify(tx, "hints", "now"))

    assert await asyncio.wait_for(heard.get(), 20) == "now"
    await listener.aclose()
    await listener.aclose()


async def test_a_listener_comes_back_and_says_that_it_may_have_missed_something(
    database: PostgresDatabase, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("genmux.store.postgres.listening.FIRST_PAUSE", 0.01)
    heard: asyncio.Queue[str] = asyncio.Queue()
    listener = await database.listen("hints", heard.put_nowait)

    await cut(postgres_url)

    assert await asyncio.wait_for(heard.get(), 20) == ""
    await database.write(lambda tx: notify(tx, "hints", "again"))
    assert await asyncio.wait_for(heard.get(), 20) == "again"
    await listener.aclose()


async def test_a_listener_survives_a_callback_that_fails(database: PostgresDatabase) -> None:
    heard: asyncio.Queue[str] = asyncio.Queue()

    def callback(payload: str) -> None:
        heard.put_nowait(payload)
        raise KeyError(payload)

    listener = await database.listen("hints", callback)
    for payload in ("one", "two"):
        await database.write(lambda tx, payload=payload: notify(tx, "hints", payload))

    assert [await asyncio.wait_for(heard.get(), 20) for _ in range(2)] == ["one", "two"]
    await listener.aclose()


async def test_the_servers_clock_is_read_in_utc(database: PostgresDatabase) -> None:
    first = await database.read(database_now)
    second = await database.read(database_now)

    assert first < second
    assert first.utcoffset().total_seconds() == 0  # pyright: ignore[reportOptionalMemberAccess]


async def test_too_much_at_once_is_told(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genmux.store.postgres.lines.CONNECTS_WITHIN", 0.2)
    database = PostgresDatabase(postgres_url, size=1)
    slow = asyncio.create_task(database.write(lambda tx: tx.core.execute(text("SELECT pg_sleep(1)")) and None))

    done = await asyncio.gather(*(database.read(database_now) for _ in range(3)), return_exceptions=True)

    assert any(isinstance(one, StoreError) and "too much at once" in one.message for one in done)
    await slow
    await database.aclose()


async def test_a_url_that_the_driver_does_not_understand_is_told(postgres_url: str) -> None:
    database = PostgresDatabase(f"{postgres_url}&sslmode=sometimes")

    with pytest.raises(StoreError, match=r"URL that the driver does not understand .*sslmode") as caught:
        await database.pool()

    assert caught.value.kind is ErrorKind.CONFIGURATION
    with pytest.raises(StoreError, match="does not understand"):
        async with database.alone():
            raise AssertionError
    with pytest.raises(StoreError, match="does not understand"):
        await database.migrate(lambda *_: None)
    await database.aclose()


async def test_a_silent_connection_is_asked_and_given_up_when_it_does_not_answer(
    database: PostgresDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("genmux.store.postgres.listening.FIRST_PAUSE", 0.01)
    monkeypatch.setattr("genmux.store.postgres.listening.BEAT", 0.02)
    heard: asyncio.Queue[str] = asyncio.Queue()
    listener = await database.listen("hints", heard.put_nowait)
    asked = asyncio.Event()

    async def no_answer(*_: object, **__: object) -> None:
        asked.set()
        raise TimeoutError

    with monkeypatch.context() as patch:
        patch.setattr(asyncpg.Connection, "execute", no_answer)
        await asyncio.wait_for(asked.wait(), 20)

    assert await asyncio.wait_for(heard.get(), 20) == ""
    await listener.aclose()


async def test_closing_closes_the_connections_of_other_loops_too(postgres_url: str) -> None:
    database = PostgresDatabase(postgres_url)
    ready, may_end = threading.Event(), threading.Event()

    async def elsewhere() -> None:
        await database.read(database_now)
        ready.set()
        await asyncio.to_thread(may_end.wait, 20)

    thread = threading.Thread(target=asyncio.run, args=(elsewhere(),))
    thread.start()
    await asyncio.to_thread(ready.wait, 20)
    await database.aclose()
    may_end.set()
    thread.join()

    assert await others(postgres_url) == 0
