"""A database that is lost at a step of a job, for as long as a test wants, and a process that dies there."""

import asyncio
from collections.abc import Callable
from typing import Any, Literal

from genmux.flows.job.saving import NOW
from genmux.store.database import Database
from genmux.types.errors import ProviderError, Retry, StoreError
from genmux.types.jobs import JobStatus
from genmux.types.jobs_stored import JobRow
from tests.jobs import House

Step = Literal["claimed", "intended", "taken", "begun", "downloading", "ended"]
STEPS: tuple[Step, ...] = ("claimed", "intended", "taken", "begun", "downloading", "ended")
"""What is written of a job, in this order, from when it is queued."""


def prompt(step: Step) -> str:
    """For a job that takes this step: one that is over before anybody looks was never seen to have begun."""
    return "a fish [[work 1]]" if step == "begun" else "a fish [[work 0.05]]"


def step_of(values: dict[str, Any]) -> Step | None:
    """Which of the steps is written with these values."""
    status = values.get("status")
    if values.get("intent_at") is NOW:
        return "intended"
    if status is JobStatus.RUNNING:
        return "taken"
    if status is JobStatus.DOWNLOADING:
        return "downloading"
    if status is not None and JobStatus(status).ended:
        return "ended"
    return "begun" if "started_at" in values else None


def at_step(here: House, wanted: Step, around: Callable[[Callable[[], Any]], Any]) -> None:
    """Have `around` do the writing of a step, the first time that it is written: it is given what writes."""
    rows = here.desk.rows
    move, claim, seen = rows.move, rows.claim, False

    async def moved(row: JobRow, values: dict[str, Any], **more: Any) -> JobRow | None:
        nonlocal seen
        if seen or step_of(values) != wanted:
            return await move(row, values, **more)
        seen = True
        return await around(lambda: move(row, values, **more))

    async def claimed(*arguments: Any) -> list[JobRow]:
        nonlocal seen
        if seen or wanted != "claimed" or not await rows.counts():
            return await claim(*arguments)
        seen = True
        return await around(lambda: claim(*arguments))

    rows.move, rows.claim = moved, claimed  # type: ignore[method-assign]


class Losing:
    """The connection to a database; while `lost`, everything fails, and is counted. With `untold` the next change is made, but nobody hears of it."""

    def __init__(self, database: Database) -> None:
        self.lost = False
        self.untold = False
        self.refused = 0
        self._write, self._read = database.write, database.read
        database.write, database.read = self.write, self.read  # type: ignore[method-assign]

    async def write(self, work: Callable[[Any], Any]) -> Any:
        if self.untold:
            self.untold = False
            await self._write(work)
            raise StoreError("the connection broke while it was written", reason="gone", retry=Retry.UNSURE)
        self._fail()
        return await self._write(work)

    async def read(self, work: Callable[[Any], Any]) -> Any:
        self._fail()
        return await self._read(work)

    def _fail(self) -> None:
        if self.lost:
            self.refused += 1
            raise StoreError("the database is away", reason="gone")


def hasten(here: House) -> None:
    """Let waits after failures be as good as none, and other ones as short as they may be."""
    here.jobs._bench.random = lambda: -0.99  # noqa: SLF001


def breaking(here: House, *, times: int) -> None:
    """Let the first downloads fail as they do when the network is broken."""
    files, left = here.jobs._bench.files, times  # noqa: SLF001
    collect = files.collect

    async def broken(*arguments: Any, **more: Any) -> Any:
        nonlocal left
        left -= 1
        if left >= 0:
            raise ProviderError("the connection broke", kind="network", retry=Retry.SAFE)
        return await collect(*arguments, **more)

    files.collect = broken  # type: ignore[method-assign]


class Deadline:
    """The seconds of a process, which a test may put forward."""

    def __init__(self, here: House) -> None:
        self._ahead = 0.0
        self._plain = here.jobs._bench.clock  # noqa: SLF001
        here.jobs._bench.clock = self  # noqa: SLF001

    def __call__(self) -> float:
        return self._plain() + self._ahead

    def advance(self, seconds: float) -> None:
        self._ahead += seconds


async def die(here: House) -> None:
    """End the process as it stands: nobody hands anything over, and nobody says goodbye."""
    worker = here.desk.worker
    assert worker is not None
    worker.hands.drop()

    async def nothing(_me: str) -> int:
        return 0

    here.desk.rows.release = nothing  # type: ignore[method-assign]
    await asyncio.sleep(0)
    await here.app.aclose()
