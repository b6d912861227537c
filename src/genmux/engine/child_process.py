"""One child process, seen from its parent: start, send, receive, end."""

import asyncio
import contextlib
import os
import signal
import sys
import threading
from asyncio.subprocess import PIPE, Process
from collections import deque
from typing import Self

from genmux.engine.child_frames import HEADER, Order, Report, length_of, pack, read_report
from genmux.engine.logs import provider_logger

BOOT = "import sys; sys.path[:] = sys.argv[1:]; from genmux.engine.child_main import main; main()"
"""The child's program: it sees the same modules as its parent."""

END = 3.0
"""How many seconds a process has to end by itself before it is killed."""

LAST_LINES = 20
"""How many lines of a child's output are kept."""


class ChildGoneError(Exception):
    """The process ended while it was spoken to."""


class UnsendableError(Exception):
    """What should be sent cannot travel between processes; nothing of it was."""


TURN = 0.005
"""So many seconds a loop waits before it looks whether another one has started its child."""

_starting = threading.Lock()


class ChildProcess:
    """A process that runs `genmux.engine.child_main`. What native code prints goes to the log of its provider.

    `loaded` and `number` are for the owner: whether the model is loaded, and the number of the last request.
    """

    def __init__(self, process: Process, *, provider: str, reference: str) -> None:
        assert process.stdin and process.stdout and process.stderr  # noqa: S101, PT018 — they were asked for
        self._process = process
        self._orders = process.stdin
        self._reports = process.stdout
        self._reading = asyncio.Lock()
        self._awaited: int | None = None
        self._reference = reference
        self._log = provider_logger(provider)
        self._lines: deque[str] = deque(maxlen=LAST_LINES)
        self._printing = asyncio.create_task(self._keep_output(process.stderr))
        self.pid = process.pid
        self.loaded = False
        self.number = 0

    @classmethod
    async def start(cls, *, provider: str, reference: str) -> Self:
        """Start one. It is a fresh interpreter; nothing is forked, so threads and locks of the parent do not matter."""
        while not _starting.acquire(blocking=False):  # noqa: ASYNC110 — the other one may be of another loop
            await asyncio.sleep(TURN)  # another loop starts one; uvloop cannot start two at a time in a process
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-c",
                BOOT,
                *(path or os.getcwd() for path in sys.path),  # noqa: PTH109 — as it stands in sys.path
                stdin=PIPE,
                stdout=PIPE,
                stderr=PIPE,
                start_new_session=True,  # Ctrl-C in a terminal is for the parent alone
            )
        finally:
            _starting.release()
        return cls(process, provider=provider, reference=reference)

    @property
    def printed(self) -> str | None:
        """The last lines that it printed."""
        return "\n".join(self._lines) or None

    @property
    def fate(self) -> str:
        """How it ended, in words."""
        return fate_of(self._process.returncode)

    async def send(self, order: Order) -> None:
        """Send an order. Raises ChildGoneError or UnsendableError."""
        try:
            data = pack(order)
        except (TypeError, ValueError, OverflowError, RecursionError) as error:
            raise UnsendableError(str(error)) from error
        try:
            self._orders.write(data)
            await self._orders.drain()
        except (BrokenPipeError, ConnectionResetError) as error:
            raise ChildGoneError from error

    async def receive(self) -> Report:
        """The next report; nothing is lost when this is cancelled. Raises ChildGoneError."""
        try:
            async with self._reading:
                if self._awaited is None:
                    self._awaited = length_of(await self._reports.readexactly(HEADER))
                body = await self._reports.readexactly(self._awaited)
                self._awaited = None
        except asyncio.IncompleteReadError as error:
            raise ChildGoneError from error
        return read_report(body)

    def kill(self) -> None:
        """End it at once."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    async def end(self) -> None:
        """End it: politely, and if that does not help, not. May be called again, also at the same time."""
        self._orders.close()
        try:
            async with asyncio.timeout(END):
                await self._process.wait()
        except TimeoutError:
            self.kill()
            await self._process.wait()
        except asyncio.CancelledError:
            self.kill()
            raise
        with contextlib.suppress(TimeoutError):  # a process of the child's own may hold the pipes
            async with asyncio.timeout(END), self._reading:
                await self._reports.read()
                await asyncio.shield(self._printing)

    async def _keep_output(self, pipe: asyncio.StreamReader) -> None:
        rest = b""
        while data := await pipe.read(65_536):
            *lines, rest = (rest + data).split(b"\n")
            self._print(lines)
        self._print([rest])

    def _print(self, lines: list[bytes]) -> None:
        for line in lines:
            if text := line.decode("utf-8", "replace").rstrip():
                self._lines.append(text)
                self._log.debug("%s: %s", self._reference, text)


def fate_of(code: int | None) -> str:
    """How a process with this exit code ended, in words."""
    if code is None:
        return "still runs"
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        return f"was killed by {signal.Signals(-code).name} ({signal.strsignal(-code)})"
    except ValueError:
        return f"was killed by signal {-code}"
