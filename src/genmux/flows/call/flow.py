"""The life of a call."""

from collections.abc import AsyncIterator
from typing import Any, Protocol

import msgspec

from genmux.contract.http import HttpRequest
from genmux.contract.model import Model
from genmux.contract.wires import Encoded, Reader, Sent
from genmux.engine.child import LocalHost
from genmux.engine.deadlines import Timeouts
from genmux.engine.engine import Called, Engine
from genmux.engine.retry import RetryPolicy
from genmux.engine.stream import OpenStream
from genmux.flows.call.options import DEFAULT_OPTIONS, CallOptions
from genmux.flows.call.settle import Settler
from genmux.flows.call.stream import PartStream
from genmux.flows.call.target import Target, Targets
from genmux.services.checks import faults, fit
from genmux.types.chat import ChatRequest, ChatResult
from genmux.types.embed import EmbedRequest, EmbedResult
from genmux.types.errors import BudgetExceededError, ProviderError, ValidationError
from genmux.types.join import Joiner
from genmux.types.money import Estimate, TokenCount
from genmux.types.parts import Part
from genmux.types.split import split
from genmux.types.warning import Warning  # noqa: A004 — see genmux.types.warning


class Estimates(Protocol):
    """Says what a request may cost."""

    def chat(self, request: ChatRequest, model: Model) -> Estimate:
        """An estimate for a chat."""
        ...

    def embed(self, request: EmbedRequest, model: Model) -> Estimate:
        """An estimate for embeddings."""
        ...


class Counter(Protocol):
    """Counts tokens on this machine."""

    def count(self, request: ChatRequest, model: Model) -> TokenCount:
        """The input tokens of a request."""
        ...


