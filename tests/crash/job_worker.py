"""A worker that takes jobs in and does them: `python -m tests.crash.job_worker STORE SIMULATOR JOBS PROVIDERS`.

It submits JOBS jobs by idempotency key, spread over PROVIDERS, as often as it is started, and works until it is killed.
"""

import asyncio
import contextlib
import sys

from genmux.types.errors import ProviderError
from genmux.types.job_settings import JobSettings
from genmux.types.principal import NOBODY
from tests.jobs import app_for, picture

SETTINGS = JobSettings(lease=3.0, submit_seconds=2.0)
TRAITS = {"poll_first": 0.1, "poll_every": 0.3}


async def main(store: str, simulator: str, count: int, simulated: list[str]) -> None:
    app = app_for(store, simulator, jobs=SETTINGS, traits=TRAITS)
    await app.open(role="worker", about="a worker that dies")
    print("started", flush=True)  # noqa: T201 — for whoever runs it by hand
    jobs = app.kept().jobs
    for number in range(count):
        provider = simulated[number % len(simulated)]
        request = picture(provider, f"job {number} [[work 0.5]] [[slow 0 0.4]]", idempotency_key=f"k{number}")
        with contextlib.suppress(ProviderError):
            await jobs.submit(request, NOBODY)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4].split(",")))
