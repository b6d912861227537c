"""How a job goes, in words and on a clock, and what becomes of it at Ctrl-C."""

import asyncio
import datetime
from collections.abc import AsyncGenerator, Coroutine
from typing import Any

import pytest
from rich.text import Text

from genmux.cli import job_progress
from genmux.cli.job_progress import _Clock, follow, state_words
from genmux.cli.options import Common
from genmux.types.generation import GenerationRequest
from genmux.types.jobs import Job, JobStatus

NOW = datetime.datetime.now(datetime.UTC)


def job(status: JobStatus = JobStatus.RUNNING, **fields: Any) -> Job:
    request = GenerationRequest(operation="text_to_image", model="acme/x", prompt="hi")
    made = {"created_at": NOW, "updated_at": NOW, "provider": "acme", "model": "x", "tenant": "default"}
    return Job(id="job_1", status=status, request=request, **(made | fields))


class Jobs:
    """A job that runs until it is cancelled; the first look at it is interrupted."""

    def __init__(self) -> None:
        self.cancelled = False
        self.looks = 0

    async def watch(self, _job: Job) -> AsyncGenerator[Job]:
        self.looks += 1
        yield job()
        if self.looks == 1:
            raise KeyboardInterrupt
        yield job(JobStatus.CANCELLED if self.cancelled else JobStatus.COMPLETED)

    async def cancel(self, one: Job) -> Job:
        self.cancelled = True
        return one


class Desk:
    """In place of the real one."""

    here = True

    def __init__(self) -> None:
        self.jobs = Jobs()

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run(work)

    def typical_seconds(self, _job: Job) -> float | None:
        return None


def test_a_job_is_told_in_a_few_words() -> None:
    assert state_words(job(JobStatus.QUEUED, waiting="the budget is used up")) == "queued: the budget is used up"
    assert state_words(job(queue_position=3)) == "running, 3 before it at acme"
    assert state_words(job(progress=0.25, cancel_requested=True)) == "running, to be cancelled 25%"
    assert state_words(job(JobStatus.OUTCOME_UNKNOWN)) == "outcome unknown"
    assert state_words(job(JobStatus.COMPLETED, progress=1.0)) == "completed"


def test_the_clock_goes_against_what_is_usual() -> None:
    begun = datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=5)

    for typical, told in ((8.0, " of about 8 s"), (None, "")):
        shown = _Clock(begun, typical).render(None)  # pyright: ignore[reportArgumentType]
        assert isinstance(shown, Text)
        assert shown.plain.removeprefix(shown.plain.split()[0]) == f" s{told}"


@pytest.mark.parametrize(("choice", "ends"), [("c", JobStatus.CANCELLED), ("w", JobStatus.COMPLETED)])
def test_ctrl_c_cancels_or_waits_on_as_one_says(choice: str, ends: JobStatus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_progress, "_choice", lambda _desk: choice)

    assert follow(Desk(), job(), Common()).status is ends  # pyright: ignore[reportArgumentType]


def test_where_nobody_can_be_asked_ctrl_c_leaves_it_running(capsys: pytest.CaptureFixture[str]) -> None:
    desk = Desk()

    with pytest.raises(SystemExit, match="130"):
        follow(desk, job(), Common())  # pyright: ignore[reportArgumentType]

    assert not desk.jobs.cancelled
    assert "genmux jobs watch job_1" in capsys.readouterr().err
