"""Jobs of the simulator that only a webhook ends, and the webhooks of it."""

import asyncio
import time
from contextlib import AbstractAsyncContextManager

from genmux.contract.jobs import Delivery
from genmux.testing.simulator.media import Hook, SimulatedJob
from genmux.types.jobs import Job
from genmux.types.jobs_stored import JobRow
from genmux.types.principal import NOBODY
from tests.jobs import House, house, picture

FORGED = "whsec_Zm9yZ2VkLXNlY3JldC1vZi1zb21lYm9keS1lbHNl"


def polled_seldom(url: str) -> AbstractAsyncContextManager[House]:
    """Jobs that are polled once in an hour, so that only a webhook tells more."""
    return house(url, traits={"poll_first": 3_600.0, "poll_every": 3_600.0})


async def begun(here: House, provider: str, prompt: str = "a fish") -> tuple[Job, SimulatedJob, JobRow]:
    """A job that its provider works on."""
    job = await here.jobs.submit(picture(provider, prompt), NOBODY)
    async with asyncio.timeout(10):
        while (row := await here.desk.rows.find(job.id)) is None or row.ticket is None:  # noqa: ASYNC110 — nobody tells us
            await asyncio.sleep(0.01)
    (simulated,) = [one for one in here.simulator.jobs if one.id == row.ticket["id"]]
    return job, simulated, row


def hook(here: House, job: SimulatedJob, *, secret: str | None = None, stamp: float | None = None) -> Hook:
    """What the provider sends of it."""
    personality = here.simulator["generic"]
    sent = personality.hook(job, secret=secret or personality.secret, stamp=time.time() if stamp is None else stamp)
    assert sent is not None
    return sent


def delivery(sent: Hook) -> Delivery:
    return Delivery(body=sent.body, headers={name.lower(): value for name, value in sent.headers.items()})


async def take(here: House, row: JobRow, sent: Hook) -> bytes:
    return await here.desk.hooks.take(row.provider, row.callback_token, delivery(sent))


async def ended(here: House, job: Job) -> Job:
    return await here.jobs.wait(job.id, NOBODY, 10)
