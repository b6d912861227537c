"""A chat endpoint in one dialect, to any provider."""

from collections.abc import AsyncIterator
from http import HTTPStatus

import msgspec

from genmux.contract.dialect import Accepted, Answer, Dialect, Writer
from genmux.flows.call.flow import CallFlow
from genmux.flows.call.options import CallOptions
from genmux.flows.call.passage import PassageFlow
from genmux.flows.call.target import Target
from genmux.server.faults import as_error
from genmux.server.http import BodyTooLargeError, Request
from genmux.server.options import read_options, said_back
from genmux.types.errors import ProviderError
from genmux.types.parts import Part, WarningPart


class DialectEndpoint:
    """Accepts requests of one dialect and answers in it; errors too."""

    def __init__(
        self, dialect: Dialect, calls: CallFlow, passages: PassageFlow, options: CallOptions, body_limit: int
    ) -> None:
        self._dialect = dialect
        self._server = dialect.server
        self._calls = calls
        self._passages = passages
        self._options = options
        self._body_limit = body_limit

    async def handle(self, request: Request) -> None:
        """Answer one request. Raises ProviderError until the answer has begun."""
        body = await request.body(self._body_limit)
        accepted = self._server.accept(body)
        options = read_options(request, self._options)
        target = self._calls.targets.find(accepted.request.model, "chat", options)
        await request.unless_gone(self._answer(request, body, accepted, target, options))

    async def refuse(self, request: Request, error: ProviderError) -> None:
        """Answer with an error in the caller's dialect."""
        answer = self._server.refuse(error)
        if isinstance(error, BodyTooLargeError):
            answer = msgspec.structs.replace(answer, status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        await request.answer(answer)

    async def _answer(
        self, request: Request, body: bytes, accepted: Accepted, target: Target, options: CallOptions
    ) -> None:
        """All that is done while the caller waits, its refusal included."""
        try:
            if self._passages.fits(self._dialect.name, accepted, target):
                await self._pass(request, body, accepted, target, options)
            elif accepted.stream:
                await self._stream(request, accepted, options)
            else:
                await self._whole(request, accepted, options)
        except ProviderError as error:
            await self.refuse(request, error)

    async def _whole(self, request: Request, accepted: Accepted, options: CallOptions) -> None:
        result = await self._calls.chat(accepted.request, options)
        answer = self._server.respond(result, accepted)
        await request.answer(answer, said_back(accepted.warnings + result.warnings, result.cost))

    async def _stream(self, request: Request, accepted: Accepted, options: CallOptions) -> None:
        """The status is sent with the first part, so that what fails before it is refused properly."""
        stream = await self._calls.stream(accepted.request, options)
        try:
            batches = stream.batches()
            first = await anext(batches, [])
            warnings = tuple(part.warning for part in first if isinstance(part, WarningPart))
            if first and len(warnings) == len(first):
                first += await anext(batches, [])
            written = self._written(self._server.writer(accepted), first, batches)
            await request.stream(written, said_back(accepted.warnings + warnings))
        finally:
            await stream.aclose()

    @staticmethod
    async def _written(writer: Writer, first: list[Part], batches: AsyncIterator[list[Part]]) -> AsyncIterator[bytes]:
        try:
            yield b"".join(map(writer.write, first))
            async for batch in batches:
                yield b"".join(map(writer.write, batch))
        except Exception as error:  # noqa: BLE001 — the answer has begun: whatever fails is told inside it
            yield writer.fail(as_error(error))
        else:
            yield writer.close()

    async def _pass(
        self, request: Request, body: bytes, accepted: Accepted, target: Target, options: CallOptions
    ) -> None:
        if not accepted.stream:
            reply = await self._passages.whole(self._server, body, accepted, target, options)
            kind = reply.headers.get("content-type", "application/json")
            await request.answer(Answer(status=reply.status, body=reply.body, headers=(("content-type", kind),)))
            return
        passing = await self._passages.stream(self._server, body, accepted, target, options)
        try:
            await request.stream(self._passed(self._server.writer(accepted), passing.chunks()))
        finally:
            await passing.aclose()

    @staticmethod
    async def _passed(writer: Writer, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        try:
            async for chunk in chunks:
                yield chunk
        except Exception as error:  # noqa: BLE001 — as above
            yield writer.fail(as_error(error))
