"""A load of live sessions on whatever speaks OpenAI's realtime protocol: added latency, drops, CPU time.

`python benchmarks/voice.py [ws://…/v1/realtime?model=…] --sessions 100 --seconds 10`; without an address a simulator is started.
Behind the address must be the simulator (`python -m genmux.testing.simulator.voice`, model `mock/realtime`), for the answers
are asked for by its directives. Each session talks in real time, a frame of 20 ms after the other: one second of speech, then
silence while the answer comes, which is as long; half of them talk while the others listen.

Latency up: from the frame that ends a turn to the word that it has ended. Lateness down: how much later than its time a frame
of an answer comes, by the one that came soonest. Compared with `--beside`, the same without what is measured, both in one run.
"""

import argparse
import asyncio
import base64
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp
import msgspec
import psutil
from machine import OTHERS, cpu_seconds, pinned

from genmux.providers.mock.live.tone import PIECE_MS, piece

FRAME = PIECE_MS / 1_000
SPEECH_FRAMES, SILENCE_FRAMES, ANSWER_FRAMES = 50, 10, 50
"""Of a turn: so many of speech, so many of silence that end it, so many of the answer."""
ROUND = SPEECH_FRAMES + SILENCE_FRAMES + ANSWER_FRAMES

_LOUD = piece(24_000, 400)
LOUD, QUIET = (
    f'{{"type":"input_audio_buffer.append","audio":"{base64.b64encode(one).decode()}"}}'
    for one in (_LOUD, bytes(len(_LOUD)))
)
SOUND = "output_audio.delta"


class Load(msgspec.Struct, kw_only=True):
    """What was measured; spans in seconds, `cpu` in seconds of the processes that were named."""

    sessions: int
    seconds: float = 0.0
    up: list[float] = []
    down: list[float] = []
    sent: int = 0
    turns: int = 0
    expected: int = 0
    received: int = 0
    broken: int = 0
    own_cpu: float = 0.0
    cpu: float = 0.0

    def row(self, name: str) -> str:
        """As a row of a table."""
        lost = max(0, self.expected - self.received)
        figures = [f"{1_000 * one:.2f}" for values in (self.up, self.down) for one in percentiles(values)]
        share = f"{100 * self.cpu / self.seconds:.0f} %" if self.cpu else "–"
        own = f"{100 * self.own_cpu / self.seconds:.0f} %"
        return f"| {name} | {self.sessions} | {' | '.join(figures)} | {lost} of {self.expected} | {self.broken} | {share} | {own} |"


HEAD = """| | sessions | up p50 ms | up p99 ms | down p50 ms | down p99 ms | frames lost | broken | CPU | load's CPU |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"""


