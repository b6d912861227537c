"""The embedded engines of each event loop."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable

from genmux.engine.child import LocalHost
from genmux.types.errors import ConfigurationError


class LocalHosts:
    """Gives the host that belongs to the running event loop, as one thread may have several loops one after another."""

    def __init__(self, make: Callable[[], LocalHost] = LocalHost) -> None:
        self._make = make
        self._hosts: dict[asyncio.AbstractEventLoop, LocalHost] = {}
        self._closed = False

    def here(self) -> LocalHost:
        """The running event loop's. Raises ConfigurationError when all were closed."""
        loop = asyncio.get_running_loop()
        host = self._hosts.get(loop)
        if host is None:
            if self._closed:
                message = "this client is closed; make a new one"
                raise ConfigurationError(message)
            for other in [other for other in self._hosts if other.is_closed()]:
                _abandon(self._hosts.pop(other))
            host = self._hosts[loop] = self._make()
        return host

    async def leave(self) -> None:
        """Stop the engines of the running event loop, which is about to end; those of others go on."""
        host = self._hosts.pop(asyncio.get_running_loop(), None)
        if host is not None:
            await host.aclose()

    async def aclose(self) -> None:
        """Stop all engines. May be called again."""
        self._closed = True
        here = asyncio.get_running_loop()
        while self._hosts:
            loop, host = self._hosts.popitem()
            if loop is here:
                await host.aclose()
            elif loop.is_running():
                await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(host.aclose(), loop))
            else:
                _abandon(host)


def _abandon(host: LocalHost) -> None:
    """End the processes of a loop that does not run any more, and so cannot end them itself."""
    for pid in host.pids():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
