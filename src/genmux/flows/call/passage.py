"""A call whose caller and provider speak the same dialect: the bytes pass through, and are counted."""

from collections.abc import Mapping

import msgspec

from genmux.contract.dialect import Accepted, ServerHalf
from genmux.contract.error_map import request_id_of, stream_error
from genmux.contract.http import HttpReply, HttpRequest, WireEvent
from genmux.contract.wires import Sent
from genmux.engine.stream import OpenStream
from genmux.flows.call.flow import CallFlow
from genmux.flows.call.legs import Leg
from genmux.flows.call.options import CallOptions
from genmux.flows.call.plan import Plan
from genmux.flows.call.run import Run
from genmux.flows.call.stream import at_least
from genmux.flows.call.target import Target, place
from genmux.types.chat import FinishReason
from genmux.types.errors import NetworkError, ProviderError, Retry
from genmux.types.split import split
from genmux.types.usage import Usage

ALIVE = b":\n\n"
"""A comment, in place of those by which a provider says that it is still at work."""


class Passage(msgspec.Struct, frozen=True):
    """A caller's own request, ready for providers of the same dialect: `requests` has what each model gets."""

    server: ServerHalf
    accepted: Accepted
    plan: Plan
    requests: Mapping[str, HttpRequest]
    options: CallOptions


class PassageFlow:
    """Sends a caller's own bytes on, with only the model's name (and the host's names for fields) replaced."""

    def __init__(self, calls: CallFlow) -> None:
        self._calls = calls

    def prepare(
        self, dialect: str, server: ServerHalf, body: bytes, accepted: Accepted, options: CallOptions
    ) -> Passage | None:
        """The request to send; None when it has to be translated, because a provider wants it in another form.

        A caller who wants numbers pulled into their range wants to have them changed, so that bytes do not pass; nor do they
        where what is said is kept. Raises
        ProviderError when nobody can answer.
        """
        plan = self._calls.journeys.plan(accepted.request, "chat", options)
        if options.clamp or self._calls.door.keeps_contents:
            return None
        requests: dict[str, HttpRequest] = {}
        for candidate in plan.candidates:
            model = candidate.model
            wire = self._calls.targets.wire_that_speaks(dialect, model)
            http = None if wire is None else wire.pass_on(body, accepted, model)
            if http is None:
                return None
            requests[model.reference] = http
        return Passage(server, accepted, plan, requests, options)

    async def whole(self, passage: Passage) -> tuple[Run, HttpReply]:
        """The provider's own reply, its usage booked, and how the request went. Raises ProviderError."""
        request = passage.accepted.request

        async def go(run: Run, leg: Leg) -> tuple[HttpReply, Usage, FinishReason | None]:
            """Send the bytes there."""
            called = await self._calls.send(run, leg, await self._admitted(passage, run, leg))
            try:
                usage, finish = passage.server.usage_of(called.reply)
            except ProviderError as error:
                called.explain(error)
                raise
            return called.reply, usage, finish

        run, (reply, usage, finish) = await self._calls.journeys.travel(
            request, "chat", passage.options, go, passage.plan
        )
        self._calls.door.complete(
            run,
            usage,
            attempts=run.sendings or 1,
            service_tier=request.service_tier,
            finish=finish.unified if finish else None,
            request_id=request_id_of(reply.headers) or _id_of(reply),
        )
        return run, reply

    async def stream(self, passage: Passage) -> "PassingStream":
        """The provider's own bytes as they come; returns when it has begun to answer. Raises ProviderError."""

        async def go(run: Run, leg: Leg) -> PassingStream:
            """Send the bytes there."""
            opened = await self._calls.open(run, leg, await self._admitted(passage, run, leg))
            try:
                stream = PassingStream(opened, passage, run, self._calls, leg.target)
                if run.route is not None:  # until it has begun to answer, another model may
                    await stream.begin()
            except BaseException:  # a dialect's fault must not keep the connection
                await opened.aclose()
                raise
            return stream

        request, travel = passage.accepted.request, self._calls.journeys.travel
        _, stream = await travel(request, "chat", passage.options, go, passage.plan, discard=PassingStream.drop)
        return stream

    async def _admitted(self, passage: Passage, run: Run, leg: Leg) -> HttpRequest:
        """The bytes that may go there, paid for."""
        request, target = passage.accepted.request, leg.target
        if run.options.budget_limit is not None:
            self._calls.check_budget(run, request, target)
        await self._calls.door.admit(run, request, target)
        return passage.requests[target.model.reference]