class CallFlow:
    """Makes calls: whole, streamed, embeddings, counts and estimates."""

    def __init__(
        self,
        targets: Targets,
        engine: Engine,
        host: LocalHost,
        settler: Settler,
        estimates: Estimates,
        counter: Counter,
    ) -> None:
        self.targets = targets
        self.engine = engine
        self.host = host
        self.settler = settler
        self._estimates = estimates
        self.counter = counter

    async def chat(self, request: ChatRequest, options: CallOptions = DEFAULT_OPTIONS) -> ChatResult:
        """The whole answer. Raises ProviderError."""
        target = self.targets.find(request.model, "chat", options)
        request, warnings = self.ready(request, target, options)
        run = self.settler.begin(target, "chat", options)
        try:
            if target.local:
                result, attempts, request_id = await self._local_chat(request, target), 1, None
            else:
                encoded = self._encode(target, request, stream=False)
                warnings += encoded.warnings
                called = await self.send(target, encoded.http, options)
                attempts, request_id = called.attempts, request_id_of(called.reply.headers)
                result = target.wire.decode(called.reply, Sent(request, target.model, encoded.http))
        except BaseException as error:
            self.settler.fail(run, error)
            place(error, target)
            raise
        cost = self.settler.complete(
            run,
            result.usage,
            attempts=attempts,
            service_tier=result.service_tier,
            finish=result.finish.unified,
        )
        return msgspec.structs.replace(
            result,
            provider=target.model.provider,
            cost=cost,
            attempts=attempts,
            request_id=request_id,
            warnings=warnings + result.warnings if warnings else result.warnings,
        )

    async def stream(self, request: ChatRequest, options: CallOptions = DEFAULT_OPTIONS) -> PartStream:
        """The answer in parts; returns when the provider has begun to answer. Raises ProviderError."""
        target = self.targets.find(request.model, "chat", options)
        request, warnings = self.ready(request, target, options)
        run = self.settler.begin(target, "chat", options)
        try:
            if target.local:
                parts = self.host.run(target.provider, target.engine, target.model, request, options=target.credential)
                batches, attempts = one_by_one(parts, target), 1
            else:
                encoded = self._encode(target, request, stream=True)
                warnings += encoded.warnings
                opened = await self.open(target, encoded.http, options)
                sent = Sent(request, target.model, encoded.http)
                reader = target.wire.reader(sent)
                batches, attempts = read_parts(opened, reader, target, sent), opened.attempts
        except BaseException as error:
            self.settler.fail(run, error)
            place(error, target)
            raise
        counted = lambda: self.counter.count(request, target.model).tokens  # noqa: E731 — counted only when the provider does not say
        return PartStream(batches, run, self.settler, warnings=warnings, attempts=attempts, count_input=counted)

    async def embed(self, request: EmbedRequest, options: CallOptions = DEFAULT_OPTIONS) -> EmbedResult:
        """One vector for each input. Raises ProviderError."""
        target = self.targets.find(request.model, "embed", options)
        if found := faults(request, target.model):
            raise ValidationError(found, provider=target.model.provider, model=target.model.id)
        if options.budget_limit is not None:
            self._hold(self._estimates.embed(request, target.model), options, target)
        run = self.settler.begin(target, "embed", options)
        warnings: tuple[Warning, ...] = ()
        try:
            if target.local:
                result, attempts, request_id = await self._local_embed(request, target), 1, None
            else:
                encoded = self._encode(target, request, stream=False)
                warnings = encoded.warnings
                called = await self.send(target, encoded.http, options)
                attempts, request_id = called.attempts, request_id_of(called.reply.headers)
                result = target.wire.decode(called.reply, Sent(request, target.model, encoded.http))
        except BaseException as error:
            self.settler.fail(run, error)
            place(error, target)
            raise
        cost = self.settler.complete(run, result.usage, attempts=attempts)
        return msgspec.structs.replace(
            result,
            provider=target.model.provider,
            cost=cost,
            attempts=attempts,
            request_id=request_id,
            warnings=warnings + result.warnings,
        )

    async def count_tokens(self, request: ChatRequest, options: CallOptions = DEFAULT_OPTIONS) -> TokenCount:
        """The input tokens of a request: by the provider where it counts for free and has its key, else on this machine."""
        model = self.targets.model(request.model, "chat")
        if model.support("count_tokens") == "native":
            target = self.targets.find(request.model, "chat", options)
            if hasattr(target.wire, "encode_count"):
                encoded = target.wire.encode_count(request, target.model)
                called = await self.send(target, msgspec.structs.replace(encoded.http, read_only=True), options)
                return target.wire.decode_count(called.reply)
        return self.counter.count(request, model)

    def estimate(self, request: ChatRequest | EmbedRequest) -> Estimate:
        """What a request may cost; nothing is sent."""
        if isinstance(request, EmbedRequest):
            return self._estimates.embed(request, self.targets.model(request.model, "embed"))
        return self._estimates.chat(request, self.targets.model(request.model, "chat"))

    def validate(
        self, request: ChatRequest | EmbedRequest, options: CallOptions = DEFAULT_OPTIONS
    ) -> tuple[Warning, ...]:
        """Check everything, send nothing. Raises ValidationError with all faults at once; gives the warnings of a request that fits."""
        operation = "embed" if isinstance(request, EmbedRequest) else "chat"
        model = self.targets.model(request.model, operation)
        found = list(faults(request, model))
        try:
            target = self.targets.find(request.model, operation, options)
        except ProviderError as error:
            found.append(error.message)
            raise ValidationError(tuple(found), provider=model.provider, model=model.id) from error
        if options.budget_limit is not None:
            found += [fault for fault in [self._over_budget(self.estimate(request), options)] if fault]
        if found:
            raise ValidationError(tuple(found), provider=model.provider, model=model.id)
        return () if target.local else self._encode(target, request, stream=False).warnings

    def ready(
        self, request: ChatRequest, target: Target, options: CallOptions
    ) -> tuple[ChatRequest, tuple[Warning, ...]]:
        """The request as it may be sent: checked, or made to fit, and within the budget."""
        warnings: tuple[Warning, ...] = ()
        if not options.strict:
            request, warnings = fit(request, target.model, clamp=options.clamp)
        if found := faults(request, target.model):
            raise ValidationError(found, provider=target.model.provider, model=target.model.id)
        self.check_budget(request, target, options)
        return request, warnings

    def check_budget(self, request: ChatRequest, target: Target, options: CallOptions) -> None:
        """Raise BudgetExceededError when the call may cost more than it is allowed to."""
        if options.budget_limit is not None:
            self._hold(self._estimates.chat(request, target.model), options, target)

    def _hold(self, estimate: Estimate, options: CallOptions, target: Target) -> None:
        if fault := self._over_budget(estimate, options):
            raise BudgetExceededError(
                fault, provider=target.model.provider, model=target.model.id, param="budget_limit"
            )

    @staticmethod
    def _over_budget(estimate: Estimate, options: CallOptions) -> str | None:
        if estimate.high is None:
            return f"`budget_limit` is {options.budget_limit} but the cost cannot be told: unknown {', '.join(estimate.unknown)}"
        if options.budget_limit is not None and estimate.high > options.budget_limit:
            return (
                f"the call may cost {estimate.high:.6f} {estimate.currency}, more than its `budget_limit` of "
                f"{options.budget_limit}; lower `max_tokens`, shorten the prompt or raise the limit"
            )
        return None

    @staticmethod
    def _encode(target: Target, request: Any, *, stream: bool) -> Encoded:
        return target.wire.encode(request, target.model, stream=stream)

    async def send(self, target: Target, http: HttpRequest, options: CallOptions) -> Called:
        """Send one request through the letter-box and wait for the whole reply."""
        return await self.engine.call(
            target.provider,
            target.credential,
            http,
            base_url=target.base_url,
            model=target.model.id,
            timeouts=timeouts_of(options),
            policy=policy_of(options),
        )

    async def open(self, target: Target, http: HttpRequest, options: CallOptions) -> OpenStream:
        """Send one request and return when the reply has begun."""
        return await self.engine.open(
            target.provider,
            target.credential,
            http,
            base_url=target.base_url,
            model=target.model.id,
            timeouts=timeouts_of(options),
            policy=policy_of(options),
        )

    async def _local_chat(self, request: ChatRequest, target: Target) -> ChatResult:
        joiner = Joiner()
        async for part in self.host.run(
            target.provider, target.engine, target.model, request, options=target.credential
        ):
            joiner.feed(part)
        if joiner.error is not None:
            raise joiner.error.error
        return joiner.result()

    async def _local_embed(self, request: EmbedRequest, target: Target) -> EmbedResult:
        async for result in self.host.run(
            target.provider, target.engine, target.model, request, options=target.credential
        ):
            return result
        message = "the embedded engine gave no result"
        raise ProviderError(message, kind="server")


