"""Simulated accounts for the tests of providers with jobs."""

from collections.abc import AsyncIterator

import pytest

from tests.unit.providers.simulated import Begin


@pytest.fixture
async def life() -> AsyncIterator[Begin]:
    """Open an account at a simulated provider: `await life("runway")`."""
    begin = Begin()
    yield begin
    await begin.aclose()
