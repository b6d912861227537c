"""`genmux serve` as a real process with real signals."""

import http.client
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from tests.e2e.raw import CHAT, question
from tests.e2e.sse import follow


class Serving(msgspec.Struct, frozen=True):
    """A gateway in a process of its own."""

    process: subprocess.Popen[str]
    address: str

    def stream(self, *, tokens: int, pace: float) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        connection = http.client.HTTPConnection(self.address, timeout=30)
        text = f"[mock tokens={tokens} pace={pace}] go on"
        body = msgspec.json.encode(question("mock/story", text, max_tokens=tokens, stream=True))
        connection.request("POST", CHAT, body, {"content-type": "application/json"})
        reply = connection.getresponse()
        assert reply.status == 200
        assert reply.readline().startswith(b"data: ")
        return connection, reply

    def refuses(self) -> bool:
        connection = http.client.HTTPConnection(self.address, timeout=5)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 503
        except OSError:
            return True
        finally:
            connection.close()


@pytest.fixture
def serve(tmp_path: Path) -> Callable[[float], Iterator[Serving]]:
    @contextmanager
    def serving(drain: float) -> Iterator[Serving]:
        config = tmp_path / "genmux.toml"
        config.write_text(f"[gateway]\ndrain = {drain}\n")
        environ = {
            **os.environ,
            "GENMUX_CONFIG": str(config),
            "NO_COLOR": "1",
            "COLUMNS": "200",
            "PYTHONUNBUFFERED": "1",
        }
        command = [sys.executable, "-m", "genmux", "serve", "--port", "0"]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environ
        ) as process:
            try:
                line = process.stdout.readline()
                found = re.search(r"http://([\d.:]+)", line)
                assert found, line
                yield Serving(process, found[1])
            finally:
                process.kill()

    return serving


def until(condition: Callable[[], bool], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        os.sched_yield()


def test_a_stream_under_way_may_end_and_nobody_new_is_served(serve):
    with serve(20) as gateway:
        connection, reply = gateway.stream(tokens=60, pace=0.02)
        gateway.process.send_signal(signal.SIGTERM)
        until(gateway.refuses)
        rest = reply.read()
        connection.close()
        assert rest.endswith(b"data: [DONE]\n\n")
        assert gateway.process.wait(10) in (0, -signal.SIGTERM)


def test_a_stream_that_does_not_end_in_time_is_told_so(serve):
    with serve(1) as gateway:
        connection, reply = gateway.stream(tokens=5_000, pace=0.05)
        started = time.monotonic()
        gateway.process.send_signal(signal.SIGTERM)
        rest = reply.read()
        connection.close()
        assert time.monotonic() - started < 8
        assert b"the gateway is stopping" in rest
        assert gateway.process.wait(10) in (0, -signal.SIGTERM)


def test_a_second_interrupt_ends_it_at_once(serve):
    with serve(60) as gateway:
        connection, _ = gateway.stream(tokens=5_000, pace=0.05)
        gateway.process.send_signal(signal.SIGINT)
        until(gateway.refuses)
        started = time.monotonic()
        gateway.process.send_signal(signal.SIGINT)
        gateway.process.wait(10)
        assert time.monotonic() - started < 5
        connection.close()


def test_without_work_it_stops_at_once_and_quietly(serve):
    with serve(60) as gateway:
        gateway.process.send_signal(signal.SIGINT)
        assert gateway.process.wait(10) in (0, 130, -signal.SIGINT)
        assert "Traceback" not in gateway.process.stdout.read()


def test_who_follows_events_is_let_go_at_once(serve):
    with serve(60) as gateway, follow(f"http://{gateway.address}") as stream:
        started = time.monotonic()
        gateway.process.send_signal(signal.SIGTERM)
        assert stream.take_rest() == b""
        assert gateway.process.wait(10) in (0, -signal.SIGTERM)
        assert time.monotonic() - started < 8
        assert "Traceback" not in gateway.process.stdout.read()
