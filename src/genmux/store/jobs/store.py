"""Jobs in the database, on SQLite and on PostgreSQL: what the flow of a job needs."""

import datetime
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, TypeVar

from genmux.store.clock import database_now
from genmux.store.database import Database, DatabaseKind, Tx
from genmux.store.jobs import deciding, intake, leases, made, moves, reading
from genmux.store.jobs.claiming import Assign, Claim
from genmux.store.jobs.intake import HoldIn, Incoming
from genmux.store.jobs.leases import Signal, WorkerRow
from genmux.store.jobs.reading import Cursor
from genmux.store.postgres.listening import notify
from genmux.types.assets import Asset
from genmux.types.jobs import JobFilter, JobState, Ticket
from genmux.types.jobs_stored import JobRow
from genmux.types.periods import SECOND, to_moment

T = TypeVar("T")

CLOCK_READ = 2.0
"""Seconds after which the server's clock is asked again."""

CHANNEL = "genmux_jobs"
"""On which gateways and workers tell one another that something is to be done: `queued`, `signal WORKER`, `ended JOB`."""


class JobTables:
    """Rows of jobs. Raises StoreError when the database fails.

    `now` is the time on SQLite, where one process has everything; on PostgreSQL it is the server's clock that counts.
    """

    def __init__(self, database: Database, hold_in: HoldIn, now: Callable[[], datetime.datetime]) -> None:
        self._database = database
        self._hold_in = hold_in
        self._now = now
        self._turn = 0
        self._ahead = 0
        self._read_at: tuple[int, float] | None = None

    @property
    def kind(self) -> DatabaseKind:
        """Which database it is."""
        return self._database.kind

    def moment(self) -> int:
        """The time, in microseconds since 1970: this machine's, set right by the database's when that was asked last."""
        return to_moment(self._now()) + self._ahead

    # ---------------------------------------------------------------- in
    async def take_in(self, incoming: Incoming) -> tuple[JobRow, bool]:
        """Insert a job with its hold; says whether it is new. Raises BudgetRefusedError and InvalidRequestError (409)."""
        now = self.moment()

        def work(tx: Tx) -> tuple[JobRow, bool]:
            """All of it, or nothing."""
            taken = intake.take_in(tx, incoming, self._hold_in, now=now)
            notify(tx, CHANNEL, "queued")
            return taken

        return await self._database.write(work)

    # ---------------------------------------------------------------- out
    async def claim(self, me: str, most: int, assign: Assign, provider_caps: Mapping[str, int]) -> list[JobRow]:
        """Up to so many jobs, which are this worker's then: those that nobody has, then queued ones."""
        self._turn += 1
        turn, now, caps = self._turn, self.moment(), dict(provider_caps)

        def work(tx: Tx) -> list[JobRow]:
            """All of it, or nothing."""
            idle = leases.adopt_idle(tx, me, now=now, most=most)
            claim = Claim(tx, me, assign, now=now, provider_caps=caps, turn=turn)
            return [*idle, *claim.take(most - len(idle))]

        return await self._database.write(work)

    async def beat(self, me: str, about: str, *, ttl: float, most: int) -> tuple[list[JobRow], list[Signal]]:
        """This worker lives. Gives the jobs of dead ones, which are its own now, and what its jobs are to know."""
        now = self.moment()
        return await self._database.write(lambda tx: leases.beat(tx, me, about, now=now, ttl=ttl, most=most))

    async def adopt_all(self, me: str, about: str) -> list[JobRow]:
        """Everything is this worker's, as there can be no other."""
        now = self.moment()
        return await self._database.write(lambda tx: leases.adopt_all(tx, me, about, now=now))

    async def reclaim(self, me: str, held: Collection[str]) -> list[JobRow]:
        """Jobs that are this worker's although it does not have them in hand: the connection broke while it was told of them."""
        return await self._database.write(lambda tx: leases.reclaim(tx, me, held))

    async def signals(self, me: str) -> list[Signal]:
        """What the jobs of a worker are to know."""
        return await self._database.read(lambda tx: leases.signals(tx, me))

    async def release(self, me: str) -> int:
        """This worker ends and hands over what it has; gives how many."""
        now = self.moment()

        def work(tx: Tx) -> int:
            """All of it, or nothing."""
            count = leases.release(tx, me, now=now)
            notify(tx, CHANNEL, "released")
            return count

        return await self._database.write(work)

    async def workers(self) -> list[WorkerRow]:
        """All workers that are known."""
        return await self._database.read(leases.workers)

    # ---------------------------------------------------------------- on
    async def move(
        self,
        row: JobRow,
        values: dict[str, Any],
        *,
        also: Callable[[Any, JobRow], object] | None = None,
        unless_cancelled: bool = False,
    ) -> JobRow | None:
        """Change a job that is this worker's, and do what belongs to it in the same transaction; None when it is not (any more)."""
        now = self.moment()

        def work(tx: Tx) -> JobRow | None:
            """All of it, or nothing."""
            moved = moves.move(tx, row, values, now=now, unless_cancelled=unless_cancelled)
            if moved is not None:
                if also is not None:
                    also(tx, moved)
                if moved.status.ended:
                    notify(tx, CHANNEL, f"ended {moved.id}")
            return moved

        return await self._database.write(work)

    # ---------------------------------------------------------------- people
    async def ask_to_cancel(self, row: JobRow, grace: float) -> JobRow | None:
        """Note that a job is to be cancelled after `grace` seconds; None when it has changed hands or ended in the meantime."""
        now, span = self.moment(), int(grace * SECOND)

        def work(tx: Tx) -> JobRow | None:
            """All of it, or nothing."""
            asked = deciding.ask_to_cancel(tx, row, grace=span, now=now)
            if asked is not None and asked.owner is not None:
                notify(tx, CHANNEL, f"signal {asked.owner}")
            return asked

        return await self._database.write(work)

    async def change_idle(
        self,
        job: str,
        status: str,
        values: Callable[[JobRow], dict[str, Any]],
        also: Callable[[Any, JobRow], object],
    ) -> JobRow | None:
        """Change a job that has this status and that nobody works on; None when there is none."""
        now = self.moment()

        def work(tx: Tx) -> JobRow | None:
            """All of it, or nothing."""
            row = deciding.take_idle(tx, job, status)
            if row is None:
                return None
            changed = deciding.change_idle(tx, row, values(row), now=now)
            also(tx, changed)
            notify(tx, CHANNEL, f"ended {job}" if changed.status.ended else "queued")
            return changed

        return await self._database.write(work)

    async def hint(self, row: JobRow, state: JobState) -> bool:
        """Keep what a webhook said of a job, and tell its owner; False when the job has ended."""

        def work(tx: Tx) -> bool:
            """All of it, or nothing."""
            kept = deciding.hint(tx, row.id, state)
            if kept and row.owner is not None:
                notify(tx, CHANNEL, f"signal {row.owner}")
            return kept

        return await self._database.write(work)

    async def note_ticket(self, job: str, ticket: Ticket) -> bool:
        """Note what the provider calls a job that is being submitted; False when that is over."""
        return await self._database.write(lambda tx: deciding.note_ticket(tx, job, ticket))

    async def pause(self, provider: str, reason: str) -> None:
        """Submit nothing more to a provider."""
        now = self.moment()
        await self._database.write(lambda tx: deciding.pause(tx, provider, reason, now=now))

    async def resume(self, provider: str) -> bool:
        """Submit to a provider again; False when it was not paused."""

        def work(tx: Tx) -> bool:
            """All of it, or nothing."""
            resumed = deciding.resume(tx, provider)
            notify(tx, CHANNEL, "queued")
            return resumed

        return await self._database.write(work)

    async def pauses(self) -> list[tuple[str, int, str]]:
        """The providers that pause, since when, and why."""
        return await self._database.read(deciding.pauses)

    # ---------------------------------------------------------------- looking
    async def find(self, job: str) -> JobRow | None:
        """A job of whichever tenant."""
        return await self._database.read(lambda tx: reading.by_id(tx, job))

    async def by_token(self, provider: str, token: str) -> JobRow | None:
        """The job whose webhook comes in at this address."""
        return await self._database.read(lambda tx: reading.by_token(tx, provider, token))

    async def by_ticket(self, provider: str, ticket_json: str) -> JobRow | None:
        """The open job with this ticket."""
        return await self._database.read(lambda tx: reading.by_ticket(tx, provider, ticket_json))

    async def had_tickets(self, provider: str, tickets_json: Sequence[str]) -> frozenset[str]:
        """Which of these tickets a job has or had, whoever's it is."""
        return await self._database.read(lambda tx: reading.had_tickets(tx, provider, tickets_json))

    async def made(self, tenant: str, ids: Sequence[str]) -> dict[str, tuple[Asset, ...]]:
        """What jobs of a tenant made and is still kept, by job, in the order of their outputs."""
        now = self.moment()
        return await self._database.read(lambda tx: made.made(tx, tenant, ids, now=now))

    async def page(
        self,
        tenant: str | None,
        wanted: JobFilter,
        *,
        after: Cursor | None = None,
        limit: int = 50,
        oldest_first: bool = False,
    ) -> list[JobRow]:
        """Jobs of a tenant, or of all, the newest first unless `oldest_first`."""
        return await self._database.read(
            lambda tx: reading.page(tx, tenant, wanted, after=after, limit=limit, oldest_first=oldest_first)
        )

    async def overdue(self) -> list[JobRow]:
        """Queued jobs that should have begun by now."""
        now = self.moment()
        return await self._database.read(lambda tx: reading.overdue(tx, now=now))

    async def counts(self) -> list[tuple[str, str, int]]:
        """How many jobs there are by status and provider."""
        return await self._database.read(reading.counts)

    async def clock(self) -> int:
        """The database's clock, in microseconds since 1970. On PostgreSQL it is asked now and then, and goes on evenly between."""
        if self.kind == "sqlite":
            return self.moment()
        now = time.monotonic()
        if self._read_at is None or now - self._read_at[1] > CLOCK_READ:
            found = to_moment(await self._database.read(database_now))
            self._ahead = found - to_moment(self._now())
            self._read_at = found, now
        read, at = self._read_at
        return read + int((time.monotonic() - at) * SECOND)
