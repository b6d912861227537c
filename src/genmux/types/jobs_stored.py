"""A job as it is kept: its columns, and what stands in `details`."""

from decimal import Decimal

import msgspec

from genmux.types.generation import GenerationRequest
from genmux.types.jobs import Ended, Job, JobError, JobState, JobStatus, Ticket
from genmux.types.money import Cost, Estimate
from genmux.types.periods import from_moment
from genmux.types.principal import Principal
from genmux.types.usage import Usage
from genmux.types.warning import Warning  # noqa: A004 — see genmux.types.warning

ACCOUNT_PART = "@account"
"""Ends the ledger's subject of what is held in the budgets of a job's account, beside those of its caller."""


class Details(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is kept of a job and never asked for by itself.

    `account_held` says that something is held in the budgets of its account, beside those of its caller. `key` is what the
    provider knows it by, `looked` how often it was looked for there. `waiting` says why a job does not go on. `simulated`
    says that no model makes it, `hidden` that it is not shown as a video
    any more.
    """

    estimate: Estimate | None = None
    account_held: bool = False
    account_name: str | None = None
    key: str | None = None
    looked: int = 0
    warnings: tuple[Warning, ...] = ()
    error: JobError | None = None
    usage: Usage | None = None
    cost: Cost | None = None
    text: str | None = None
    filtered: int = 0
    parents: tuple[str, ...] = ()
    waiting: str | None = None
    simulated: bool = False
    callback: str | None = None
    policy: str = "hold"
    resolution: str | None = None
    hidden: bool = False


class JobRow(msgspec.Struct, kw_only=True):
    """One row. Moments are microseconds since 1970, `cost` is in micro-units. `rank` is its priority, negative: the smallest is next.

    From `cancel_at` on it is to be cancelled, where it is under way by then.
    """

    id: str
    tenant: str
    status: JobStatus
    operation: str
    provider: str
    model: str
    request: GenerationRequest
    request_hash: str
    callback_token: str
    created_at: int
    updated_at: int
    next_at: int
    details: Details
    rank: int = 0
    fence: int = 0
    attempts: int = 0
    team: str | None = None
    key: str | None = None
    end_user: str | None = None
    account: str | None = None
    idempotency_key: str | None = None
    batch: str | None = None
    retry_of: str | None = None
    intent_at: int | None = None
    submitted_at: int | None = None
    started_at: int | None = None
    ended_at: int | None = None
    expires_at: int | None = None
    cancel_at: int | None = None
    owner: str | None = None
    progress: float | None = None
    queue_position: int | None = None
    ticket: Ticket | None = None
    outcome: Ended | None = None
    hint: JobState | None = None
    cost: int | None = None

    @property
    def principal(self) -> Principal:
        """For whom it is done."""
        return Principal(
            organisation=self.tenant,
            team=self.team,
            key=self.key,
            end_user=self.end_user,
            tags=self.request.tags,
        )

    @property
    def key_sent(self) -> str:
        """By which the provider knows it."""
        return self.details.key or self.id


def shown(row: JobRow) -> Job:
    """A job as its owner sees it, without its assets."""
    details = row.details
    moment = from_moment
    cost = details.cost
    if cost is None and row.cost is not None:
        cost = Cost(amount=Decimal(row.cost) / 1_000_000)
    return Job(
        id=row.id,
        tenant=row.tenant,
        status=row.status,
        request=row.request,
        provider=row.provider,
        model=row.model,
        created_at=moment(row.created_at),
        updated_at=moment(row.updated_at),
        submitted_at=None if row.submitted_at is None else moment(row.submitted_at),
        started_at=None if row.started_at is None else moment(row.started_at),
        ended_at=None if row.ended_at is None else moment(row.ended_at),
        expires_at=None if row.expires_at is None else moment(row.expires_at),
        team=row.team,
        key=row.key,
        end_user=row.end_user,
        priority=-row.rank,
        attempts=row.attempts,
        fence=row.fence,
        account=details.account_name,
        progress=row.progress,
        queue_position=row.queue_position,
        cancel_requested=row.cancel_at is not None and not row.status.ended,
        estimate=details.estimate,
        cost=cost,
        usage=details.usage,
        filtered=details.filtered,
        text=details.text,
        warnings=details.warnings,
        error=details.error,
        retry_of=row.retry_of,
        batch=row.batch,
        ticket=row.ticket,
        waiting=details.waiting,
        hidden=details.hidden,
    )
