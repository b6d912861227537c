"""An event loop in a thread of its own, for callers that have none."""

import asyncio
import concurrent.futures
import os
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from genmux.engine.loops import new_loop
from genmux.types.errors import ConfigurationError, RequestCancelledError

T = TypeVar("T")
Work = Coroutine[Any, Any, T]


class LoopThread:
    """Runs coroutines for any number of threads on one loop; the thread starts with the first one and ends with `close`."""

    def __init__(self) -> None:
        self._forget()
        self._closed = False

    def _forget(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._process = os.getpid()

    def run(self, work: Work[T]) -> T:
        """Run `work` on the loop and wait for it. An interrupted wait cancels it.

        Raises ConfigurationError after `close`, and on the loop's own thread, where it would wait for itself.
        """
        try:
            future = self._submit(work)
        except BaseException:
            work.close()
            raise
        try:
            return future.result()
        except concurrent.futures.CancelledError as error:
            message = "the client was closed in the meantime"
            raise RequestCancelledError(message) from error
        except BaseException:
            future.cancel()
            raise

    def close(self, farewell: Callable[[], Work[None]], *, patience: float | None = None) -> None:
        """Run `farewell`, cancel what is under way and end the thread. May be called again.

        Without a thread there is nothing to say farewell to. `patience` is how many seconds it waits for the end.
        """
        if self._process != os.getpid():
            self._forget()  # the thread stayed with the parent process
        if threading.current_thread() is self._thread and patience is None:
            raise self._own_thread()
        with self._lock:
            loop, thread = self._loop, self._thread
            first, self._closed = not self._closed, True
            if loop is None or thread is None:
                return
            if first:
                ending = asyncio.run_coroutine_threadsafe(_end(farewell, loop), loop)
                ending.add_done_callback(lambda done: done.cancelled() or done.exception())
        if threading.current_thread() is not thread:
            thread.join(patience)

    def _submit(self, work: Work[T]) -> concurrent.futures.Future[T]:
        if self._process != os.getpid():
            self._forget()
        if threading.current_thread() is self._thread:
            raise self._own_thread()
        with self._lock:  # held while submitting: `close` must not come between
            if self._closed:
                message = "this client is closed; make a new one"
                raise ConfigurationError(message)
            if self._loop is None:
                self._loop = new_loop()
                self._thread = threading.Thread(target=_serve, args=(self._loop,), name="genmux", daemon=True)
                self._thread.start()
            return asyncio.run_coroutine_threadsafe(work, self._loop)

    @staticmethod
    def _own_thread() -> ConfigurationError:
        message = (
            "this would wait for itself: a blocking client was used by what runs on its own thread, such as an event"
            " handler; hand the work to another thread, or use AsyncClient"
        )
        return ConfigurationError(message)


async def _end(farewell: Callable[[], Work[None]], loop: asyncio.AbstractEventLoop) -> None:
    try:
        await farewell()
    finally:
        loop.stop()


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    """The thread: until the loop is stopped, and then until everything on it has ended."""
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
        pending = asyncio.all_tasks(loop)
        for task in pending:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*pending, return_exceptions=True))
        loop.run_until_complete(loop.shutdown_asyncgens())
    finally:
        asyncio.set_event_loop(None)
        loop.close()
