"""Fixtures for people who test code that calls models.

Use it with `pytest -p genmux.testing.pytest_plugin`, or in a conftest.py: `pytest_plugins = ["genmux.testing.pytest_plugin"]`.
"""

import asyncio
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager

import pytest

from genmux.testing.simulator import Simulator


@pytest.fixture
def genmux_simulator() -> Iterator[Simulator]:
    """A simulator that listens on a free port of the loopback, in a thread of its own.

    It serves blocking and asyncio clients alike: give them `genmux_simulator.base_url`.
    """
    with simulating() as simulator:
        yield simulator


@contextmanager
def simulating() -> Generator[Simulator]:
    """A running simulator in a thread of its own, until the end of the block."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="genmux-simulator", daemon=True)
    thread.start()
    try:
        simulator = asyncio.run_coroutine_threadsafe(_started(), loop).result(10)
        yield simulator
        asyncio.run_coroutine_threadsafe(simulator.aclose(), loop).result(10)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _started() -> Simulator:
    simulator = Simulator()
    await simulator.start()
    return simulator
