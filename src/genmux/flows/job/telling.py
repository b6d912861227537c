"""What is told of a job, in the transaction in which it happens."""

from collections.abc import Mapping
from typing import Any

from genmux.flows.job.ports import Outbox
from genmux.types.assets import Asset
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


def tell(outbox: Outbox, tx: Any, row: JobRow, **data: Any) -> None:
    """Tell the status that a job has now."""
    error, cost = row.details.error, row.details.cost
    told: dict[str, Any] = {"status": str(row.status), "operation": row.operation, "tags": dict(row.request.tags)}
    if error is not None:
        told |= {"kind": str(error.kind), "message": error.message}
    if row.status.ended and cost is not None:
        told["cost"] = str(cost.amount)
    _tell(outbox, tx, row, NAMES[row.status], told | data)


def tell_progress(outbox: Outbox, tx: Any, row: JobRow) -> None:
    """Tell how far a job is."""
    data = {"operation": row.operation, "progress": row.progress, "queue_position": row.queue_position}
    _tell(outbox, tx, row, "generation.progress", data)


def tell_asset(outbox: Outbox, tx: Any, row: JobRow, asset: Asset) -> None:
    """Tell that a file is there."""
    data = {
        "asset": asset.id,
        "media_type": asset.media_type,
        "bytes": asset.bytes,
        "sha256": asset.sha256,
        "role": asset.role,
        "operation": row.operation,
        "tags": dict(row.request.tags),
    }
    _tell(outbox, tx, row, "asset.generated", data)


def _tell(outbox: Outbox, tx: Any, row: JobRow, type_: str, data: Mapping[str, Any]) -> None:
    outbox.tell_in(tx, type_, tenant=row.tenant, subject=row.id, provider=row.provider, model=row.model, data=data)
