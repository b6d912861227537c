"""One transport in several event loops, threads and processes."""

import asyncio
import gc
import multiprocessing
import os
import threading
from multiprocessing.queues import SimpleQueue

import pytest

from genmux.contract.http import HttpRequest
from genmux.engine.aiohttp_transport import AiohttpTransport
from genmux.engine.deadlines import Timeouts
from genmux.engine.limits import SizeLimits
from tests.faults.server import FaultServer

LEFT_OPEN = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
"""What asyncio says of sockets that a closed event loop has left open."""


async def status(transport: AiohttpTransport, url: str) -> int:
    reply = await transport.send(HttpRequest(method="GET", url=url), timeouts=Timeouts(), limits=SizeLimits())
    return reply.status


def served(work: object) -> list[object]:
    """Run `work(url)` in this thread while a server runs in another."""
    ready, done = threading.Event(), threading.Event()
    found: list[str] = []

    async def serve() -> None:
        async with FaultServer() as server:
            found.append(server.url)
            ready.set()
            await asyncio.get_running_loop().run_in_executor(None, done.wait)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    ready.wait(10)
    try:
        return [work(found[0])]  # type: ignore[operator]
    finally:
        done.set()
        thread.join(10)


@LEFT_OPEN
def test_each_event_loop_has_connections_of_its_own() -> None:
    transport = AiohttpTransport()

    def work(url: str) -> list[int]:
        return [asyncio.run(status(transport, url + "/ok")) for _ in range(3)]

    assert served(work) == [[200, 200, 200]]
    gc.collect()


async def test_connections_of_a_parent_process_are_neither_used_nor_closed() -> None:
    transport = AiohttpTransport()
    async with FaultServer() as server:
        await status(transport, server.url + "/ok")
        inherited = transport._lines[asyncio.get_running_loop()]  # noqa: SLF001 — as a fork would leave it
        inherited.process = 0
        await status(transport, server.url + "/ok")
        assert server.connections == 2
        transport._lines[asyncio.get_running_loop()].process = 0  # noqa: SLF001
        await transport.aclose()
        assert not inherited.session.closed
        for line in transport._inherited:  # noqa: SLF001
            await line.session.close()


@LEFT_OPEN
def test_threads_do_not_disturb_each_other() -> None:
    transport = AiohttpTransport()

    def work(url: str) -> list[int]:
        answers: list[int] = []

        async def several() -> None:
            answers.extend(await asyncio.gather(*(status(transport, url + "/ok") for _ in range(20))))

        threads = [threading.Thread(target=lambda: asyncio.run(several())) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        asyncio.run(transport.aclose())
        return answers

    assert served(work) == [[200] * 80]
    gc.collect()


def test_a_transport_can_be_closed_from_another_event_loop() -> None:
    transport = AiohttpTransport()

    def work(url: str) -> bool:
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever)
        thread.start()
        asyncio.run_coroutine_threadsafe(status(transport, url + "/ok"), loop).result(10)
        line = next(iter(transport._lines.values()))  # noqa: SLF001 — what must be closed
        asyncio.run(transport.aclose())
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
        return line.session.closed

    assert served(work) == [True]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_forked_process_makes_connections_of_its_own() -> None:
    transport = AiohttpTransport()

    def work(url: str) -> tuple[int, int, int]:
        loop = asyncio.new_event_loop()
        before = loop.run_until_complete(status(transport, url + "/ok"))

        def child(answer: SimpleQueue[int]) -> None:
            other = asyncio.new_event_loop()
            transport._lines[other] = transport._lines[loop]  # noqa: SLF001 — as if the loop lived on in the child
            answer.put(other.run_until_complete(status(transport, url + "/ok")))
            other.run_until_complete(transport.aclose())
            os._exit(0)

        context = multiprocessing.get_context("fork")
        answer: SimpleQueue[int] = context.SimpleQueue()
        process = context.Process(target=child, args=(answer,))
        process.start()
        process.join(10)
        inside = answer.get()
        after = loop.run_until_complete(status(transport, url + "/ok"))
        loop.run_until_complete(transport.aclose())
        loop.close()
        return before, inside, after

    assert served(work) == [(200, 200, 200)]
