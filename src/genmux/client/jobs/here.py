"""Jobs in the store of this process."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from genmux.app import App
from genmux.flows.job.options import JobOptions
from genmux.types.assets import Asset
from genmux.types.errors import ProviderError
from genmux.types.generation import GenerationRequest
from genmux.types.jobs import Job, JobFilter, Resolution, Ticket
from genmux.types.periods import to_moment
from genmux.types.principal import NOBODY

if TYPE_CHECKING:
    from genmux.flows.job.jobs import Jobs


class Here:
    """Jobs of this machine's user. The store is opened when it is first needed; one that nobody gave is temporary."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def _jobs(self) -> "Jobs":
        await self._app.ready_for_jobs()
        return self._app.kept().jobs

    async def submit(self, request: GenerationRequest, options: JobOptions) -> Job:
        """Keep a job. Its inputs may be files of this machine."""
        jobs = await self._jobs()
        return await jobs.submit(request, NOBODY, msgspec.structs.replace(options, paths=True))

    async def submit_many(
        self, requests: Sequence[GenerationRequest], options: JobOptions
    ) -> list[Job | ProviderError]:
        """Keep several."""
        jobs = await self._jobs()
        return await jobs.submit_many(requests, NOBODY, msgspec.structs.replace(options, paths=True))

    async def get(self, job: str) -> Job:
        """One job."""
        return await (await self._jobs()).get(job, NOBODY)

    async def asset(self, asset: str) -> Asset:
        """One kept file."""
        await self._app.ready_for_jobs()
        return await self._app.kept().assets.shelf.get(NOBODY.organisation, asset)

    async def wait(self, job: str, seconds: float) -> Job:
        """The job once it rests, or after so many seconds."""
        return await (await self._jobs()).wait(job, NOBODY, seconds)

    async def watch(self, job: str) -> AsyncGenerator[Job]:
        """The job each time that something changed."""
        async with aclosing((await self._jobs()).watch(job, NOBODY)) as states:
            async for seen in states:
                yield seen

    async def page(self, wanted: JobFilter, cursor: str | None, limit: int) -> tuple[list[Job], str | None]:
        """A page of jobs, and where the next one begins."""
        moment, _, name = (cursor or "").partition(" ")
        after = (int(moment), name) if cursor else None
        found = await (await self._jobs()).list(NOBODY, wanted, after=after, limit=limit)
        if len(found) < limit:
            return found, None
        return found, f"{to_moment(found[-1].created_at)} {found[-1].id}"

    async def cancel(self, job: str, grace: float | None) -> Job:
        """Ask for a cancellation."""
        return await (await self._jobs()).cancel(job, NOBODY, grace=grace)

    async def retry(self, job: str) -> Job:
        """Try again."""
        return await (await self._jobs()).retry(job, NOBODY)

    async def resolve(self, job: str, resolution: Resolution, ticket: Ticket | None, cost: Decimal | None) -> Job:
        """Decide an unknown outcome."""
        return await (await self._jobs()).resolve(job, NOBODY, resolution, ticket=ticket, cost=cost)

    async def open(self, asset: Asset) -> AsyncIterator[bytes]:
        """Its content, piece by piece."""
        await self._app.ready_for_jobs()
        async for piece in await self._app.kept().assets.shelf.open(asset.id, asset.tenant):
            yield piece

    async def place(self, asset: Asset) -> Path | None:
        """Where it lies on this machine."""
        return await self._app.kept().assets.shelf.local_path(asset.id, asset.tenant)

    async def aclose(self) -> None:
        """The store is closed with the App."""
