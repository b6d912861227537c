"""The one door through which every paid request goes, in and out.

In: is the caller allowed, is there room under the rate limits, can the money be held. Out: price it, settle it, book it,
tell it. Only the door makes a `Run`, and the engine sends nothing that costs without one.
"""

import asyncio
import datetime
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import msgspec

from genmux.contract.model import Model
from genmux.flows.call.bills import in_doubt, may_be_billed, source_of, spent_by
from genmux.flows.call.holding import US_DOLLARS, Holding
from genmux.flows.call.options import CallOptions
from genmux.flows.call.ports import (
    Clock,
    Contents,
    Counter,
    Estimates,
    Ledger,
    Limits,
    Pricer,
    Records,
    Sums,
    Teller,
)
from genmux.flows.call.run import Run
from genmux.flows.call.target import Target
from genmux.services.keys import check_allowed, end_user_of
from genmux.types.calls import CallRequest
from genmux.types.chat import ChatRequest, ChatResult
from genmux.types.content import Text
from genmux.types.embed import EmbedRequest
from genmux.types.errors import BudgetExceededError, ErrorKind, ProviderError, RequestCancelledError
from genmux.types.money import Cost
from genmux.types.principal import Principal
from genmux.types.realtime import RealtimeTurn
from genmux.types.speech import SpeechRequest
from genmux.types.transcription import TranscriptionRequest
from genmux.types.usage import Usage
from genmux.types.usage_record import UsageRecord, UsageStatus

NOTHING = Usage()
ZERO = Decimal(0)
NO_CREDITS: Mapping[str, Decimal] = {}
UNSENT = RequestCancelledError("nothing was sent")
"""How a request ends for its account when it was refused here: that tells nothing about the account."""


class Keepers(msgspec.Struct, kw_only=True):
    """Those who keep something beyond this process: all of them where there is a store, else none."""

    ledger: Ledger | None = None
    limits: Limits | None = None
    records: Records | None = None
    contents: Contents | None = None


