"""Who works on which job: alone on SQLite, or any number of workers on PostgreSQL, with leases in the rows."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Protocol

from genmux.flows.job.assigning import Assigner
from genmux.flows.job.bench import Bench
from genmux.flows.job.hands import Hands
from genmux.flows.job.runner import Runner
from genmux.types.errors import StoreError
from genmux.types.jobs import JobState

LOOK = 1.0
"""Seconds after which queued jobs are looked for, although nobody told of any."""

AT_ONCE = 500
"""So many jobs are claimed or adopted in one transaction at most."""

GRAIN = 0.25
"""Seconds between two looks of the watchdog."""

_log = logging.getLogger("genmux.jobs")


class Dispatcher(Protocol):
    """Has jobs worked on. The queued row is the queue entry, and the row holds the lease."""

    async def start(self) -> None:
        """Begin. Raises StoreError."""
        ...

    async def stop(self) -> None:
        """Hand everything over, and end. May be called again."""
        ...

    def nudge(self) -> None:
        """Something is queued."""
        ...

    def signal(self, job: str, *, cancel_at: int | None = None, hint: JobState | None = None) -> bool:
        """Let a job know something; False when it is not in this worker's hands."""
        ...


class Embedded:
    """The only worker: everything that is unfinished is its own. Seen from outside it is one process on a SQLite file."""

    def __init__(self, bench: Bench, *, me: str, about: str) -> None:
        self._bench = bench
        self._me = me
        self._about = about
        self.hands = Hands(Runner(bench))
        self._wake = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._doubtful = False

    async def start(self) -> None:
        """Take up what was left, and begin."""
        for row in await self._bench.rows.adopt_all(self._me, self._about):
            self.hands.take(row)
        self._background(self._claim_for_ever(), "claims")

    async def stop(self) -> None:
        """Hand everything over, and end."""
        tasks, self._tasks = self._tasks, []
        if not tasks:
            return
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.hands.stop()
        try:
            await self._bench.rows.release(self._me)
        except StoreError as error:
            _log.warning("the jobs in hand cannot be handed over now: %s", error.message)

    def nudge(self) -> None:
        """Something is queued."""
        self._wake.set()

    def signal(self, job: str, *, cancel_at: int | None = None, hint: JobState | None = None) -> bool:
        """Let a job know something."""
        return self.hands.signal(job, cancel_at=cancel_at, hint=hint)

    def _background(self, work: Coroutine[Any, Any, None], name: str) -> None:
        self._tasks.append(asyncio.create_task(work, name=f"genmux-job-{name}"))

    async def _claim_for_ever(self) -> None:
        while True:
            self._wake.clear()
            taken = await _insist(self._claim, "queued jobs cannot be claimed")
            if not taken:
                await wait_for(self._wake, LOOK)

    async def _claim(self) -> int:
        """Claim what there is room for; gives how many."""
        room = min(self._bench.settings.concurrency - len(self.hands), AT_ONCE)
        if room <= 0:
            return 0
        await self._reclaim()
        assigner = Assigner(self._bench)
        try:
            rows = await self._bench.rows.claim(self._me, room, assigner, self._bench.provider_caps())
            for row in rows:
                self.hands.take(row, assigner.lease(row.id))
        except StoreError:
            self._doubtful = True
            raise
        finally:
            assigner.close()
        return len(rows)

    async def _reclaim(self) -> None:
        """Take what became this worker's own while the connection broke, so that it was not told."""
        if not self._doubtful:
            return
        for row in await self._bench.rows.reclaim(self._me, self.hands.held()):
            self.hands.take(row)
        self._doubtful = False


