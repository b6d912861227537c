"""`POST /v1/audio/speech`: texts are spoken."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from genmux.app import App
from genmux.dialects.openai_audio import AcceptedSpeech, OpenAIAudioServer, SpeechWriter
from genmux.flows.call.options import CallOptions
from genmux.flows.voice.speech_stream import SpeechStream
from genmux.server.http import Headers, Request
from genmux.server.media.desk import refusal
from genmux.server.relay import relay
from genmux.server.said import said_back, went
from genmux.server.terms import Terms
from genmux.types.audio import MEDIA_TYPES
from genmux.types.parts import WarningPart
from genmux.types.speech import SpeechDelta, SpeechPart, SpeechStart


class SpeechEndpoint:
    """Speech in the shape of OpenAI, from any model. The sound flows as it is made."""

    def __init__(self, app: App, terms: Terms, server: OpenAIAudioServer) -> None:
        self._app = app
        self._terms = terms
        self._server = server
        self.refuse = refusal(server.refuse)

    async def handle(self, request: Request) -> None:
        """Answer one request. Raises ProviderError until the answer has begun."""
        accepted = self._server.accept_speech(await self._terms.body(request))
        model = accepted.request.model or None
        options = self._terms.options(request, model, "text_to_speech")
        with request.watch:
            await self._app.calls.journeys.ready(model, "text_to_speech")
            await self._stream(request, accepted, options)

    async def _stream(self, request: Request, accepted: AcceptedSpeech, options: CallOptions) -> None:
        """The status is sent with the first sound, so that what fails before it is refused properly."""
        stream = await self._app.speaking.stream(accepted.request, options, keep=False)
        try:
            first = await _beginning(stream)
            warnings = tuple(part.warning for part in first if isinstance(part, WarningPart))
            run = stream.run
            told = (
                *said_back(warnings, request_id=stream.request_id),
                *went(route=run.route, account=run.account, attempts=run.sendings, model=run.reached.model.reference),
            )
            if accepted.events:
                writer = self._server.speech_writer(accepted)
                async with aclosing(_written(writer, first, stream)) as written:
                    await relay(request, lambda: anext(written, None), writer, told)
            else:
                await self._sound(request, first, stream, told)
        finally:
            await stream.aclose()

    async def _sound(self, request: Request, first: list[SpeechPart], stream: SpeechStream, told: Headers) -> None:
        """The sound as it is. What fails once it has begun ends the connection, for sound has no words."""
        begun = next((part.format for part in first if isinstance(part, SpeechStart)), None)
        kind = begun.media_type if begun is not None else MEDIA_TYPES["mp3"]

        async def sound() -> AsyncGenerator[bytes]:
            """Piece by piece."""
            for part in first:
                if isinstance(part, SpeechDelta) and part.data:
                    yield part.data
            async for part in stream:
                if isinstance(part, SpeechDelta) and part.data:
                    yield part.data

        await request.send_file(200, sound(), (("content-type", kind), *told))


async def _written(writer: SpeechWriter, first: list[SpeechPart], stream: SpeechStream) -> AsyncGenerator[bytes]:
    """Event by event, and at the end what it took."""
    yield b"".join(map(writer.write, first))
    async for part in stream:
        yield writer.write(part)
    yield writer.close(stream.used, stream.cost)


async def _beginning(stream: SpeechStream) -> list[SpeechPart]:
    """The parts to the first sound, or all where there is none."""
    parts: list[SpeechPart] = []
    async for part in stream:
        parts.append(part)
        if isinstance(part, SpeechDelta):
            break
    return parts
