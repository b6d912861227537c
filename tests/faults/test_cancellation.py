"""Whoever stops waiting leaves nothing behind: no connection, no file descriptor, no task, no memory."""

import asyncio
import gc
import resource
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from genmux.contract.http import Framing
from genmux.engine.aiohttp_transport import AiohttpTransport
from genmux.engine.engine import Engine
from genmux.engine.stream import OpenStream
from genmux.types.errors import ErrorKind, ProviderError, Retry
from tests.engine_doubles import CREDENTIAL, Permitted, post, provider
from tests.faults import sockets
from tests.faults.played import MEGABYTE
from tests.faults.server import FaultServer, turns

pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="open files are counted in /proc")

LUMEN = provider()
MANY = 200


@pytest.fixture(autouse=True)
def enough_files() -> None:
    """Each request needs two descriptors here, the server's and ours."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8_192), hard))


@pytest.fixture
async def engine() -> AsyncIterator[Engine]:
    made = Permitted(AiohttpTransport())
    yield made
    await made.aclose()


class Left:
    """What is in use now."""

    def __init__(self) -> None:
        gc.collect()
        self.descriptors = len(list(Path("/proc/self/fd").iterdir()))
        self.tasks = len(asyncio.all_tasks())
        self.memory = tracemalloc.get_traced_memory()[0]


async def leaves_nothing(server: FaultServer, many: Callable[[int], Awaitable[None]]) -> None:
    """Do it a few times, then many times: what is left must not grow."""

    async def settled() -> Left:
        await server.until(lambda: server.open_connections == 0)
        await turns()
        server.saw.clear()
        server.seen.clear()
        return Left()

    tracemalloc.start()
    try:
        await many(50)
        before = await settled()
        await many(MANY)
        after = await settled()
    finally:
        tracemalloc.stop()
    assert after.descriptors <= before.descriptors
    assert after.tasks <= before.tasks
    assert after.memory - before.memory < 1_000 * MANY  # bytes: a leaked request would keep many thousands


def cancelling(
    server: FaultServer, path: str, start: Callable[[], Coroutine[Any, Any, object]]
) -> Callable[[int], Awaitable[None]]:
    """Start requests, wait until the server has seen all of them, cancel them."""

    async def many(count: int) -> None:
        server.saw.clear()
        tasks = [asyncio.ensure_future(start()) for _ in range(count)]
        await server.until(lambda: server.saw[path] == count)
        await turns(5)
        for task in tasks:
            task.cancel()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(end, asyncio.CancelledError) for end in ends)

    return many


@pytest.mark.parametrize("path", ["/no_reply", "/stalled_body"])
async def test_cancelled_calls_leave_nothing_behind(path: str, engine: Engine, server: FaultServer) -> None:
    async def call() -> None:
        await engine.call(LUMEN, CREDENTIAL, post(path), base_url=server.url)

    await leaves_nothing(server, cancelling(server, path, call))


@pytest.mark.parametrize("path", ["/no_reply", "/events_then_silence"])
async def test_cancelled_streams_leave_nothing_behind(path: str, engine: Engine, server: FaultServer) -> None:
    async def read() -> None:
        async for _ in await engine.open(LUMEN, CREDENTIAL, post(path, framing=Framing.SSE), base_url=server.url):
            pass

    await leaves_nothing(server, cancelling(server, path, read))


async def opened(engine: Engine, server: FaultServer, count: int) -> list[OpenStream]:
    request = post("/events_then_silence", framing=Framing.SSE)
    streams = await asyncio.gather(
        *(engine.open(LUMEN, CREDENTIAL, request, base_url=server.url) for _ in range(count))
    )
    await asyncio.gather(*map(anext, streams))
    return streams


async def test_closed_streams_leave_nothing_behind(engine: Engine, server: FaultServer) -> None:
    async def many(count: int) -> None:
        for stream in await opened(engine, server, count):
            await stream.aclose()

    await leaves_nothing(server, many)


async def test_forgotten_streams_leave_nothing_behind(engine: Engine, server: FaultServer) -> None:
    async def many(count: int) -> None:
        await opened(engine, server, count)

    await leaves_nothing(server, many)


async def test_calls_cancelled_while_they_connect_leave_nothing_behind(engine: Engine, server: FaultServer) -> None:
    async with sockets.full() as port:

        async def many(count: int) -> None:
            tasks = [
                asyncio.ensure_future(engine.call(LUMEN, CREDENTIAL, post("/ok"), base_url=f"http://127.0.0.1:{port}"))
                for _ in range(count)
            ]
            await turns()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        await leaves_nothing(server, many)


async def test_calls_cancelled_at_the_gate_leave_it_open(server: FaultServer) -> None:
    engine = Permitted(AiohttpTransport(), concurrency={"lumen": 2})
    holding = [
        await engine.open(LUMEN, CREDENTIAL, post("/events_then_silence"), base_url=server.url) for _ in range(2)
    ]
    waiting = [
        asyncio.ensure_future(engine.call(LUMEN, CREDENTIAL, post("/ok"), base_url=server.url)) for _ in range(50)
    ]
    await turns()
    assert server.saw["/ok"] == 0
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    for stream in holding:
        await stream.aclose()
    called = await asyncio.gather(
        *(engine.call(LUMEN, CREDENTIAL, post("/ok"), base_url=server.url) for _ in range(20))
    )
    assert len(called) == 20
    assert server.saw["/ok"] == 20
    await engine.aclose()


async def test_a_call_cancelled_between_attempts_is_not_sent_again(server: FaultServer) -> None:
    waits = asyncio.Event()

    async def sleep(_: float) -> None:
        waits.set()
        await asyncio.Event().wait()

    engine = Permitted(AiohttpTransport(), sleep=sleep)
    task = asyncio.ensure_future(engine.call(LUMEN, CREDENTIAL, post("/status?code=429"), base_url=server.url))
    await waits.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert server.saw["/status"] == 1
    await engine.aclose()


async def test_closing_ends_what_is_under_way(engine: Engine, server: FaultServer) -> None:
    call = asyncio.ensure_future(engine.call(LUMEN, CREDENTIAL, post("/no_reply"), base_url=server.url))
    request = post("/events_then_silence", framing=Framing.SSE)
    stream = await engine.open(LUMEN, CREDENTIAL, request, base_url=server.url)
    await anext(stream)
    reading = asyncio.ensure_future(anext(stream))
    await server.until(lambda: server.saw["/no_reply"] == 1)
    await engine.aclose()
    for task in (call, reading):
        with pytest.raises(ProviderError) as caught:
            await task
        assert (caught.value.kind, caught.value.retry) == (ErrorKind.NETWORK, Retry.UNSURE)
    await server.until(lambda: server.open_connections == 0)


async def test_a_cancelled_upload_closes_its_connection(engine: Engine, server: FaultServer) -> None:
    upload = post("/never_reads", body=bytes(16 * MEGABYTE))
    task = asyncio.ensure_future(engine.call(LUMEN, CREDENTIAL, upload, base_url=server.url))
    await server.until(lambda: server.saw["/never_reads"] == 1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await engine.call(LUMEN, CREDENTIAL, post("/ok"), base_url=server.url)
    assert server.connections == 2
