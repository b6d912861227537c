"""The life of a call."""

import functools
import math
from decimal import Decimal
from typing import Any

import msgspec

from genmux.contract.error_map import request_id_of
from genmux.contract.features import Support
from genmux.contract.http import HttpRequest
from genmux.contract.model import Model
from genmux.contract.operations import operation_of
from genmux.contract.wires import Sent
from genmux.engine.deadlines import Timeouts
from genmux.engine.engine import Called, Engine
from genmux.engine.stream import OpenStream
from genmux.flows.call.door import Door
from genmux.flows.call.holding import REFUSED, US_DOLLARS, times_billed
from genmux.flows.call.hosts import LocalHosts
from genmux.flows.call.journey import Journeys
from genmux.flows.call.legs import Leg, policy_of
from genmux.flows.call.options import DEFAULT_OPTIONS, CallOptions
from genmux.flows.call.ports import Counter, Estimates
from genmux.flows.call.run import NOTHING, Run
from genmux.flows.call.sources import Begun, EngineSource, WireSource, with_first_parts
from genmux.flows.call.stream import PartStream, at_least
from genmux.flows.call.target import Target, Targets, place
from genmux.flows.call.whole import whole_of
from genmux.services.checks import faults, fit, general_faults
from genmux.services.keys import check_allowed
from genmux.types.calls import CallRequest
from genmux.types.chat import ChatRequest, ChatResult
from genmux.types.embed import EmbedRequest, EmbedResult
from genmux.types.errors import (
    AuthenticationError,
    BudgetExceededError,
    ProviderError,
    UnsupportedError,
    ValidationError,
)
from genmux.types.money import Estimate, TokenCount
from genmux.types.usage import TOKENS_INPUT, TOKENS_OUTPUT
from genmux.types.warning import Warning  # noqa: A004 — see genmux.types.warning


