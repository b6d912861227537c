"""A job goes on: every change says whose the job is and which hands it is in, and one that is not changes nothing."""

from functools import cache
from typing import Any, Final

from genmux.store.database import Tx
from genmux.store.jobs.rows import NAMES, read_row, written
from genmux.store.statement import Statement
from genmux.types.jobs_stored import JobRow


class _Now:
    """In place of a value: the database's clock."""


NOW: Final = _Now()
"""In place of a value: the database's clock."""


def move(tx: Tx, row: JobRow, values: dict[str, Any], *, now: int, unless_cancelled: bool = False) -> JobRow | None:
    """Change a job of which `row` says who has it; gives it as it is now. None when it is somebody else's.

    With `unless_cancelled` also when it is to be cancelled. `row` itself is left as it is.
    """
    clocked = tuple(name for name, value in values.items() if value is NOW)
    plain = written({name: value for name, value in values.items() if value is not NOW})
    statement = _update(tuple(plain), clocked, unless_cancelled)
    found = statement.one(tx, {**plain, "id": row.id, "owner_": row.owner, "fence_": row.fence, "now": now})
    return None if found is None else read_row(found)


@cache
def _update(names: tuple[str, ...], clocked: tuple[str, ...], unless_cancelled: bool) -> Statement:
    changes = [f"{name} = :{name}" for name in names] + [f"{name} = :now" for name in clocked]
    where = "id = :id AND owner = :owner_ AND fence = :fence_" + (" AND cancel_at IS NULL" if unless_cancelled else "")
    return Statement(f"UPDATE jobs SET {', '.join(changes)}, updated_at = :now WHERE {where} RETURNING {NAMES}")  # noqa: S608
