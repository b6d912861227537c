"""Jobs for tests: everything on a store, with a simulator behind its providers."""

import contextlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from genmux.app import App
from genmux.app.keeping import Keeping
from genmux.services.settings import GatewaySettings, ProviderSettings, Settings
from genmux.store.database import Tx
from genmux.testing.simulator.media import MediaSimulator
from genmux.testing.simulator.media.providers import SIMULATED, simulated_provider
from genmux.types.asset_settings import AssetSettings
from genmux.types.generation import GenerationRequest
from genmux.types.job_settings import JobSettings

QUICK: Mapping[str, Any] = {"poll_first": 0.02, "poll_every": 0.05}
LOOPBACK = AssetSettings(private_hosts=("127.0.0.0/8",))


class House:
    """An App with jobs on a store, and the simulator that they go to."""

    def __init__(self, app: App, simulator: MediaSimulator) -> None:
        self.app = app
        self.kept: Keeping = app.kept()
        self.jobs = self.kept.jobs
        desk = self.kept._jobs  # noqa: SLF001 — there is one where files can be kept
        assert desk is not None
        self.desk = desk
        self.simulator = simulator

    def bills(self) -> list[Any]:
        return self.simulator.bills()

    async def told(self, job: str) -> list[str]:
        """The types of the events that were told of a job, in their order."""

        def look(tx: Tx) -> list[str]:
            told = tx.core.exec_driver_sql(f"SELECT type FROM events WHERE subject = '{job}' ORDER BY seq")  # noqa: S608
            return [type_ for (type_,) in told]

        return await self.kept.store.database.read(look)


def app_for(
    store: str | Path,
    simulated: str,
    *,
    jobs: JobSettings | None = None,
    traits: Mapping[str, Any] = QUICK,
    public_url: str | None = None,
) -> App:
    """An App whose simulated providers are at an address; they send their webhooks to `public_url`."""
    own = {name: ProviderSettings(base_url=simulated) for name in SIMULATED}
    gateway = GatewaySettings(public_url=public_url)
    settings = Settings(providers=own, jobs=jobs or JobSettings(), assets=LOOPBACK, gateway=gateway)
    app = App(settings, store=store, environ={"HOME": "/nonexistent"})
    for name in SIMULATED:
        app.registry.register(simulated_provider(name, **traits))
    return app


@asynccontextmanager
async def house(
    store: str | Path, *, settings: JobSettings | None = None, traits: Mapping[str, Any] | None = None
) -> AsyncIterator[House]:
    """Everything, running."""
    async with contextlib.AsyncExitStack() as stack:
        simulator = await stack.enter_async_context(MediaSimulator("generic"))
        app = app_for(store, simulator.url("generic"), jobs=settings, traits={**QUICK, **(traits or {})})
        stack.push_async_callback(app.aclose)
        await app.ready()
        yield House(app, simulator)


def picture(provider: str, prompt: str = "a fish", **fields: Any) -> GenerationRequest:
    return GenerationRequest(operation="text_to_image", model=f"{provider}/picture", prompt=prompt, **fields)
