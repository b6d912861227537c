"""`POST /v1/audio/transcriptions` and `/v1/audio/translations`: sounds are written down."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

import msgspec

from genmux.app import App
from genmux.dialects.openai_audio import AcceptedTranscription, OpenAIAudioServer
from genmux.flows.call.options import CallOptions
from genmux.server.http import Headers, Request
from genmux.server.media.desk import refusal
from genmux.server.relay import relay
from genmux.server.said import said_back, went
from genmux.server.terms import Terms
from genmux.server.voice.by_job import JobTranscripts
from genmux.server.voice.sounds import read_sound_form
from genmux.types.parts import WarningPart
from genmux.types.transcription import Transcript, TranscriptDelta, TranscriptDone, TranscriptPart, TranscriptSegment

TRANSLATIONS = "translations"


class TranscriptionEndpoint:
    """Transcripts and translations in the shape of OpenAI, from any model."""

    def __init__(self, app: App, terms: Terms, server: OpenAIAudioServer, jobs: JobTranscripts) -> None:
        self._app = app
        self._jobs = jobs
        self._terms = terms
        self._server = server
        self._largest = app.settings.assets.max_bytes
        self.refuse = refusal(server.refuse)

    async def handle(self, request: Request) -> None:
        """Answer one request. Raises ProviderError until the answer has begun."""
        way = TRANSLATIONS if request.path.endswith(TRANSLATIONS) else "transcriptions"
        async with read_sound_form(request, self._terms, self._largest) as form:
            accepted = self._server.accept_form(form.fields, form.audio, way)
            model = accepted.request.model or None
            options = self._terms.options(request, model, "transcribe")
            if self._jobs.takes(model):
                await self._told(request, accepted, *await self._jobs.transcribe(request, accepted.request))
                return
            with request.watch:
                await self._app.calls.journeys.ready(model, "transcribe")
                accepted = await self._measured(accepted)
                if accepted.stream and self._app.transcribing.fits(accepted.request):
                    await self._stream(request, accepted, options)
                else:
                    await self._whole(request, accepted, options)

    async def _measured(self, accepted: AcceptedTranscription) -> AcceptedTranscription:
        """With how long the sound is: it is opened once."""
        measured = await self._app.transcribing.measured(accepted.request)
        return msgspec.structs.replace(accepted, request=measured)

    async def _whole(self, request: Request, accepted: AcceptedTranscription, options: CallOptions) -> None:
        result = await self._app.transcribing.transcribe(accepted.request, options)
        told = said_back(result.warnings, result.cost, result.request_id)
        name = result.steps[-1].model if result.steps else None
        way = went(route=result.route, account=result.account, attempts=result.attempts, model=name)
        await self._told(request, accepted, result, (*told, *way))

    async def _told(self, request: Request, accepted: AcceptedTranscription, result: Transcript, told: Headers) -> None:
        """Answer with what is complete, as the caller wants it."""
        if accepted.stream:
            writer = self._server.transcript_writer(accepted)
            parts = (TranscriptDelta(result.text), *map(TranscriptSegment, result.segments), TranscriptDone(result))
            written = iter((b"".join(map(writer.write, parts)), writer.close()))

            async def read() -> bytes | None:
                """All at once, and the end."""
                return next(written, None)

            await relay(request, read, writer, told)
            return
        await request.answer(self._server.respond_transcription(result, accepted), told)

    async def _stream(self, request: Request, accepted: AcceptedTranscription, options: CallOptions) -> None:
        """The status is sent with the first text, so that what fails before it is refused properly."""
        parts = await self._app.transcribing.stream(accepted.request, options)
        async with aclosing(parts):
            first = await _beginning(parts)
            warnings = tuple(part.warning for part in first if isinstance(part, WarningPart))
            writer = self._server.transcript_writer(accepted)

            async def written() -> AsyncGenerator[bytes]:
                """Event by event."""
                yield b"".join(map(writer.write, first))
                async for part in parts:
                    yield writer.write(part)
                yield writer.close()

            async with aclosing(written()) as events:
                await relay(request, lambda: anext(events, None), writer, said_back(warnings))


async def _beginning(parts: AsyncGenerator[TranscriptPart]) -> Sequence[TranscriptPart]:
    """The parts to the first text, or all where there is none."""
    begun: list[TranscriptPart] = []
    async for part in parts:
        begun.append(part)
        if not isinstance(part, WarningPart):
            break
    return begun
