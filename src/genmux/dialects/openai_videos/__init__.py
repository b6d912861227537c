"""OpenAI's videos, as many gateways speak them: the half that faces a caller. There is no host of it any more."""

from collections.abc import Iterable, Mapping, Sequence

from genmux.contract.dialect import Answer
from genmux.contract.forms import FormPart
from genmux.contract.openai_errors import refuse
from genmux.dialects.openai_videos.accept import (
    AcceptedVideo,
    VideoPage,
    accept,
    accept_form,
    accept_list,
    accept_remix,
)
from genmux.dialects.openai_videos.respond import content_of, respond, respond_deleted, respond_list
from genmux.types.assets import Asset
from genmux.types.errors import ErrorKind, ProviderError
from genmux.types.jobs import Job

__all__ = ["AcceptedVideo", "OpenAIVideosServer", "VideoPage", "server"]


class OpenAIVideosServer:
    """Videos as genmux serves them."""

    def accept(self, body: bytes) -> AcceptedVideo:
        """Understand `POST /v1/videos` with JSON. Raises InvalidRequestError that names the field and what is wrong with it."""
        return accept(body)

    def accept_form(self, parts: Iterable[FormPart]) -> AcceptedVideo:
        """Understand it with a form, whose files are put away already. Raises InvalidRequestError."""
        return accept_form(parts)

    def accept_remix(self, body: bytes, job: Job) -> AcceptedVideo:
        """Understand `POST /v1/videos/ID/remix` of a job's video. Raises InvalidRequestError."""
        return accept_remix(body, model=f"{job.provider}/{job.model}", source=job.id)

    def accept_list(self, query: Mapping[str, str]) -> VideoPage:
        """Understand `GET /v1/videos`. Raises InvalidRequestError."""
        return accept_list(query)

    def respond(self, job: Job) -> Answer:
        """Write a job as a video."""
        return respond(job)

    def respond_list(self, jobs: Sequence[Job], *, has_more: bool) -> Answer:
        """Write a page of them."""
        return respond_list(jobs, has_more=has_more)

    def respond_deleted(self, job_id: str) -> Answer:
        """Say that one was deleted."""
        return respond_deleted(job_id)

    def content(self, job: Job, variant: str | None = None) -> Asset:
        """What `GET /v1/videos/ID/content` downloads. Raises NotFoundError, InvalidRequestError."""
        return content_of(job, variant)

    def refuse(self, error: ProviderError) -> Answer:
        """Write an error, with the HTTP status that the dialect uses for its kind."""
        missing = error.kind is ErrorKind.NOT_FOUND and error.param != "model"
        return refuse(error, "not_found" if missing else None)


server = OpenAIVideosServer()
