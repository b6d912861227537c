"""A store of each kind, and what is told in it."""

from collections.abc import AsyncIterator

import pytest

from genmux.store.events.log import EventLog
from genmux.store.opening import Store, open_store


@pytest.fixture
async def store(ledger_url: str) -> AsyncIterator[Store]:
    opened = await open_store(ledger_url, environ={}, role="command")
    yield opened
    await opened.aclose()


@pytest.fixture
def log(store: Store) -> EventLog:
    return EventLog(store.database)
