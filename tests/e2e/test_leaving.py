"""Callers that leave, and callers that do not read."""

import asyncio
import gc
import json
import os
import socket
import time
from typing import Self

import psutil
import pytest

from genmux.app import App
from genmux.server.gateway import Gateway
from genmux.testing.simulator import Simulator
from tests.e2e.conftest import behind
from tests.e2e.raw import CHAT, question


def request(model: str, text: str, *, stream: bool, tokens: int = 5_000) -> bytes:
    body = json.dumps(question(model, text, stream=stream, max_tokens=tokens)).encode()
    return f"POST {CHAT} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body


class Serving:
    """A gateway in the running event loop, so that its tasks can be counted."""

    def __init__(self, simulator: Simulator, **environ: str) -> None:
        import uvicorn

        self.app = App(behind(simulator), environ=environ)
        self.listening = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port: int = self.listening.getsockname()[1]
        config = uvicorn.Config(Gateway(self.app), log_level="warning", access_log=False, lifespan="on", ws="none")
        self.server = uvicorn.Server(config)
        self.server.capture_signals = _no_signals

    async def __aenter__(self) -> Self:
        self.task = asyncio.create_task(self.server.serve(sockets=[self.listening]))
        await self.until(lambda: self.server.started)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.server.should_exit = True
        await self.task
        self.listening.close()

    @staticmethod
    async def until(condition, seconds: float = 15) -> None:
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, "it did not happen"
            await asyncio.sleep(0.005)

    @property
    def busy(self) -> int:
        return len(self.server.server_state.tasks)

    async def ask_and_leave(self, sent: bytes, read: int, ready=lambda: True) -> None:
        """Send, read so many bytes, wait until it is time, hang up."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(sent)
        await writer.drain()
        if read:
            assert len(await reader.readexactly(read)) == read
        await self.until(ready)
        writer.transport.abort()


def _no_signals():
    from contextlib import nullcontext

    return nullcontext()


@pytest.mark.parametrize(
    ("model", "text", "stream", "read"),
    [
        ("openai/mock/story", "[mock latency=30] whole", False, 0),
        ("anthropic/mock/story", "[mock latency=30] whole", False, 0),
        ("mock/story", "[mock latency=30] whole", False, 0),
        ("openai/mock/story", "[mock latency=30] before the first part", True, 0),
        ("anthropic/mock/story", "[mock latency=30] before the first part", True, 0),
        ("openai/mock/story", "[mock tokens=5000 pace=0.02] in the middle", True, 200),
        ("anthropic/mock/story", "[mock tokens=5000 pace=0.02] in the middle", True, 200),
        ("mock/story", "[mock tokens=5000 pace=0.02] in the middle", True, 200),
    ],
)
async def test_the_provider_stops_when_the_caller_has_gone(model: str, text: str, read: int, *, stream: bool):
    async with Simulator() as simulator, Serving(simulator) as gateway:
        sent, remote = request(model, text, stream=stream), not model.startswith("mock/")
        at_work = (lambda: simulator.open_connections == 1) if remote else (lambda: gateway.busy == 1)
        await gateway.ask_and_leave(sent, read, at_work)
        await gateway.until(lambda: gateway.busy == 0)
        await gateway.until(lambda: simulator.open_connections == 0)
        assert simulator.disconnects == remote


async def test_two_hundred_callers_that_leave_leave_nothing_behind():
    process = psutil.Process(os.getpid())
    async with Simulator() as simulator, Serving(simulator) as gateway:

        async def crowd(count: int) -> None:
            kinds = [
                (request(f"{model}/mock/story", "[mock tokens=5000 pace=0.02] go on", stream=stream), read)
                for model in ("openai", "anthropic")
                for stream, read in ((True, 200), (True, 0), (False, 0))
            ]
            await asyncio.gather(*(gateway.ask_and_leave(*kinds[number % len(kinds)]) for number in range(count)))
            await gateway.until(lambda: gateway.busy == 0 and not gateway.server.server_state.connections)
            await gateway.until(lambda: simulator.open_connections == 0)

        await crowd(20)
        gc.collect()
        files, tasks = process.num_fds(), len(asyncio.all_tasks())
        await crowd(200)
        gc.collect()
        await gateway.until(lambda: len(asyncio.all_tasks()) <= tasks)
        assert process.num_fds() <= files + 2


async def test_of_a_megabyte_of_text_no_more_is_spoken_than_somebody_hears():
    """It is spoken in pieces, a call each: the first is heard at once, and whoever leaves is not billed for the others."""
    async with Simulator() as simulator, Serving(simulator, GENMUX_MOCK_LATENCY="0.05") as gateway:
        told: list[str] = []
        gateway.app.events.subscribe(lambda event: told.append(event.type))
        asked = {"model": "mock/voice", "voice": "tones", "input": "Hello there. " * 80_000, "response_format": "pcm"}
        body = json.dumps(asked).encode()
        head = f"POST /v1/audio/speech HTTP/1.1\r\nhost: localhost\r\ncontent-length: {len(body)}\r\n\r\n".encode()
        await gateway.ask_and_leave(head + body, 2_000)
        await gateway.until(lambda: gateway.busy == 0)
        begun = told.count("generation.started")
        assert 1 <= begun < 20  # of 255
        assert len(told) == 2 * begun


async def test_an_answer_that_is_complete_is_never_cut_off():
    """Callers that hang up right after the answer, as HTTP/1.0 clients do; none of it is booked as cancelled."""
    async with Simulator() as simulator, Serving(simulator) as gateway:
        heard: list[str] = []
        gateway.app.events.subscribe(lambda event: heard.append(event.type))
        for stream in (False, True):
            sent = request("openai/mock/echo", "[mock latency=0.1] hello", stream=stream, tokens=50)
            sent = sent.replace(b"HTTP/1.1\r\n", b"HTTP/1.1\r\nconnection: close\r\n", 1)
            for _ in range(5):
                reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
                writer.write(sent)
                assert b"hello" in await reader.read()
                writer.close()
        await gateway.until(lambda: gateway.busy == 0)
        assert set(heard) == {"generation.started", "generation.completed"}


async def test_a_slow_reader_holds_the_provider_back():
    """The provider would send 60 MB; only what fits into buffers is taken from it while nobody reads."""
    process = psutil.Process(os.getpid())
    async with Simulator() as simulator, Serving(simulator) as gateway:
        sent = request("openai/mock/story", "[mock tokens=400000] go on", stream=True, tokens=400_000)
        quiet = socket.socket()
        quiet.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        quiet.connect(("127.0.0.1", gateway.port))
        quiet.setblocking(False)
        gc.collect()
        before = process.memory_info().rss
        quiet.sendall(sent)
        await gateway.until(lambda: gateway.busy == 1)
        for _ in range(100):
            await asyncio.sleep(0.01)
        assert gateway.busy == 1
        assert process.memory_info().rss - before < 40e6
        quiet.close()
        await gateway.until(lambda: gateway.busy == 0)
        await gateway.until(lambda: simulator.open_connections == 0)
