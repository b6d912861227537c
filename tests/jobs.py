"""Jobs for tests: a whole desk of jobs on a store, with a simulator behind its providers."""

import contextlib
import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from genmux.app import App
from genmux.app.jobs import JobDesk
from genmux.contract.inputs import MediaInput
from genmux.services.settings import ProviderSettings, Settings
from genmux.testing.simulator.media import MediaSimulator
from genmux.testing.simulator.media.providers import SIMULATED, simulated_provider
from genmux.types.assets import Asset, Output
from genmux.types.assets_stored import Stored, Taken, Whence
from genmux.types.generation import GenerationRequest
from genmux.types.job_settings import JobSettings
from tests.event_checks import check_data
from tests.ledgers import NOON


class NoFiles:
    """In place of files: what is collected is only noted."""

    def __init__(self) -> None:
        self.rows: dict[str, list[Asset]] = {}
        self.failing: list[Exception] = []

    async def take(self, inputs: Sequence[Any], **_: Any) -> Taken:
        return Taken(inputs=tuple(inputs))

    async def ready(self, request: GenerationRequest, **_: Any) -> tuple[MediaInput, ...]:
        return ()

    async def collect(self, output: Output, **_: Any) -> Stored:
        if self.failing:
            raise self.failing.pop(0)
        name = output.url or output.file or str(output.data)
        return Stored(
            storage_key=name, sha256=hashlib.sha256(name.encode()).hexdigest(), bytes=1, media_type="image/png"
        )

    def add_in(self, tx: Any, stored: Sequence[Stored], whence: Whence) -> tuple[Asset, ...]:
        assets = [
            Asset(
                id=f"asset_{whence.job}_{number}",
                tenant=whence.tenant,
                media_type=one.media_type,
                bytes=one.bytes,
                sha256=one.sha256,
                created_at=NOON,
            )
            for number, one in enumerate(stored)
        ]
        self.rows[whence.job] = assets
        return tuple(assets)

    async def of_job(self, tenant: str, job: str) -> tuple[Asset, ...]:
        return tuple(self.rows.get(job, ()))


class ToldEvents:
    """In place of an outbox: what was told, in its order."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str | None, dict[str, Any]]] = []

    def tell_in(self, tx: Any, type_: str, *, subject: str | None = None, data: Any = None, **_: Any) -> None:
        check_data(type_, dict(data or {}))
        self.told.append((type_, subject, dict(data or {})))

    def nudge(self) -> None:
        """Nobody waits."""

    def of(self, job: str) -> list[str]:
        return [type_ for type_, subject, _ in self.told if subject == job]


class House:
    """A desk of jobs, its simulator, its files and what it told."""

    def __init__(self, app: App, desk: JobDesk, simulator: MediaSimulator, files: NoFiles, events: ToldEvents) -> None:
        self.app = app
        self.desk = desk
        self.jobs = desk.jobs
        self.simulator = simulator
        self.files = files
        self.events = events

    def bills(self) -> list[Any]:
        return self.simulator.ledger.bills(self.simulator.clock.now())


@asynccontextmanager
async def desk_on(app: App, files: NoFiles | None = None, events: ToldEvents | None = None) -> AsyncIterator[JobDesk]:
    """A worker on the store that an App has open."""
    kept = app.kept()
    desk = JobDesk(
        app,
        kept.store,
        kept._lines,  # noqa: SLF001 — as the composition root does
        kept.ledger,
        files=files or NoFiles(),
        outbox=events or ToldEvents(),
        about="test",
        works=True,
        dies=False,
        callback=lambda _provider, _token: None,
    )
    await desk.start()
    try:
        yield desk
    finally:
        await desk.stop()


@asynccontextmanager
async def house(
    store: str | Path, *, settings: JobSettings | None = None, traits: Mapping[str, Any] | None = None
) -> AsyncIterator[House]:
    """Everything, running."""
    async with contextlib.AsyncExitStack() as stack:
        simulator = await stack.enter_async_context(MediaSimulator("generic"))
        own = {name: ProviderSettings(base_url=simulator.url("generic")) for name in SIMULATED}
        app = App(
            Settings(providers=own, jobs=settings or JobSettings()), store=store, environ={"HOME": "/nonexistent"}
        )
        stack.push_async_callback(app.aclose)
        quick = {"poll_first": 0.02, "poll_every": 0.05, **(traits or {})}
        for name in SIMULATED:
            app.registry.register(simulated_provider(name, **quick))
        await app.ready()
        files, events = NoFiles(), ToldEvents()
        desk = await stack.enter_async_context(desk_on(app, files, events))
        yield House(app, desk, simulator, files, events)


def picture(provider: str, prompt: str = "a fish", **fields: Any) -> GenerationRequest:
    return GenerationRequest(operation="text_to_image", model=f"{provider}/picture", prompt=prompt, **fields)
