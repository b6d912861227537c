"""How commands work with jobs: at a gateway, or in this process, which then does them."""

import contextlib
from collections.abc import Coroutine, Generator
from contextlib import AsyncExitStack, contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from genmux.cli.api import local_gateway
from genmux.cli.options import Common
from genmux.cli.session import configured, reached, reported
from genmux.types.errors import ProviderError

if TYPE_CHECKING:
    import asyncio

    from genmux.app import App
    from genmux.client.jobs.api import JobsApi
    from genmux.client.jobs.here import Here
    from genmux.client.jobs.there import There
    from genmux.types.jobs import Job

T = TypeVar("T")


class Desk:
    """Jobs for one command. `here` says that it is this process that does them: it has to stay for as long as they take."""

    def __init__(self, runner: "asyncio.Runner", app: "App", jobs: "JobsApi", *, here: bool) -> None:
        self._runner = runner
        self._app = app
        self.jobs = jobs
        self.here = here

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something. Ctrl-C cancels it, and raises KeyboardInterrupt."""
        return self._runner.run(work)

    def typical_seconds(self, job: "Job") -> float | None:
        """How long one like this usually takes, where that is known here."""
        try:
            model = self._app.catalog.resolve(f"{job.provider}/{job.model}", job.request.operation)  # pyright: ignore[reportArgumentType]
        except ProviderError:
            return None
        return model.spec.typical_seconds


@contextmanager
def working(common: Common, *, works: bool = True) -> Generator[Desk]:
    """Jobs for one command: of the gateway that was asked for, else of the one that holds this machine's store, else here.

    With `works=False` nothing is begun in this process. What goes wrong is told in a line.
    """
    import asyncio

    with reported(common), asyncio.Runner() as runner, contextlib.ExitStack() as farewell:
        stack = AsyncExitStack()
        farewell.callback(lambda: runner.run(stack.aclose()))
        yield runner.run(_desk(runner, common, stack, works=works))


async def _desk(runner: "asyncio.Runner", common: Common, stack: AsyncExitStack, *, works: bool) -> Desk:
    from genmux.client.jobs.api import JobsApi

    app = configured(common)
    stack.push_async_callback(app.aclose)
    url, key = reached(common)
    found = None if url else local_gateway(common)
    if found is not None:
        url, key = found.url, found.token
    line = _there(url, key) if url else await _here(app, works=works)
    stack.push_async_callback(line.aclose)
    return Desk(runner, app, JobsApi(lambda: line), here=not url)


def _there(url: str, key: str | None) -> "There":
    from genmux.client.jobs.there import There
    from genmux.engine.gateway_line import GatewayLine

    return There(GatewayLine(url, key))


async def _here(app: "App", *, works: bool) -> "Here":
    from genmux.client.jobs.here import Here

    if not works:
        app.settings = msgspec.structs.replace(
            app.settings, jobs=msgspec.structs.replace(app.settings.jobs, work=False)
        )
    await app.open(role="command", about="a genmux command", usual=True)
    return Here(app)
