"""A simulator for media and a client that speaks to its generic personality."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from genmux.testing.simulator.media import MediaSimulator


class Caller:
    """Speaks the generic protocol, without genmux."""

    def __init__(self, simulator: MediaSimulator, session: aiohttp.ClientSession):
        self.simulator = simulator
        self.session = session

    async def ask(self, method: str, path: str, **options: Any) -> tuple[int, Any]:
        url = path if path.startswith("http") else f"{self.simulator.base_url}{path}"
        async with self.session.request(method, url, allow_redirects=False, **options) as reply:
            body = await reply.read()
            return reply.status, await reply.json() if reply.content_type == "application/json" else body

    async def submit(
        self, prompt: str = "a cat", *, headers: dict[str, str] | None = None, **body: Any
    ) -> tuple[int, Any]:
        said = {"model": "picture", "prompt": prompt, **body}
        return await self.ask("POST", "/generic/v1/jobs", json=said, headers=headers)

    async def poll(self, job: dict[str, Any]) -> tuple[int, Any]:
        return await self.ask("GET", f"/generic/v1/jobs/{job['id']}")

    async def bills(self) -> dict[str, Any]:
        return (await self.ask("GET", "/_simulator/bills"))[1]


@pytest.fixture
async def simulator() -> AsyncIterator[MediaSimulator]:
    async with MediaSimulator("generic") as running:
        yield running


@pytest.fixture
async def caller(simulator: MediaSimulator) -> AsyncIterator[Caller]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
        yield Caller(simulator, session)
