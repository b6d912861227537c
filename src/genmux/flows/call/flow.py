"""The life of a call."""

import functools
from typing import Any, Protocol

import msgspec

from genmux.contract.error_map import request_id_of
from genmux.contract.features import Support
from genmux.contract.http import HttpRequest
from genmux.contract.model import Model
from genmux.contract.wires import Sent
from genmux.engine.deadlines import Timeouts
from genmux.engine.engine import Called, Engine
from genmux.engine.retry import RetryPolicy
from genmux.engine.stream import OpenStream
from genmux.flows.call.hosts import LocalHosts
from genmux.flows.call.options import DEFAULT_OPTIONS, CallOptions
from genmux.flows.call.settle import Settler
from genmux.flows.call.sources import Begun, EngineSource, WireSource
from genmux.flows.call.stream import PartStream
from genmux.flows.call.target import Target, Targets, place
from genmux.services.checks import faults, fit, general_faults
from genmux.types.chat import ChatRequest, ChatResult
from genmux.types.embed import EmbedRequest, EmbedResult
from genmux.types.errors import (
    AuthenticationError,
    BudgetExceededError,
    ProviderError,
    UnsupportedError,
    ValidationError,
)
from genmux.types.join import join
from genmux.types.money import Estimate, TokenCount
from genmux.types.warning import Warning  # noqa: A004 — see genmux.types.warning

