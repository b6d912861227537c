"""CPU time of one call and of one streamed chunk through a client, in a process of its own.

    python library.py RUNNER BASE_URL

Prints a JSON object. A runner is a module in `runners/`: `async def make(v1) -> (call, stream)`.
"""

import asyncio
import importlib
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

Call = Callable[[], Awaitable[str]]
Stream = Callable[[], AsyncIterator[object]]
PASSES = 5


async def calls(call: Call, count: int, concurrent: int) -> float:
    """CPU microseconds a call."""
    left = count

    async def worker() -> None:
        nonlocal left
        while left > 0:
            left -= 1
            answer = await call()
            assert answer.startswith("The quick"), answer

    started = time.process_time()
    await asyncio.gather(*(worker() for _ in range(concurrent)))
    return (time.process_time() - started) / count * 1e6


async def chunks(stream: Stream, repetitions: int) -> float:
    """CPU microseconds a chunk."""
    count, started = 0, time.process_time()
    for _ in range(repetitions):
        async for _ in stream():
            count += 1
    return (time.process_time() - started) / count * 1e6


async def measure(name: str, base: str) -> dict[str, float]:
    """The least of several passes, which is the one that was disturbed least."""
    runner = importlib.import_module(name)
    call, _ = await runner.make(f"{base}/v1")
    await calls(call, 200, 4)
    one = min([await calls(call, 500, 1) for _ in range(PASSES)])
    many = min([await calls(call, 1_500, 64) for _ in range(PASSES)])
    _, stream = await runner.make(f"{base}/c1000/v1")
    await chunks(stream, 1)
    chunk = min([await chunks(stream, 6) for _ in range(PASSES)])
    return {"call_c1": one, "call_c64": many, "chunk": chunk}


if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parent / "runners")]
    try:
        import uvloop

        run = uvloop.run
    except ImportError:
        run = asyncio.run
    print(json.dumps(run(measure(sys.argv[1], sys.argv[2]))), flush=True)
    os._exit(0)  # runners leave their connections open; closing them is not measured
