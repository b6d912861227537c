"""A provider says what nobody expects of it, and our disk is full when there is something to collect."""

import errno
from decimal import Decimal

import msgspec
import pytest

from genmux.engine.file_sink import FileSink
from genmux.testing.simulator.media import Script
from genmux.types.errors import ErrorKind
from genmux.types.jobs import Job, JobStatus
from genmux.types.principal import NOBODY
from tests.jobs import House, picture
from tests.losing import hasten
from tests.receiver import until


async def ended(here: House, prompt: str, provider: str = "sim-none") -> Job:
    hasten(here)
    job = await here.jobs.submit(picture(provider, f"x {prompt}"), NOBODY)
    return await here.jobs.wait(job.id, NOBODY, 20)


async def test_a_word_that_nobody_knows_does_not_end_a_job(here: House) -> None:
    hasten(here)
    job = await here.jobs.submit(picture("sim-none", "x [[unknown-status]] [[stuck]]"), NOBODY)
    await until(lambda: here.simulator.polls > 3)
    (simulated,) = here.simulator.jobs
    simulated.script, simulated.ends = Script(), simulated.accepted

    assert (await here.jobs.wait(job.id, NOBODY, 20)).status is JobStatus.COMPLETED


async def test_a_word_that_nobody_knows_and_that_stays_ends_a_job_and_is_kept(here: House) -> None:
    job = await ended(here, "[[status levitating]] [[stuck]]")

    assert job.status is JobStatus.FAILED
    assert job.error is not None
    assert (job.error.kind, job.error.raw) == (ErrorKind.MALFORMED_REPLY, "levitating")
    assert here.simulator.polls == 20


async def test_an_error_inside_of_a_success_that_nobody_knows_leaves_a_submission_open(here: House) -> None:
    job = await ended(here, "[[error-200]]")
    assert job.status is JobStatus.OUTCOME_UNKNOWN
    assert job.error is not None
    assert "refused by its script, inside of a success" in job.error.message

    job = await here.jobs.resolve(job.id, NOBODY, "not_billed")
    assert job.status is JobStatus.REJECTED
    assert here.bills() == []


async def test_an_error_inside_of_a_success_is_a_poll_that_failed_and_no_job_that_did(here: House) -> None:
    job = await ended(here, "[[poll-error-200 3]] [[work 0.05]]")

    assert job.status is JobStatus.COMPLETED


@pytest.mark.parametrize("provider", ["sim-none", "sim-both"])
async def test_a_success_that_is_moderated_before_it_is_collected_is_filtered(here: House, provider: str) -> None:
    job = await ended(here, "[[work 0.05]] [[late 0]]", provider)

    assert job.status is JobStatus.FILTERED


async def test_a_success_that_is_moderated_while_it_is_collected_is_filtered(
    here: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    hasten(here)
    room = Room(monkeypatch)
    room.full = True
    job = await here.jobs.submit(picture("sim-none", "x [[work 0.05]] [[late 600]]"), NOBODY)
    await until(lambda: room.refused > 1)
    here.simulator.advance(600)
    room.full = False
    job = await here.jobs.wait(job.id, NOBODY, 20)

    assert job.status is JobStatus.FILTERED
    assert job.error is not None
    assert job.error.kind is ErrorKind.CONTENT_FILTERED


async def test_what_was_made_and_cannot_be_collected_any_more_costs_what_its_provider_says(here: House) -> None:
    job = await ended(here, "[[work 0.05]] [[dead-link]] [[bill 0.005]]")

    assert job.status is JobStatus.EXPIRED
    assert job.cost is not None
    assert job.cost.amount == Decimal("0.005")


class Room:
    """What is left on the disk: files cannot be written while it is `full`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.full = False
        self.refused = 0
        put = FileSink._put  # noqa: SLF001

        def written(sink: FileSink, piece: bytearray) -> None:
            if self.full:
                self.refused += 1
                raise OSError(errno.ENOSPC, "No space left on device")
            put(sink, piece)

        monkeypatch.setattr(FileSink, "_put", written)


async def test_a_job_waits_while_the_disk_is_full_says_so_and_completes_when_there_is_room(
    here: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    hasten(here)
    room = Room(monkeypatch)
    room.full = True
    job = await here.jobs.submit(picture("sim-none", "x [[work 0.05]]"), NOBODY)
    await until(lambda: room.refused > 3)
    waiting = await here.jobs.get(job.id, NOBODY)
    room.full = False
    done = await here.jobs.wait(job.id, NOBODY, 20)

    assert waiting.status is JobStatus.DOWNLOADING
    assert "there is no room for a file" in (waiting.waiting or "")
    assert (done.status, done.waiting, len(done.assets)) == (JobStatus.COMPLETED, None, 1)
    assert len(here.bills()) == 1


async def test_a_full_disk_is_waited_for_longer_than_the_links_live(
    here: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    hasten(here)
    room = Room(monkeypatch)
    room.full = True
    job = await here.jobs.submit(picture("sim-none", "x [[work 0.05]]"), NOBODY)
    await until(lambda: room.refused > 1)
    (simulated,) = here.simulator.jobs
    simulated.script = msgspec.structs.replace(simulated.script, link=3_600.0)  # the next answer has fresh ones
    room.full = False

    assert (await here.jobs.wait(job.id, NOBODY, 20)).status is JobStatus.COMPLETED
