"""What is told of a job, in the transaction in which it happens."""

from collections.abc import Sequence
from typing import Any

import msgspec

from genmux.flows.job.ports import Outbox
from genmux.types.assets import Asset
from genmux.types.event_kinds import (
    AssetGenerated,
    GenerationCompleted,
    GenerationData,
    GenerationFailed,
    GenerationFiltered,
    OutcomeUnknown,
    Progressed,
    Queued,
    Started,
)
from genmux.types.jobs import JobStatus
from genmux.types.jobs_stored import JobRow

NAMES: dict[JobStatus, str] = {
    JobStatus.QUEUED: "generation.queued",
    JobStatus.RUNNING: "generation.started",
    JobStatus.OUTCOME_UNKNOWN: "generation.outcome_unknown",
    JobStatus.COMPLETED: "generation.completed",
    JobStatus.REJECTED: "generation.rejected",
    JobStatus.FILTERED: "generation.filtered",
    JobStatus.FAILED: "generation.failed",
    JobStatus.CANCELLED: "generation.cancelled",
    JobStatus.EXPIRED: "generation.expired",
}
"""The event of each status that is told."""


def tell(outbox: Outbox, tx: Any, row: JobRow, assets: Sequence[Asset] = ()) -> None:
    """Tell the status that a job has now; `assets` are what it made."""
    details, shared, error = row.details, _shared(row), row.details.error
    cost = None if details.cost is None else str(details.cost.amount)
    data: GenerationData
    match row.status:
        case JobStatus.QUEUED:
            high = None if details.estimate is None else details.estimate.high
            data = Queued(**shared, estimate=None if high is None else str(high))
        case JobStatus.RUNNING:
            data = Started(**shared, attempts=row.attempts)
        case JobStatus.OUTCOME_UNKNOWN:
            data = OutcomeUnknown(**shared, policy=details.policy)
        case JobStatus.COMPLETED:
            data = GenerationCompleted(
                **shared,
                cost=cost,
                attempts=row.attempts,
                usage={} if details.usage is None else dict(details.usage.meters),
                assets=[one.id for one in assets],
                filtered=details.filtered,
            )
        case JobStatus.FILTERED:
            message, raw = ("", None) if error is None else (error.message, error.raw)
            data = GenerationFiltered(**shared, cost=cost, attempts=row.attempts, message=message, raw=raw)
        case _:
            data = GenerationFailed(**shared, cost=cost, attempts=row.attempts)
            if error is not None:
                data.kind, data.message, data.code, data.raw = error.kind, error.message, error.code, error.raw
    _tell(outbox, tx, row, NAMES[row.status], data)


def tell_progress(outbox: Outbox, tx: Any, row: JobRow) -> None:
    """Tell how far a job is."""
    data = Progressed(**_shared(row), progress=row.progress, queue_position=row.queue_position)
    _tell(outbox, tx, row, "generation.progress", data)


def tell_asset(outbox: Outbox, tx: Any, row: JobRow, asset: Asset) -> None:
    """Tell that a file is there."""
    data = AssetGenerated(
        **_shared(row),
        asset=asset.id,
        media_type=asset.media_type,
        bytes=asset.bytes,
        sha256=asset.sha256,
        role=asset.role,
        width=asset.width,
        height=asset.height,
        seconds=asset.seconds,
    )
    _tell(outbox, tx, row, "asset.generated", data)


def _shared(row: JobRow) -> dict[str, Any]:
    """What is told of a job whatever happens to it."""
    return {
        "operation": row.operation,
        "tags": dict(row.request.tags),
        "status": str(row.status),
        "account": row.details.account_name,
        "batch": row.batch,
        "retry_of": row.retry_of,
    }


def _tell(outbox: Outbox, tx: Any, row: JobRow, type_: str, data: GenerationData) -> None:
    outbox.tell_in(
        tx,
        type_,
        tenant=row.tenant,
        subject=row.id,
        provider=row.provider,
        model=row.model,
        key=row.key,
        data=msgspec.to_builtins(data),
    )
