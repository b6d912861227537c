"""Ledgers for tests: on a SQLite file or a PostgreSQL of the test's own, with a clock that the test moves."""

import asyncio
import datetime
import itertools
import shutil
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from genmux.services.bookkeeper import Bookkeeper
from genmux.services.budgets import Budgets, Ledger
from genmux.store.ledger.store import LedgerStore
from genmux.store.opening import open_store
from genmux.types.budgets import Budget, Scope
from tests.event_checks import check_data

NOON = datetime.datetime(2026, 11, 24, 12, tzinfo=datetime.UTC)
"""A Tuesday."""


class Clock:
    """The time, which only moves when told to."""

    def __init__(self, time: datetime.datetime = NOON) -> None:
        self.time = time

    def __call__(self) -> datetime.datetime:
        return self.time

    def monotonic(self) -> float:
        return self.time.timestamp()

    def move(self, **spans: float) -> None:
        self.time += datetime.timedelta(**spans)


class Told:
    """Events that were published."""

    heard = True

    def __init__(self) -> None:
        self.events: list[tuple[str, dict[str, Any]]] = []

    def publish(self, type_: str, *, subject: str | None = None, data: Any = None, **_: Any) -> None:
        check_data(type_, data)
        self.events.append((type_, {"subject": subject, **data}))

    def of(self, type_: str) -> list[dict[str, Any]]:
        return [data for name, data in self.events if name == type_]


class Desk:
    """A whole ledger: the store, the bookkeeper, the ledger, the administration."""

    def __init__(self, database: Any, clock: Clock, *, new_id: Callable[[], str], every: float = 3_600.0) -> None:
        self.clock = clock
        self.told = Told()
        self.database = database
        self.store = LedgerStore(database, clock)
        self.keeper = Bookkeeper(database.write, clock.monotonic, every=every)
        self.ledger = Ledger(
            self.store, self.keeper, new_id=new_id, monotonic=clock.monotonic, teller=self.told, about="test"
        )
        self.keeper.add(self.ledger)
        self.budgets = Budgets(self.store, self.ledger, new_id)

    async def start(self) -> None:
        self.keeper.start()
        await self.ledger.start()

    async def stop(self) -> None:
        await self.ledger.stop()
        await self.keeper.stop()

    async def make(self, scope: str = "organisation:default", limit: int = 1_000, **fields: Any) -> Budget:
        """Make a budget of a limit in micro-units."""
        kind, _, name = scope.partition(":")
        made = await self.store.create(
            Budget(id=0, tenant="default", scope=Scope(kind, name), limit=limit, **fields)  # type: ignore[arg-type]
        )
        await self.ledger.refresh()
        return made

    async def balance(self, budget: Budget) -> tuple[int, int, int]:
        """What is spent, held and presumed."""
        state = await self.store.state(budget.tenant, budget.id)
        return state.spent, state.held, state.presumed


async def warm(one: Desk, *budgets: Budget, amount: int = 10) -> None:
    """Ask until there are slices."""
    for _ in range(5):
        held = one.ledger.try_hold("warm", budgets, amount)
        if held is not None:
            held.release()
            return
        await one.keeper.flush()
    raise AssertionError("there is no slice")


def numbers(prefix: str = "id") -> Callable[[], str]:
    """Ids that count up."""
    counter = itertools.count(1)
    return lambda: f"{prefix}{next(counter)}"


@asynccontextmanager
async def desk(
    url: str, *, clock: Clock | None = None, prefix: str = "w", every: float = 3_600.0
) -> AsyncIterator[Desk]:
    """A ledger that runs; nothing is written by itself within an hour."""
    store = await open_store(url, role="command")
    one = Desk(store.database, clock or Clock(), new_id=numbers(prefix), every=every)
    await one.start()
    try:
        yield one
    finally:
        await one.stop()
        await store.aclose()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with all of the store's tables, to be copied."""
    path = tmp_path_factory.mktemp("store") / "template.db"

    async def make() -> None:
        store = await open_store(str(path), role="command")
        await store.aclose()

    with ThreadPoolExecutor(1) as thread:  # the tests' own event loop is left alone
        thread.submit(asyncio.run, make()).result()
    return path


@pytest.fixture
def sqlite_store_url(sqlite_template: Path, tmp_path: Path) -> str:
    """The path of a file of this test's own, with all of the store's tables."""
    return str(shutil.copy(sqlite_template, tmp_path / "genmux.db"))


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger_url(request: pytest.FixtureRequest) -> str:
    """Each of the databases."""
    name = {"sqlite": "sqlite_store_url", "postgresql": "postgres_store_url"}[request.param]
    return str(request.getfixturevalue(name))


@pytest_asyncio.fixture
async def here(ledger_url: str) -> AsyncIterator[Desk]:
    """A ledger on each of the databases; in the end everything must add up."""
    async with desk(ledger_url) as one:
        yield one
        await one.keeper.flush()
        assert not await one.store.verify()


@pytest_asyncio.fixture
async def embedded(sqlite_store_url: str) -> AsyncIterator[Desk]:
    """A ledger on SQLite, where the clock is the test's own."""
    async with desk(sqlite_store_url) as one:
        yield one
        await one.keeper.flush()
        assert not await one.store.verify()
