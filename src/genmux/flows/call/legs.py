"""The legs of one request: which model and account it goes to first, and where it goes when that fails.

One owner decides how often anything is sent. The attempts of a request are shared by all its legs. Where there is but one
model and one credential, the engine repeats with patience; where there are several, the engine sends once, and what is
repeated is decided here: first another account, where there are attempts to spare for that, then another model, then, after
a wait, the one that is back the soonest. N models are never multiplied by N retries.
"""

import functools
from collections.abc import Awaitable, Callable

import msgspec

from genmux.contract.operations import Operation
from genmux.engine.retry import RetryPolicy
from genmux.flows.call.options import CallOptions
from genmux.flows.call.plan import Candidate, Plan
from genmux.flows.call.ports import Accounts, Clock, Lease, Standing
from genmux.flows.call.run import Run
from genmux.flows.call.target import Target, Targets
from genmux.types.errors import BudgetExceededError, ErrorKind, ProviderError, RequestCancelledError, Retry, StoreError
from genmux.types.routes import Outcome, Step

_USUAL = RetryPolicy()
_NONE: frozenset[str] = frozenset()
_OUTPACED = RequestCancelledError("another model answered first")
_SHORTEST = 0.001
"""Seconds that a leg has at least: what is late fails in the engine, which knows how to tell it."""

ELSEWHERE = frozenset({
    ErrorKind.AUTHENTICATION, ErrorKind.PERMISSION, ErrorKind.RATE_LIMIT, ErrorKind.QUOTA_EXCEEDED,
    ErrorKind.NOT_FOUND, ErrorKind.CONTEXT_OVERFLOW, ErrorKind.UNSUPPORTED, ErrorKind.CONFIGURATION,
    ErrorKind.BUDGET_EXCEEDED,
})  # fmt: skip
"""Refusals that another model may not give; nothing was accepted, so nothing is billed."""

ROTATING = frozenset({ErrorKind.AUTHENTICATION, ErrorKind.QUOTA_EXCEEDED, ErrorKind.RATE_LIMIT})
"""Refusals that another account at the same provider may not give."""


class Leg(msgspec.Struct, frozen=True):
    """One way to go: where to, how often the engine may try, and in how many seconds; `trial` tries whether a model is back."""

    target: Target
    policy: RetryPolicy
    candidate: Candidate
    timeout: float | None = None
    trial: bool = False


class Guides(msgspec.Struct, frozen=True):
    """Who shows the way: finds targets and accounts, knows how models have been doing; time and chance."""

    targets: Targets
    accounts: Accounts
    standing: Standing
    clock: Clock
    sleep: Callable[[float], Awaitable[object]]
    random: Callable[[], float]


