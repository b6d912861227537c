"""A real provider whose tasks are found by our key: through the whole flow, with one bill whatever is lost."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest

from genmux.app import App
from genmux.flows.job import recovering
from genmux.services.registry import Registry
from genmux.services.settings import ProviderSettings, Settings
from genmux.testing.simulator.media import MediaSimulator
from genmux.types.generation import GenerationRequest
from genmux.types.job_settings import JobSettings
from genmux.types.jobs import JobStatus
from genmux.types.principal import NOBODY
from tests.jobs import LOOPBACK, QUICK, House
from tests.losing import at_step, die, hasten

MODELS = pytest.mark.parametrize("model", ["kling-3.0", "kling-v3"])
"""One of each of its two protocols."""


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits until what was on its way has arrived."""
    monkeypatch.setattr(recovering, "SEND_WINDOW", 0.0)


@asynccontextmanager
async def living(store: str, simulator: MediaSimulator) -> AsyncIterator[House]:
    """A process that works with Kling."""
    own = ProviderSettings(base_url=simulator.url("kling"), credentials={"api_key": "k-123"})
    settings = Settings(providers={"kling": own}, assets=LOOPBACK, jobs=JobSettings(submit_seconds=1.0))
    app = App(settings, store=store, environ={"HOME": "/nonexistent"})
    known = Registry().load("kling")
    traits = msgspec.structs.replace(known.manifest.jobs, lookup_after=0.0, **QUICK)
    manifest = msgspec.structs.replace(known.manifest, jobs=traits)
    app.registry.register(msgspec.structs.replace(known, manifest=manifest), replace=True)
    try:
        await app.ready()
        here = House(app, simulator)
        hasten(here)
        yield here
    finally:
        await app.aclose()


def video(model: str, prompt: str) -> GenerationRequest:
    return GenerationRequest(operation="text_to_video", model=f"kling/{model}", prompt=f"a cat {prompt} [[work 0.05]]")


@MODELS
@pytest.mark.parametrize("lost", ["lost-reply", "garbled", "lost-request"])
async def test_a_submission_that_was_lost_is_found_or_sent_once_more(
    sqlite_store_url: str, model: str, lost: str
) -> None:
    async with MediaSimulator("kling") as simulator, living(sqlite_store_url, simulator) as here:
        simulator.upcoming(lost)
        job = await here.jobs.submit(video(model, ""), NOBODY)
        job = await here.jobs.wait(job.id, NOBODY, 20)

        assert job.status is JobStatus.COMPLETED
        assert [bill.key for bill in here.bills()] == [job.id]


@MODELS
async def test_a_submission_whose_process_died_is_found_by_the_next_one(sqlite_store_url: str, model: str) -> None:
    async with MediaSimulator("kling") as simulator:
        sent = asyncio.Event()

        async def around(_write: Any) -> Any:
            sent.set()
            await asyncio.Event().wait()

        async with living(sqlite_store_url, simulator) as here:
            at_step(here, "taken", around)
            job = await here.jobs.submit(video(model, ""), NOBODY)
            async with asyncio.timeout(20):
                await sent.wait()
            await die(here)
        async with living(sqlite_store_url, simulator) as here:
            found = await here.jobs.wait(job.id, NOBODY, 20)

            assert found.status is JobStatus.COMPLETED
            assert [bill.key for bill in here.bills()] == [job.id]
