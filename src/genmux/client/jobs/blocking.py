"""`client.jobs` and the calls that make media, for code without an event loop."""

import abc
from collections.abc import AsyncGenerator, Callable, Generator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from genmux.client.jobs.api import JobsApi
from genmux.client.jobs.asking import ask, operation_for
from genmux.client.jobs.files import blocking, result_of
from genmux.client.jobs.making import Progress
from genmux.client.loop import LoopThread
from genmux.types.errors import ProviderError
from genmux.types.generation import GenerationRequest, Input
from genmux.types.jobs import GenerationResult, Job, Resolution


class BlockingJobs:
    """Jobs: submit them, go away, come back. Raises ProviderError. What is iterated may be left early."""

    def __init__(self, jobs: Callable[[], JobsApi], loop: LoopThread) -> None:
        self._jobs = jobs
        self._loop = loop

    def submit(self, request: GenerationRequest, *, priority: int = 0, end_user: str | None = None) -> Job:
        """Have a generation kept and done. The same `idempotency_key` and body give the job that is there."""
        return self._plain(self._loop.run(self._jobs().submit(request, priority=priority, end_user=end_user)))

    def submit_many(
        self, requests: Sequence[GenerationRequest], *, priority: int = 0, end_user: str | None = None
    ) -> list[Job | ProviderError]:
        """Several, in their order; what is wrong with one stands in its place and leaves the others alone."""
        found = self._loop.run(self._jobs().submit_many(requests, priority=priority, end_user=end_user))
        return [self._plain(one) if isinstance(one, Job) else one for one in found]

    def get(self, job: str | Job) -> Job:
        """The job as it is now."""
        return self._plain(self._loop.run(self._jobs().get(job)))

    def wait(self, job: str | Job, *, timeout: float | None = None) -> Job:
        """The job once it has ended, or needs a decision. Raises RequestTimeoutError after so many seconds; the job goes on."""
        return self._plain(self._loop.run(self._jobs().wait(job, timeout=timeout)))

    def watch(self, job: str | Job, *, timeout: float | None = None) -> Generator[Job]:
        """The job as it is now, and each time that something changed, until it has ended or needs a decision.

        Raises RequestTimeoutError after so many seconds; the job goes on.
        """
        yield from self._each(self._jobs().watch(job, timeout=timeout))

    def list(self, *, limit: int | None = None, **wanted: Any) -> Generator[Job]:
        """Jobs, the newest first, `limit` at most; `wanted` are the fields of `JobFilter`: `status`, `provider`, `model`, `batch` …"""
        yield from self._each(self._jobs().list(limit=limit, **wanted))

    def cancel(self, job: str | Job, *, grace: float | None = None) -> Job:
        """Ask for a job to be cancelled, after `grace` seconds for work that is nearly done; its status tells what became of it."""
        return self._plain(self._loop.run(self._jobs().cancel(job, grace=grace)))

    def retry(self, job: str | Job) -> Job:
        """Try a job that did not end well again, as a new one."""
        return self._plain(self._loop.run(self._jobs().retry(job)))

    def resolve(
        self,
        job: str | Job,
        resolution: Resolution,
        *,
        ticket: Mapping[str, Any] | None = None,
        cost: Decimal | None = None,
    ) -> Job:
        """Decide what became of a job whose outcome is unknown."""
        return self._plain(self._loop.run(self._jobs().resolve(job, resolution, ticket=ticket, cost=cost)))

    def _each(self, jobs: AsyncGenerator[Job]) -> Generator[Job]:
        try:
            while (one := self._loop.run(_next(jobs))) is not None:
                yield self._plain(one)
        finally:
            self._loop.run(jobs.aclose())

    def _plain(self, job: Job) -> Job:
        return blocking(job, self._loop)


class BlockingMaking(abc.ABC):
    """What makes media. What did not end well is told by the result's `state` and `error`, and is not raised.

    Inputs are given by what they are for: `image=`, `last_image=`, `mask=`, `reference=`, `video=`, `audio=`, `document=`, each
    as a path, a URL, bytes, an asset, or a result or job whose first output is meant; a list for several. Everything else that
    has no meaning here is a parameter of the model: `duration=8, resolution="1080p"`.
    """

    _model: str | None

    @property
    @abc.abstractmethod
    def jobs(self) -> BlockingJobs:
        """Where the jobs are."""

    def generate(  # noqa: PLR0913 — what every kind of media has in common
        self,
        operation: str,
        prompt: str = "",
        *,
        model: str | None = None,
        inputs: Sequence[Input] = (),
        budget_limit: Decimal | float | str | None = None,
        tags: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
        priority: int = 0,
        end_user: str | None = None,
        timeout: float | None = None,
        on_progress: Progress | None = None,
        **params: Any,
    ) -> GenerationResult:
        """Any operation, such as `text_to_video`. Raises ProviderError when it is not taken, or not over after `timeout` seconds.

        The job goes on when nobody waits for it any more: the error names it, and `client.jobs.wait` finds it again.
        `on_progress` is called in the caller's own thread.
        """
        request = ask(
            operation,
            prompt,
            model=model or self._model,
            inputs=inputs,
            budget_limit=budget_limit,
            tags=tags,
            idempotency_key=idempotency_key,
            params=params,
        )
        job = self.jobs.submit(request, priority=priority, end_user=end_user)
        if on_progress is None:
            return result_of(self.jobs.wait(job, timeout=timeout))
        for seen in self.jobs.watch(job, timeout=timeout):
            on_progress(seen)
            job = seen
        return result_of(job)

    def image(self, prompt: str = "", **params: Any) -> GenerationResult:
        """A picture: out of words, out of `image=` or `reference=`, or painted anew where `mask=` is clear. See `generate`."""
        return self.generate(operation_for("image", params), prompt, **params)

    def video(self, prompt: str = "", **params: Any) -> GenerationResult:
        """A video: out of words, of `image=` (and `last_image=`), or of `video=`. See `generate`."""
        return self.generate(operation_for("video", params), prompt, **params)

    def upscale(self, image: Any, **params: Any) -> GenerationResult:
        """A picture with more pixels. See `generate`."""
        return self.generate("upscale", image=image, **params)

    def music(self, prompt: str, **params: Any) -> GenerationResult:
        """Music. See `generate`."""
        return self.generate("text_to_music", prompt, **params)

    def sound(self, prompt: str, **params: Any) -> GenerationResult:
        """A sound or a noise. See `generate`."""
        return self.generate("text_to_sound", prompt, **params)

    def speech_job(self, text: str, **params: Any) -> GenerationResult:
        """Speech, as a job. See `generate`."""
        return self.generate("text_to_speech", text, **params)


async def _next(jobs: AsyncGenerator[Job]) -> Job | None:
    return await anext(jobs, None)
