"""The calls that make media, for code with an event loop: each is a job that is waited for."""

import abc
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from genmux.client.jobs.api import JobsApi
from genmux.client.jobs.asking import ask, operation_for
from genmux.client.jobs.files import result_of
from genmux.types.generation import Input
from genmux.types.jobs import GenerationResult, Job

Progress = Callable[[Job], object]
"""Is told of the job each time that something changed."""


class Making(abc.ABC):
    """What makes media. What did not end well is told by the result's `state` and `error`, and is not raised.

    Inputs are given by what they are for: `image=`, `last_image=`, `mask=`, `reference=`, `video=`, `audio=`, `document=`, each
    as a path, a URL, bytes, an asset, or a result or job whose first output is meant; a list for several. Everything else that
    has no meaning here is a parameter of the model: `duration=8, resolution="1080p"`.
    """

    _model: str | None

    @property
    @abc.abstractmethod
    def jobs(self) -> JobsApi:
        """Where the jobs are."""

    async def generate(  # noqa: PLR0913 — what every kind of media has in common
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
        job = await self.jobs.submit(request, priority=priority, end_user=end_user)
        if on_progress is None:
            return result_of(await self.jobs.wait(job, timeout=timeout))
        async for seen in self.jobs.watch(job, timeout=timeout):
            on_progress(seen)
            job = seen
        return result_of(job)

    async def image(self, prompt: str = "", **params: Any) -> GenerationResult:
        """A picture: out of words, out of `image=` or `reference=`, or painted anew where `mask=` is clear. See `generate`."""
        return await self.generate(operation_for("image", params), prompt, **params)

    async def video(self, prompt: str = "", **params: Any) -> GenerationResult:
        """A video: out of words, of `image=` (and `last_image=`), or of `video=`. See `generate`."""
        return await self.generate(operation_for("video", params), prompt, **params)

    async def upscale(self, image: Any, **params: Any) -> GenerationResult:
        """A picture with more pixels. See `generate`."""
        return await self.generate("upscale", image=image, **params)

    async def music(self, prompt: str, **params: Any) -> GenerationResult:
        """Music. See `generate`."""
        return await self.generate("text_to_music", prompt, **params)

    async def sound(self, prompt: str, **params: Any) -> GenerationResult:
        """A sound or a noise. See `generate`."""
        return await self.generate("text_to_sound", prompt, **params)

    async def speech_job(self, text: str, **params: Any) -> GenerationResult:
        """Speech, as a job. See `generate`."""
        return await self.generate("text_to_speech", text, **params)
