"""A desk that keeps files in a folder of each test's own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.assets import House, house


@pytest.fixture
async def here(sqlite_store_url: str, tmp_path: Path) -> AsyncIterator[House]:
    async with house(sqlite_store_url, folder=tmp_path) as found:
        yield found
