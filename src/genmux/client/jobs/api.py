"""`client.jobs`, for code with an event loop."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from decimal import Decimal
from typing import Any

from genmux.client.jobs.asking import filter_of
from genmux.client.jobs.files import with_files
from genmux.client.jobs.line import JobLine
from genmux.flows.job.options import JobOptions
from genmux.types.errors import ProviderError, RequestTimeoutError
from genmux.types.generation import GenerationRequest
from genmux.types.jobs import Job, JobStatus, Resolution

PIECE = 60.0
"""Seconds that one wait lasts; then it is waited again."""

PAGE = 100
"""So many jobs are asked for at once."""


class JobsApi:
    """Jobs: submit them, go away, come back. Raises ProviderError."""

    def __init__(self, line: Callable[[], JobLine]) -> None:
        self._of = line

    @property
    def _line(self) -> JobLine:
        return self._of()

    async def submit(self, request: GenerationRequest, *, priority: int = 0, end_user: str | None = None) -> Job:
        """Have a generation kept and done. The same `idempotency_key` and body give the job that is there."""
        return await self._readable(await self._line.submit(request, JobOptions(priority=priority, end_user=end_user)))

    async def submit_many(
        self, requests: Sequence[GenerationRequest], *, priority: int = 0, end_user: str | None = None
    ) -> list[Job | ProviderError]:
        """Several, in their order; what is wrong with one stands in its place and leaves the others alone."""
        options = JobOptions(priority=priority, end_user=end_user)
        found = await self._line.submit_many(requests, options)
        return [await self._readable(one) if isinstance(one, Job) else one for one in found]

    async def get(self, job: str | Job) -> Job:
        """The job as it is now."""
        return await self._readable(await self._line.get(_id(job)))

    async def wait(self, job: str | Job, *, timeout: float | None = None) -> Job:
        """The job once it has ended, or needs a decision. Raises RequestTimeoutError after so many seconds; the job goes on."""
        loop = asyncio.get_running_loop()
        end = None if timeout is None else loop.time() + timeout
        while True:
            left = PIECE if end is None else min(PIECE, end - loop.time())
            if left <= 0:
                raise _too_late(job, timeout)
            seen = await self._line.wait(_id(job), left)
            if seen.ended or seen.status is JobStatus.OUTCOME_UNKNOWN:
                return await self._readable(seen)

    async def watch(self, job: str | Job, *, timeout: float | None = None) -> AsyncGenerator[Job]:
        """The job as it is now, and each time that something changed, until it has ended or needs a decision.

        Raises RequestTimeoutError after so many seconds; the job goes on.
        """
        loop = asyncio.get_running_loop()
        end = None if timeout is None else loop.time() + timeout
        async with aclosing(self._line.watch(_id(job))) as states:
            while True:
                try:
                    async with asyncio.timeout_at(end):
                        seen = await anext(states)
                except StopAsyncIteration:
                    return
                except TimeoutError:
                    raise _too_late(job, timeout) from None
                yield await self._readable(seen)

    async def list(self, *, limit: int | None = None, **wanted: Any) -> AsyncGenerator[Job]:
        """Jobs, the newest first, `limit` at most; `wanted` are the fields of `JobFilter`: `status`, `provider`, `model`, `batch` …"""
        cursor, left, chosen = None, limit, filter_of(wanted)
        while left is None or left > 0:
            page, cursor = await self._line.page(chosen, cursor, PAGE if left is None else min(PAGE, left))
            for one in page:
                yield await self._readable(one)
            left = None if left is None else left - len(page)
            if cursor is None:
                return

    async def cancel(self, job: str | Job, *, grace: float | None = None) -> Job:
        """Ask for a job to be cancelled, after `grace` seconds for work that is nearly done; its status tells what became of it."""
        return await self._readable(await self._line.cancel(_id(job), grace))

    async def retry(self, job: str | Job) -> Job:
        """Try a job that did not end well again, as a new one."""
        return await self._readable(await self._line.retry(_id(job)))

    async def resolve(
        self,
        job: str | Job,
        resolution: Resolution,
        *,
        ticket: Mapping[str, Any] | None = None,
        cost: Decimal | None = None,
    ) -> Job:
        """Decide what became of a job whose outcome is unknown."""
        told = None if ticket is None else dict(ticket)
        return await self._readable(await self._line.resolve(_id(job), resolution, told, cost))

    async def _readable(self, job: Job) -> Job:
        return await with_files(job, self._line)


def _id(job: str | Job) -> str:
    return job.id if isinstance(job, Job) else job


def _too_late(job: str | Job, timeout: float | None) -> RequestTimeoutError:
    message = f"the job {_id(job)} has not ended within {timeout or 0:g} s; it goes on, and can be waited for again"
    return RequestTimeoutError(message)