class PassingStream:
    """A stream that passes through; its usage is booked when it ends, however it ends. Close it with `aclose`."""

    def __init__(self, opened: OpenStream, passage: Passage, run: Run, calls: CallFlow, target: Target) -> None:
        self.headers = opened.headers
        self._opened = opened
        self._server = passage.server
        self._accepted = passage.accepted
        self._sent = Sent(passage.accepted.request, target.model, passage.requests[target.model.reference])
        self._watcher = passage.server.watcher(passage.accepted, self._sent)
        self.run = run
        self._target = target
        self._calls = calls
        self._failure: ProviderError | None = None
        self._ahead: bytes | None = None
        self._given = False
        self._ended = False
        self._settled = False

    async def begin(self) -> None:
        """Wait for the first bytes of the answer; comments before it are left out. Raises ProviderError, and is to be closed then."""
        while self._ahead in {None, b"", ALIVE} and not self._ended:
            self._ahead = await self._pull()

    async def drop(self) -> None:
        """Close the connection of an answer that came too late; whoever asked books what it may have cost."""
        self._settled = True
        await self.aclose()

    async def read(self) -> bytes | None:
        """The bytes to hand on, those that arrived at once; None at the end. Raises ProviderError when the connection breaks.

        Whole events go on, as they came, without those that the caller did not ask for.
        """
        if self._ahead is not None:
            ahead, self._ahead = self._ahead, None
            return ahead
        if self._ended:
            return None
        try:
            return await self._pull()
        except ProviderError as error:
            place(error, self._target)
            self._settle(error)
            raise

    async def _pull(self) -> bytes | None:
        if self._failure is not None:
            raise self._failure
        arrived = await self._opened.read()
        if arrived is None:
            return await self._last()
        chunk, events = arrived
        framed = self._framed(events)
        if not framed and self._failure is not None and not self._given:
            raise self._failure
        self._given = self._given or bool(framed)
        return framed or (ALIVE if chunk.startswith(b":") else b"")

    def _framed(self, events: list[WireEvent]) -> bytes:
        """The events that the caller shall get; what the provider says of a failure is raised in its turn, as an error of ours."""
        pieces: list[bytes] = []
        for event in events:
            if b'"error"' in event.data and (failure := self._told(event, begun=bool(pieces))) is not None:
                self._failure = failure
                break
            if self._watcher.see(event):
                pieces.append(frame(event))
        return b"".join(pieces)

    def _told(self, event: WireEvent, *, begun: bool) -> ProviderError | None:
        try:
            said = msgspec.json.decode(event.data)
        except msgspec.DecodeError:
            return None
        if not isinstance(said, dict) or not (said.get("error") or said.get("type") == "error"):
            return None
        failure = self._opened.explain(stream_error(said, self._target.provider.errors))
        if failure.retry is Retry.SAFE and (self._given or begun):
            failure.retry = Retry.UNSURE  # part of the answer was given, and will be billed
        return failure

    async def _last(self) -> bytes | None:
        """The provider has said everything. Raises ProviderError when that was not all."""
        self._ended = True
        last = None
        if self._opened.whole is not None:
            last = self._streamed(self._opened.whole)
        elif not self._watcher.complete:
            message = "the provider closed the connection in the middle of its answer"
            raise NetworkError(message, retry=Retry.UNSURE)
        await self.aclose()
        return last

    def _streamed(self, reply: HttpReply) -> bytes:
        """The provider answered whole where a stream was asked for."""
        result = self._target.wire.decode(reply, self._sent)
        self._watcher.usage, self._watcher.finish = result.usage, result.finish
        writer = self._server.writer(self._accepted)
        return b"".join([*map(writer.write, split(result)), writer.close()])

    async def aclose(self) -> None:
        """Close the connection and book what was seen. May be called again."""
        self._ended = True
        try:
            await self._opened.aclose()
        finally:
            self._settle(None)

    def _settle(self, error: ProviderError | None) -> None:
        if self._settled:
            return
        self._settled = True
        if error is not None:
            usage = self._usage() if self._given else None  # before that nobody knows, or it was refused
            self._calls.door.fail(self.run, error, usage=usage)
            return
        usage = self._usage()
        finish = self._watcher.finish
        self._calls.door.complete(
            self.run,
            usage,
            attempts=max(self.run.sendings, 1),
            service_tier=self._accepted.request.service_tier,
            finish=finish.unified if finish else None,
            request_id=request_id_of(self.headers),
        )

    def _usage(self) -> Usage:
        watcher, model = self._watcher, self._target.model
        if watcher.complete and watcher.usage is not None:
            return watcher.usage
        counted = self._calls.counter.count
        return at_least(watcher.usage, watcher.text_length, lambda: counted(self._accepted.request, model).tokens)


class _Identified(msgspec.Struct):
    """Of a reply only what it calls itself."""

    id: str | None = None


def _id_of(reply: HttpReply) -> str | None:
    """What a reply calls itself; asked for where its headers do not say."""
    try:
        return msgspec.json.decode(reply.body, type=_Identified).id
    except msgspec.MsgspecError:
        return None


def frame(event: WireEvent) -> bytes:
    """An event as the bytes of a server-sent event."""
    name = b"event: " + event.event.encode() + b"\n" if event.event else b""
    return name + b"data: " + event.data.replace(b"\n", b"\ndata: ") + b"\n\n"
