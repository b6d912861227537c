"""What people decide: a job is to be cancelled, what became of one is settled, a provider pauses."""

from typing import Any

from genmux.store.database import Tx
from genmux.store.jobs.moves import NOW
from genmux.store.jobs.rows import NAMES, read_row, written
from genmux.store.statement import Statement
from genmux.types.jobs import Ended, JobState, Ticket
from genmux.types.jobs_stored import JobRow

_ENDED = "('completed', 'rejected', 'filtered', 'failed', 'cancelled', 'expired')"

_ASK = Statement(
    "UPDATE jobs SET cancel_at = CASE WHEN cancel_at < :now + :grace THEN cancel_at ELSE :now + :grace END,"  # noqa: S608
    f" updated_at = :now WHERE id = :id AND fence = :fence AND status NOT IN {_ENDED} RETURNING {NAMES}"
)
_TAKE = Statement(
    f"SELECT {NAMES} FROM jobs WHERE id = :id AND status = :status AND owner IS NULL FOR UPDATE"  # noqa: S608
)
_HINT = Statement(
    f"UPDATE jobs SET hint = :hint WHERE id = :id AND status NOT IN {_ENDED}"  # noqa: S608 — our own names
)
_LOOK = Statement(
    f"UPDATE jobs SET hint = COALESCE(hint, :hint) WHERE id = :id AND status NOT IN {_ENDED}"  # noqa: S608 — our own names
)
_NOTE = Statement(
    "UPDATE jobs SET ticket = :ticket"
    " WHERE id = :id AND status = 'submitting' AND intent_at IS NOT NULL AND ticket IS NULL"
)
_PAUSE = Statement(
    "INSERT INTO job_pauses (provider, since, reason) VALUES (:provider, :now, :reason)"
    " ON CONFLICT (provider) DO UPDATE SET reason = :reason"
)
_RESUME = Statement("DELETE FROM job_pauses WHERE provider = :provider")
_PAUSES = Statement("SELECT provider, since, reason FROM job_pauses ORDER BY provider")


def ask_to_cancel(tx: Tx, row: JobRow, *, grace: int, now: int) -> JobRow | None:
    """Note that a job is to be cancelled after so many microseconds, or earlier where that was asked for before.

    None when it has changed hands or ended in the meantime. What its owner keeps of it in `details` is left alone.
    """
    found = _ASK.one(tx, {"id": row.id, "fence": row.fence, "grace": grace, "now": now})
    return None if found is None else read_row(found)


def take_idle(tx: Tx, job: str, status: str) -> JobRow | None:
    """A job in this status that nobody works on, kept from all others until the end of the transaction."""
    found = _TAKE.one(tx, {"id": job, "status": status})
    return None if found is None else read_row(found)


def change_idle(tx: Tx, row: JobRow, values: dict[str, Any], *, now: int) -> JobRow:
    """Change a job that was taken with `take_idle`."""
    clocked = [name for name, value in values.items() if value is NOW]
    plain = written({name: value for name, value in values.items() if value is not NOW} | {"fence": row.fence + 1})
    changes = ", ".join([*(f"{name} = :{name}" for name in plain), *(f"{name} = :now" for name in clocked)])
    statement = Statement(f"UPDATE jobs SET {changes}, updated_at = :now WHERE id = :id RETURNING {NAMES}")  # noqa: S608
    found = statement.one(tx, {**plain, "id": row.id, "now": now})
    assert found is not None  # noqa: S101 — it is kept from all others
    return read_row(found)


def hint(tx: Tx, job: str, state: JobState) -> bool:
    """Keep what a webhook said of a job; False when it has ended. Webhooks may be late: none takes back that a job is over."""
    statement = _HINT if isinstance(state, Ended) else _LOOK
    return bool(statement.count(tx, {**written({"hint": state}), "id": job}))


def note_ticket(tx: Tx, job: str, ticket: Ticket) -> bool:
    """Note what the provider calls a job that is being submitted; False when that is over."""
    return bool(_NOTE.count(tx, {**written({"ticket": ticket}), "id": job}))


def pause(tx: Tx, provider: str, reason: str, *, now: int) -> None:
    """Submit nothing more to a provider."""
    _PAUSE.count(tx, {"provider": provider, "reason": reason, "now": now})


def resume(tx: Tx, provider: str) -> bool:
    """Submit to a provider again; False when it was not paused."""
    return bool(_RESUME.count(tx, {"provider": provider}))


def pauses(tx: Tx) -> list[tuple[str, int, str]]:
    """The providers that pause, since when, and why."""
    return [(provider, since, reason) for provider, since, reason in _PAUSES.rows(tx, {})]
