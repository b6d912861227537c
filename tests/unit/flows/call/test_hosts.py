"""Embedded engines live as long as their event loop, and end with it."""

import asyncio
import os
import signal
import threading

import pytest

from genmux.engine.child import LocalHost
from genmux.flows.call.hosts import LocalHosts
from genmux.types.errors import ConfigurationError


class Host(LocalHost):
    """Remembers whether it was closed, and on which loop; says that it has these child processes."""

    def __init__(self, *pids: int) -> None:
        super().__init__()
        self.closed_on: list[asyncio.AbstractEventLoop] = []
        self._pids = pids

    def pids(self) -> tuple[int, ...]:
        return self._pids

    async def aclose(self) -> None:
        self.closed_on.append(asyncio.get_running_loop())


def test_every_loop_has_a_host_of_its_own() -> None:
    hosts = LocalHosts(Host)

    async def twice() -> LocalHost:
        assert hosts.here() is hosts.here()
        return hosts.here()

    assert asyncio.run(twice()) is not asyncio.run(twice())


def test_a_host_of_an_ended_loop_has_its_processes_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[tuple[int, int]] = []

    def kill(pid: int, number: int) -> None:
        ended.append((pid, number))
        raise ProcessLookupError

    monkeypatch.setattr(os, "kill", kill)
    hosts = LocalHosts(lambda: Host(17))

    async def use() -> None:
        hosts.here()

    asyncio.run(use())
    asyncio.run(use())
    assert ended == [(17, signal.SIGTERM)]
    asyncio.run(hosts.aclose())
    assert ended == [(17, signal.SIGTERM)] * 2


async def test_leaving_closes_only_the_host_of_this_loop() -> None:
    hosts, made = LocalHosts(lambda: made.append(Host()) or made[-1]), list[Host]()
    first = hosts.here()

    await hosts.leave()
    await hosts.leave()

    assert len(made[0].closed_on) == 1
    assert hosts.here() is not first


async def test_closing_reaches_the_hosts_of_other_threads() -> None:
    hosts, made = LocalHosts(lambda: made.append(Host()) or made[-1]), list[Host]()
    loop, ready = asyncio.new_event_loop(), threading.Event()

    async def use() -> None:
        hosts.here()
        ready.set()

    thread = threading.Thread(target=lambda: (loop.create_task(use()), loop.run_forever()))
    thread.start()
    ready.wait()
    hosts.here()

    await hosts.aclose()
    await hosts.aclose()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()

    assert sorted(id(host.closed_on[0]) for host in made) == sorted((id(loop), id(asyncio.get_running_loop())))
    with pytest.raises(ConfigurationError, match="this client is closed"):
        hosts.here()
