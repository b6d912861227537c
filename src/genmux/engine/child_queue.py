"""A model in a child process: requests stand in line, a crash costs one of them, an unused process is closed."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing
from typing import Any, Literal

import msgspec

from genmux.engine.child_frames import (
    Begun,
    Counted,
    Done,
    Failed,
    Heard,
    Load,
    Made,
    Moved,
    Piece,
    Question,
    Ready,
    Spoken,
    Stop,
    Vectors,
)
from genmux.engine.child_process import ChildGoneError, ChildProcess, UnsendableError
from genmux.engine.logs import provider_logger
from genmux.types.errors import ErrorKind, ProviderError, Retry

LocalEventType = Literal["engine.loading", "engine.loaded", "engine.crashed", "engine.closed"]


class LocalEvent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something happened to an embedded model. `seconds` is how long it took to load; `reason` says how the process ended."""

    type: LocalEventType
    provider: str
    model: str
    pid: int
    seconds: float | None = None
    reason: str | None = None


Tell = Callable[[LocalEvent], None]


class ChildQueue:
    """Answers one request at a time. The process is started by the first one, and anew by the first one after a crash.

    `idle` and `grace` are in seconds: after the first an unused process is closed (None: never), after the second one
    that does not stop is killed.
    """

    def __init__(self, load: Load, *, tell: Tell, idle: float | None, grace: float) -> None:
        self._load = load
        self._tell = tell
        self._idle = idle
        self._grace = grace
        self._line = asyncio.Lock()
        self._process: ChildProcess | None = None
        self._closed = False
        self._alarm: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def pid(self) -> int | None:
        """The running process, None when there is none."""
        return None if self._process is None else self._process.pid

    @property
    def is_used(self) -> bool:
        """Whether there is a process, or somebody in line."""
        return self._process is not None or self._line.locked() or bool(self._tasks)

    async def ask(self, question: Callable[[int], Question], *, grace: float | None = None) -> AsyncGenerator[Any]:
        """Ask when it is our turn and give what comes back. Closing it early stops the work in the child.

        What comes back is taken from the child at once and waits here: whoever reads slowly, or stops reading and closes
        nothing, holds up nobody else in line. `grace` is the queue's own where it is None. Raises ProviderError; a crash is
        one of kind `server` that may not be repeated blindly.
        """
        told: asyncio.Queue[tuple[Any, Exception | None] | None] = asyncio.Queue()
        taking = self._in_background(_take(self._answers(question, grace), told))
        try:
            while (one := await told.get()) is not None:
                output, error = one
                if error is not None:
                    raise error
                yield output
        finally:
            taking.cancel()
            await asyncio.wait([taking])  # from now on the next in line may begin, once the child is at rest

    async def _answers(self, question: Callable[[int], Question], grace: float | None) -> AsyncGenerator[Any]:
        """The same, without anything in between."""
        await self._line.acquire()
        settled = False
        try:
            process = await self._begin(question)
            while True:
                match await process.receive():
                    case (
                        Piece(part=output)
                        | Spoken(part=output)
                        | Heard(part=output)
                        | Vectors(result=output)
                        | Counted(count=output)
                        | Moved(progress=output)
                        | Made(state=output)
                    ):
                        yield output
                    case Done():
                        settled = True
                        self._check_open()  # or it was broken off
                        return
                    case Failed(error=error):
                        settled = True
                        raise error
                    case Ready() | Begun():
                        pass
        except ChildGoneError as gone:
            raise await self._crashed() from gone
        except UnsendableError as error:
            settled = self._process is not None and self._process.loaded  # the child heard nothing that it could stop
            message = f"the request cannot be given to the embedded engine of {self._load.model.reference}: {error}"
            raise ProviderError(message, kind=ErrorKind.INVALID_REQUEST) from error
        finally:
            if settled:
                self._leave()
            else:
                self._in_background(self._stop(self._grace if grace is None else grace))

    async def aclose(self) -> None:
        """End the process; a request under way fails. May be called again."""
        self._closed = True
        if self._alarm is not None:
            self._alarm.cancel()
        if self._process is not None:
            await self._end(self._process)
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def _begin(self, question: Callable[[int], Question]) -> ChildProcess:
        """A process that has taken up the question. One that died while it was unused is replaced, and nobody notices."""
        while True:
            fresh = self._process is None
            process = await self._ready()
            process.number += 1
            try:
                await process.send(question(process.number))
                await process.receive()
            except ChildGoneError:
                if fresh:
                    raise
                await self._crashed()
            else:
                return process

    async def _ready(self) -> ChildProcess:
        """A process with the model in it."""
        if self._alarm is not None:
            self._alarm.cancel()
        self._check_open()
        if self._process is not None:
            return self._process
        model = self._load.model
        clock = asyncio.get_running_loop().time
        started = clock()
        process = await ChildProcess.start(provider=model.provider, reference=model.reference)
        self._process = process
        if self._closed:  # meanwhile
            await self._end(process)
            raise self._closed_error()
        self._say("engine.loading", process)
        await process.send(self._load)
        report = await process.receive()
        if isinstance(report, Failed):
            await self._end(process)
            raise report.error
        process.loaded = True
        self._say("engine.loaded", process, seconds=round(clock() - started, 3))
        return process

    async def _end(self, process: ChildProcess) -> None:
        await process.end()
        if self._process is process:
            self._process = None
            self._say("engine.closed", process, reason=process.fate)

    async def _crashed(self) -> ProviderError:
        """Bury the process and say how it died."""
        process, self._process = self._process, None
        if process is None or self._closed:
            self._process = process
            return self._closed_error()
        await process.end()
        model = self._load.model
        provider_logger(model.provider).warning("%s: its process %d %s", model.reference, process.pid, process.fate)
        self._say("engine.crashed", process, reason=process.fate)
        return ProviderError(
            f"the embedded engine of {model.reference} died: its process {process.fate}; the next request starts a new one",
            kind=ErrorKind.SERVER,
            provider=model.provider,
            model=model.id,
            retry=Retry.UNSURE,
            body=process.printed,
        )

    def _check_open(self) -> None:
        if self._closed:
            raise self._closed_error()

    def _closed_error(self) -> ProviderError:
        message = f"the embedded engine of {self._load.model.reference} was closed"
        return ProviderError(message, kind=ErrorKind.CANCELLED)

    # ---- after a request

    async def _stop(self, grace: float) -> None:
        """The caller left early, or something failed: the next in line shall find the process at rest, or none."""
        process = self._process
        try:
            if process is None:
                return
            if not process.loaded:
                process.kill()
                await self._end(process)
                return
            async with asyncio.timeout(grace):
                await process.send(Stop(process.number))
                while not isinstance(await process.receive(), Done | Failed):
                    pass
        except TimeoutError:
            assert process is not None  # noqa: S101 — it was sent an order
            process.kill()
            await self._end(process)
        except ChildGoneError:
            await self._crashed()  # nobody waits for the answer; it is logged
        finally:
            self._leave()

    def _leave(self) -> None:
        self._line.release()
        if self._idle is not None and not self._closed:
            self._alarm = asyncio.get_running_loop().call_later(
                self._idle, lambda: self._in_background(self._close_unused())
            )

    async def _close_unused(self) -> None:
        if self._line.locked() or self._closed:
            return
        async with self._line:
            if self._process is not None:
                await self._end(self._process)

    def _in_background(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _say(
        self,
        type_: LocalEventType,
        process: ChildProcess,
        *,
        seconds: float | None = None,
        reason: str | None = None,
    ) -> None:
        model = self._load.model
        event = LocalEvent(
            type=type_, provider=model.provider, model=model.id, pid=process.pid, seconds=seconds, reason=reason
        )
        self._tell(event)


async def _take(outputs: AsyncGenerator[Any], told: "asyncio.Queue[tuple[Any, Exception | None] | None]") -> None:
    """Hand over all outputs as they come, what was raised, and None at the end."""
    try:
        async with aclosing(outputs):
            async for output in outputs:
                told.put_nowait((output, None))
    except Exception as error:  # noqa: BLE001 — whoever asked raises it
        told.put_nowait((None, error))
    finally:
        told.put_nowait(None)
