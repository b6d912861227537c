"""How a job goes, live: a line that moves on a terminal, plain lines elsewhere."""

import asyncio
import datetime
import sys
from contextlib import aclosing
from typing import TYPE_CHECKING, Protocol

from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, Task, TextColumn
from rich.text import Text

from genmux.cli.console import err, harmless, note
from genmux.cli.options import Common
from genmux.types.errors import ProviderError
from genmux.types.jobs import Job, JobStatus

if TYPE_CHECKING:
    from genmux.cli.working import Desk

STEP = 0.1
"""So much must have been made for another plain line."""

INTERRUPTED = 130

QUESTION = "Ctrl-C: [l]eave it running, [c]ancel it, or [w]ait on? "


class Screen(Protocol):
    """Where it is shown."""

    def show(self, job: Job) -> None:
        """Something changed."""
        ...

    def close(self) -> None:
        """There is no more to show."""
        ...


def follow(desk: "Desk", job: Job, common: Common) -> Job:
    """Show how a job goes until it rests; Ctrl-C asks once what is to become of it. Ends the command when it is left running."""
    asked = False
    while True:
        screen = _screen(desk, job, common)
        try:
            return desk.run(_watched(desk, job, screen))
        except KeyboardInterrupt:
            screen.close()
            choice = "l" if asked else _choice(desk)
            asked = True
            if choice == "c":
                _cancel(desk, job)
            elif choice == "l":
                _leave(desk, job)
                raise SystemExit(INTERRUPTED) from None
        finally:
            screen.close()


async def _watched(desk: "Desk", job: Job, screen: Screen) -> Job:
    async with aclosing(desk.jobs.watch(job)) as states:
        async for seen in states:
            screen.show(seen)
            job = seen
    return job


def _screen(desk: "Desk", job: Job, common: Common) -> Screen:
    if common.json:
        return _Nothing()
    return _Live(job, desk.typical_seconds(job)) if err.is_terminal else _Lines()


class _Nothing:
    """Nothing is shown."""

    def show(self, job: Job) -> None:
        """Nobody looks."""
        del job

    def close(self) -> None:
        """Nothing was shown."""


class _Lines:
    """A line for each state, and for each tenth that was made."""

    def __init__(self) -> None:
        self._told: tuple[JobStatus, int | None, str | None] | None = None
        self._part = 0.0

    def show(self, job: Job) -> None:
        """Print a line where there is something new."""
        part = job.progress or 0.0
        state = (job.status, job.queue_position, job.waiting)
        if state == self._told and part < self._part + STEP:
            return
        if state != self._told or part:
            note(f"{job.id} {state_words(job)}")
        self._told, self._part = state, part

    def close(self) -> None:
        """Lines stay."""


class _Live:
    """A bar that fills as the provider tells, and how long it takes against how long one usually does."""

    def __init__(self, job: Job, typical: float | None) -> None:
        clock = _Clock(job.created_at, typical)
        self._progress = Progress(
            SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), clock, console=err, transient=True
        )
        self._task = self._progress.add_task(state_words(job), total=None)
        self._progress.start()

    def show(self, job: Job) -> None:
        """Move the bar."""
        total = None if job.progress is None else 1.0
        self._progress.update(
            self._task, description=harmless(state_words(job)), total=total, completed=job.progress or 0.0
        )

    def close(self) -> None:
        """The line goes."""
        self._progress.stop()


class _Clock(ProgressColumn):
    """Seconds since a job was made, against how long one usually takes."""

    def __init__(self, begun: datetime.datetime, typical: float | None) -> None:
        super().__init__()
        self._begun = begun
        self._usual = f" of about {typical:g} s" if typical else ""

    def render(self, task: Task) -> Text:
        """The time now."""
        del task
        passed = max(0.0, (datetime.datetime.now(datetime.UTC) - self._begun).total_seconds())
        return Text(f"{passed:.0f} s{self._usual}", style="dim")


def state_words(job: Job) -> str:
    """Where a job stands, in a few words."""
    words = str(job.status).replace("_", " ")
    if job.cancel_requested:
        words += ", to be cancelled"
    if job.status is JobStatus.QUEUED and job.waiting:
        words += f": {job.waiting}"
    if job.queue_position is not None and not job.ended:
        words += f", {job.queue_position} before it at {job.provider}"
    if job.progress is not None and not job.ended:
        words += f" {job.progress:.0%}"
    return words


def _choice(desk: "Desk") -> str:
    """What is to become of it; where nobody can be asked, it is left running."""
    if not (err.is_terminal and sys.stdin is not None and sys.stdin.isatty()):
        return "l"
    err.print(QUESTION, end="")
    try:
        answer = desk.run(_line())
    except KeyboardInterrupt:
        err.print()
        return "l"
    return (answer.strip().lower() or "w")[:1]


async def _line() -> str:
    """A line that somebody types, while everything else goes on."""
    loop = asyncio.get_running_loop()
    came: asyncio.Future[str] = loop.create_future()
    try:
        loop.add_reader(sys.stdin.fileno(), lambda: came.done() or came.set_result(sys.stdin.readline()))
    except NotImplementedError:  # Windows
        return sys.stdin.readline()
    try:
        return await came
    finally:
        loop.remove_reader(sys.stdin.fileno())


def _cancel(desk: "Desk", job: Job) -> None:
    try:
        desk.run(desk.jobs.cancel(job))
    except ProviderError as error:  # it has ended in the meantime
        note(error.message)


def note_later(desk: "Desk", job: Job) -> None:
    """Say how a job goes on that this command does not wait for."""
    if desk.here:
        note(f"No gateway runs here: it is done by `genmux jobs watch {job.id}`, or once `genmux serve` runs.")
    else:
        note(f"`genmux jobs watch {job.id}` shows how it goes.")


def _leave(desk: "Desk", job: Job) -> None:
    if desk.here:
        note(f"{job.id} is kept; it goes on with `genmux jobs watch {job.id}`, or once `genmux serve` runs.")
    else:
        note(f"{job.id} goes on; `genmux jobs watch {job.id}` shows how, `genmux jobs cancel {job.id}` cancels it.")
