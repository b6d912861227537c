"""A job comes in: its row, what is held for it, and what is told of it, in one transaction."""

from collections.abc import Callable
from typing import Any

import msgspec

from genmux.store.database import Tx
from genmux.store.jobs.rows import COLUMNS, NAMES, read_row, row_values
from genmux.store.statement import Statement
from genmux.types.errors import InvalidRequestError
from genmux.types.jobs_stored import JobRow
from genmux.types.ledger import HoldAsk

CONFLICT = 409
"""The HTTP status of a key that means another job."""

_MOMENTS = ("created_at", "updated_at")

_INSERT = Statement(
    f"INSERT INTO jobs ({NAMES}) VALUES ("  # noqa: S608 — our own names
    + ", ".join(":now" if name in _MOMENTS else f":{name}" for name in COLUMNS)
    + ") ON CONFLICT (tenant, idempotency_key) DO NOTHING"
)
_SAME = Statement(f"SELECT {NAMES} FROM jobs WHERE tenant = :tenant AND idempotency_key = :idempotency_key")  # noqa: S608
_BY_ID = Statement(f"SELECT {NAMES} FROM jobs WHERE id = :id")  # noqa: S608 — our own names

HoldIn = Callable[[Tx, HoldAsk], None]


class Incoming(msgspec.Struct, frozen=True):
    """A job on its way in: its row, what is to be held, and what is told of it once it is there."""

    row: JobRow
    ask: HoldAsk | None
    tell: Callable[[Any], None]


def take_in(tx: Tx, incoming: Incoming, hold_in: HoldIn, *, now: int) -> tuple[JobRow, bool]:
    """Insert a job, and say whether it is new. The same key with the same request is the job that is there.

    Raises BudgetRefusedError, and InvalidRequestError (HTTP 409) for a key that was used for another request.
    """
    row = incoming.row
    values = {**row_values(row), "now": now}
    if not _INSERT.count(tx, values):
        found = _SAME.one(tx, {"tenant": row.tenant, "idempotency_key": row.idempotency_key})
        if found is None:
            raise InvalidRequestError(f"there is a job {row.id!r} already", param="id", status=CONFLICT)
        return _same(read_row(found), row), False
    if incoming.ask is not None:
        hold_in(tx, incoming.ask)
    incoming.tell(tx)
    fresh = _BY_ID.one(tx, {"id": row.id})
    assert fresh is not None  # noqa: S101 — inserted above
    return read_row(fresh), True


def _same(found: JobRow, asked: JobRow) -> JobRow:
    if found.request_hash == asked.request_hash:
        return found
    message = (
        f"the idempotency key {asked.idempotency_key!r} was used for another request (job {found.id}); "
        "use a new key for a new request"
    )
    raise InvalidRequestError(message, param="idempotency_key", status=CONFLICT)