class Shared(Embedded):
    """One of any number of workers. It beats, takes over from those that do not, and stops when it finds that it stood still.

    `frozen` is called when this process stood still for longer than half a lease: others may have its jobs by then.
    """

    def __init__(self, bench: Bench, *, me: str, about: str, frozen: Callable[[float], None]) -> None:
        super().__init__(bench, me=me, about=about)
        self._frozen = frozen
        self._lease = bench.settings.lease

    async def start(self) -> None:
        """Say that it lives, and begin."""
        await self._beat()
        self._background(self._beat_for_ever(), "beats")
        self._background(self._claim_for_ever(), "claims")
        self._background(self._watch(), "watchdog")

    def heard(self, told: str) -> None:
        """Another process told something (see `genmux.store.jobs.store.CHANNEL`)."""
        if not self._tasks:  # it did not begin, or has ended: then it takes nothing up
            return
        what, _, whom = told.partition(" ")
        if what in ("queued", ""):
            self.nudge()
        if (what == "signal" and whom == self._me) or what == "":
            self._background_once(self._hear())
        if what == "released":
            self._background_once(self._beat())

    async def _beat_for_ever(self) -> None:
        while True:
            await asyncio.sleep(self._lease / 3)
            await _insist(self._beat, "this worker cannot say that it lives")

    async def _beat(self) -> None:
        room = max(0, min(self._bench.settings.concurrency - len(self.hands), AT_ONCE))
        try:
            await self._bench.rows.clock()  # by which this machine's clock may be wrong
            adopted, signals = await self._bench.rows.beat(self._me, self._about, ttl=self._lease, most=room)
        except StoreError:
            self._doubtful = True
            raise
        for row in adopted:
            self.hands.take(row)
        self.hands.tell(signals)

    async def _hear(self) -> None:
        self.hands.tell(await self._bench.rows.signals(self._me))

    def _background_once(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(_quietly(work))
        self._tasks.append(task)
        task.add_done_callback(lambda ended: self._tasks.remove(ended) if ended in self._tasks else None)

    async def _watch(self) -> None:
        bench = self._bench
        while True:
            before = bench.clock()
            await asyncio.sleep(GRAIN)
            stood = bench.clock() - before - GRAIN
            if stood > self._lease / 2:
                self.hands.drop()
                self._doubtful = True  # whatever nobody took over in the meantime is taken up again, with another fence
                self._frozen(stood)
                await _insist(self._begin_anew, "what is still this worker's cannot be taken up again")

    async def _begin_anew(self) -> None:
        """Let go of what nobody took over meanwhile, so that it is adopted like that of anybody else."""
        await self._bench.rows.release(self._me)
        await self._beat()


class Lazy:
    """A worker that begins when it is first needed: looking at a store takes up nobody's unfinished work."""

    def __init__(self, worker: Embedded) -> None:
        self._worker = worker
        self._beginning: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin now."""
        if self._beginning is None:
            self._beginning = asyncio.create_task(self._begin())
        await self._beginning

    async def stop(self) -> None:
        """Hand everything over, if it ever began."""
        beginning, self._beginning = self._beginning, None
        if beginning is not None:
            await asyncio.gather(beginning, return_exceptions=True)
            await self._worker.stop()

    def nudge(self) -> None:
        """Something is to be done."""
        if self._beginning is None:
            self._beginning = asyncio.create_task(self._begin())
        self._worker.nudge()

    def signal(self, job: str, *, cancel_at: int | None = None, hint: JobState | None = None) -> bool:
        """Let a job know something."""
        self.nudge()
        return self._worker.signal(job, cancel_at=cancel_at, hint=hint)

    async def _begin(self) -> None:
        await _insist(self._worker.start, "this worker cannot begin")


async def wait_for(event: asyncio.Event, seconds: float) -> None:
    """Wait until it is set, or so many seconds."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return


async def _insist(work: Callable[[], Awaitable[Any]], what: str) -> Any:
    """Do something as often as it fails, with growing pauses: whoever works for ever must not end by one fault."""
    pause = 0.2
    while True:
        try:
            return await work()
        except StoreError as error:
            _log.warning("%s at the moment: %s", what, error.message)
        except Exception:  # noqa: BLE001 — a row or an account that nobody foresaw; the others can be worked on
            _log.exception("%s by a fault of genmux", what)
        await asyncio.sleep(pause)
        pause = min(5.0, pause * 2)


async def _quietly(work: Coroutine[Any, Any, None]) -> None:
    """Do something that is done again anyway."""
    try:
        await work
    except StoreError as error:
        _log.warning("a hint could not be followed: %s", error.message)
