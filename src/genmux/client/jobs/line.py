"""Where jobs are: in the store of this process, or at a gateway."""

from collections.abc import AsyncGenerator, Sequence
from decimal import Decimal
from typing import Protocol

from genmux.client.jobs.files import Reader
from genmux.flows.job.options import JobOptions
from genmux.types.assets import Asset
from genmux.types.errors import ProviderError
from genmux.types.generation import GenerationRequest
from genmux.types.jobs import Job, JobFilter, Resolution, Ticket


class JobLine(Reader, Protocol):
    """Everything that can be done with jobs, for one caller. Raises ProviderError."""

    async def submit(self, request: GenerationRequest, options: JobOptions) -> Job:
        """Have a job kept."""
        ...

    async def submit_many(
        self, requests: Sequence[GenerationRequest], options: JobOptions
    ) -> list[Job | ProviderError]:
        """Have several kept; what is wrong with one stands in its place."""
        ...

    async def get(self, job: str) -> Job:
        """One job."""
        ...

    async def asset(self, asset: str) -> Asset:
        """One kept file, without its content. Raises NotFoundError."""
        ...

    async def wait(self, job: str, seconds: float) -> Job:
        """The job once it rests, or after so many seconds."""
        ...

    def watch(self, job: str) -> AsyncGenerator[Job]:
        """The job each time that something changed."""
        ...

    async def page(self, wanted: JobFilter, cursor: str | None, limit: int) -> tuple[list[Job], str | None]:
        """A page of jobs, and where the next one begins."""
        ...

    async def cancel(self, job: str, grace: float | None) -> Job:
        """Ask for a cancellation."""
        ...

    async def retry(self, job: str) -> Job:
        """Try again."""
        ...

    async def resolve(self, job: str, resolution: Resolution, ticket: Ticket | None, cost: Decimal | None) -> Job:
        """Decide an unknown outcome."""
        ...

    async def aclose(self) -> None:
        """Let go of what belongs to the running event loop. May be called again."""
        ...