class Talker:
    """One session."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, load: Load, *, offset: int) -> None:
        self._socket = socket
        self._load = load
        self._frame = -offset  # half of them begin half a round later
        self._ended: float | None = None
        self._arrived: list[float] = []
        self._over = False

    async def open(self) -> None:
        """Set up."""
        settings = {
            "type": "realtime",
            "instructions": f"[mock pace={FRAME} seconds={ANSWER_FRAMES * FRAME}]",
            "audio": {
                "input": {"turn_detection": {"type": "server_vad", "silence_duration_ms": SILENCE_FRAMES * PIECE_MS}}
            },
        }
        await self._socket.send_str(msgspec.json.encode({"type": "session.update", "session": settings}).decode())

    async def tick(self) -> None:
        """The next frame."""
        place = self._frame % ROUND if self._frame >= 0 else ROUND
        self._frame += 1
        if self._over:
            return
        if place == SPEECH_FRAMES + SILENCE_FRAMES - 1:
            self._ended = time.perf_counter()
            self._load.turns += 1
        try:
            await self._socket.send_str(LOUD if place < SPEECH_FRAMES else QUIET)
        except (OSError, RuntimeError):
            self._break()
            return
        self._load.sent += 1

    async def listen(self) -> None:
        """Hear until the end."""
        async for message in self._socket:
            if message.type is aiohttp.WSMsgType.TEXT:
                self._hear(message.data)
        if not self._over:
            self._break()

    def finish(self) -> None:
        """No more is wanted."""
        self._over = True

    def _hear(self, frame: str) -> None:
        if SOUND in frame[:60]:
            self._arrived.append(time.perf_counter())
        elif "input_audio_buffer.speech_stopped" in frame[:60] and self._ended is not None:
            self._load.up.append(time.perf_counter() - self._ended)
            self._ended = None
        elif '"response.done"' in frame[:60]:
            self._answered()

    def _answered(self) -> None:
        arrived, self._arrived = self._arrived, []
        self._load.expected += ANSWER_FRAMES
        self._load.received += len(arrived)
        if arrived:
            begun = min(at - number * FRAME for number, at in enumerate(arrived))
            self._load.down += [at - number * FRAME - begun for number, at in enumerate(arrived)]

    def _break(self) -> None:
        self._over = True
        self._load.broken += 1


async def load(
    url: str, *, sessions: int, seconds: float, headers: dict[str, str] | None = None, pids: list[int] | None = None
) -> Load:
    """Let so many sessions talk for so long. `pids` are the processes whose CPU time (children included) is counted."""
    measured = Load(sessions=sessions)
    watched = [psutil.Process(pid) for pid in pids or []]
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, headers=headers) as client:
        talkers: list[Talker] = []
        for number in range(sessions):
            socket = await client.ws_connect(url, max_msg_size=0, compress=0)
            talkers.append(Talker(socket, measured, offset=number % 2 * ROUND // 2))
            await talkers[-1].open()
        listening = [asyncio.create_task(one.listen()) for one in talkers]
        before, own = sum(map(cpu_seconds, watched)), _own_cpu()
        measured.seconds = await _talk(talkers, seconds)
        measured.cpu, measured.own_cpu = sum(map(cpu_seconds, watched)) - before, _own_cpu() - own
        for one in talkers:
            one.finish()
        for task in listening:
            task.cancel()
        await asyncio.gather(*listening, return_exceptions=True)
    return measured


async def _talk(talkers: list[Talker], seconds: float) -> float:
    """A frame of each at a time, spread over the 20 ms; gives how long it took."""
    begun = time.perf_counter()
    slots = min(20, len(talkers))
    for frame in range(round(seconds / FRAME)):
        for slot in range(slots):
            wait = begun + frame * FRAME + slot * FRAME / slots - time.perf_counter()
            if wait > 0:
                await asyncio.sleep(wait)
            for one in talkers[slot::slots]:
                await one.tick()
    return time.perf_counter() - begun


def percentiles(values: list[float]) -> tuple[float, float]:
    """The middle, and what all but one in a hundred keep to; nothing measured is not a number."""
    if len(values) < 2:
        return (values[0], values[0]) if values else (float("nan"), float("nan"))
    return statistics.median(values), statistics.quantiles(values, n=100)[98]


@contextmanager
def simulator() -> Iterator[tuple[str, int]]:
    """A simulator in a process of its own: its address and its id."""
    command = pinned(OTHERS, sys.executable, "-m", "genmux.testing.simulator.voice")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield f"{process.stdout.readline().strip()}/v1/realtime?model=realtime", process.pid
        finally:
            process.kill()


def _own_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _measure(said: argparse.Namespace, url: str, pids: list[int]) -> Load:
    headers = {"authorization": f"Bearer {said.key}"} if said.key else None
    return asyncio.run(load(url, sessions=said.sessions, seconds=said.seconds, headers=headers, pids=pids))


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url", nargs="?", help="what is measured; without it the simulator itself")
    parser.add_argument("--beside", help="the same without what is measured")
    parser.add_argument("--sessions", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--key", help="for the header `authorization`")
    parser.add_argument("--pid", type=int, action="append", default=[], help="a process whose CPU time is counted")
    said = parser.parse_args()
    print(HEAD)
    if said.url is None:
        with simulator() as (url, pid):
            print(_measure(said, url, [pid]).row("simulator"))
        return
    measured = _measure(said, said.url, said.pid)
    print(measured.row("measured"))
    if said.beside:
        bare = _measure(said, said.beside, [])
        print(bare.row("beside"))
        added = [
            1_000 * (one - other)
            for values, others in ((measured.up, bare.up), (measured.down, bare.down))
            for one, other in zip(percentiles(values), percentiles(others), strict=True)
        ]
        print("\nadded: up p50 {:.2f} ms, p99 {:.2f} ms; down p50 {:.2f} ms, p99 {:.2f} ms".format(*added))


if __name__ == "__main__":
    main()
