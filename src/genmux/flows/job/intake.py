"""From a request to a row: what is allowed, what fits, what it may cost, and what is to be held for it."""

import hashlib
from typing import Any

import msgspec

from genmux.contract.model import Model
from genmux.contract.operations import Operation
from genmux.flows.call.holding import REFUSED
from genmux.flows.job.bench import Bench
from genmux.flows.job.holding import ask_for
from genmux.flows.job.options import JobOptions
from genmux.flows.job.reaching import operation_named
from genmux.flows.job.telling import tell
from genmux.services.checks import checked
from genmux.services.keys import check_allowed
from genmux.store.jobs.intake import Incoming
from genmux.types.errors import BudgetExceededError, UnsupportedError, ValidationError
from genmux.types.generation import GenerationRequest
from genmux.types.jobs import JobStatus
from genmux.types.jobs_stored import Details, JobRow
from genmux.types.money import Estimate
from genmux.types.periods import SECOND
from genmux.types.principal import Principal

LONGEST_KEY = 255
"""In characters."""

PRIORITIES = range(-100, 101)

_canonical = msgspec.json.Encoder(order="deterministic").encode


class Intake:
    """Takes requests in."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    async def incoming(self, request: GenerationRequest, principal: Principal, options: JobOptions) -> Incoming:
        """The row of a job and what belongs to it, not kept yet. Raises ProviderError that says everything that is wrong."""
        bench = self._bench
        _check(request, options)
        principal = principal.asking(options.end_user, request.tags)
        operation = operation_named(request.operation)
        model = bench.targets.model(request.model or None, operation)
        check_allowed(principal, model, request.operation, name=request.model)
        self._check_wire(model, operation)
        asked = request_hash(request)
        request = checked(request, model)
        taken = await bench.files.take(
            request.inputs, model=model, operation=request.operation, principal=principal, paths=options.paths
        )
        request = msgspec.structs.replace(request, inputs=taken.inputs, model=model.reference, tags=principal.tags)
        estimate = self._estimate(request, model)
        check_limit(request, model, estimate)
        row = self._row(request, model, principal, options, asked)
        ask, warnings = await ask_for(bench.purse, row.id, bench.purse.budgets_for(principal), model, estimate)
        row.details = Details(
            estimate=estimate,
            parents=taken.parents,
            warnings=warnings,
            simulated=model.spec.simulated,
            callback=self._callback(model, row.callback_token),
        )
        outbox = bench.outbox
        return Incoming(row, ask, lambda tx: tell(outbox, tx, row))

    def _estimate(self, request: GenerationRequest, model: Model) -> Estimate:
        """What it may cost on the provider's usual plan; `credits` are what an account must have, whatever they cost it."""
        bench = self._bench
        counted = bench.estimator.generation(request, model)
        if not counted.credits:
            return counted
        rates = bench.targets.manifest(model.provider).credit_rates
        return msgspec.structs.replace(bench.estimator.generation(request, model, rates=rates), credits=counted.credits)

    def _row(
        self, request: GenerationRequest, model: Model, principal: Principal, options: JobOptions, asked: str
    ) -> JobRow:
        bench = self._bench
        now = bench.rows.moment()
        return JobRow(
            id=f"job_{bench.new_id()}",
            tenant=principal.organisation,
            team=principal.team,
            key=principal.key,
            end_user=principal.end_user,
            status=JobStatus.QUEUED,
            rank=-options.priority,
            operation=request.operation,
            provider=model.provider,
            model=model.id,
            request=request,
            request_hash=asked,
            idempotency_key=request.idempotency_key,
            batch=options.batch,
            retry_of=options.retry_of,
            callback_token=bench.new_secret(),
            created_at=now,
            updated_at=now,
            next_at=0,
            expires_at=now + int(bench.settings.queue_seconds * SECOND),
            details=Details(),
        )

    def _check_wire(self, model: Model, operation: Operation) -> None:
        """Raise UnsupportedError for what is no job: a chat."""
        wire: Any = self._bench.targets.wire(model, operation)
        if not hasattr(wire, "submit") and not hasattr(wire, "load"):
            message = f"{operation} of {model.reference} is a call, not a job; use the endpoint or method for it"
            raise UnsupportedError(message, provider=model.provider, model=model.id, param="operation")

    def _callback(self, model: Model, token: str) -> str | None:
        traits = self._bench.targets.manifest(model.provider).jobs
        return self._bench.callback(model.provider, token) if traits.webhook == "job" else None


def request_hash(request: GenerationRequest) -> str:
    """By which the same request is known: SHA-256 of everything that changes what is made or what it may cost."""
    plain = msgspec.structs.replace(request, idempotency_key=None)
    return hashlib.sha256(_canonical(plain)).hexdigest()


def check_limit(request: GenerationRequest, model: Model, estimate: Estimate) -> None:
    """Raise BudgetExceededError when a job may cost more than its request allows."""
    limit = request.budget_limit
    if limit is None:
        return
    fault: str | None = None
    if estimate.high is None:
        told = "; ".join(estimate.unknown) or "its price is not known"
        fault = f"`budget_limit` is {limit} but the cost cannot be told: unknown {told}"
    elif estimate.currency != "USD" and estimate.high:
        fault = f"`budget_limit` is {limit} US dollars, but {model.reference} is priced in {estimate.currency}"
    elif estimate.high > limit:
        fault = f"the job may cost {estimate.high:.6f} USD, more than its `budget_limit` of {limit}; raise that, or ask for less"
    if fault is not None:
        raise BudgetExceededError(fault, provider=model.provider, model=model.id, param="budget_limit", status=REFUSED)


def _check(request: GenerationRequest, options: JobOptions) -> None:
    faults: list[str] = []
    key = request.idempotency_key
    if key is not None and not 0 < len(key) <= LONGEST_KEY:
        faults.append(f"`idempotency_key` has {len(key)} characters; it must have 1 to {LONGEST_KEY}")
    if options.priority not in PRIORITIES:
        faults.append(f"`priority` is {options.priority}; it must be {PRIORITIES[0]} to {PRIORITIES[-1]}")
    if any("\0" in text for text in (request.prompt, key or "", *request.tags, *request.tags.values())):
        faults.append("there is a NUL in a text; leave it out")
    if request.budget_limit is not None and (not request.budget_limit.is_finite() or request.budget_limit < 0):
        faults.append(f"`budget_limit` is {request.budget_limit}; it must be 0 or more US dollars")
    if faults:
        raise ValidationError(tuple(faults))
