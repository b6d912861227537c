"""Workers take queued jobs: fairly among tenants and providers, by priority and age, and within the caps of accounts.

A slot of an account is a job of its that is under way, so slots are counted and never kept: none can leak.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import msgspec

from genmux.store.database import Tx
from genmux.store.jobs.rows import NAMES, read_row, written
from genmux.store.statement import Statement
from genmux.types.jobs import HOLDING, JobStatus
from genmux.types.jobs_stored import JobRow
from genmux.types.periods import SECOND

LONGEST = 600.0
"""So many seconds a queued job waits at most before it is looked at again. What waits for longer waits for a clock that was put back."""

_HOLDING = ", ".join(f"'{one}'" for one in sorted(HOLDING))

_NEXT_LANE = Statement(
    "SELECT tenant, provider FROM jobs WHERE status = 'queued' AND (tenant, provider) > (:tenant, :provider)"
    " ORDER BY tenant, provider LIMIT 1"
)
_QUEUED = Statement(
    f"SELECT {NAMES} FROM jobs WHERE status = 'queued' AND tenant = :tenant AND provider = :provider"  # noqa: S608
    f" AND (next_at <= :now OR next_at > :now + {int(LONGEST * SECOND)}) ORDER BY rank, created_at, id LIMIT :most FOR UPDATE SKIP LOCKED"
)
_PAUSED = Statement("SELECT provider FROM job_pauses")
_USED = Statement(f"SELECT count(*) FROM jobs WHERE account = :account AND status IN ({_HOLDING})")  # noqa: S608
_AT_PROVIDER = Statement(f"SELECT count(*) FROM jobs WHERE provider = :provider AND status IN ({_HOLDING})")  # noqa: S608
_ALONE = Statement("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
_CLAIM = Statement(
    "UPDATE jobs SET status = 'submitting', owner = :owner, fence = fence + 1, account = :account, details = :details,"
    " intent_at = NULL, updated_at = :now WHERE id = :id AND status = 'queued'"
)
_WAIT = Statement("UPDATE jobs SET next_at = :now + :wait, details = :details WHERE id = :id AND status = 'queued'")


class Assigned(msgspec.Struct, frozen=True):
    """The account that a job is to use: its id, its name, and how many jobs it may have at once."""

    account: str
    name: str
    cap: int | None = None


class Waits(msgspec.Struct, frozen=True):
    """A job cannot begin now: why, and for how many seconds it is not looked at."""

    reason: str
    seconds: float


Assign = Callable[[JobRow, frozenset[str]], Assigned | Waits | None]
"""An account for a job, but none of those that are full. None when all that it may use are full."""


class Lane(NamedTuple):
    """The queue of one tenant at one provider."""

    tenant: str
    provider: str


class Claim:
    """One round of claiming by one worker, in one transaction."""

    def __init__(
        self, tx: Tx, owner: str, assign: Assign, *, now: int, provider_caps: dict[str, int], turn: int
    ) -> None:
        self._tx = tx
        self._owner = owner
        self._assign = assign
        self._now = now
        self._caps = provider_caps
        self._turn = turn
        self._used: dict[str, int] = {}
        self._full: set[str] = set()

    def take(self, most: int) -> list[JobRow]:
        """Up to so many jobs, which are this worker's then."""
        lanes = [*self._lanes()]
        if not lanes:
            return []
        first = self._turn % len(lanes)
        lanes = lanes[first:] + lanes[:first]
        taken: list[JobRow] = []
        done: set[Lane] = set()
        while len(taken) < most and len(done) < len(lanes):
            open_lanes = [lane for lane in lanes if lane not in done]
            share = max(1, (most - len(taken)) // len(open_lanes))
            for lane in open_lanes:
                wanted = min(share, most - len(taken))
                if wanted <= 0:
                    break
                found = self._from_lane(lane, wanted)
                taken += found
                if len(found) < wanted:
                    done.add(lane)
        return taken

    def _lanes(self) -> Iterator[Lane]:
        paused = {provider for (provider,) in _PAUSED.rows(self._tx, {})}
        lane = Lane("", "")
        while found := _NEXT_LANE.one(self._tx, lane._asdict()):
            lane = Lane(*found)
            if lane.provider not in paused:
                yield lane

    def _from_lane(self, lane: Lane, most: int) -> list[JobRow]:
        cap = self._caps.get(lane.provider)
        if cap is not None:
            most = min(most, cap - self._count(f"provider {lane.provider}", _AT_PROVIDER, {"provider": lane.provider}))
        if most <= 0:
            return []
        asked = {"tenant": lane.tenant, "provider": lane.provider, "most": most, "now": self._now}
        taken: list[JobRow] = []
        for values in _QUEUED.rows(self._tx, asked):
            row = read_row(values)
            verdict = self._room(row)
            if verdict is None:
                break
            if isinstance(verdict, Waits):
                self._wait(row, verdict)
            elif self._claim(row, verdict):
                taken.append(row)
        if cap is not None:
            self._used[f"provider {lane.provider}"] += len(taken)
        return taken

    def _room(self, row: JobRow) -> Assigned | Waits | None:
        """An account with a free slot."""
        while True:
            found = self._assign(row, frozenset(self._full))
            if not isinstance(found, Assigned) or found.cap is None:
                return found
            used = self._count(found.account, _USED, {"account": found.account})
            if used < found.cap:
                self._used[found.account] = used + 1
                return found
            self._full.add(found.account)

    def _count(self, name: str, statement: Statement, params: dict[str, str]) -> int:
        """How many are under way, counted once a round; on PostgreSQL others wait with their counting until this round is committed."""
        used = self._used.get(name)
        if used is None:
            if self._tx.raw is None:
                _ALONE.rows(self._tx, {"name": name})
            found = statement.one(self._tx, params)
            used = self._used[name] = int(found[0]) if found else 0
        return used

    def _claim(self, row: JobRow, assigned: Assigned) -> bool:
        row.details = msgspec.structs.replace(row.details, account_name=assigned.name, waiting=None)
        values = written({"details": row.details, "account": assigned.account})
        if not _CLAIM.count(self._tx, {**values, "id": row.id, "owner": self._owner, "now": self._now}):
            return False
        row.status, row.owner, row.account = JobStatus.SUBMITTING, self._owner, assigned.account
        row.fence, row.intent_at = row.fence + 1, None
        return True

    def _wait(self, row: JobRow, waits: Waits) -> None:
        row.details = msgspec.structs.replace(row.details, waiting=waits.reason)
        values = written({"details": row.details})
        wait = int(min(waits.seconds, LONGEST) * SECOND)
        _WAIT.count(self._tx, {**values, "id": row.id, "wait": wait, "now": self._now})
