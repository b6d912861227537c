"""One child process with one model in it, seen from its parent."""

import asyncio
import contextlib
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import AsyncGenerator, Callable
from typing import Any, Literal

import msgspec

from genmux.engine.child_frames import (
    HEADER,
    Count,
    Counted,
    Done,
    Failed,
    Load,
    Order,
    Piece,
    Question,
    Ready,
    Report,
    Stop,
    Vectors,
    length_of,
    pack,
    read_report,
)
from genmux.engine.logs import provider_logger
from genmux.types.errors import ErrorKind, ProviderError, Retry

BOOT = "import sys; sys.path[:] = sys.argv[1:]; from genmux.engine.child_main import main; main()"
"""The child's program: it sees the same modules as its parent."""

LAST_WORDS = 20
"""How many lines of a child's output an error keeps."""


class LocalEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Something happened to an embedded model: it is being loaded, is loaded (after `seconds`), crashed, or was closed."""

    type: Literal["engine.loading", "engine.loaded", "engine.crashed", "engine.closed"]
    provider: str
    model: str
    pid: int
    seconds: float | None = None
    reason: str | None = None


class Child:
    """Answers one request at a time; others wait in line. The process is started by the first one, and again after a crash.

    `idle` and `grace` are in seconds: after the first an unused process is closed, after the second one that does not stop
    is killed.
    """

    def __init__(
        self, load: Load, *, tell: Callable[[LocalEvent], None], idle: float | None, grace: float
    ) -> None:
        self._load = load
        self._tell = tell
        self._idle = idle
        self._grace = grace
        self._log = provider_logger(load.model.provider)
        self._line = asyncio.Lock()
        self._process: Process | None = None
        self._printed: deque[str] = deque(maxlen=LAST_WORDS)
        self._printing: asyncio.Task[None] | None = None
        self._awaited: int | None = None
        self._number = 0
        self._closed = False
        self._idler: asyncio.TimerHandle | None = None
        self._tidying: set[asyncio.Task[None]] = set()

    @property
    def pid(self) -> int | None:
        """The running process, None when there is none."""
        return None if self._process is None else self._process.pid

    async def ask(self, question: Callable[[int], Question]) -> AsyncGenerator[Any]:
        """Ask when it is our turn, give what comes back. Leaving early stops the work in the child.

        Raises ProviderError. A crash of the process is one of kind `server` that may not be repeated blindly.
        """
        await self._line.acquire()
        settled = False
        try:
            await self._be_ready()
            self._number += 1
            await self._send(question(self._number))
            while True:
                match await self._receive():
                    case Piece(part=output) | Vectors(result=output) | Counted(count=output):
                        yield output
                    case Done():
                        settled = True
                        return
                    case Failed(error=error):
                        settled = True
                        raise error
                    case Ready():
                        pass
        finally:
            if settled:
                self._leave()
            else:
                tidying = asyncio.create_task(self._tidy())
                self._tidying.add(tidying)
                tidying.add_done_callback(self._tidying.discard)

    async def aclose(self) -> None:
        """End the process; a request under way fails. May be called again."""
        self._closed = True
        await self._end()
        while self._tidying:
            await asyncio.wait(self._tidying)

    # ---- the process

    async def _be_ready(self) -> None:
        if self._idler is not None:
            self._idler.cancel()
        if self._closed:
            raise self._closed_error()
        if self._process is not None and self._process.returncode is None:
            return
        await self._end()
        loop = asyncio.get_running_loop()
        started = loop.time()
        process = await self._start()
        self._tell_of("engine.loading", process.pid)
        await self._send(self._load)
        report = await self._receive()
        if isinstance(report, Failed):
            await self._end()
            raise report.error
        self._tell_of("engine.loaded", process.pid, seconds=loop.time() - started)

    async def _start(self) -> Process:
        paths = [path or os.getcwd() for path in sys.path]  # noqa: PTH109 — as it stands in sys.path
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            BOOT,
            *paths,
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            start_new_session=True,  # Ctrl-C in a terminal is for the parent alone
        )
        self._process = process
        self._awaited = None
        self._number = 0
        self._printed.clear()
        self._printing = asyncio.create_task(self._keep_output(process))
        return process

    async def _keep_output(self, process: Process) -> None:
        """Log what native code prints."""
        assert process.stderr is not None  # noqa: S101 — it was asked for
        rest = b""
        while data := await process.stderr.read(65_536):
            *lines, rest = (rest + data).split(b"\n")
            self._print(lines)
        self._print([rest])

    def _print(self, lines: list[bytes]) -> None:
        for line in lines:
            if text := line.decode("utf-8", "replace").rstrip():
                self._printed.append(text)
                self._log.debug("%s: %s", self._load.model.reference, text)

    async def _end(self) -> int | None:
        """End the process if there is one, politely, then not. Gives its exit code."""
        process, self._process = self._process, None
        if process is None:
            return None
        assert process.stdin is not None  # noqa: S101 — it was asked for
        process.stdin.close()
        try:
            async with asyncio.timeout(self._grace):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
        except asyncio.CancelledError:
            process.kill()
            raise
        if self._printing is not None:
            with contextlib.suppress(TimeoutError):  # a grandchild may hold the pipe
                await asyncio.wait_for(self._printing, self._grace)
        if process.returncode == 0:
            self._tell_of("engine.closed", process.pid)
        return process.returncode

    # ---- frames

    async def _send(self, order: Order) -> None:
        process = self._process
        assert process is not None  # noqa: S101 — `_be_ready` saw to it
        assert process.stdin is not None  # noqa: S101 — it was asked for
        try:
            process.stdin.write(pack(order))
            await process.stdin.drain()
        except (BrokenPipeError, ConnectionResetError) as error:
            raise await self._crashed() from error

    async def _receive(self) -> Report:
        """The next frame. When this is cancelled, nothing of it is lost."""
        process = self._process
        if process is None:
            raise self._closed_error()
        assert process.stdout is not None  # noqa: S101 — it was asked for
        try:
            if self._awaited is None:
                self._awaited = length_of(await process.stdout.readexactly(HEADER))
            body = await process.stdout.readexactly(self._awaited)
        except asyncio.IncompleteReadError as error:
            raise await self._crashed() from error
        self._awaited = None
        return read_report(body)

    async def _crashed(self) -> ProviderError:
        if self._closed:
            return self._closed_error()
        pid = self.pid or 0
        reason = _fate(await self._end())
        self._log.warning("%s: the engine's process %d %s", self._load.model.reference, pid, reason)
        self._tell_of("engine.crashed", pid, reason=reason)
        return ProviderError(
            f"the embedded engine of {self._load.model.reference} died: its process {reason}; "
            "the next request starts a new one",
            kind=ErrorKind.SERVER,
            provider=self._load.model.provider,
            model=self._load.model.id,
            retry=Retry.UNSURE,
            body="\n".join(self._printed) or None,
        )

    def _closed_error(self) -> ProviderError:
        message = f"the embedded engine of {self._load.model.reference} was closed"
        return ProviderError(message, kind=ErrorKind.CANCELLED)

    # ---- after a request

    async def _tidy(self) -> None:
        """The caller left early: stop the work, so that the next in line finds the child at rest."""
        try:
            async with asyncio.timeout(self._grace):
                await self._stop()
        except TimeoutError:
            self._log.warning("%s: did not stop within %g s and is killed", self._load.model.reference, self._grace)
            if self._process is not None:
                self._process.kill()
            await self._end()
        except ProviderError:
            pass  # it crashed, and that is logged; the caller has left
        finally:
            self._leave()

    async def _stop(self) -> None:
        if self._process is None:
            return
        if self._number == 0:  # still loading: nothing to wait for
            self._process.kill()
            await self._end()
            return
        await self._send(Stop(self._number))
        while not isinstance(await self._receive(), Done | Failed):
            pass

    def _leave(self) -> None:
        self._line.release()
        if self._idle is not None and not self._closed:
            self._idler = asyncio.get_running_loop().call_later(self._idle, self._close_idle)

    def _close_idle(self) -> None:
        if not self._line.locked() and not self._closed:
            closing = asyncio.create_task(self._end())
            self._tidying.add(closing)  # pyright: ignore[reportArgumentType]
            closing.add_done_callback(self._tidying.discard)  # pyright: ignore[reportArgumentType]

    def _tell_of(self, type_: Any, pid: int, *, seconds: float | None = None, reason: str | None = None) -> None:
        model = self._load.model
        self._tell(
            LocalEvent(type=type_, provider=model.provider, model=model.id, pid=pid, seconds=seconds, reason=reason)
        )


def _fate(code: int | None) -> str:
    """How a process ended, in words."""
    if code is None or code >= 0:
        return f"ended with exit code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    return f"was killed by {name} ({signal.strsignal(-code) or 'unknown'})"
