"""Whoever leaves a PostgreSQL in the middle of something leaves no connection behind, and no half of a change."""

import asyncio

import asyncpg
import pytest
from sqlalchemy import text

from genmux.store.clock import database_now
from genmux.store.postgres.database import PostgresDatabase
from tests.postgres import others


@pytest.mark.parametrize("does", ["read", "write"])
@pytest.mark.parametrize("cancelled", [False, True])
async def test_no_connection_is_left_behind_by_what_is_under_way_at_the_end(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch, does: str, cancelled: bool
) -> None:
    database = PostgresDatabase(postgres_url)
    await database.read(database_now)
    asked, may_go = slow_down(monkeypatch)
    task = asyncio.create_task(getattr(database, does)(lambda tx: tx.core.execute(text("SELECT 7")).scalar_one()))
    await asked.wait()
    if cancelled:
        task.cancel()
        assert isinstance((await asyncio.gather(task, return_exceptions=True))[0], asyncio.CancelledError)
    closing = asyncio.create_task(database.aclose())
    await asyncio.sleep(0)
    may_go.set()
    await closing

    assert cancelled or task.result() == 7
    assert await others(postgres_url) == 0


async def test_a_change_that_was_begun_is_made_although_nobody_waits(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = PostgresDatabase(postgres_url)
    await database.write(lambda tx: tx.core.execute(text("CREATE TABLE numbers (n integer)")) and None)
    with monkeypatch.context() as patch:
        asked, may_go = slow_down(patch)
        task = asyncio.create_task(
            database.write(lambda tx: tx.core.execute(text("INSERT INTO numbers VALUES (1)")) and None)
        )
        await asked.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        may_go.set()
        await database.leave()  # what was begun ends before

    assert await database.read(lambda tx: tx.core.execute(text("SELECT n FROM numbers")).scalar_one()) == 1
    await database.aclose()


async def test_what_does_not_end_is_broken_off_at_the_end(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genmux.store.postgres.lines.CONNECTS_WITHIN", 0.2)
    database = PostgresDatabase(postgres_url)
    await database.read(database_now)
    task = asyncio.create_task(database.write(lambda tx: tx.core.execute(text("SELECT pg_sleep(60)")) and None))
    while not await others(postgres_url, "AND query LIKE '%pg_sleep%'"):
        pass
    await database.aclose()

    assert isinstance((await asyncio.gather(task, return_exceptions=True))[0], asyncio.CancelledError)
    assert await others(postgres_url) == 0


def slow_down(patch: pytest.MonkeyPatch) -> tuple[asyncio.Event, asyncio.Event]:
    """Statements that are new to a connection wait: set when one is there, and until when."""
    asked, may_go = asyncio.Event(), asyncio.Event()
    prepare = asyncpg.Connection.prepare

    async def slow(self: asyncpg.Connection, *told: object, **more: object) -> object:
        asked.set()
        await may_go.wait()
        return await prepare(self, *told, **more)

    patch.setattr(asyncpg.Connection, "prepare", slow)
    return asked, may_go
