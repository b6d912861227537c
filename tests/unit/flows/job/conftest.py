"""A desk of jobs on each of the databases."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.jobs import House, house


@pytest_asyncio.fixture
async def here(ledger_url: str) -> AsyncIterator[House]:
    async with house(ledger_url) as one:
        yield one
        assert not await one.app.kept().budgets.verify()


@pytest_asyncio.fixture
async def embedded(sqlite_store_url: str) -> AsyncIterator[House]:
    async with house(sqlite_store_url) as one:
        yield one
        assert not await one.app.kept().budgets.verify()
