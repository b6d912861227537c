"""Usage in a real database, on both kinds."""

from collections.abc import AsyncIterator

import pytest

from genmux.store.database import Database
from genmux.store.usage.records import UsageTables
from tests.unit.store.usage_rows import opened


@pytest.fixture(params=["sqlite", "postgresql"])
async def database(request: pytest.FixtureRequest) -> AsyncIterator[Database]:
    async with opened(request.param, request) as found:
        yield found


@pytest.fixture
def tables(database: Database) -> UsageTables:
    return UsageTables(database)
