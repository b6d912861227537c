"""How long rows are kept, and what removes them afterwards: in small pieces, so that others are never kept waiting."""

import datetime
from collections.abc import Mapping

import msgspec

from genmux.store.database import Database, Tx
from genmux.types.errors import InvalidRequestError

PIECE = 1_000
"""So many rows are removed in one transaction."""

MICROSECONDS = 1_000_000
DAY = 86_400 * MICROSECONDS


class Retention(msgspec.Struct, frozen=True, kw_only=True):
    """Rows of `table` go `days` days after the moment in `column` (microseconds since 1970).

    `whole_days`: only rows of days (UTC) that have passed entirely go, since sums by day are kept beside them.
    """

    table: str
    column: str
    days: int
    whole_days: bool = False


RETENTION: dict[str, Retention] = {
    "usage": Retention(table="usage_records", column="at", days=400, whole_days=True),
    "content": Retention(table="usage_contents", column="expires_at", days=0),
    "jobs": Retention(table="jobs", column="ended_at", days=400),
    "assets": Retention(table="assets", column="expires_at", days=0),
    "audit": Retention(table="audit_log", column="at", days=730),
    "events": Retention(table="events", column="at", days=30),
    "deliveries": Retention(table="webhook_deliveries", column="created", days=30),
    "listeners": Retention(table="event_listeners", column="until", days=0),
    "hooks": Retention(table="hooks_seen", column="at", days=2),
}
"""What goes by itself, by the name under which `prune` takes another number of days. All other rows stay."""


async def prune(database: Database, now: datetime.datetime, keep: Mapping[str, int] | None = None) -> dict[str, int]:
    """Remove what has been kept for long enough; gives how many rows went, by name.

    `keep` has other numbers of days than the usual ones. May be broken off and called again at any time. Raises
    InvalidRequestError for a name that is not in `RETENTION` and for a negative number, StoreError.
    """
    wanted = {name: one.days for name, one in RETENTION.items()} | dict(keep or {})
    for name, days in wanted.items():
        if name not in RETENTION:
            raise InvalidRequestError(f"nothing is kept as {name!r}; there are {', '.join(RETENTION)}", param="keep")
        if days < 0:
            raise InvalidRequestError(f"{name} cannot be kept for {days} days; give 0 or more", param="keep")
    gone: dict[str, int] = {}
    for name, days in wanted.items():
        one = RETENTION[name]
        before = int((now - datetime.timedelta(days=days)).timestamp() * MICROSECONDS)
        gone[name] = await _remove(database, one, before // DAY * DAY if one.whole_days else before)
    return gone


async def _remove(database: Database, one: Retention, before: int) -> int:
    """Remove the rows of one table that are older than a moment."""
    from sqlalchemy import delete, select, tuple_

    from genmux.store.metadata import all_tables

    table = all_tables().tables[one.table]
    moment, keys = table.c[one.column], table.primary_key.columns
    old = select(*keys).where(moment < before).limit(PIECE)
    statement = delete(table).where(tuple_(*keys).in_(old))

    def piece(tx: Tx) -> int:
        return tx.core.execute(statement).rowcount

    gone = 0
    while (count := await database.write(piece)) > 0:
        gone += count
    return gone
