"""`client.jobs` and the calls that make media, for code with an event loop."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from genmux.client.jobs.asking import ask, operation_for
from genmux.client.jobs.files import result_of, with_files
from genmux.client.jobs.line import JobLine
from genmux.flows.job.intake import JobOptions
from genmux.types.errors import ProviderError, RequestTimeoutError
from genmux.types.generation import GenerationRequest, Input
from genmux.types.jobs import GenerationResult, Job, JobFilter, JobStatus, Resolution

PIECE = 60.0
"""Seconds that one wait lasts; then it is waited again."""

Progress = Callable[[Job], object]
"""Is told each time that something changed."""


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
                message = (
                    f"the job {_id(job)} has not ended within {timeout:g} s; it goes on, and can be waited for again"
                )
                raise RequestTimeoutError(message)
            seen = await self._line.wait(_id(job), left)
            if seen.ended or seen.status is JobStatus.OUTCOME_UNKNOWN:
                return await self._readable(seen)

    async def watch(self, job: str | Job) -> AsyncIterator[Job]:
        """The job as it is now, and each time that something changed, until it has ended or needs a decision."""
        async for seen in self._line.watch(_id(job)):
            yield await self._readable(seen)

    async def list(self, *, limit: int | None = None, **wanted: Any) -> AsyncIterator[Job]:
        """Jobs, the newest first; `wanted` are the fields of `JobFilter`: `status`, `provider`, `model`, `batch`, `tags` …"""
        cursor, count = None, 0
        while True:
            page, cursor = await self._line.page(JobFilter(**wanted), cursor, min(100, (limit or 100) - count))
            for one in page:
                yield await self._readable(one)
            count += len(page)
            if cursor is None or (limit is not None and count >= limit):
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


class Making:
    """The calls that make media: each is a job that is waited for."""

    def __init__(self, jobs: JobsApi, model: str | None) -> None:
        self._jobs = jobs
        self._usual = model

    async def run(  # noqa: PLR0913 — what every kind of media has in common
        self,
        operation: str,
        prompt: str = "",
        *,
        model: str | None = None,
        inputs: Sequence[Input] = (),
        budget_limit: Decimal | float | str | None = None,
        tags: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
        on_progress: Progress | None = None,
        **params: Any,
    ) -> GenerationResult:
        """Any operation. What did not end well is told by the result's `state` and `error`, and is not raised."""
        request = ask(
            operation,
            prompt,
            model=model or self._usual,
            inputs=inputs,
            budget_limit=budget_limit,
            tags=tags,
            idempotency_key=idempotency_key,
            params=params,
        )
        job = await self._jobs.submit(request)
        if on_progress is None:
            return result_of(await self._jobs.wait(job, timeout=timeout))
        last = job
        async with asyncio.timeout(timeout):
            async for seen in self._jobs.watch(job):
                on_progress(seen)
                last = seen
        return result_of(last)

    async def image(self, prompt: str = "", **params: Any) -> GenerationResult:
        """A picture: out of words, out of `image=` or `reference=`, or painted anew where `mask=` is clear."""
        return await self.run(operation_for("image", params), prompt, **params)

    async def video(self, prompt: str = "", **params: Any) -> GenerationResult:
        """A video: out of words, of `image=` (and `last_image=`), or of `video=`."""
        return await self.run(operation_for("video", params), prompt, **params)

    async def upscale(self, image: Any, **params: Any) -> GenerationResult:
        """A picture with more pixels."""
        return await self.run("upscale", image=image, **params)

    async def music(self, prompt: str, **params: Any) -> GenerationResult:
        """Music."""
        return await self.run("text_to_music", prompt, **params)

    async def sound(self, prompt: str, **params: Any) -> GenerationResult:
        """A sound or a noise."""
        return await self.run("text_to_sound", prompt, **params)

    async def speech_job(self, text: str, **params: Any) -> GenerationResult:
        """Speech, as a job."""
        return await self.run("text_to_speech", text, **params)


def _id(job: str | Job) -> str:
    return job.id if isinstance(job, Job) else job
