"""`/v1/videos`: jobs in the shape of OpenAI's videos. Ids of videos are ids of our jobs."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

import msgspec

from genmux.contract.operations import KINDS
from genmux.dialects.openai_videos import AcceptedVideo, OpenAIVideosServer
from genmux.flows.job.jobs import CONFLICT
from genmux.server.asset_answer import FRESH, send_asset
from genmux.server.http import Request
from genmux.server.media.desk import MediaDesk, refusal, told_of
from genmux.server.media.forms import is_form
from genmux.types.assets import Asset
from genmux.types.errors import InvalidRequestError, NotFoundError, ProviderError
from genmux.types.jobs import Job, JobFilter, JobStatus
from genmux.types.periods import to_moment
from genmux.types.principal import Principal

OPERATIONS: tuple[str, ...] = KINDS["video"]

PATIENCE = 10.0
"""Seconds that a deletion waits for what was cancelled to end."""


class VideosEndpoint:
    """Videos in the shape of OpenAI, from any model."""

    def __init__(self, server: OpenAIVideosServer, desk: MediaDesk) -> None:
        self._server = server
        self._desk = desk
        self.refuse = refusal(server.refuse)

    async def create(self, request: Request) -> None:
        """Begin a video, asked for by a form or by JSON. Raises ProviderError."""
        if not is_form(request):
            await self._begin(request, self._server.accept(await self._desk.body(request)))
            return
        parts, reader = await self._desk.form(request)
        try:
            await self._begin(request, self._server.accept_form(parts))
        except ProviderError:
            await reader.forget()
            raise

    async def remix(self, request: Request) -> None:
        """Begin a video that is made of another one. Raises ProviderError, also where the model makes none of videos."""
        body = await self._desk.body(request)
        source = await self._video(request)
        if source.status is not JobStatus.COMPLETED:
            message = f"the video {source.id} is {source.status}; only a completed one can be made into another"
            raise InvalidRequestError(message, param="id")
        await self._begin(request, self._server.accept_remix(body, source))

    async def list(self, request: Request) -> None:
        """A page of the caller's videos. Raises ProviderError."""
        asked = self._server.accept_list(_query(request))
        principal, jobs = request.principal, self._desk.jobs
        last = None if asked.after is None else await self._find(asked.after, principal)
        wanted, found = JobFilter(operations=OPERATIONS), list[Job]()
        more = asked.limit > 0
        while more and len(found) <= asked.limit:
            after = None if last is None else (to_moment(last.created_at), last.id)
            size = asked.limit + 1
            page = await jobs.list(principal, wanted, after=after, limit=size, oldest_first=asked.order == "asc")
            more = len(page) == size
            last = page[-1] if page else None
            found += [one for one in page if not one.hidden]
        has_more = len(found) > asked.limit
        shown = await self._shown(*found[: asked.limit])
        await request.answer(self._server.respond_list(shown, has_more=has_more))

    async def retrieve(self, request: Request) -> None:
        """One video as it stands. Raises NotFoundError."""
        job = await self._video(request)
        await request.answer(self._server.respond(*await self._shown(job)), told_of(job))

    async def content(self, request: Request) -> None:
        """The file of a video, or a part of it. Raises ProviderError."""
        job, shelf = await self._video(request), self._desk.app.kept().assets.shelf
        variant = _query(request).get("variant")
        posters = [one.poster for one in job.assets if one.poster is not None] if variant == "thumbnail" else []
        for poster in posters:
            assets = (*job.assets, await shelf.get(job.tenant, poster))
            job = msgspec.structs.replace(job, assets=assets)
        found = await shelf.find(job.tenant, self._server.content(job, variant).id)
        await send_asset(request, shelf, found, fresh=FRESH, download=False)

    async def delete(self, request: Request) -> None:
        """Cancel a video that is not done, then forget it with its files. Raises ProviderError."""
        job, jobs = await self._video(request), self._desk.jobs
        if not job.ended:
            await jobs.cancel(job.id, request.principal, grace=0)
            job = await jobs.wait(job.id, request.principal, PATIENCE)
        if not job.ended:
            message = f"the video {job.id} is being cancelled; delete it again once it has ended"
            raise InvalidRequestError(message, param="id", status=CONFLICT)
        shelf = self._desk.app.kept().assets.shelf
        for asset in job.assets:
            await shelf.remove(asset.tenant, asset.id)
        await jobs.hide(job.id, request.principal)
        await request.answer(self._server.respond_deleted(job.id), told_of(job))

    async def _begin(self, request: Request, accepted: AcceptedVideo) -> None:
        submitted = await self._desk.submit(request, accepted.request, extra=accepted.extra, user=accepted.user)
        shown = await self._shown(submitted.job)
        await request.answer(self._server.respond(*shown), told_of(submitted.job, submitted.warnings))

    async def _shown(self, *jobs: Job) -> tuple[Job, ...]:
        """The jobs; a video from which one was made is named by the job that made that, as a video is named here."""
        sources = {one.source for job in jobs for one in job.request.inputs if one.kind == "video" and one.source}
        known = await self._desk.app.kept().assets.shelf.known(None, [*sources])
        return tuple(_renamed(job, known) for job in jobs)

    async def _video(self, request: Request) -> Job:
        """The video whose id is in the path."""
        return await self._find(request.path.split("/")[3], request.principal)

    async def _find(self, video: str, principal: Principal) -> Job:
        job = await self._desk.jobs.get(video, principal)
        if job.hidden or job.request.operation not in OPERATIONS:
            raise NotFoundError(f"there is no video {video[:80]!r}", param="id", status=404)
        return job


def _renamed(job: Job, known: Mapping[str, Asset]) -> Job:
    """A job whose sources are named by the jobs that made them, where these are its organisation's."""
    inputs = tuple(
        msgspec.structs.replace(one, source=found.job)
        if one.kind == "video" and (found := known.get(one.source or "")) and found.job and found.tenant == job.tenant
        else one
        for one in job.request.inputs
    )
    return msgspec.structs.replace(job, request=msgspec.structs.replace(job.request, inputs=inputs))


def _query(request: Request) -> dict[str, str]:
    return dict(parse_qsl(request.query.decode("latin-1")))
