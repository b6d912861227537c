"""What can be done with jobs: submit, look, wait, cancel, try again, resolve. Everything is seen by its own tenant only."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from genmux.contract.jobs import PartialOutput
from genmux.flows.job.bench import Bench
from genmux.flows.job.dispatch import Dispatcher
from genmux.flows.job.ending import settle_in
from genmux.flows.job.intake import Intake
from genmux.flows.job.money import FREE, Bill
from genmux.flows.job.options import USUAL, JobOptions
from genmux.flows.job.recovering import requeued
from genmux.flows.job.resolving import check_told
from genmux.flows.job.telling import tell
from genmux.flows.job.waiting import Waiters
from genmux.store.jobs.moves import NOW
from genmux.store.jobs.reading import Cursor
from genmux.store.jobs.rows import written
from genmux.types.errors import ErrorKind, InvalidRequestError, NotFoundError, ProviderError
from genmux.types.generation import GenerationRequest
from genmux.types.jobs import Job, JobError, JobFilter, JobState, JobStatus, Resolution, Ticket
from genmux.types.jobs_stored import JobRow, shown
from genmux.types.ledger import BudgetRefusedError
from genmux.types.ledger import Ended as HoldEnded
from genmux.types.money import Cost, micros
from genmux.types.principal import Principal

MOST_AT_ONCE = 1_000
"""So many jobs may be submitted together."""

CONFLICT = 409

BEAT = 15.0
"""Seconds of silence after which whoever watches a job hears that it still goes on."""

LOOK = 1.0
"""Seconds between two looks at a job that somebody watches, although nothing was told of it."""


class Jobs:
    """The jobs of all tenants; each method says for whom it looks. Raises ProviderError and StoreError."""

    def __init__(self, bench: Bench, dispatcher: Dispatcher | None, waiters: Waiters) -> None:
        self._bench = bench
        self._dispatcher = dispatcher
        self._waiters = waiters
        self._intake = Intake(bench)

    # ---------------------------------------------------------------- submitting
    async def submit(self, request: GenerationRequest, principal: Principal, options: JobOptions = USUAL) -> Job:
        """Keep a job, which is then done whatever happens. The same `idempotency_key` gives the job that is there.

        Raises ValidationError that names everything that does not fit the model, BudgetExceededError, and
        InvalidRequestError (HTTP 409) for a key that was used for another request.
        """
        incoming = await self._intake.incoming(request, principal, options)

        async def attempt() -> tuple[JobRow, bool]:
            """Keep it, with the money for it."""
            return await self._bench.rows.take_in(incoming)

        try:
            row, fresh = await attempt()
        except BudgetRefusedError as error:
            row, fresh = await self._bench.purse.insist(attempt, error)
        if fresh:
            self._bench.outbox.nudge()
            self._nudge()
        return await self._shown(row)

    async def submit_many(
        self,
        requests: Sequence[GenerationRequest],
        principal: Principal,
        options: JobOptions | Sequence[JobOptions] = USUAL,
    ) -> list[Job | ProviderError]:
        """Keep several jobs, in their order; what is wrong with one is told in its place and leaves the others alone.

        `options` are those of all, or of each.
        """
        if len(requests) > MOST_AT_ONCE:
            message = f"{len(requests)} jobs were submitted together; {MOST_AT_ONCE} are the most"
            raise InvalidRequestError(message, param="requests")
        each = [options] * len(requests) if isinstance(options, JobOptions) else options
        batch = f"batch_{self._bench.new_id()}"

        async def one(request: GenerationRequest, options: JobOptions) -> Job | ProviderError:
            """One of them."""
            try:
                return await self.submit(
                    request, principal, msgspec.structs.replace(options, batch=options.batch or batch)
                )
            except ProviderError as error:
                return error

        return list(await asyncio.gather(*map(one, requests, each)))

    async def retry(self, job: str, principal: Principal) -> Job:
        """Submit a job that did not end well again, as a new job. Raises InvalidRequestError for one that is not over."""
        row = await self._row(job, principal)
        if not row.status.ended or row.status is JobStatus.COMPLETED:
            message = f"the job {job} is {row.status}; only one that ended without a result can be tried again"
            raise InvalidRequestError(message, param="id", status=CONFLICT)
        request = msgspec.structs.replace(row.request, idempotency_key=None)
        options = JobOptions(priority=-row.rank, batch=row.batch, retry_of=row.id, end_user=row.end_user)
        return await self.submit(request, principal, options)

    # ---------------------------------------------------------------- looking
    async def get(self, job: str, principal: Principal) -> Job:
        """One job with its assets. Raises NotFoundError."""
        return await self._shown(await self._row(job, principal))

    async def wait(self, job: str, principal: Principal, seconds: float | None = None) -> Job:
        """The job once it has ended, waits for a decision, or after so many seconds."""
        row = await self._row(job, principal)
        if not _rests(row):
            self._nudge()
            row = await self._until(row, seconds)
        return await self._shown(row)

    async def watch(self, job: str, principal: Principal) -> AsyncGenerator[Job]:
        """The job as it is now, and each time that something changed, until it has ended or waits for a decision."""
        row = await self._row(job, principal)
        self._nudge()
        told: Job | None = None
        while True:
            seen = await self._shown(row)
            if told is None or seen != told:
                yield seen
                told = seen
            if _rests(row):
                return
            with self._waiters.waiting(row.id) as woken:
                await woken(LOOK)
            row = await self._row(job, principal)

    async def unfinished(self, job: str, principal: Principal) -> AsyncGenerator[PartialOutput | None]:
        """The unfinished pictures of a job as they come, until it has ended or waits for a decision; None in every long silence.

        There are some where its provider shows them, the request asked for them (`partial_images`), and this process makes
        the job; they are not kept.
        """
        loop = asyncio.get_running_loop()
        with self._waiters.looking(job) as shown:
            self._nudge()
            told = loop.time()
            while True:
                with self._waiters.waiting(job) as woken:
                    row = await self._row(job, principal)
                    while shown:
                        yield shown.popleft()
                        told = loop.time()
                    if _rests(row):
                        return
                    if loop.time() - told >= BEAT:
                        yield None
                        told = loop.time()
                    await woken(min(LOOK, BEAT))

    async def _until(self, row: JobRow, seconds: float | None) -> JobRow:
        loop = asyncio.get_running_loop()
        end = None if seconds is None else loop.time() + seconds
        while True:
            with self._waiters.waiting(row.id) as woken:
                row = await self._bench.rows.find(row.id) or row
                left = LOOK if end is None else end - loop.time()
                if _rests(row) or left <= 0:
                    return row
                await woken(min(left, LOOK))

    # ---------------------------------------------------------------- deciding
    async def cancel(self, job: str, principal: Principal, *, grace: float | None = None) -> Job:
        """Ask for a job to be cancelled; what became of it is told by its status.

        One that has not begun ends at once. For others it is the provider who decides, after `grace` seconds. Raises
        InvalidRequestError for one that has ended, or whose outcome somebody must resolve.
        """
        bench = self._bench
        grace = bench.settings.grace if grace is None else grace
        while True:
            row = await self._row(job, principal)
            if row.status.ended or row.status is JobStatus.OUTCOME_UNKNOWN:
                way = "resolve it" if row.status is JobStatus.OUTCOME_UNKNOWN else "there is nothing left to cancel"
                raise InvalidRequestError(f"the job {job} is {row.status}; {way}", param="id", status=CONFLICT)
            if row.status is JobStatus.QUEUED:
                ended = await self._end_idle(row, JobStatus.CANCELLED, None, Bill(cost=FREE))
                if ended is not None:
                    return await self._shown(ended)
                continue
            asked = await bench.rows.ask_to_cancel(row, grace)
            if asked is not None:
                if self._dispatcher is not None:
                    self._dispatcher.signal(job, cancel_at=asked.cancel_at)
                return await self._shown(asked)

    async def resolve(
        self,
        job: str,
        principal: Principal,
        resolution: Resolution,
        *,
        ticket: Ticket | None = None,
        cost: Decimal | None = None,
    ) -> Job:
        """Decide what became of a job of which nobody knows whether its provider took it.

        `adopt` goes on with the provider's `ticket`; `billed` ends it as lost, with its `cost` in US dollars or with what was
        held; `not_billed` ends it as never taken; `resubmit` sends it again, which may be billed twice, although it was to
        be cancelled before. Raises InvalidRequestError when there is nothing to decide, or what was told does not belong to
        the decision.
        """
        check_told(resolution, ticket, cost)
        row = await self._row(job, principal)
        if row.status is not JobStatus.OUTCOME_UNKNOWN:
            message = f"the job {job} is {row.status}; only one with an unknown outcome is resolved"
            raise InvalidRequestError(message, param="id", status=CONFLICT)
        error = JobError(kind=ErrorKind.UNKNOWN, message=f"its outcome was unknown, and resolved as {resolution!r}")
        match resolution:
            case "adopt":
                assert ticket is not None  # noqa: S101 — checked above
                await self._check_ticket(row, ticket)
                values: dict[str, Any] = {"status": JobStatus.RUNNING, "ticket": ticket, "next_at": 0}
                changed = await self._change_idle(row, values, resolution)
            case "resubmit":
                details = msgspec.structs.replace(row.details, key=f"{row.id}-{row.attempts}", looked=0, error=None)
                values = requeued(self._bench, row) | {"details": details, "cancel_at": None}
                changed = await self._change_idle(row, values, resolution)
            case "billed":
                bill = Bill(cost=None if cost is None else Cost(amount=cost, source="reported"))
                changed = await self._end_idle(row, JobStatus.FAILED, error, bill)
            case "not_billed":
                changed = await self._end_idle(row, JobStatus.REJECTED, error, Bill(cost=FREE))
        if changed is None:
            raise InvalidRequestError(f"the job {job} was resolved by somebody else", param="id", status=CONFLICT)
        self._nudge()
        return await self._shown(changed)

    async def hide(self, job: str, principal: Principal) -> Job:
        """Do not show an ended job any more where it is told as a video; its record stays. Raises InvalidRequestError."""
        row = await self._row(job, principal)
        details = msgspec.structs.replace(row.details, hidden=True)
        changed: JobRow | None = None
        if row.status.ended:
            changed = await self._bench.rows.change_idle(
                job, row.status, lambda _row: {"details": details}, lambda _tx, _row: None
            )
        if changed is None:
            message = f"the job {job} is {row.status}; it can be deleted once it has ended"
            raise InvalidRequestError(message, param="id", status=CONFLICT)
        return await self._shown(changed)

    async def expire(self) -> int:
        """End jobs that could not begin for too long; gives how many."""
        count = 0
        for row in await self._bench.rows.overdue():
            message = row.details.waiting or "there was no turn for it"
            error = JobError(kind=ErrorKind.TIMEOUT, message=f"it could not begin in time: {message}")
            ended = await self._end_idle(row, JobStatus.EXPIRED, error, Bill(cost=FREE))
            count += ended is not None
        return count

    async def pause(self, provider: str, reason: str = "") -> None:
        """Submit nothing more to a provider; what is under way goes on."""
        await self._bench.rows.pause(provider, reason)

    async def resume(self, provider: str) -> bool:
        """Submit to a provider again; False when it was not paused."""
        resumed = await self._bench.rows.resume(provider)
        self._nudge()
        return resumed

    async def pauses(self) -> list[tuple[str, int, str]]:
        """The providers that pause, since when (microseconds since 1970), and why."""
        return await self._bench.rows.pauses()

    # ---------------------------------------------------------------- webhooks
    async def hint(self, row: JobRow, state: JobState) -> bool:
        """A webhook said something of a job; False when it has ended."""
        kept = await self._bench.rows.hint(row, state)
        if kept and self._dispatcher is not None:
            self._dispatcher.signal(row.id, hint=state)
        return kept

    async def list(
        self,
        principal: Principal,
        wanted: JobFilter,
        *,
        after: Cursor | None = None,
        limit: int = 50,
        oldest_first: bool = False,
    ) -> list[Job]:
        """Jobs, the newest first unless `oldest_first`; a page after a cursor."""
        tenant = principal.organisation
        rows = await self._bench.rows.page(tenant, wanted, after=after, limit=limit, oldest_first=oldest_first)
        done = [row.id for row in rows if row.status is JobStatus.COMPLETED]
        made = await self._bench.rows.made(tenant, done) if done else {}
        return [msgspec.structs.replace(shown(row), assets=made.get(row.id, ())) for row in rows]

    async def found(self, row: JobRow, ticket: Ticket) -> bool:
        """A webhook told that the provider has a job of which nobody knew whether it was taken; False when that is known by now.

        One that is still being submitted is adopted by whoever has it, or takes it over, should no answer come.
        """
        if row.status is JobStatus.SUBMITTING:
            if await self._bench.rows.note_ticket(row.id, ticket):
                return True
            row = await self._bench.rows.find(row.id) or row
        if row.status is not JobStatus.OUTCOME_UNKNOWN:
            return False
        values: dict[str, Any] = {"status": JobStatus.RUNNING, "ticket": ticket, "next_at": 0}
        changed = await self._change_idle(row, values, "webhook")
        self._nudge()
        return changed is not None

    # ---------------------------------------------------------------- inside
    async def _row(self, job: str, principal: Principal) -> JobRow:
        row = await self._bench.rows.find(job)
        if row is None or row.tenant != principal.organisation:
            raise NotFoundError(f"there is no job {job!r}", param="id", status=404)
        return row

    async def _shown(self, row: JobRow) -> Job:
        seen = shown(row)
        if row.status is not JobStatus.COMPLETED:
            return seen
        made = await self._bench.rows.made(row.tenant, [row.id])
        return msgspec.structs.replace(seen, assets=made.get(row.id, ()))

    async def _check_ticket(self, row: JobRow, ticket: Ticket) -> None:
        """Raise InvalidRequestError for the ticket of another job, whose result and bill are not this one's."""
        if await self._bench.rows.had_tickets(row.provider, [str(written({"ticket": ticket})["ticket"])]):
            message = f"`ticket` belongs to another job; look at {row.provider} for the one that became of {row.id}"
            raise InvalidRequestError(message, param="ticket", status=CONFLICT)

    async def _change_idle(self, row: JobRow, values: dict[str, Any], resolution: str) -> JobRow | None:
        details = values.pop("details", row.details)
        details = msgspec.structs.replace(details, resolution=resolution)
        outbox = self._bench.outbox
        return await self._bench.rows.change_idle(
            row.id,
            row.status,
            lambda _row: values | {"details": details},
            lambda tx, changed: tell(outbox, tx, changed),
        )

    async def _end_idle(self, row: JobRow, status: JobStatus, error: JobError | None, bill: Bill) -> JobRow | None:
        """End a job that nobody works on; None when somebody does by now."""
        bench = self._bench
        ended: list[HoldEnded] = []

        def values(now: JobRow) -> dict[str, Any]:
            details = msgspec.structs.replace(now.details, error=error, cost=bill.cost, waiting=None)
            cost = None if bill.cost is None else micros(bill.cost.amount)
            return {"status": status, "ended_at": NOW, "hint": None, "details": details, "cost": cost}

        def also(tx: Any, changed: JobRow) -> None:
            ended.clear()
            settle_in(bench, tx, changed, bill, ended)
            tell(bench.outbox, tx, changed)

        changed = await bench.rows.change_idle(row.id, row.status, values, also)
        if changed is not None:
            bench.purse.booked(ended)
            bench.outbox.nudge()
            self._waiters.wake(row.id)
        return changed

    def _nudge(self) -> None:
        if self._dispatcher is not None:
            self._dispatcher.nudge()


def _rests(row: JobRow) -> bool:
    return row.status.ended or row.status is JobStatus.OUTCOME_UNKNOWN