class Door:
    """Lets requests in and books them on their way out. `keepers` may be filled later, when a store is opened."""

    def __init__(  # noqa: PLR0913 — each is one who helps
        self,
        *,
        pricer: Pricer,
        estimates: Estimates,
        counter: Counter,
        sums: Sums,
        teller: Teller,
        keepers: Keepers,
        new_id: Callable[[], str],
        clock: Clock,
        now: Callable[[], datetime.datetime],
    ) -> None:
        self._pricer = pricer
        self._counter = counter
        self._sums = sums
        self._teller = teller
        self._keepers = keepers
        self._new_id = new_id
        self._clock = clock
        self._now = now
        self._holding = Holding(estimates, keepers)

    async def prepare(self, model: Model) -> None:
        """Have the model's price at hand, without holding up the event loop."""
        if not self._pricer.is_ready(model):
            await asyncio.to_thread(self._pricer.prepare)

    async def enter(self, request: CallRequest, operation: str, options: CallOptions) -> Run:
        """Let a request in: a place under its caller's rate limits. Raises RateLimitError."""
        keepers = self._keepers
        kept = keepers.ledger is not None or keepers.records is not None
        if kept or options.principal.end_users is not None:
            options = _with_principal(options, request)
        subject = self._new_id() if kept or self._teller.heard else None
        run = Run(operation, options, subject=subject, begun=self._clock())
        limits, principal = keepers.limits, options.principal
        if limits is not None and limits.applies(principal):
            run.entry = await limits.enter(principal, tokens=self._tokens(request))
        return run

    @asynccontextmanager
    async def aside(self, principal: Principal) -> AsyncGenerator[None]:
        """A place under somebody's rate limits for what costs nothing, but is work all the same. Raises RateLimitError."""
        limits = self._keepers.limits
        entry = await limits.enter(principal, tokens=0) if limits is not None and limits.applies(principal) else None
        try:
            yield
        finally:
            if entry is not None:
                entry.leave(0)

    async def admit(self, run: Run, request: CallRequest, target: Target, *, ahead: bool = False) -> None:
        """A request may go to this target: its caller is allowed to, and the money is held.

        One that is admitted `ahead` counts when it begins (`begin`); until then it can be taken back (`release`).

        Raises PermissionDeniedError or BudgetExceededError; what was held for another target before stays held then.
        """
        model, principal = target.model, run.options.principal
        if principal.allow is not None:
            check_allowed(principal, model, run.operation, name=request.model)
        before, run.target = run.target, target
        if not self._pricer.is_ready(model):
            await self.prepare(model)
        if self._keepers.ledger is not None:
            try:
                await self._holding.hold(run, request, model)
            except BudgetExceededError:
                run.target = before or target  # what it may have cost so far was asked of that one
                raise
        if not ahead:
            self.begin(run)

    def begin(self, run: Run) -> None:
        """It is asked now, and counts from here on."""
        if not run.started:
            run.started = True
            if self._teller.heard:
                self._tell("generation.started", run, {})

    def release(self, run: Run) -> None:
        """Nothing came of what was admitted ahead: all is given back, and nothing is counted."""
        run.closed = True
        if run.entry is not None:
            run.entry.leave(0)
        held, run.held = run.held, None
        if held is not None:
            held.release()

    def complete(
        self,
        run: Run,
        usage: Usage,
        *,
        attempts: int,
        service_tier: str | None = None,
        finish: str | None = None,
        request_id: str | None = None,
    ) -> Cost | None:
        """A request was answered. Gives its cost, None when the price is unknown."""
        model, lease = run.reached.model, run.lease
        rates = None if lease is None else lease.account.rates
        run.cost = cost = self._pricer.cost(model, usage, service_tier=service_tier, rates=rates)
        self._end(run, usage, cost, outcome=None)
        self._sums.add(model.provider, model.id, usage, cost)
        if run.subject is not None:
            self._record(run, "completed", usage, cost, attempts=attempts, request_id=request_id)
            if self._teller.heard:
                data = {
                    "usage": dict(usage.meters),
                    "cost": cost and str(cost.amount),
                    "attempts": attempts,
                    "finish": finish,
                }
                self._tell("generation.completed", run, data)
        return cost

    def keep(self, run: Run, request: CallRequest, answer: Callable[[], ChatResult | None]) -> None:
        """Keep what was asked and answered, where the settings say so."""
        contents, row_id = self._keepers.contents, run.kept_as
        if contents is None or row_id is None:
            return
        told = answer()
        said = None if told is None else [told.message, *(one.message for one in told.alternatives)]
        contents.keep(row_id, msgspec.json.encode(request), msgspec.json.encode(said), principal=run.options.principal)

    @property
    def keeps_contents(self) -> bool:
        """Whether what is said is kept."""
        return self._keepers.contents is not None

    def fail(self, run: Run, error: BaseException, *, usage: Usage | None = None) -> None:
        """A request failed or was cancelled; `usage` is what it used all the same, as far as that is known."""
        if not run.started:
            self._refuse(run, error)
            return
        model = run.reached.model
        cost = self._pricer.cost(model, usage) if usage is not None else None
        self._end(run, usage, cost, outcome=error)
        self._sums.fail(model.provider, model.id, usage or NOTHING, cost)
        if run.subject is None:
            return
        if isinstance(error, ProviderError):
            told = {"kind": str(error.kind), "message": error.message, "attempts": error.attempts}
        elif isinstance(error, Exception):
            told = {"kind": str(ErrorKind.UNKNOWN), "message": f"{type(error).__name__}: {error}", "attempts": 1}
        else:
            told = {"kind": str(ErrorKind.CANCELLED)}
        cancelled = told["kind"] == ErrorKind.CANCELLED
        self._record(
            run,
            "cancelled" if cancelled else "failed",
            usage or NOTHING,
            cost,
            attempts=max(run.sendings, 1),
            error=str(told["kind"]),
            request_id=getattr(error, "request_id", None),
        )
        self._tell("generation.cancelled" if cancelled else "generation.failed", run, told)

    def left(self, run: Run, error: ProviderError) -> None:
        """A leg of a request failed; it may go on to another one. What it may have cost is kept."""
        if run.lease is not None:
            run.lease.done(error)
        if not may_be_billed(run, error):
            return
        run.risked += run.most
        if run.held is not None:
            run.held.presume()
            run.held = None

    def beside(self, run: Run, name: str) -> Run:
        """A second run of a request that was let in, beside this one: with an account and a hold of its own."""
        twin = Run(run.operation, run.options, subject=run.subject and f"{run.subject}.{name}", begun=run.begun)
        twin.route, twin.started = run.route, run.started
        twin.risked = run.risked + run.most  # both may be billed
        return twin

    def drop(self, run: Run, error: BaseException) -> bool:
        """Of two runs of one request this one is given up. Tells whether it may be billed: what was held is presumed spent then."""
        run.closed = True
        billed = may_be_billed(run, error)
        if run.lease is not None:
            run.lease.done(error)
        held, run.held = run.held, None
        if held is not None and billed:
            held.presume()
        elif held is not None:
            held.release()
        return billed

    def _refuse(self, run: Run, error: BaseException) -> None:
        """A request goes as it came: nothing was sent."""
        run.closed = True
        if run.entry is not None:
            run.entry.leave(0)
        if run.lease is not None:
            run.lease.done(UNSENT, NO_CREDITS)
        if run.subject is None or run.target is None:
            return
        kind = error.kind if isinstance(error, ProviderError) else ErrorKind.CANCELLED
        self._record(run, "refused", NOTHING, Cost(amount=Decimal(0)), attempts=0, error=str(kind))
        if isinstance(error, BudgetExceededError):
            limit = run.options.budget_limit
            told = {"message": error.message, "limit": None if limit is None else str(limit)}
            self._tell("budget.exceeded", run, told)

    def _end(self, run: Run, usage: Usage | None, cost: Cost | None, *, outcome: BaseException | None) -> None:
        """Close the permit, and give back or settle everything that was taken for the request."""
        run.closed = True
        if run.entry is not None:
            run.entry.leave(None if usage is None else usage.total)
        if run.lease is not None:
            run.lease.done(outcome, (cost.credits or None) if cost is not None else None)
        held = run.held
        if held is None:
            return
        spent = spent_by(run, cost)
        if spent is not None:
            held.settle(spent + in_doubt(run, held) if run.doubts else spent)
        elif outcome is None or may_be_billed(run, outcome):
            held.presume()
        elif run.doubts:
            held.settle(in_doubt(run, held))
        else:
            held.release()

    def _record(  # noqa: PLR0913 — each names one fact of the row
        self,
        run: Run,
        status: UsageStatus,
        usage: Usage,
        cost: Cost | None,
        *,
        attempts: int,
        error: str | None = None,
        request_id: str | None = None,
    ) -> None:
        records, row_id = self._keepers.records, run.kept_as
        if records is None or row_id is None:
            return
        principal, model, ended = run.options.principal, run.reached.model, self._clock()
        records.record(
            UsageRecord(
                id=row_id,
                at=self._now(),
                operation=run.operation,
                provider=model.provider,
                model=model.id,
                status=status,
                tenant=principal.organisation,
                team=principal.team,
                key=principal.key,
                end_user=principal.end_user,
                account=run.account,
                route=run.route,
                tags=principal.tags,
                meters=usage.meters,
                cost=None if cost is None else cost.amount,
                currency=US_DOLLARS if cost is None else cost.currency,
                cost_source=source_of(cost, usage),
                latency=ended - run.begun,
                first_token=None if run.first is None else run.first - run.begun,
                attempts=attempts,
                error=error,
                request_id=request_id,
            )
        )

    def _tokens(self, request: CallRequest) -> int:
        """How many tokens a request may use, for limits on tokens."""
        match request:
            case EmbedRequest(inputs=inputs):
                return sum(len(one) // 4 + 1 if isinstance(one, str) else len(one) for one in inputs)
            case SpeechRequest(text=text):
                return len(text) // 4 + 1
            case TranscriptionRequest() | RealtimeTurn():
                return 0
            case ChatRequest():
                pass
        letters = 0
        for message in request.messages:  # `message.text` would put the whole conversation together, for its length
            for block in message.content:
                if isinstance(block, Text):
                    letters += len(block.text)
        return letters // 4 + 1 + (request.max_tokens or 0) * (request.n or 1)

    def _tell(self, type_: str, run: Run, data: dict[str, Any]) -> None:
        if not self._teller.heard:
            return
        model, principal = None if run.target is None else run.target.model, run.options.principal
        self._teller.publish(
            type_,
            subject=run.subject,
            provider=None if model is None else model.provider,
            model=None if model is None else model.id,
            data={"operation": run.operation, "tags": dict(run.options.tags), "account": run.account, **data},
            tenant=principal.organisation,
            key=principal.key,
        )


def _with_principal(options: CallOptions, request: CallRequest) -> CallOptions:
    """The same with the end user that the request names, and with the tags of the call. Raises InvalidRequestError."""
    asking, end_user, tags = options.principal, end_user_of(request), options.tags
    if not end_user and not tags and asking.end_users is None:
        return options  # nothing is said about whom it is for, as mostly
    principal = asking.asking(end_user, tags)
    return options if principal is options.principal else msgspec.structs.replace(options, principal=principal)