class CallFlow:
    """Makes calls: whole, streamed, embeddings, counts and estimates."""

    def __init__(
        self,
        door: Door,
        journeys: Journeys,
        engine: Engine,
        hosts: LocalHosts,
        *,
        estimates: Estimates,
        counter: Counter,
    ) -> None:
        self.door = door
        self.journeys = journeys
        self.engine = engine
        self.hosts = hosts
        self.counter = counter
        self._estimates = estimates

    @property
    def targets(self) -> Targets:
        """Finds where models are."""
        return self.journeys.targets

    async def chat(self, request: ChatRequest, options: CallOptions = DEFAULT_OPTIONS) -> ChatResult:
        """The whole answer. Raises ProviderError."""

        async def go(run: Run, leg: Leg) -> tuple[ChatResult, tuple[Warning, ...]]:
            """Ask there."""
            fitting, warnings = await self._admitted(run, request, leg.target)
            result = await self.ask(fitting, run, leg)
            return self._measured(result, fitting, leg.target), warnings

        run, (result, warnings) = await self.journeys.travel(request, "chat", options, go)
        attempts = run.sendings or 1
        cost = self.door.complete(
            run,
            result.usage,
            attempts=attempts,
            service_tier=result.service_tier or request.service_tier,
            finish=result.finish.unified,
            request_id=result.request_id or result.id,
        )
        if self.door.keeps_contents:
            self.door.keep(run, request, lambda: result)
        return msgspec.structs.replace(
            result,
            provider=run.reached.model.provider,
            cost=cost,
            warnings=run.warnings + warnings + result.warnings,
            attempts=attempts,
            account=run.account,
            route=run.route,
            steps=run.steps,
        )

    async def stream(self, request: ChatRequest, options: CallOptions = DEFAULT_OPTIONS) -> PartStream:
        """The answer in parts; returns when the provider has begun to answer. Raises ProviderError."""

        async def go(run: Run, leg: Leg) -> tuple[Begun, tuple[Warning, ...]]:
            """Ask there."""
            fitting, warnings = await self._admitted(run, request, leg.target)
            if leg.target.local:
                source = self.local(fitting, run, leg)
                return Begun(source=source, parts=await source.read() or ()), warnings
            begun, unfit = await self.begin(fitting, run, leg)
            if run.route is not None:  # until it has begun to answer, another model may
                begun = await with_first_parts(begun)
            return begun, warnings + unfit

        run, (begun, warnings) = await self.journeys.travel(request, "chat", options, go, discard=_close)
        model = run.reached.model
        return PartStream(
            begun,
            run,
            self.door,
            warnings=run.warnings + warnings,
            count_input=lambda: self.counter.count(request, model).tokens,
            keep=lambda answer: self.door.keep(run, request, answer),
        )

    async def embed(self, request: EmbedRequest, options: CallOptions = DEFAULT_OPTIONS) -> EmbedResult:
        """One vector for each input. Raises ProviderError."""

        async def go(run: Run, leg: Leg) -> EmbedResult:
            """Ask there."""
            self.check(run, request, leg.target)
            await self.door.admit(run, request, leg.target)
            return await self.ask(request, run, leg)

        run, result = await self.journeys.travel(request, "embed", options, go)
        attempts = max(run.sendings, 1)
        cost = self.door.complete(run, result.usage, attempts=attempts, request_id=result.request_id)
        self.door.keep(run, request, lambda: None)
        return msgspec.structs.replace(
            result,
            provider=run.reached.model.provider,
            cost=cost,
            warnings=run.warnings + result.warnings,
            attempts=attempts,
            account=run.account,
            route=run.route,
            steps=run.steps,
        )

    async def count_tokens(self, request: ChatRequest, options: CallOptions = DEFAULT_OPTIONS) -> TokenCount:
        """The input tokens of a request: by the model itself where it counts for free and can be reached, else on this machine."""
        model, principal = self.journeys.routes.members(request.model or None, "chat")[0], options.principal
        check_allowed(principal, model, "chat", name=request.model or None)
        async with self.door.aside(principal):
            return await self._count(request, model, options)

    async def _count(self, request: ChatRequest, model: Model, options: CallOptions) -> TokenCount:
        if model.support("count_tokens") is not Support.NATIVE:
            return self.counter.count(request, model)
        try:
            target = self.targets.reach(model, "chat", options)
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
        called = await self.engine.call(
            target.provider,
            target.credential,
            msgspec.structs.replace(http, read_only=True),
            base_url=target.base_url,
            model=target.model.id,
            timeouts=timeouts_within(options.timeout),
            policy=policy_of(options),
        )
        return wire.decode_count(called.reply)

    def estimate(self, request: CallRequest) -> Estimate:
        """What a request may cost; nothing is sent. For a route: of its dearest model."""
        operation = operation_of(request)
        models = self.journeys.routes.members(request.model or None, operation)
        made = [self._estimated(request, model) for model in models]
        return max(made, key=lambda one: math.inf if one.high is None else one.high)

    def _estimated(self, request: CallRequest, model: Model) -> Estimate:
        return self._estimates.call(request, model)

    def validate(self, request: CallRequest, options: CallOptions = DEFAULT_OPTIONS) -> tuple[Warning, ...]:
        """Check everything, send nothing. Raises ValidationError with all faults at once; gives the warnings of a request that fits."""
        operation = operation_of(request)
        try:
            models = self.journeys.routes.members(request.model or None, operation)
        except ProviderError as error:
            general = general_faults(request) if isinstance(request, ChatRequest) else ()
            raise ValidationError((error.message, *general)) from error
        model = next((one for one in models if not faults(request, one)), models[0])
        found = [*faults(request, model)]
        target: Target | None = None
        try:
            target = self.targets.reach(model, operation, options)
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

    def check_budget(self, run: Run, request: CallRequest, target: Target) -> None:
        """Raise BudgetExceededError when the call may cost more than its own limit."""
        limit = run.options.budget_limit
        if limit is None:
            return
        fault, run.most = self._against(limit - run.risked, request, target.model, times=run.times)
        if fault:
            model = target.model
            run.target = run.target or target
            raise BudgetExceededError(
                fault, provider=model.provider, model=model.id, param="budget_limit", status=REFUSED
            )

    async def _admitted(
        self, run: Run, request: ChatRequest, target: Target
    ) -> tuple[ChatRequest, tuple[Warning, ...]]:
        """The request as it may be sent there: checked, or made to fit, and paid for."""
        warnings: tuple[Warning, ...] = ()
        if not run.options.strict:
            request, warnings = fit(request, target.model, clamp=run.options.clamp)
        self.check(run, request, target)
        await self.door.admit(run, request, target)
        return request, warnings

    def check(self, run: Run, request: CallRequest, target: Target) -> None:
        """Raise ValidationError for a request that does not fit its model, BudgetExceededError for one that may cost too much."""
        if found := faults(request, target.model):
            raise ValidationError(found, provider=target.model.provider, model=target.model.id)
        if run.options.budget_limit is not None:
            self.check_budget(run, request, target)

    def _over_budget(self, request: CallRequest, model: Model, options: CallOptions) -> str | None:
        limit = options.budget_limit  # each attempt that may have been accepted may be billed
        return None if limit is None else self._against(limit, request, model, times=times_billed(options))[0]

    def _against(self, limit: Decimal, request: CallRequest, model: Model, *, times: int) -> tuple[str | None, Decimal]:
        """Why a call that may be billed so often does not keep to a limit, None when it does; and the most that it may cost."""
        estimate = self._estimated(request, model)
        if estimate.high is None:
            unknown = "; ".join(estimate.unknown)
            return f"`budget_limit` is {limit} but the cost cannot be told: unknown {unknown}", NOTHING
        if estimate.high and estimate.currency != US_DOLLARS:
            return (
                f"`budget_limit` is {limit} US dollars, but {model.reference} is priced in {estimate.currency}",
                NOTHING,
            )
        most = estimate.high * times
        if most <= limit:
            return None, most
        repeated = f" in {times} attempts" if times > 1 else ""
        return (
            f"the call may cost {most:.6f} {estimate.currency}{repeated}, more than its `budget_limit` of {limit};"
            f" {'lower `max_tokens`, ' if isinstance(request, ChatRequest) else ''}shorten the prompt or raise the limit"
        ), most

    async def send(self, run: Run, leg: Leg, http: HttpRequest) -> Called:
        """Send one request through the letter-box and wait for the whole reply."""
        target = leg.target
        return await self.engine.call(
            target.provider,
            target.credential,
            http,
            base_url=target.base_url,
            model=target.model.id,
            timeouts=timeouts_within(leg.timeout),
            policy=leg.policy,
            permit=run,
        )

    async def open(self, run: Run, leg: Leg, http: HttpRequest) -> OpenStream:
        """Send one request and return when the reply has begun."""
        target = leg.target
        return await self.engine.open(
            target.provider,
            target.credential,
            http,
            base_url=target.base_url,
            model=target.model.id,
            timeouts=timeouts_within(leg.timeout),
            policy=leg.policy,
            permit=run,
        )

    async def ask(self, request: Any, run: Run, leg: Leg) -> Any:
        """The whole answer of one leg; it knows what was not carried."""
        target = leg.target
        if target.local:
            return await self._ask_local(request, run, leg)
        encoded = target.wire.encode(request, target.model, stream=False)
        called = await self.send(run, leg, encoded.http)
        try:
            result = target.wire.decode(called.reply, Sent(request, target.model, encoded.http))
        except ProviderError as error:
            called.explain(error)
            raise
        return msgspec.structs.replace(
            result, request_id=request_id_of(called.reply.headers), warnings=encoded.warnings + result.warnings
        )

    async def begin(self, request: Any, run: Run, leg: Leg) -> tuple[Begun, tuple[Warning, ...]]:
        """Send, and return when the reply has begun; with what could not be carried."""
        target = leg.target
        encoded = target.wire.encode(request, target.model, stream=True)
        opened = await self.open(run, leg, encoded.http)
        try:
            source = WireSource(opened, target, Sent(request, target.model, encoded.http))
        except BaseException:  # a wire's fault must not keep the connection
            await opened.aclose()
            raise
        return Begun(source=source, request_id=request_id_of(opened.headers)), encoded.warnings

    def local(self, request: Any, run: Run, leg: Leg) -> EngineSource:
        """What an embedded engine gives."""
        target = leg.target
        parts = self.hosts.here().run(
            target.provider, target.engine, target.model, request, options=target.credential, permit=run
        )
        return EngineSource(parts, target, timeout=leg.timeout)

    async def _ask_local(self, request: Any, run: Run, leg: Leg) -> Any:
        source = self.local(request, run, leg)
        outputs: list[Any] = []
        try:
            while (batch := await source.read()) is not None:
                outputs += batch
                if isinstance(request, EmbedRequest):
                    break
        finally:
            await source.aclose()
        return whole_of(request, outputs)

    def _measured(self, result: ChatResult, request: ChatRequest, target: Target) -> ChatResult:
        """The same with our own count, marked as such, where the provider did not say what it used."""
        usage = result.usage
        meters = usage.meters
        if usage.reported_cost is not None or TOKENS_INPUT in meters or TOKENS_OUTPUT in meters:
            return result
        written = (
            len(result.text) + len(result.reasoning) + sum(len(one.arguments) for one in result.message.tool_calls)
        )
        counted = at_least(None, written, lambda: self.counter.count(request, target.model).tokens)
        counted = msgspec.structs.replace(counted, meters={**counted.meters, **meters}, raw=usage.raw)
        return msgspec.structs.replace(result, usage=counted)


async def _close(answer: tuple[Begun, tuple[Warning, ...]]) -> None:
    """A streamed answer that came too late."""
    await answer[0].source.aclose()


@functools.lru_cache(64)
def timeouts_within(seconds: float | None) -> Timeouts:
    """The deadlines of a call."""
    return Timeouts() if seconds is None else Timeouts.within(seconds)
