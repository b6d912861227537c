"""The legs of one request: which model and account it goes to first, and where it goes when that fails.

One owner decides how often anything is sent. The attempts of a request are shared by all its legs: while there is another
model or account to go to, the engine sends once, and only the last leg is repeated with patience. N models are never
multiplied by N retries.
"""

import functools

import msgspec

from genmux.contract.model import Model
from genmux.contract.operations import Operation
from genmux.engine.retry import RetryPolicy
from genmux.flows.call.options import CallOptions
from genmux.flows.call.plan import Candidate, Plan
from genmux.flows.call.ports import Accounts, Lease
from genmux.flows.call.run import Run
from genmux.flows.call.target import Target, Targets
from genmux.types.errors import ErrorKind, ProviderError, Retry
from genmux.types.routes import Outcome, Step

_USUAL = RetryPolicy()

ELSEWHERE = frozenset({
    ErrorKind.AUTHENTICATION, ErrorKind.PERMISSION, ErrorKind.RATE_LIMIT, ErrorKind.QUOTA_EXCEEDED,
    ErrorKind.NOT_FOUND, ErrorKind.CONTEXT_OVERFLOW, ErrorKind.UNSUPPORTED, ErrorKind.CONFIGURATION,
    ErrorKind.BUDGET_EXCEEDED,
})  # fmt: skip
"""Refusals that another model may not give; nothing was accepted, so nothing is billed."""


ROTATING = frozenset({ErrorKind.AUTHENTICATION, ErrorKind.QUOTA_EXCEEDED, ErrorKind.RATE_LIMIT})
"""Refusals that another account at the same provider may not give."""


class Leg(msgspec.Struct, frozen=True):
    """One way to go: where to, and how often the engine may try."""

    target: Target
    policy: RetryPolicy


class Legs:
    """The ways of one request, one after another."""

    def __init__(self, plan: Plan, run: Run, operation: Operation, *, targets: Targets, accounts: Accounts) -> None:
        self.plan = plan
        self._run = run
        self._operation: Operation = operation
        self._targets = targets
        self._accounts = accounts
        self._number = -1
        self._used: frozenset[str] = frozenset()
        self._attempts = _attempts(plan, run.options)
        run.route = plan.name
        run.steps = plan.left_out

    @property
    def _candidate(self) -> Candidate:
        return self.plan.candidates[self._number]

    @property
    def is_last(self) -> bool:
        """Whether there is no further model to go to."""
        return self._number + 1 >= len(self.plan.candidates)

    async def first(self) -> Leg:
        """Where the request goes first. Raises ProviderError when it can go nowhere."""
        return await self._next_model(None)

    async def after(self, error: ProviderError) -> Leg | None:
        """Where it goes after a failure, None when it must end there."""
        run, plan = self._run, self.plan
        if run.sendings >= self._attempts and not (self._unsent(error) and not self.is_last):
            return None
        if self._may_rotate(error) and (leg := await self._next_account()) is not None:
            return leg
        if self.is_last or not _falls_back(error, unsure=run.options.retry_unsure or _unsure(plan)):
            return None
        try:
            return await self._next_model(error)
        except ProviderError:
            return None

    def _unsent(self, error: ProviderError) -> bool:
        """Whether nothing was sent because of the error, so that it costs no attempt."""
        return error.kind in {ErrorKind.BUDGET_EXCEEDED, ErrorKind.CONFIGURATION, ErrorKind.AUTHENTICATION}

    def _may_rotate(self, error: ProviderError) -> bool:
        return self._run.lease is not None and error.kind in ROTATING

    async def _next_account(self) -> Leg | None:
        lease = self._run.lease
        if lease is not None:
            self._used |= {lease.account.id}
        try:
            return await self._leg(self._candidate.model)
        except ProviderError:
            return None

    async def _next_model(self, error: ProviderError | None) -> Leg:
        """The next model that has an account. Raises the last reason why there is none."""
        while not self.is_last:
            self._number += 1
            self._used = frozenset()
            try:
                return await self._leg(self._candidate.model)
            except ProviderError as fault:
                error = fault
                self.note("skipped", fault)
        assert error is not None  # noqa: S101 — a plan has at least one candidate
        raise error

    async def _leg(self, model: Model) -> Leg:
        lease = await self._lease(model)
        try:
            target = self._targets.reach(model, self._operation, self._run.options, lease)
        except BaseException as error:
            if lease is not None:
                lease.done(error)
            raise
        self._run.lease = lease
        return Leg(target, self._policy(lease))

    async def _lease(self, model: Model) -> Lease | None:
        """An account to use; None where there is only one credential, or the caller brings its own."""
        options, accounts = self._run.options, self._accounts
        if options.credential is not None or not accounts.several(model.provider):
            return None
        return await accounts.reserve(model.provider, principal=options.principal, excluded=self._used)

    def _policy(self, lease: Lease | None) -> RetryPolicy:
        left = max(1, self._attempts - self._run.sendings)
        attempts = left if self.is_last else 1
        return _policy(attempts, unsure=self._run.options.retry_unsure, rotating=lease is not None and lease.counted)

    def note(self, outcome: Outcome, error: ProviderError | None = None) -> None:
        """Remember how the present leg went, for whoever asks why this model answered."""
        if self.plan.route is None and error is None and not self._run.steps:
            return  # nothing to explain: it went where it was sent
        reason = self._candidate.why if error is None else f"{error.kind}: {error.message}"
        step = Step(
            model=self._candidate.model.reference,
            outcome=outcome,
            account=self._run.account,
            reason=reason,
        )
        self._run.steps = (*self._run.steps, step)


def _attempts(plan: Plan, options: CallOptions) -> int:
    if plan.route is not None and plan.route.attempts is not None:
        return plan.route.attempts
    usual = _USUAL.attempts if options.retries is None else options.retries + 1
    return max(usual, len(plan.candidates))


def _unsure(plan: Plan) -> bool:
    return plan.route is not None and plan.route.retry_unsure


def _falls_back(error: ProviderError, *, unsure: bool) -> bool:
    return error.kind in ELSEWHERE or error.retry is Retry.SAFE or (unsure and error.retry is Retry.UNSURE)


@functools.lru_cache(64)
def _policy(attempts: int, *, unsure: bool, rotating: bool) -> RetryPolicy:
    return RetryPolicy(attempts=attempts, retry_unsure=unsure, elsewhere=ROTATING if rotating else frozenset())


def policy_of(options: CallOptions) -> RetryPolicy:
    """How a request without legs is repeated."""
    attempts = _USUAL.attempts if options.retries is None else options.retries + 1
    return _policy(attempts, unsure=options.retry_unsure, rotating=False)