async def read_parts(
    opened: OpenStream, reader: Reader, target: Target, sent: Sent[ChatRequest]
) -> AsyncIterator[list[Part]]:
    """The parts of an open stream, in the lists in which they arrived; the connection is closed at the end."""
    try:
        async for events in opened:
            batch = [part for event in events for part in reader.feed(event)]
            if batch:
                yield batch
        if opened.whole is not None:
            yield [*split(target.wire.decode(opened.whole, sent))]
        elif last := [*reader.close()]:
            yield last
    except ProviderError as error:
        place(error, target)
        raise
    finally:
        await opened.aclose()


async def one_by_one(parts: AsyncIterator[Part], target: Target) -> AsyncIterator[list[Part]]:
    """The parts of an embedded engine, one to a list; the engine is stopped at the end."""
    try:
        async for part in parts:
            yield [part]
    except ProviderError as error:
        place(error, target)
        raise
    finally:
        close = getattr(parts, "aclose", None)
        if close is not None:
            await close()


def place(error: BaseException, target: Target) -> None:
    """Let an error know where it happened."""
    if isinstance(error, ProviderError):
        error.provider = error.provider or target.model.provider
        error.model = error.model or target.model.id


def timeouts_of(options: CallOptions) -> Timeouts:
    """The deadlines of a call."""
    return _TIMEOUTS if options.timeout is None else msgspec.structs.replace(_TIMEOUTS, total=options.timeout)


def policy_of(options: CallOptions) -> RetryPolicy:
    """How a call is retried: `retries` further attempts after the first."""
    if options.retries is None and not options.retry_unsure:
        return _POLICY
    attempts = _POLICY.attempts if options.retries is None else options.retries + 1
    return RetryPolicy(attempts=attempts, retry_unsure=options.retry_unsure)


def request_id_of(headers: Any) -> str | None:
    """The provider's own name for a request, by which its support can find it."""
    return headers.get("x-request-id") or headers.get("request-id")


_TIMEOUTS = Timeouts()
_POLICY = RetryPolicy()
