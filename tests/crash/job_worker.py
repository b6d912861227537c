"""A worker that takes jobs in and does them: `python -m tests.crash.job_worker STORE SIMULATOR JOBS PROVIDERS`.

It submits JOBS jobs by idempotency key, spread over PROVIDERS, as often as it is started, and works until it is killed.
"""

import asyncio
import contextlib
import sys

from genmux.app import App
from genmux.app.jobs import JobDesk
from genmux.services.settings import ProviderSettings, Settings
from genmux.testing.simulator.media.providers import simulated_provider
from genmux.types.errors import ProviderError
from genmux.types.job_settings import JobSettings
from genmux.types.principal import NOBODY
from tests.jobs import NoFiles, ToldEvents, picture

LEASE = 3.0
SUBMIT_SECONDS = 2.0


async def main(store: str, simulator: str, count: int, providers: list[str]) -> None:
    own = {name: ProviderSettings(base_url=simulator) for name in providers}
    settings = Settings(providers=own, jobs=JobSettings(lease=LEASE, submit_seconds=SUBMIT_SECONDS))
    async with contextlib.AsyncExitStack() as stack:
        app = App(settings, store=store, environ={"HOME": "/nonexistent"})
        stack.push_async_callback(app.aclose)
        for name in providers:
            app.registry.register(simulated_provider(name, poll_first=0.1, poll_every=0.3))
        await app.ready()
        kept = app.kept()
        desk = JobDesk(
            app,
            kept.store,
            kept._lines,  # noqa: SLF001 — as the composition root does
            kept.ledger,
            files=NoFiles(),
            outbox=ToldEvents(),
            about="worker",
            works=True,
            dies=True,
            callback=lambda _provider, _token: None,
        )
        await desk.start()
        stack.push_async_callback(desk.stop)
        print("started", flush=True)  # noqa: T201 — the test waits for it
        for number in range(count):
            provider = providers[number % len(providers)]
            request = picture(provider, f"job {number} [[work 0.5]] [[slow 0 0.4]]", idempotency_key=f"k{number}")
            with contextlib.suppress(ProviderError):
                await desk.jobs.submit(request, NOBODY)
        print("submitted", flush=True)  # noqa: T201 — the test waits for it
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4].split(",")))
