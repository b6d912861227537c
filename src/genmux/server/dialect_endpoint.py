"""A chat endpoint in one dialect, to any provider."""

import msgspec

from genmux.contract.dialect import Accepted, Answer, Dialect, HeedingServer, Writer
from genmux.flows.call.flow import CallFlow
from genmux.flows.call.options import CallOptions
from genmux.flows.call.passage import Passage, PassageFlow
from genmux.flows.call.run import Run
from genmux.flows.call.stream import PartStream
from genmux.server.http import Headers, Request, RequestError
from genmux.server.relay import relay
from genmux.server.said import carried, identified, said_back, went
from genmux.server.terms import Terms
from genmux.types.errors import ProviderError, StoreError
from genmux.types.parts import Part, WarningPart


class DialectEndpoint:
    """Accepts requests of one dialect and answers in it; errors too."""

    def __init__(self, dialect: Dialect, calls: CallFlow, passages: PassageFlow, terms: Terms) -> None:
        self._dialect = dialect
        self._server = dialect.server
        self._calls = calls
        self._passages = passages
        self._terms = terms
        self._heeds: HeedingServer | None = dialect.server if isinstance(dialect.server, HeedingServer) else None

    async def handle(self, request: Request) -> None:
        """Answer one request. Raises ProviderError until the answer has begun."""
        body = await self._terms.body(request)
        accepted = self._server.accept(body)
        if self._heeds is not None:
            accepted = self._heeds.heed(accepted, request.headers)
        options = self._terms.options(request, accepted.request.model)
        with request.watch:
            await self._calls.journeys.ready(accepted.request.model, "chat")
            passage = self._passages.prepare(self._dialect.name, self._server, body, accepted, options)
            if passage is not None:
                await self._pass(request, passage)
            elif accepted.stream:
                await self._stream(request, accepted, options)
            else:
                await self._whole(request, accepted, options)

    async def refuse(self, request: Request, error: ProviderError) -> None:
        """Answer with an error in the caller's dialect."""
        answer, headers = self._server.refuse(error), identified(error.request_id)
        if isinstance(error, RequestError | StoreError) and error.status:
            answer = msgspec.structs.replace(answer, status=error.status)
        headers = (*headers, *getattr(error, "headers", ()))
        await request.answer(answer, headers)

    async def _whole(self, request: Request, accepted: Accepted, options: CallOptions) -> None:
        result = await self._calls.chat(accepted.request, options)
        told = said_back(accepted.warnings + result.warnings, result.cost, result.request_id)
        model = result.steps[-1].model if result.steps else None
        way = went(route=result.route, account=result.account, attempts=result.attempts, model=model)
        await request.answer(self._server.respond(result, accepted), (*told, *way))

    async def _stream(self, request: Request, accepted: Accepted, options: CallOptions) -> None:
        """The status is sent with the first part, so that what fails before it is refused properly."""
        stream = await self._calls.stream(accepted.request, options)
        try:
            first = await stream.read() or []
            warnings = tuple(part.warning for part in first if isinstance(part, WarningPart))
            if first and len(warnings) == len(first):
                first += await stream.read() or []
            writer = self._server.writer(accepted)
            told = said_back(accepted.warnings + warnings, request_id=stream.request_id)
            await relay(request, _Written(writer, first, stream).read, writer, (*told, *_way(stream.run)))
        finally:
            await stream.aclose()

    async def _pass(self, request: Request, passage: Passage) -> None:
        if not passage.accepted.stream:
            run, reply = await self._passages.whole(passage)
            kind = reply.headers.get("content-type", "application/json")
            answer = Answer(status=reply.status, body=reply.body, headers=(("content-type", kind),))
            told = said_back(run.warnings, run.cost)
            await request.answer(answer, (*carried(reply.headers), *told, *_way(run)))
            return
        passing = await self._passages.stream(passage)
        try:
            first = await passing.read()  # what fails before the first bytes is refused properly

            async def read() -> bytes | None:
                nonlocal first
                if first is not None:
                    chunk, first = first, None
                    return chunk
                return await passing.read()

            told = (*carried(passing.headers), *said_back(passing.run.warnings), *_way(passing.run))
            await relay(request, read, self._server.writer(passage.accepted), told)
        finally:
            await passing.aclose()


def _way(run: Run) -> Headers:
    return went(route=run.route, account=run.account, attempts=run.sendings, model=run.reached.model.reference)


class _Written:
    """The parts of a stream as bytes of the caller's dialect."""

    def __init__(self, writer: Writer, first: list[Part], stream: PartStream) -> None:
        self._writer = writer
        self._first = first
        self._stream = stream
        self._closed = False

    async def read(self) -> bytes | None:
        """What was written for the parts that arrived at once; None at the end."""
        if self._closed:
            return None
        parts, self._first = self._first, []
        if not parts:
            parts = await self._stream.read()
            if parts is None:
                self._closed = True
                return self._writer.close()
        return b"".join(map(self._writer.write, parts))