US_DOLLARS = "USD"


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
        hosts: LocalHosts,
        settler: Settler,
        estimates: Estimates,
        counter: Counter,
    ) -> None:
        self.targets = targets
        self.engine = engine
        self.hosts = hosts
        self.settler = settler
        self.counter = counter
        self._estimates = estimates

    async def chat(self, request: ChatRequest, options: CallOptions = DEFAULT_OPTIONS) -> ChatResult:
        """The whole answer. Raises ProviderError."""
        target = self.targets.find(request.model, "chat", options)
        await self.settler.prepare(target.model)
        request, warnings = self.ready(request, target, options)
        run = self.settler.begin(target, "chat", options)
        try:
            result = await (
                self._local_chat(request, target, options) if target.local else self._call(request, target, options)
            )
        except BaseException as error:
            place(error, target)
            self.settler.fail(run, error)
            raise
        cost = self.settler.complete(
            run,
            result.usage,
            attempts=result.attempts,
            service_tier=result.service_tier or request.service_tier,
            finish=result.finish.unified,
        )
        return msgspec.structs.replace(
            result, provider=target.model.provider, cost=cost, warnings=warnings + result.warnings
        )

    async def stream(self, request: ChatRequest, options: CallOptions = DEFAULT_OPTIONS) -> PartStream:
        """The answer in parts; returns when the provider has begun to answer. Raises ProviderError."""
        target = self.targets.find(request.model, "chat", options)
        await self.settler.prepare(target.model)
        request, warnings = self.ready(request, target, options)
        run = self.settler.begin(target, "chat", options)
        try:
            begun, unfit = await (
                self._begin_local(request, target, options) if target.local else self._begin(request, target, options)
            )
        except BaseException as error:
            place(error, target)
            self.settler.fail(run, error)
            raise
        return PartStream(
            begun,
            run,
            self.settler,
            warnings=warnings + unfit,
            count_input=lambda: self.counter.count(request, target.model).tokens,
        )

    async def embed(self, request: EmbedRequest, options: CallOptions = DEFAULT_OPTIONS) -> EmbedResult:
        """One vector for each input. Raises ProviderError."""
        target = self.targets.find(request.model, "embed", options)
        await self.settler.prepare(target.model)
        self._check(request, target, options)
        run = self.settler.begin(target, "embed", options)
        try:
            result = await (
                self._local_embed(request, target, options) if target.local else self._call(request, target, options)
            )
        except BaseException as error:
            place(error, target)
            self.settler.fail(run, error)
            raise
        cost = self.settler.complete(run, result.usage, attempts=result.attempts)
        return msgspec.structs.replace(result, provider=target.model.provider, cost=cost)

    async def count_tokens(self, request: ChatRequest, options: CallOptions = DEFAULT_OPTIONS) -> TokenCount:
        """The input tokens of a request: by the model itself where it counts for free and can be reached, else on this machine."""
        model = self.targets.model(request.model, "chat")
        if model.support("count_tokens") is not Support.NATIVE:
            return self.counter.count(request, model)
        try:
            target = self.targets.find(request.model, "chat", options)
        except AuthenticationError:  # no key, so it cannot be asked
            return self.counter.count(request, model)
        try:
            return await self._counted(request, target, options)
        except UnsupportedError:
            return self.counter.count(request, model)
        except ProviderError as error:
            place(error, target)
            raise

    async def _counted(self, request: ChatRequest, target: Target, options: CallOptions) -> TokenCount:
        wire = target.wire
        if target.local:
            return await self.hosts.here().count(
                target.provider, target.engine, target.model, request, options=target.credential
            )
        if not hasattr(wire, "encode_count"):
            return self.counter.count(request, target.model)
        http: HttpRequest = wire.encode_count(request, target.model).http
        called = await self.send(target, msgspec.structs.replace(http, read_only=True), options)
        return wire.decode_count(called.reply)

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
        try:
            model = self.targets.model(request.model, operation)
        except ProviderError as error:
            general = () if isinstance(request, EmbedRequest) else general_faults(request)
            raise ValidationError((error.message, *general)) from error
        found = [*faults(request, model)]
        target: Target | None = None
        try:
            target = self.targets.find(request.model, operation, options)
        except ProviderError as error:
            found.append(error.message)
        if fault := self._over_budget(request, model, options):
            found.append(fault)
        warnings: tuple[Warning, ...] = ()
        if target is not None and not target.local and not found:
            try:
                warnings = target.wire.encode(request, target.model, stream=False).warnings
            except ProviderError as error:
                found.append(error.message)
        if found:
            raise ValidationError(tuple(found), provider=model.provider, model=model.id)
        return warnings

    def ready(
        self, request: ChatRequest, target: Target, options: CallOptions
    ) -> tuple[ChatRequest, tuple[Warning, ...]]:
        """The request as it may be sent: checked, or made to fit, and within the budget."""
        warnings: tuple[Warning, ...] = ()
        if not options.strict:
            request, warnings = fit(request, target.model, clamp=options.clamp)
        self._check(request, target, options)
        return request, warnings

    def check_budget(self, request: ChatRequest | EmbedRequest, target: Target, options: CallOptions) -> None:
        """Raise BudgetExceededError when the call may cost more than it is allowed to."""
        if fault := self._over_budget(request, target.model, options):
            model = target.model
            error = BudgetExceededError(fault, provider=model.provider, model=model.id, param="budget_limit")
            self.settler.refuse(target, "embed" if isinstance(request, EmbedRequest) else "chat", options, error)
            raise error

    def _check(self, request: ChatRequest | EmbedRequest, target: Target, options: CallOptions) -> None:
        if found := faults(request, target.model):
            raise ValidationError(found, provider=target.model.provider, model=target.model.id)
        self.check_budget(request, target, options)

    def _over_budget(self, request: ChatRequest | EmbedRequest, model: Model, options: CallOptions) -> str | None:
        limit = options.budget_limit
        if limit is None:
            return None
        embeds = isinstance(request, EmbedRequest)
        estimate = self._estimates.embed(request, model) if embeds else self._estimates.chat(request, model)
        if estimate.high is None:
            return f"`budget_limit` is {limit} but the cost cannot be told: unknown {'; '.join(estimate.unknown)}"
        if estimate.high and estimate.currency != US_DOLLARS:
            return f"`budget_limit` is {limit} US dollars, but {model.reference} is priced in {estimate.currency}"
        times = policy_of(options).attempts if options.retry_unsure else 1
        most = estimate.high * times  # each attempt that may have been accepted may be billed
        if most > limit:
            repeated = f" in {times} attempts" if times > 1 else ""
            return (
                f"the call may cost {most:.6f} {estimate.currency}{repeated}, more than its `budget_limit` of {limit};"
                f" {'lower `max_tokens`, ' if not embeds else ''}shorten the prompt or raise the limit"
            )
        return None

    async def send(self, target: Target, http: HttpRequest, options: CallOptions) -> Called:
        """Send one request through the letter-box and wait for the whole reply."""
        return await self.engine.call(
            target.provider,
            target.credential,
            http,
            base_url=target.base_url,
            model=target.model.id,
            timeouts=timeouts_within(options.timeout),
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
            timeouts=timeouts_within(options.timeout),
            policy=policy_of(options),
        )

    async def _call(self, request: Any, target: Target, options: CallOptions) -> Any:
        """Encode, send, decode; the result knows what was not carried and how often it was sent."""
        encoded = target.wire.encode(request, target.model, stream=False)
        called = await self.send(target, encoded.http, options)
        try:
            result = target.wire.decode(called.reply, Sent(request, target.model, encoded.http))
        except ProviderError as error:
            called.explain(error)
            raise
        return msgspec.structs.replace(
            result,
            attempts=called.attempts,
            request_id=request_id_of(called.reply.headers),
            warnings=encoded.warnings + result.warnings,
        )

    async def _begin(
        self, request: ChatRequest, target: Target, options: CallOptions
    ) -> tuple[Begun, tuple[Warning, ...]]:
        """Send, and return when the reply has begun; with what could not be carried."""
        encoded = target.wire.encode(request, target.model, stream=True)
        opened = await self.open(target, encoded.http, options)
        try:
            source = WireSource(opened, target, Sent(request, target.model, encoded.http))
        except BaseException:  # a wire's fault must not keep the connection
            await opened.aclose()
            raise
        begun = Begun(source=source, attempts=opened.attempts, request_id=request_id_of(opened.headers))
        return begun, encoded.warnings

    async def _begin_local(
        self, request: ChatRequest, target: Target, options: CallOptions
    ) -> tuple[Begun, tuple[Warning, ...]]:
        """Ask an embedded engine, and return when it has given the first part."""
        source = self._local(request, target, options)
        return Begun(source=source, parts=await source.read() or ()), ()

    def _local(self, request: ChatRequest | EmbedRequest, target: Target, options: CallOptions) -> EngineSource:
        run = self.hosts.here().run(target.provider, target.engine, target.model, request, options=target.credential)
        return EngineSource(run, target, timeout=options.timeout)

    async def _local_chat(self, request: ChatRequest, target: Target, options: CallOptions) -> ChatResult:
        source = self._local(request, target, options)
        parts: list[Any] = []
        while (batch := await source.read()) is not None:
            parts += batch
        return join(parts)

    async def _local_embed(self, request: EmbedRequest, target: Target, options: CallOptions) -> EmbedResult:
        source = self._local(request, target, options)
        try:
            for result in await source.read() or ():
                return result
        finally:
            await source.aclose()
        message = "the embedded engine gave no result"
        raise ProviderError(message, kind="server")


@functools.lru_cache(64)
def timeouts_within(seconds: float | None) -> Timeouts:
    """The deadlines of a call."""
    return Timeouts() if seconds is None else Timeouts.within(seconds)


def policy_of(options: CallOptions) -> RetryPolicy:
    """How a call is retried: `retries` further attempts after the first."""
    if options.retries is None and not options.retry_unsure:
        return _POLICY
    attempts = _POLICY.attempts if options.retries is None else options.retries + 1
    return RetryPolicy(attempts=attempts, retry_unsure=options.retry_unsure)


_POLICY = RetryPolicy()
