"""Jobs: what a provider says of one (`JobState`), and our own durable record of it (`Job`)."""

import datetime
from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal

import msgspec

from genmux.types.assets import Asset, Output
from genmux.types.errors import ErrorKind
from genmux.types.generation import GenerationRequest
from genmux.types.money import Cost, Estimate
from genmux.types.usage import Usage
from genmux.types.warning import Warning  # noqa: A004 — see genmux.types.warning

Ticket = dict[str, Any]
"""The provider's handle on a job: whatever its wire needs to ask for it again. Opaque, and JSON."""


# ---------------------------------------------------------------- the provider's view
class Pending(msgspec.Struct, frozen=True, kw_only=True, tag="pending", omit_defaults=True):
    """Accepted and not begun. `queue_position` counts from 0; `raw` is the provider's own word."""

    queue_position: int | None = None
    raw: str | None = None


class Processing(msgspec.Struct, frozen=True, kw_only=True, tag="processing", omit_defaults=True):
    """Being made. `progress` is a part of 1."""

    progress: float | None = None
    raw: str | None = None


class Completed(msgspec.Struct, frozen=True, kw_only=True, tag="completed", omit_defaults=True):
    """Made. `filtered` counts outputs that the provider's content policy kept back; `text` is what it said beside them."""

    outputs: tuple[Output, ...] = ()
    usage: Usage = Usage()
    filtered: int = 0
    text: str | None = None
    raw: str | None = None


class Filtered(msgspec.Struct, frozen=True, kw_only=True, tag="filtered", omit_defaults=True):
    """The provider's content policy kept everything back; `reason` is in its words. `usage` is what it billed, if it said."""

    reason: str = ""
    usage: Usage | None = None
    raw: str | None = None


class Failed(msgspec.Struct, frozen=True, kw_only=True, tag="failed", omit_defaults=True):
    """It failed. `code` is the provider's own; `usage` is what it billed all the same, if it said."""

    message: str = ""
    kind: ErrorKind = ErrorKind.SERVER
    code: str | None = None
    usage: Usage | None = None
    raw: str | None = None


class Cancelled(msgspec.Struct, frozen=True, kw_only=True, tag="cancelled", omit_defaults=True):
    """It was cancelled. `usage` is what it billed all the same, if it said."""

    usage: Usage | None = None
    raw: str | None = None


JobState = Pending | Processing | Completed | Filtered | Failed | Cancelled
"""What a provider says of a job."""

Ended = Completed | Filtered | Failed | Cancelled
"""The states after which nothing more comes."""


class Accepted(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A provider took a job: with this `ticket` it is asked for. `state` is what it said of it at once."""

    ticket: Ticket
    state: Pending | Processing = Pending()


# ---------------------------------------------------------------- our own record
class JobStatus(StrEnum):
    """Where our record of a job stands."""

    QUEUED = "queued"
    SUBMITTING = "submitting"
    RUNNING = "running"
    DOWNLOADING = "downloading"
    OUTCOME_UNKNOWN = "outcome_unknown"
    COMPLETED = "completed"
    REJECTED = "rejected"
    FILTERED = "filtered"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self in ENDED


ENDED = frozenset({
    JobStatus.COMPLETED, JobStatus.REJECTED, JobStatus.FILTERED, JobStatus.FAILED, JobStatus.CANCELLED,
    JobStatus.EXPIRED,
})  # fmt: skip
"""After these nothing more happens."""

HOLDING = frozenset({JobStatus.SUBMITTING, JobStatus.RUNNING, JobStatus.DOWNLOADING, JobStatus.OUTCOME_UNKNOWN})
"""In these a job has one of its account's slots."""

UnknownPolicy = Literal["hold", "assume_billed", "resubmit"]
"""What becomes of a job of which nobody knows whether the provider took it."""

Resolution = Literal["adopt", "billed", "not_billed", "resubmit"]
"""How a person resolves such a job: with the provider's ticket, as billed and lost, as never taken, or by sending it again."""


class JobError(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why a job did not end well. `raw` is the provider's own status, `code` its own error code."""

    kind: ErrorKind
    message: str
    code: str | None = None
    raw: str | None = None


class Job(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Our durable record of one generation. Times are in UTC; `cost` is what it did cost once that is known.

    `tenant` is the organisation that it belongs to, `retry_of` the job that this one tries again, `batch` what was submitted
    together. `progress` is a part of 1 and `queue_position` counts from 0, where the provider tells them. `account` is the
    name of the account that it was submitted with, and `fence` counts how often it changed hands. `waiting` says why a queued
    job does not begin. `resolvable` says that somebody must decide (see `Resolution`). `hidden` says that it was deleted where
    it was told as a video.
    """

    id: str
    tenant: str
    status: JobStatus
    request: GenerationRequest
    provider: str
    model: str
    created_at: datetime.datetime
    updated_at: datetime.datetime
    submitted_at: datetime.datetime | None = None
    started_at: datetime.datetime | None = None
    ended_at: datetime.datetime | None = None
    expires_at: datetime.datetime | None = None
    team: str | None = None
    key: str | None = None
    end_user: str | None = None
    priority: int = 0
    attempts: int = 0
    fence: int = 0
    account: str | None = None
    progress: float | None = None
    queue_position: int | None = None
    cancel_requested: bool = False
    estimate: Estimate | None = None
    cost: Cost | None = None
    usage: Usage | None = None
    assets: tuple[Asset, ...] = ()
    filtered: int = 0
    text: str | None = None
    warnings: tuple[Warning, ...] = ()
    error: JobError | None = None
    retry_of: str | None = None
    batch: str | None = None
    ticket: Mapping[str, Any] | None = None
    waiting: str | None = None
    hidden: bool = False

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.status.ended

    @property
    def resolvable(self) -> bool:
        """Whether somebody must decide what became of it."""
        return self.status is JobStatus.OUTCOME_UNKNOWN


class JobFilter(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which jobs are listed: all that fit everything that is said; of several `operations` any."""

    status: tuple[JobStatus, ...] = ()
    operations: tuple[str, ...] = ()
    provider: str | None = None
    model: str | None = None
    operation: str | None = None
    key: str | None = None
    team: str | None = None
    end_user: str | None = None
    batch: str | None = None
    tags: Mapping[str, str] = msgspec.field(default_factory=dict)
    since: datetime.datetime | None = None
    before: datetime.datetime | None = None


class GenerationResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of a generation. `success` says that there is something to see; `attempts` how often it was sent."""

    state: JobStatus
    provider: str
    model: str
    assets: tuple[Asset, ...] = ()
    cost: Cost | None = None
    usage: Usage | None = None
    warnings: tuple[Warning, ...] = ()
    account: str | None = None
    attempts: int = 0
    error: JobError | None = None
    text: str | None = None
    job: str | None = None

    @property
    def success(self) -> bool:
        """Whether it was made."""
        return self.state is JobStatus.COMPLETED

    @property
    def amount(self) -> Decimal | None:
        """The cost alone, None where it is not known."""
        return None if self.cost is None else self.cost.amount
