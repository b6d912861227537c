"""A running simulator for the tests of this folder."""

from collections.abc import AsyncIterator

import pytest

from genmux.testing.pytest_plugin import genmux_simulator
from genmux.testing.simulator import Simulator

__all__ = ["genmux_simulator"]


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    async with Simulator() as running:
        yield running
