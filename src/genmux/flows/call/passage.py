"""A call whose caller and provider speak the same dialect: the bytes pass through, and are counted."""

from collections.abc import AsyncIterator, Callable

import msgspec

from genmux.contract.dialect import Accepted, ServerHalf
from genmux.contract.http import HttpReply, HttpRequest, WireEvent
from genmux.contract.wires import Sent
from genmux.engine.stream import OpenStream
from genmux.flows.call.flow import CallFlow
from genmux.flows.call.options import CallOptions
from genmux.flows.call.settle import Run
from genmux.flows.call.target import Target, place
from genmux.types.chat import ChatRequest
from genmux.types.errors import NetworkError, ProviderError, Retry
from genmux.types.split import split
from genmux.types.usage import TOKENS_INPUT, TOKENS_OUTPUT, Usage


class PassageFlow:
    """Sends a caller's own bytes on, with only the model's name replaced."""

    def __init__(self, calls: CallFlow) -> None:
        self._calls = calls

    def fits(self, dialect: str, accepted: Accepted, target: Target) -> bool:
        """Whether bytes can pass: the provider speaks the dialect and wants nothing renamed in this request."""
        if target.local or not target.speaks(dialect):
            return False
        passes: Callable[..., bool] | None = getattr(target.wire, "passes", None)
        return passes is None or passes(accepted.request, target.model)

    async def whole(
        self, server: ServerHalf, body: bytes, accepted: Accepted, target: Target, options: CallOptions
    ) -> HttpReply:
        """The provider's own reply, its usage booked. Raises ProviderError."""
        run, http = self._begin(server, body, accepted, target, options)
        try:
            called = await self._calls.send(target, http, options)
            usage, finish = server.usage_of(called.reply)
        except BaseException as error:
            place(error, target)
            self._calls.settler.fail(run, error)
            raise
        self._calls.settler.complete(
            run,
            usage,
            attempts=called.attempts,
            service_tier=accepted.request.service_tier,
            finish=finish.unified if finish else None,
        )
        return called.reply

    async def stream(
        self, server: ServerHalf, body: bytes, accepted: Accepted, target: Target, options: CallOptions
    ) -> "PassingStream":
        """The provider's own bytes as they come; returns when it has begun to answer. Raises ProviderError."""
        run, http = self._begin(server, body, accepted, target, options)
        try:
            opened = await self._calls.open(target, http, options)
            try:
                sent = Sent(accepted.request, target.model, http)
                return PassingStream(opened, server, sent, run, self._calls, accepted)
            except BaseException:  # a dialect's fault must not keep the connection
                await opened.aclose()
                raise
        except BaseException as error:
            place(error, target)
            self._calls.settler.fail(run, error)
            raise

    def _begin(
        self, server: ServerHalf, body: bytes, accepted: Accepted, target: Target, options: CallOptions
    ) -> tuple[Run, HttpRequest]:
        self._calls.check_budget(accepted.request, target, options)
        encoded = target.wire.encode(accepted.request, target.model, stream=accepted.stream)
        http = msgspec.structs.replace(encoded.http, body=server.splice(body, accepted, target.model))
        return self._calls.settler.begin(target, "chat", options), http


class PassingStream:
    """A stream that passes through; its usage is booked when it ends, however it ends."""

    def __init__(
        self,
        opened: OpenStream,
        server: ServerHalf,
        sent: Sent[ChatRequest],
        run: Run,
        calls: CallFlow,
        accepted: Accepted,
    ) -> None:
        self._opened = opened
        self._server = server
        self._sent = sent
        self._watcher = server.watcher(accepted, sent)
        self._run = run
        self._calls = calls
        self._accepted = accepted
        self._settled = False

    async def chunks(self) -> AsyncIterator[bytes]:
        """The bytes to hand on, each with what arrived at once. Raises ProviderError when the connection breaks.

        A caller who asked for usage gets the provider's bytes as they are; for the others the events are framed anew,
        without those that they did not ask for.
        """
        watcher, untouched = self._watcher, self._accepted.include_usage
        try:
            while (arrived := await self._opened.read()) is not None:
                chunk, events = arrived
                wanted = [event for event in events if watcher.see(event)]
                if untouched and chunk:
                    yield chunk
                elif wanted:
                    yield b"".join(map(frame, wanted))
            if self._opened.whole is not None:
                yield self._streamed(self._opened.whole)
            elif watcher.finish is None and watcher.usage is None:
                message = "the provider closed the connection in the middle of its answer"
                raise NetworkError(message, retry=Retry.UNSURE)
        except ProviderError as error:
            place(error, self._run.target)
            self._settle(error)
            raise
        finally:
            await self.aclose()

    def _streamed(self, reply: HttpReply) -> bytes:
        """The provider answered whole where a stream was asked for."""
        result = self._run.target.wire.decode(reply, self._sent)
        self._watcher.usage, self._watcher.finish = result.usage, result.finish
        writer = self._server.writer(self._accepted)
        return b"".join([*map(writer.write, split(result)), writer.close()])

    async def aclose(self) -> None:
        """Close the connection and book what was seen. May be called again."""
        try:
            await self._opened.aclose()
        finally:
            self._settle(None)

    def _settle(self, error: ProviderError | None) -> None:
        if self._settled:
            return
        self._settled = True
        usage = self._watcher.usage or self._counted()
        if error is not None:
            self._calls.settler.fail(self._run, error, usage=usage)
            return
        finish = self._watcher.finish
        self._calls.settler.complete(
            self._run,
            usage,
            attempts=self._opened.attempts,
            service_tier=self._accepted.request.service_tier,
            finish=finish.unified if finish else None,
        )

    def _counted(self) -> Usage:
        asked = self._calls.counter.count(self._accepted.request, self._run.target.model).tokens
        return Usage(meters={TOKENS_INPUT: asked, TOKENS_OUTPUT: -(-self._watcher.text_length // 4)}, estimated=True)


def frame(event: WireEvent) -> bytes:
    """An event as the bytes of a server-sent event."""
    name = b"event: " + event.event.encode() + b"\n" if event.event else b""
    return name + b"data: " + event.data.replace(b"\n", b"\ndata: ") + b"\n\n"
