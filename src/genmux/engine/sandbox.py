"""Dangerous work in processes of their own: what crashes, hangs or eats memory there ends that process and nothing else.

A piece of work is bytes in, bytes out: the child imports a module and calls its `answer`. It sees none of our environment,
and ends by itself when it has nothing to do or when we are gone.
"""

import contextlib
import os
import subprocess
import sys
import threading
from asyncio import get_running_loop
from concurrent.futures import ThreadPoolExecutor
from typing import IO

from genmux.engine.child_process import fate_of
from genmux.types.errors import ErrorKind, ProviderError, Retry

BOOT = "import sys; sys.path[:] = sys.argv[4:]; from genmux.engine.sandbox_child import main; main(*sys.argv[1:4])"

LENGTH = 8
"""Bytes of the length before each message."""

MOST = 64 * 1024 * 1024
"""No message is longer."""

IDLE = 60.0
"""Seconds after which a child that has nothing to do ends."""

_SHOWN = ("PATH", "LANG", "LC_ALL", "SYSTEMROOT", "TMPDIR", "TEMP", "TMP", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
"""Of our environment, no more than what programs need to start."""


class SandboxError(ProviderError):
    """The child ended, or was ended, before it had answered; `retry` is `never`, since it would end again.

    `slow` says that it was ended because it took too long, which a busy machine may be to blame for.
    """

    default_kind = ErrorKind.MALFORMED_REPLY
    slow = False


class Sandbox:
    """Lets the module `module` answer, in at most `processes` children at a time. Usable from any event loop.

    `memory` is the most bytes of address space that one may have, where the system can hold it to that.
    """

    def __init__(self, module: str, *, processes: int = 1, memory: int = 4 * 1024**3, idle: float = IDLE) -> None:
        self._module = module
        self._memory = memory
        self._idle = idle
        self._threads = ThreadPoolExecutor(processes, thread_name_prefix="genmux-sandbox")
        self._own = threading.local()
        self._gate = threading.Lock()
        self._children: set[subprocess.Popen[bytes]] = set()
        self._closed = False

    async def ask(self, question: bytes, *, seconds: float) -> bytes:
        """The answer. Raises SandboxError when there is none within so many seconds, or the child dies of the question."""
        return await get_running_loop().run_in_executor(self._threads, self._ask, question, seconds)

    def close(self) -> None:
        """End all children; blocks for a moment. May be called again; nothing can be asked afterwards."""
        self._closed = True
        self._threads.shutdown(wait=False, cancel_futures=True)
        with self._gate:
            children, self._children = [*self._children], set()
        for child in children:
            child.kill()  # whoever reads from it now hears of its end
            child.wait()
            _end(child)

    def _ask(self, question: bytes, seconds: float) -> bytes:
        for last in (False, True):
            child, fresh = self._child()
            clock = threading.Timer(seconds, child.kill)
            clock.daemon = True
            clock.start()
            try:
                return _exchange(child, question, seconds)
            except (OSError, EOFError) as error:
                slow = not clock.is_alive()
                clock.cancel()
                code = self._forget(child)
                if not fresh and not slow and not last and code == 0:
                    continue  # it had ended by itself, for it had nothing to do
                why = f"was not done within {seconds:g} s" if slow else f"failed: the process {fate_of(code)}"
                failure = SandboxError(f"the work {why}", retry=Retry.NEVER)
                failure.slow = slow
                raise failure from error
            finally:
                clock.cancel()
        raise AssertionError("the last attempt returns or raises")

    def _child(self) -> tuple[subprocess.Popen[bytes], bool]:
        """This thread's child, and whether it is new."""
        child: subprocess.Popen[bytes] | None = getattr(self._own, "child", None)
        if child is not None and child.poll() is None:
            return child, False
        if child is not None:
            self._forget(child)
        child = self._own.child = subprocess.Popen(  # noqa: S603 — our own program
            [
                *(sys.executable, "-c", BOOT, self._module, str(self._memory), str(self._idle)),
                *(path or os.getcwd() for path in sys.path),  # noqa: PTH109 — as it stands in sys.path
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={name: value for name in _SHOWN if (value := os.environ.get(name))},
            start_new_session=True,  # Ctrl-C in a terminal is for the parent alone
        )
        with self._gate:
            self._children.add(child)
        if self._closed:
            _end(child)
        return child, True

    def _forget(self, child: subprocess.Popen[bytes]) -> int | None:
        with self._gate:
            self._children.discard(child)
        self._own.child = None
        _end(child)
        return child.returncode


def _exchange(child: subprocess.Popen[bytes], question: bytes, seconds: float) -> bytes:
    if child.stdin is None or child.stdout is None:
        raise EOFError
    child.stdin.write(len(question).to_bytes(LENGTH, "big") + int(seconds + 5).to_bytes(4, "big") + question)
    child.stdin.flush()
    return _exactly(child.stdout, int.from_bytes(_exactly(child.stdout, LENGTH), "big"))


def _exactly(pipe: IO[bytes], count: int) -> bytes:
    if count > MOST:
        raise EOFError
    data = pipe.read(count)
    if len(data) != count:
        raise EOFError
    return data


def _end(child: subprocess.Popen[bytes]) -> None:
    """End a child at once, and everything that we hold of it."""
    for pipe in (child.stdin, child.stdout):
        with contextlib.suppress(OSError):
            if pipe is not None:
                pipe.close()
    try:
        child.wait(0.2)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
