"""Transcripts of providers that take a sound in, and are asked for the text later: jobs that are waited for."""

import asyncio
from pathlib import Path
from typing import Any

import msgspec

from genmux.server.http import Headers, Request
from genmux.server.media.desk import MediaDesk, told_of
from genmux.server.media.failures import fault_of
from genmux.services.assets.keeping import About
from genmux.types.assets import Asset
from genmux.types.calls import as_generation
from genmux.types.errors import MalformedReplyError
from genmux.types.generation import Input
from genmux.types.jobs import Job
from genmux.types.principal import Principal
from genmux.types.transcription import AudioFile, Transcript, TranscriptionRequest
from genmux.types.usage import Usage

JSON = "application/json"
PIECE = 1024 * 1024
"""Bytes of a sound that are moved at a time."""


class JobTranscripts:
    """Has sounds written down by jobs. They need a store."""

    def __init__(self, desk: MediaDesk) -> None:
        self._desk = desk

    def takes(self, model: str | None) -> bool:
        """Whether a model works so. Raises ProviderError for one that there is not."""
        app = self._desk.app
        first = app.calls.journeys.routes.members(model, "transcribe")[0]
        wire: Any = app.targets.wire(first, "transcribe")
        return hasattr(wire, "submit")

    async def transcribe(self, request: Request, asked: TranscriptionRequest) -> tuple[Transcript, Headers]:
        """What a job wrote down, and what is to be said of it in headers. Raises ProviderError."""
        sound = await self._kept(asked.audio, request.principal)
        source = Input(kind="audio", role="audio", source=sound.id)
        wanted = msgspec.structs.replace(as_generation(asked), inputs=(source,))
        submitted = await self._desk.submit(request, wanted, extra=asked.extra or {}, user=asked.user)
        job = await self._desk.ended(request, submitted)
        if (fault := fault_of(job)) is not None:
            raise fault
        return await self._read(job), told_of(job, submitted.warnings)

    async def _kept(self, audio: AudioFile, principal: Principal) -> Asset:
        """The sound as an asset of its sender, as forms with pictures leave them."""
        desk = self._desk.app.kept().assets
        async with desk.keeper.sink() as sink:
            if audio.path is None:
                await sink.write(audio.data or b"")
            else:
                with await asyncio.to_thread(Path(audio.path).open, "rb") as file:
                    while piece := await asyncio.to_thread(file.read, PIECE):
                        await sink.write(piece)
            about = About(tenant=principal.organisation, claimed=audio.media_type, name=audio.name, role="input")
            stored = await desk.keeper.keep(await sink.finish(), about)
            return await desk.shelf.add(stored, principal)

    async def _read(self, job: Job) -> Transcript:
        made = next((one for one in job.assets if one.media_type == JSON), None)
        if made is None:
            raise MalformedReplyError(
                f"the job {job.id} has made no transcript", provider=job.provider, model=job.model
            )
        written = await self._desk.app.kept().assets.shelf.read(made.id, made.tenant)
        transcript = msgspec.json.decode(written, type=Transcript)
        return msgspec.structs.replace(transcript, usage=job.usage or Usage(), cost=job.cost)
