"""`/v1/images/generations` and `/v1/images/edits`: jobs that are waited for."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

import msgspec

from genmux.dialects.openai_images import (
    AcceptedImages,
    OpenAIImagesServer,
    ServedImage,
    ServedImages,
    wants_bytes,
)
from genmux.server.http import Request
from genmux.server.media.desk import MediaDesk, Submitted, refusal, told_of
from genmux.server.media.failures import fault_of
from genmux.server.media.forms import is_form
from genmux.server.relay import relay
from genmux.types.assets import Asset
from genmux.types.errors import NotFoundError, ProviderError
from genmux.types.jobs import Job

LINK = 3_600.0
"""Seconds that a link to a picture is good for."""

STILL = b": still here\n\n"
"""Sent in every long silence, so that nobody on the way takes the stream for dead."""

_STREAMED = "partial_images"


class ImagesEndpoint:
    """Pictures in the shape of OpenAI, from any model."""

    def __init__(self, server: OpenAIImagesServer, desk: MediaDesk) -> None:
        self._server = server
        self._desk = desk
        self.refuse = refusal(server.refuse)

    async def generate(self, request: Request) -> None:
        """Answer one request for new pictures. Raises ProviderError until the answer has begun."""
        await self._make(request, self._server.accept(await self._desk.body(request)))

    async def edit(self, request: Request) -> None:
        """Answer one request to change pictures, as a form or as JSON. Raises ProviderError until the answer has begun."""
        if not is_form(request):
            await self._make(request, self._server.accept(await self._desk.body(request), "edits"))
            return
        parts, reader = await self._desk.form(request)
        try:
            accepted = self._server.accept_form(parts)
            submitted = await self._submit(request, accepted)
        except ProviderError:
            await reader.forget()
            raise
        await self._answer(request, accepted, submitted)

    async def _make(self, request: Request, accepted: AcceptedImages) -> None:
        await self._answer(request, accepted, await self._submit(request, accepted))

    async def _submit(self, request: Request, accepted: AcceptedImages) -> Submitted:
        asked = accepted.request
        if not accepted.stream and _STREAMED in asked.params:  # nobody would see them
            params = {name: value for name, value in asked.params.items() if name != _STREAMED}
            asked = msgspec.structs.replace(asked, params=params)
        return await self._desk.submit(request, asked, extra=accepted.extra, user=accepted.user)

    async def _answer(self, request: Request, accepted: AcceptedImages, submitted: Submitted) -> None:
        if accepted.stream:
            await self._stream(request, accepted, submitted)
            return
        job = await self._desk.ended(request, submitted)
        answer = self._server.respond(await self._served(request, accepted, job), accepted)
        await request.answer(answer, told_of(job, submitted.warnings))

    async def _stream(self, request: Request, accepted: AcceptedImages, submitted: Submitted) -> None:
        """The status is sent with the first event, so that what fails soon is refused properly."""
        job = submitted.job
        writer = self._server.writer(accepted, int(job.created_at.timestamp()))

        async def written() -> AsyncGenerator[bytes]:
            async with aclosing(self._desk.jobs.unfinished(job.id, submitted.options.principal)) as partials:
                async for partial in partials:
                    yield STILL if partial is None else writer.write(partial)
            ended = await self._desk.jobs.get(job.id, submitted.options.principal)
            yield writer.finish(await self._served(request, accepted, ended))

        with request.watch:
            async with aclosing(written()) as events:
                first: bytes | None = await anext(events)

                async def read() -> bytes | None:
                    nonlocal first
                    chunk, first = first, None
                    return chunk if chunk is not None else await anext(events, None)

                await relay(request, read, writer, told_of(job, submitted.warnings))

    async def _served(self, request: Request, accepted: AcceptedImages, job: Job) -> ServedImages:
        """The finished pictures. Raises JobFaultError where there are none, NotFoundError where they are gone again."""
        if (fault := fault_of(job)) is not None:
            raise fault
        made = [one for one in job.assets if one.role == "output"]
        if not made:
            message = f"the pictures of the job {job.id} are not kept any more"
            raise NotFoundError(message, param="id")
        images = [await self._image(request, accepted, one) for one in made]
        ended = job.ended_at or job.updated_at
        return ServedImages(images=tuple(images), created=int(ended.timestamp()), usage=job.usage)

    async def _image(self, request: Request, accepted: AcceptedImages, asset: Asset) -> ServedImage:
        desk = self._desk.app.kept().assets
        data = url = None
        if wants_bytes(accepted):
            data = await desk.shelf.read(asset.id, asset.tenant)
        else:
            url = (await desk.links.sign(asset.id, seconds=LINK, base=self._address(request))).url
        return ServedImage(
            data=data,
            url=url,
            media_type=asset.media_type,
            revised_prompt=asset.metadata.get("revised_prompt"),
            width=asset.width,
            height=asset.height,
        )

    def _address(self, request: Request) -> str | None:
        """Where links lead: the gateway's public address, else the one that the caller used."""
        host = request.header(b"host")
        if self._desk.app.settings.gateway.public_url is not None or host is None:
            return None
        return f"{request.scheme}://{host}"
