"""A job ends: its state, its files, its money, its usage and what is told of it, in one transaction."""

import datetime
from collections.abc import Sequence
from typing import Any

import msgspec

from genmux.flows.call.target import Target
from genmux.flows.job.bench import Bench, Hand
from genmux.flows.job.money import FREE, Bill, bill_for, endings_of
from genmux.flows.job.saving import NOW, save
from genmux.flows.job.telling import tell, tell_asset
from genmux.types.assets_stored import Stored, Whence
from genmux.types.errors import ErrorKind, ProviderError
from genmux.types.jobs import Cancelled, Completed, Ended, Failed, Filtered, JobError, JobStatus
from genmux.types.jobs_stored import JobRow
from genmux.types.ledger import Ended as HoldEnded
from genmux.types.money import micros
from genmux.types.periods import SECOND, from_moment
from genmux.types.usage_record import CostSource, UsageRecord, UsageStatus

USAGE_STATUS: dict[JobStatus, UsageStatus] = {
    JobStatus.COMPLETED: "completed",
    JobStatus.REJECTED: "refused",
    JobStatus.FILTERED: "failed",
    JobStatus.FAILED: "failed",
    JobStatus.CANCELLED: "cancelled",
    JobStatus.EXPIRED: "failed",
}

NOT_MADE: dict[type[Ended], JobStatus] = {
    Filtered: JobStatus.FILTERED,
    Failed: JobStatus.FAILED,
    Cancelled: JobStatus.CANCELLED,
}
"""What becomes of a job for what its provider says of it."""


async def end_with(bench: Bench, hand: Hand, outcome: Ended, stored: Sequence[Stored] = ()) -> None:
    """End a job as its provider said. Raises LostError."""
    bill = _bill(bench, hand, outcome, stored)
    if isinstance(outcome, Completed):
        status, error = JobStatus.COMPLETED, None
    else:
        status, error = NOT_MADE[type(outcome)], _error_of(outcome)
    text, filtered = (outcome.text, outcome.filtered) if isinstance(outcome, Completed) else (None, 0)
    details = msgspec.structs.replace(hand.row.details, text=text, filtered=filtered)
    await _end(bench, hand, status, bill, error=error, details=details, stored=stored, target=hand.target)
    _used(hand, bill)


async def end_uncollected(
    bench: Bench, hand: Hand, outcome: Completed, status: JobStatus, error: JobError | None
) -> None:
    """End a job that was made, and costs what its provider says, although nothing of it is in our storage. Raises LostError."""
    bill = Bill(cost=None) if hand.target is None else _bill(bench, hand, outcome)
    await _end(bench, hand, status, bill, error=error, details=hand.row.details, stored=(), target=hand.target)
    _used(hand, bill)


async def end_unmade(
    bench: Bench, hand: Hand, status: JobStatus, error: JobError | None, *, billed: bool = False
) -> None:
    """End a job that gave nothing: it was never taken, or nobody can ask for it any more. Raises LostError.

    With `billed`, what was held is presumed spent; otherwise it is given back.
    """
    bill = Bill(cost=None if billed else FREE)
    await _end(bench, hand, status, bill, error=error, details=hand.row.details, stored=(), target=hand.target)


def error_of(error: ProviderError, *, raw: str | None = None) -> JobError:
    """An exception as it is kept with a job."""
    return JobError(kind=error.kind, message=error.message, code=error.code, raw=raw)


def _bill(bench: Bench, hand: Hand, outcome: Ended, stored: Sequence[Stored] = ()) -> Bill:
    """What a job did cost."""
    target, account = hand.target, hand.lease.account if hand.lease is not None else None
    assert target is not None  # noqa: S101 — it was submitted and asked for
    lengths = [one.seconds for one in stored if one.seconds is not None]
    return bill_for(
        hand.row,
        outcome,
        target,
        account,
        pricer=bench.pricer,
        estimator=bench.estimator,
        seconds=max(lengths, default=None),
    )


def _used(hand: Hand, bill: Bill) -> None:
    """Tell the account what it gave."""
    if hand.lease is not None:
        hand.lease.done(None, bill.cost.credits if bill.cost is not None and bill.cost.credits else None)


async def _end(  # noqa: PLR0913 — one fact of the end each
    bench: Bench,
    hand: Hand,
    status: JobStatus,
    bill: Bill,
    *,
    error: JobError | None,
    details: Any,
    stored: Sequence[Stored],
    target: Target | None,
) -> None:
    row, cost = hand.row, bill.cost
    details = msgspec.structs.replace(details, error=error, cost=cost, usage=bill.usage, waiting=None)
    values: dict[str, Any] = {
        "status": status,
        "ended_at": NOW,
        "owner": None,
        "details": details,
        "outcome": None,
        "hint": None,
        "progress": 1.0 if status is JobStatus.COMPLETED else row.progress,
        "queue_position": None,
        "cost": None if cost is None else micros(cost.amount),
    }
    ended: list[HoldEnded] = []

    def also(tx: Any, moved: JobRow) -> None:
        ended.clear()
        settle_in(bench, tx, moved, bill, ended)
        assets = bench.files.add_in(tx, stored, _whence(moved, target)) if stored else ()
        for asset in assets:
            tell_asset(bench.outbox, tx, moved, asset)
        tell(bench.outbox, tx, moved, assets)

    await save(bench, hand, values, also=also)
    bench.purse.booked(ended)
    bench.outbox.nudge()


def settle_in(bench: Bench, tx: Any, row: JobRow, bill: Bill, ended: list[HoldEnded]) -> None:
    """End the holds of a job and write its usage row, in a transaction that does more."""
    ended += bench.books.end_in(tx, endings_of(row, bill))
    bench.write_usage(tx, usage_record(row, bill))


def usage_record(row: JobRow, bill: Bill) -> UsageRecord:
    """The usage row of a job that has ended."""
    cost, ended = bill.cost, row.ended_at or row.updated_at
    source: CostSource = "unknown" if cost is None else cost.source
    return UsageRecord(
        id=row.id,
        at=from_moment(ended).astimezone(datetime.UTC),
        operation=row.operation,
        provider=row.provider,
        model=row.model,
        status=USAGE_STATUS[row.status],
        tenant=row.tenant,
        team=row.team,
        key=row.key,
        end_user=row.end_user,
        account=row.details.account_name,
        tags=row.request.tags,
        meters={} if bill.usage is None else bill.usage.meters,
        cost=None if cost is None else cost.amount,
        currency="USD" if cost is None else cost.currency,
        cost_source=source,
        latency=(ended - row.created_at) / SECOND,
        attempts=row.attempts,
        error=None if row.details.error is None else str(row.details.error.kind),
    )


def _whence(row: JobRow, target: Target | None) -> Whence:
    cost = row.details.cost
    return Whence(
        tenant=row.tenant,
        job=row.id,
        provider=row.provider,
        model=row.model,
        operation=row.operation,
        request_hash=row.request_hash,
        team=row.team,
        key=row.key,
        parents=row.details.parents,
        cost=None if cost is None else cost.amount,
        simulated=target is not None and target.model.spec.simulated,
    )


def _error_of(outcome: Ended) -> JobError | None:
    match outcome:
        case Filtered(reason=reason, raw=raw):
            words = reason or "the provider's content policy kept it back"
            return JobError(kind=ErrorKind.CONTENT_FILTERED, message=words, raw=raw)
        case Failed(message=message, kind=kind, code=code, raw=raw):
            return JobError(kind=kind, message=message or "the provider failed and said no more", code=code, raw=raw)
        case _:
            return None