class Legs:
    """The ways of one request, one after another. `verdict` is the failure to tell when all of them fail."""

    # How the legs of every request begin: said once for all of them.
    verdict: ProviderError | None = None
    _deferred: frozenset[str] = _NONE
    _used: frozenset[str] = _NONE
    _hopes: dict[str, tuple[Candidate, ProviderError]] | None = None
    _engine_repeats: bool = False
    _asked: bool = False
    _ended: bool = False
    _twins: int = 0
    _before: int = 0

    def __init__(self, plan: Plan, run: Run, operation: Operation, guides: Guides) -> None:
        self.plan = plan
        self.run = run
        self._operation: Operation = operation
        self._guides = guides
        self._queue = [*plan.candidates]
        self._patience = _patience(plan, run.options)
        self._attempts = _attempts(plan, self._patience)
        if plan.route is not None:
            run.route = plan.name
            run.steps = plan.left_out

    @property
    def sent(self) -> bool:
        """Whether anything was sent on the present leg."""
        return self.run.sendings > self._before

    async def first(self) -> Leg:
        """Where the request goes first. Raises ProviderError when it can go nowhere."""
        if self.plan.route is None:  # there is one model, and no need to ask how it has been doing
            candidate = self._queue.pop()
            try:
                return await self._leg(candidate, self.run, trial=False)
            except ProviderError as error:
                self.skip(candidate, error)
        leg = await self._next_model() or await self._again()
        if leg is None:
            assert self.verdict is not None  # noqa: S101 — a plan has at least one candidate, and each had its reason
            raise self.verdict
        return leg

    async def after(self, error: ProviderError, leg: Leg, *, sent: bool) -> Leg | None:
        """Where it goes after a failure, None when it must end there; `sent` says whether anything was sent on that leg."""
        run = self.run
        self.judge(error, leg, sent=sent)
        if self._ended or run.sendings >= self._attempts or self._is_late():
            return None
        spare = run.sendings + len(self._queue) < self._attempts  # not at the cost of models that were not asked yet
        if sent and spare and run.lease is not None and error.kind in ROTATING:
            following = await self._next_account(leg)
            if following is not None:
                return following
        return await self._next_model() or await self._again()

    async def aside(self, seconds: float, beside: Callable[[Run, str], Run]) -> tuple[Run, Leg] | None:
        """A second way beside the present one, which has not answered for so long; None when there is none, or no attempt left.

        `beside` makes a second run of the request.
        """
        run, why = self.run, f"asked as well after {seconds:g} s without an answer"
        for candidate in [*self._queue]:
            if not self.sent or run.sendings >= self._attempts or self._is_late():
                break
            turn = self._guides.standing.begin(candidate.model.reference)
            if turn == "rest":
                continue  # it may be asked when nothing else is left
            self._queue.remove(candidate)
            self._twins += 1
            self._used = _NONE
            twin, trial = beside(run, f"{self._twins}h"), turn == "trial"
            try:
                return twin, await self._leg(Candidate(candidate.model, why), twin, trial=trial)
            except ProviderError as error:
                self.skip(candidate, error, trial=trial)
        return None

    def carry_on(self, run: Run) -> None:
        """Another run goes on with the request: the twin that answered, or that is left."""
        self.run = run

    def note(self, leg: Leg, run: Run, outcome: Outcome, error: ProviderError | None = None) -> None:
        """Remember how a leg went, for whoever asks why this model answered."""
        if self.plan.route is None and error is None and not self.run.steps:
            return  # nothing to explain: it went where it was sent
        candidate = leg.candidate
        reason = candidate.why if error is None else f"{error.kind}: {error.message}"
        step = Step(model=candidate.model.reference, outcome=outcome, account=run.account, reason=reason)
        self.run.steps = (*self.run.steps, step)

    def skip(self, candidate: Candidate, error: ProviderError, *, trial: bool = False) -> None:
        """Remember that a model could not be asked."""
        self._weigh(error, sent=False)
        reference = candidate.model.reference
        self._over(candidate, trial=trial)
        if self.plan.route is not None:
            step = Step(model=reference, outcome="skipped", reason=f"{error.kind}: {error.message}")
            self.run.steps = (*self.run.steps, step)
        if error.kind is ErrorKind.RATE_LIMIT:  # all its accounts pause
            self._note_hope(candidate, error)

    def judge(self, error: ProviderError, leg: Leg, *, sent: bool) -> None:
        """Learn from a leg that failed; `sent` says whether anything was sent on it."""
        self._weigh(error, sent=sent)
        self._ended = self._ended or not self._goes_on(error, sent=sent)
        if sent:
            self._note_hope(leg.candidate, error)

    def outpaced(self, leg: Leg, run: Run, seconds: float) -> None:
        """A leg was given up after so many seconds, because another model answered first."""
        self.note(leg, run, "cancelled", _OUTPACED)
        self._guides.standing.outpaced(leg.candidate.model.reference, seconds)
        self.end_trial(leg)

    def end_trial(self, leg: Leg) -> None:
        """A leg is over, whatever became of it."""
        self._over(leg.candidate, trial=leg.trial)

    def _weigh(self, error: ProviderError, *, sent: bool) -> None:
        """Keep the failure that says most: the one that ended it, or of what was asked last, else of the budget that was in the way."""
        if self._ended:
            return
        if sent or (not self._asked and not isinstance(self.verdict, BudgetExceededError)):
            self.verdict = error
        self._asked = self._asked or sent

    def _goes_on(self, error: ProviderError, *, sent: bool) -> bool:
        if isinstance(error, StoreError):
            return False  # nothing can be booked, wherever it goes
        if not sent:
            return error.kind in ELSEWHERE
        if error.retry is Retry.UNSURE:
            route = self.plan.route
            return self.run.options.retry_unsure or (route is not None and route.retry_unsure)
        return error.kind in ELSEWHERE or error.retry is Retry.SAFE

    def _note_hope(self, candidate: Candidate, error: ProviderError) -> None:
        """Remember a model that may answer when it is asked again; or that it is not one of those."""
        hopes = self._hopes = {} if self._hopes is None else self._hopes
        repeats = error.retry is Retry.SAFE or (error.retry is Retry.UNSURE and self.run.options.retry_unsure)
        hopes.pop(candidate.model.reference, None)
        if repeats and not self._engine_repeats:
            hopes[candidate.model.reference] = (candidate, error)  # behind the others

    async def _next_account(self, leg: Leg) -> Leg | None:
        lease = self.run.lease
        if lease is not None:
            self._used |= {lease.account.id}
        trial = self._tries(leg.candidate)
        try:
            return await self._leg(leg.candidate, self.run, trial=trial)
        except ProviderError:
            self._over(leg.candidate, trial=trial)
            return None

    async def _next_model(self) -> Leg | None:
        """The next model that has an account. Those that rest are asked when there is no other."""
        queue, routed = self._queue, self.plan.route is not None
        while queue:
            candidate = queue.pop(0)
            trial = False
            if routed:
                reference = candidate.model.reference
                turn = self._guides.standing.begin(reference)
                if turn == "rest" and queue and reference not in self._deferred:
                    self._deferred |= {reference}
                    queue.append(candidate)
                    continue
                trial = turn == "trial"
            self._used = _NONE
            try:
                return await self._leg(candidate, self.run, trial=trial)
            except ProviderError as error:
                self.skip(candidate, error, trial=trial)
        return None

    async def _again(self) -> Leg | None:
        """The same request once more, after a wait, to the model that is back the soonest; None when that is too late."""
        run, hopes, sleep = self.run, self._hopes, self._guides.sleep
        failing, rested = run.account, False
        self._used = _NONE
        for _ in range(self._patience if self._patience > 1 else 0):
            if not hopes or run.sendings >= self._patience:
                break
            candidate, error = min(hopes.values(), key=lambda one: one[1].retry_after or 0.0)
            wait, trial = self._wait(error), False
            if wait is None:
                break
            try:
                trial = self._tries(candidate)
                leg = await self._leg(candidate, run, trial=trial)
            except ProviderError as refusal:
                self._over(candidate, trial=trial)
                self._note_hope(candidate, refusal)  # where all accounts pause, it says for how long
                pause = self._wait(refusal)
                if pause is not None and candidate.model.reference in hopes:
                    await sleep(pause)
                    rested = True
                continue
            if not rested and (run.account == failing or error.kind not in ROTATING):
                await sleep(wait)
            return msgspec.structs.replace(leg, timeout=self._left())
        return None

    def _over(self, candidate: Candidate, *, trial: bool) -> None:
        if trial:
            self._guides.standing.over(candidate.model.reference)

    def _tries(self, candidate: Candidate) -> bool:
        return self.plan.route is not None and self._guides.standing.begin(candidate.model.reference) == "trial"

    def _wait(self, error: ProviderError) -> float | None:
        """Seconds until a failed request is repeated: what was told, else longer each time. None when that is too long."""
        told, chance = error.retry_after, self._guides.random()
        wait = told * (1 + chance / 10) if told else _USUAL.backoff(max(self.run.sendings, 1), chance)
        if told is not None and told > _USUAL.longest_wait:
            return None
        left = self._left()
        return wait if left is None or wait < left else None

    async def _leg(self, candidate: Candidate, run: Run, *, trial: bool) -> Leg:
        guides, options, model = self._guides, run.options, candidate.model
        run.lease = lease = None
        try:
            if options.credential is None and guides.accounts.several(model.provider):
                principal, used = options.principal, self._used
                run.lease = lease = await guides.accounts.reserve(model.provider, principal=principal, excluded=used)
            target = guides.targets.reach(model, self._operation, options, lease)
        except BaseException as error:
            if lease is not None:
                lease.done(error)
            if not isinstance(error, ProviderError):  # whoever asked went away: nobody else ends the trial
                self._over(candidate, trial=trial)
            raise
        policy = self._policy(lease)
        run.times = policy.attempts if policy.retry_unsure else 1
        if run is self.run:
            self._before = run.sendings
        return Leg(target, policy, candidate, self._left() if self._asked else options.timeout, trial)

    def _policy(self, lease: Lease | None) -> RetryPolicy:
        """How often the engine sends: with patience where there is nowhere else to go, else once."""
        self._engine_repeats = len(self.plan.candidates) == 1 and (lease is None or not lease.counted)
        attempts = max(1, self._patience - self.run.sendings) if self._engine_repeats else 1
        return _policy(attempts, unsure=self.run.options.retry_unsure)

    def _left(self) -> float | None:
        """Seconds that are left of the request's own time."""
        timeout = self.run.options.timeout
        return None if timeout is None else max(timeout - (self._guides.clock() - self.run.begun), _SHORTEST)

    def _is_late(self) -> bool:
        left = self._left()
        return left is not None and left <= _SHORTEST


