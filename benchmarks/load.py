"""A load on a gateway from another process: CPU time a request, added latency, memory.

Only the gateway's CPU time is counted, so the load generator may be slow.
"""

import http.client
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
import psutil
from machine import MEASURED, OTHERS, cpu_seconds, megabytes, pinned

QUESTION = "Tell me about foxes and dogs. " * 24


class Gateway(msgspec.Struct):
    """A gateway under load."""

    port: int
    process: psutil.Process
    start_seconds: float
    path: str = "/v1/chat/completions"
    model: str = "openai/gpt-4o-mini"
    key: str = "sk-benchmark-0123456789"

    def body(self, *, stream: bool) -> bytes:
        """The request."""
        messages = [
            {"role": "system", "content": "You are a helpful assistant."},
            {"role": "user", "content": QUESTION},
        ]
        return msgspec.json.encode(
            {"model": self.model, "stream": stream, "max_tokens": 256, "temperature": 0.7, "messages": messages}
        )

    def headers(self) -> dict[str, str]:
        """Its headers."""
        return {"authorization": f"Bearer {self.key}", "content-type": "application/json"}

    def latencies(self, count: int, *, port: int | None = None, path: str | None = None) -> list[float]:
        """Seconds of requests one at a time."""
        connection = http.client.HTTPConnection("127.0.0.1", port or self.port)
        body, taken = self.body(stream=False), []
        for _ in range(count):
            started = time.perf_counter()
            connection.request("POST", path or self.path, body, self.headers())
            reply = connection.getresponse()
            text = reply.read()
            taken.append(time.perf_counter() - started)
            assert reply.status == 200, text[:300]
        return taken

    def cpu_per_request(self, requests: int, *, concurrent: int = 64, stream: bool = False) -> float:
        """CPU microseconds of the gateway a request, under concurrent load."""
        command = [sys.executable, __file__, str(self.port), self.path, self.key, str(requests), str(concurrent)]
        before = cpu_seconds(self.process)
        done = subprocess.run(pinned(OTHERS, *command), input=self.body(stream=stream), capture_output=True, check=True)
        assert done.stdout.strip() == b"ok", done.stdout[-300:]
        return (cpu_seconds(self.process) - before) / requests * 1e6

    def measure(self, upstream_port: int, *, scale: float = 1.0) -> dict[str, float]:
        """All figures; `scale` makes it shorter for what takes long."""
        self.latencies(max(20, int(200 * scale)))
        idle = megabytes(self.process)
        added = [
            statistics.median(self.latencies(max(20, int(300 * scale))))
            - statistics.median(
                self.latencies(max(20, int(300 * scale)), port=upstream_port, path="/v1/chat/completions")
            )
            for _ in range(3)
        ]
        self.cpu_per_request(max(40, int(500 * scale)))
        cpu = min(self.cpu_per_request(max(40, int(2_000 * scale))) for _ in range(3))
        chunk = min(self.cpu_per_request(max(40, int(300 * scale)), concurrent=8, stream=True) / 200 for _ in range(3))
        return {
            "start_s": self.start_seconds,
            "cpu_us": cpu,
            "chunk_us": chunk,
            "added_ms": min(added) * 1e3,
            "idle_mb": idle,
            "after_mb": megabytes(self.process),
        }


@contextmanager
def started(command: list[str], port: int, environ: dict[str, str], **fields: str) -> Iterator[Gateway]:
    """Start a gateway on the measured core and wait until it answers."""
    begun = time.perf_counter()
    with subprocess.Popen(
        pinned(MEASURED, *command), env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            while True:
                gateway = Gateway(port, psutil.Process(process.pid), time.perf_counter() - begun, **fields)
                try:
                    gateway.latencies(1)
                    break
                except (OSError, http.client.HTTPException, AssertionError):
                    assert time.perf_counter() - begun < 90, f"{command[0]} did not start"
                    assert process.poll() is None, f"{command[0]} ended"
                    time.sleep(0.05)
            yield gateway
        finally:
            for child in psutil.Process(process.pid).children(recursive=True):
                child.kill()
            process.kill()


def drive(port: int, path: str, key: str, requests: int, concurrent: int, body: bytes) -> None:
    """Send requests from so many threads."""
    shares = [requests // concurrent + (number < requests % concurrent) for number in range(concurrent)]
    failed: list[bytes] = []

    def worker(share: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
        for _ in range(share):
            connection.request("POST", path, body, headers)
            reply = connection.getresponse()
            text = reply.read()
            if reply.status != 200:
                failed.append(text[:200])
                return

    threads = [threading.Thread(target=worker, args=(share,)) for share in shares]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(failed[0] if failed else "ok")


if __name__ == "__main__":
    port, path, key, requests, concurrent = sys.argv[1:]
    drive(int(port), path, key, int(requests), int(concurrent), sys.stdin.buffer.read())
