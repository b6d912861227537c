"""Looks in the background whether the providers of resting models are up again, so that no request has to find out."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol

from genmux.types.errors import ProviderError
from genmux.types.health import Health

EVERY = 10.0
"""Seconds between two looks."""

_log = logging.getLogger("genmux.routing")


class Resting(Protocol):
    """Knows which models rest."""

    def resting(self) -> tuple[str, ...]:
        """The models that rest now after failures."""
        ...

    def wake(self, model: str) -> None:
        """A model's provider is up: one request may try it."""
        ...


class Asks(Protocol):
    """Asks a provider how it is."""

    async def check(self, provider_id: str) -> Health:
        """One light, unpaid request. Raises NotFoundError for a provider that is not there."""
        ...


class HealthWatch:
    """While models rest, asks their providers for a light request that costs nothing, and wakes those whose provider answers.

    Only what a provider's manifest names is asked (`health`); models of other providers rest for their time. For a gateway:
    nothing runs before `start`.
    """

    def __init__(
        self,
        standing: Resting,
        health: Asks,
        *,
        every: float = EVERY,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._standing = standing
        self._health = health
        self._every = every
        self._sleep = sleep
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Look from now on, in the running event loop. Calling it again changes nothing."""
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run(), name="genmux health watch")

    async def stop(self) -> None:
        """Look no longer. May be called again, and before `start`."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def look(self) -> tuple[str, ...]:
        """Look once; gives the models that were woken."""
        resting = self._standing.resting()
        providers = sorted({_provider(model) for model in resting})
        found = await asyncio.gather(*map(self._is_up, providers))
        up = {provider for provider, is_up in zip(providers, found, strict=True) if is_up}
        return self._woken(model for model in resting if _provider(model) in up)

    def _woken(self, models: Iterable[str]) -> tuple[str, ...]:
        woken = tuple(models)
        for model in woken:
            self._standing.wake(model)
            _log.info("%s is up again: one request may try it", model, extra={"model": model})
        return woken

    async def _is_up(self, provider: str) -> bool:
        """Whether the provider did answer; one that nobody could ask tells nothing."""
        try:
            health = await self._health.check(provider)
        except ProviderError:  # it is not there any more
            return False
        return health.status == "available" and health.latency is not None

    async def _run(self) -> None:
        while True:
            await self._sleep(self._every)
            try:
                await self.look()
            except Exception:  # noqa: BLE001 — whatever a provider's code does: the watch goes on
                _log.exception("the providers of resting models could not be asked")


def _provider(model: str) -> str:
    return model.partition("/")[0]