def _patience(plan: Plan, options: CallOptions) -> int:
    """Until so many sendings a request may be repeated."""
    if plan.route is not None and plan.route.attempts is not None:
        return plan.route.attempts
    return _USUAL.attempts if options.retries is None else options.retries + 1


def _attempts(plan: Plan, patience: int) -> int:
    """So often a request is sent at most: where the route does not say, each of its models may be asked once."""
    if plan.route is None or plan.route.attempts is not None:
        return patience
    return max(patience, len(plan.candidates))


@functools.lru_cache(64)
def _policy(attempts: int, *, unsure: bool) -> RetryPolicy:
    return RetryPolicy(attempts=attempts, retry_unsure=unsure)


def policy_of(options: CallOptions) -> RetryPolicy:
    """How a request without legs is repeated."""
    retries, unsure = options.retries, options.retry_unsure
    if retries is None:
        return _policy(_USUAL.attempts, unsure=True) if unsure else _USUAL
    return _policy(retries + 1, unsure=unsure)


def only_leg(candidate: Candidate, run: Run, operation: Operation, guides: Guides) -> Leg:
    """The leg to one model with one credential. Raises ProviderError when it cannot be reached."""
    options, policy = run.options, _USUAL
    if options.retries is not None or options.retry_unsure:
        policy = policy_of(options)
        if policy.retry_unsure:
            run.times = policy.attempts
    return Leg(guides.targets.reach(candidate.model, operation, options), policy, candidate, options.timeout)
