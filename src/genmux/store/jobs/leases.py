"""Who owns which jobs: workers that beat, jobs of those that do not, and signals to owners. All by the database's clock."""

from collections.abc import Collection
from typing import NamedTuple

import msgspec

from genmux.store.database import Tx
from genmux.store.jobs.rows import NAMES, read_row
from genmux.store.statement import Statement
from genmux.types.jobs import JobState
from genmux.types.jobs_stored import JobRow
from genmux.types.periods import SECOND

_LIVE = "('submitting', 'running', 'downloading')"

_BEAT = Statement(
    "INSERT INTO job_workers (id, about, since, beat_at) VALUES (:id, :about, :now, :now)"
    " ON CONFLICT (id) DO UPDATE SET beat_at = :now"
)
_FORGET = Statement("DELETE FROM job_workers WHERE id = :id")
_BURY = Statement("DELETE FROM job_workers WHERE beat_at <= :now - :ttl")
_ADOPT = Statement(
    "UPDATE jobs SET owner = :me, fence = fence + 1 WHERE id IN ("  # noqa: S608 — our own names
    f"SELECT id FROM jobs WHERE status IN {_LIVE} AND ((owner IS NULL AND next_at <= :now)"
    " OR (owner <> :me AND owner NOT IN (SELECT id FROM job_workers WHERE beat_at > :now - :ttl)))"
    f" LIMIT :most FOR UPDATE SKIP LOCKED) RETURNING {NAMES}"
)
_ADOPT_ALL = Statement(
    f"UPDATE jobs SET owner = :me, fence = fence + 1 WHERE status IN {_LIVE}"  # noqa: S608 — our own names
    f" AND (owner IS NULL OR owner <> :me) RETURNING {NAMES}"
)
_ADOPT_IDLE = Statement(
    "UPDATE jobs SET owner = :me, fence = fence + 1 WHERE id IN ("  # noqa: S608 — our own names
    f"SELECT id FROM jobs WHERE status IN {_LIVE} AND owner IS NULL AND next_at <= :now"
    f" LIMIT :most FOR UPDATE SKIP LOCKED) RETURNING {NAMES}"
)
_MINE = Statement(f"SELECT id FROM jobs WHERE owner = :me AND status IN {_LIVE}")  # noqa: S608 — our own names
_RECLAIM = Statement(
    f"UPDATE jobs SET fence = fence + 1 WHERE id = :id AND owner = :me AND status IN {_LIVE} RETURNING {NAMES}"  # noqa: S608
)
_RELEASE = Statement("UPDATE jobs SET owner = NULL, fence = fence + 1, next_at = :now WHERE owner = :me")
_SIGNALS = Statement(
    f"SELECT id, fence, cancel_at, hint FROM jobs WHERE owner = :me AND status IN {_LIVE}"  # noqa: S608
    " AND (cancel_at IS NOT NULL OR hint IS NOT NULL)"
)
_WORKERS = Statement("SELECT id, about, since, beat_at FROM job_workers ORDER BY since")

_state = msgspec.json.Decoder(JobState).decode


class Signal(NamedTuple):
    """Something that the owner of a job is to know: it is to be cancelled, or its provider told something."""

    job: str
    fence: int
    cancel_at: int | None
    hint: JobState | None


class WorkerRow(NamedTuple):
    """A worker: since when, and when it was heard last."""

    id: str
    about: str
    since: int
    beat_at: int


def beat(tx: Tx, me: str, about: str, *, now: int, ttl: float, most: int) -> tuple[list[JobRow], list[Signal]]:
    """This worker lives. Gives the jobs of dead workers, which are its own now, and what its jobs are to know."""
    span = int(ttl * SECOND)
    _BEAT.count(tx, {"id": me, "about": about, "now": now})
    adopted = [read_row(one) for one in _ADOPT.rows(tx, {"me": me, "now": now, "ttl": span, "most": most})]
    _BURY.count(tx, {"now": now, "ttl": span})
    return adopted, signals(tx, me)


def adopt_all(tx: Tx, me: str, about: str, *, now: int) -> list[JobRow]:
    """Everything is this worker's, as there can be no other: the database has one process."""
    _BEAT.count(tx, {"id": me, "about": about, "now": now})
    _BURY.count(tx, {"now": now, "ttl": 0})
    _BEAT.count(tx, {"id": me, "about": about, "now": now})
    return [read_row(one) for one in _ADOPT_ALL.rows(tx, {"me": me})]


def adopt_idle(tx: Tx, me: str, *, now: int, most: int) -> list[JobRow]:
    """Jobs under way that nobody has: they were handed over, or somebody decided what became of them."""
    return [read_row(one) for one in _ADOPT_IDLE.rows(tx, {"me": me, "now": now, "most": most})]


def reclaim(tx: Tx, me: str, held: Collection[str]) -> list[JobRow]:
    """This worker's jobs but those that it has in hand."""
    lost = [job for (job,) in _MINE.rows(tx, {"me": me}) if job not in held]
    found = [_RECLAIM.one(tx, {"id": job, "me": me}) for job in lost]
    return [read_row(one) for one in found if one is not None]


def signals(tx: Tx, me: str) -> list[Signal]:
    """What the jobs of a worker are to know."""
    return [
        Signal(job, fence, cancel_at, None if hint is None else _state(hint))
        for job, fence, cancel_at, hint in _SIGNALS.rows(tx, {"me": me})
    ]


def release(tx: Tx, me: str, *, now: int) -> int:
    """A worker ends and hands over what it has; gives how many."""
    count = _RELEASE.count(tx, {"me": me, "now": now})
    _FORGET.count(tx, {"id": me})
    return count


def workers(tx: Tx) -> list[WorkerRow]:
    """All workers that are known, the oldest first."""
    return [WorkerRow(*one) for one in _WORKERS.rows(tx, {})]
