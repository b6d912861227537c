"""A worker that takes jobs in, does them, and hears webhooks: `python -m tests.crash.job_worker STORE SIMULATOR WANTED PORT`.

WANTED is a file with two numbers: the first and the last but one of the jobs that are to be submitted, by idempotency key and
spread over all simulated providers; whenever it says something else, what it says is submitted, as often as it is said. The
worker works until it is killed. Any number of them share the PORT to which the providers send their webhooks.
"""

import asyncio
import socket
import sys
from pathlib import Path

import aiohttp
import obstore
import uvicorn

from genmux.app import App
from genmux.server.gateway import Gateway
from genmux.testing.simulator.media.providers import SIMULATED
from genmux.types.errors import ProviderError
from genmux.types.job_settings import JobSettings
from genmux.types.principal import NOBODY
from tests.jobs import app_for, picture

AHEAD = (aiohttp, obstore)
"""Imported before there is any work: on a busy machine that takes longer than a worker may stand still."""

SETTINGS = JobSettings(lease=3.0, submit_seconds=2.0)
TRAITS = {"poll_first": 0.1, "poll_every": 0.3}
HOST = "127.0.0.1"


def listening(port: int) -> socket.socket:
    """A socket on a port that others may have too; 0 stands for a free one."""
    one = socket.socket()
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    one.bind((HOST, port))
    return one


async def main(store: str, simulator: str, wanted: Path, port: int) -> None:
    app = app_for(store, simulator, jobs=SETTINGS, traits=TRAITS, public_url=f"http://{HOST}:{port}")
    gateway = Gateway(app, role="worker", about="a worker that dies")
    config = uvicorn.Config(gateway, log_level="warning", access_log=False, lifespan="on", ws="none")
    with listening(port) as door:
        serving = asyncio.create_task(uvicorn.Server(config).serve(sockets=[door]))
        submitting = asyncio.create_task(submit(app, wanted))
        await asyncio.wait([serving, submitting], return_when=asyncio.FIRST_COMPLETED)


async def submit(app: App, wanted: Path) -> None:
    """Take in what is wanted, again and again."""
    told = ""
    while True:
        await asyncio.sleep(0.05)
        if app.keeping is None or (says := wanted.read_text()) == told:  # noqa: ASYNC240 — a line
            continue
        refused = 0
        for number in range(*map(int, says.split())):
            provider = SIMULATED[number % len(SIMULATED)]
            request = picture(provider, f"job {number} [[work 0.5]] [[slow 0 0.4]]", idempotency_key=f"k{number}")
            try:
                await app.keeping.jobs.submit(request, NOBODY)
            except ProviderError:  # the database was busy, say: it is wanted all the same
                refused += 1
        told = told if refused else says


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), int(sys.argv[4])))
