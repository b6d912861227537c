"""What becomes of what was made and cannot be collected yet."""

from typing import Any

import pytest

from genmux.flows.job.bench import Hand
from genmux.flows.job.collecting import AT_LEAST, FORGOTTEN, Collector
from genmux.types.errors import ConfigurationError, ErrorKind, NetworkError, ProviderError, Retry
from genmux.types.jobs import Completed, JobStatus
from genmux.types.periods import SECOND
from genmux.types.principal import NOBODY
from tests.jobs import House, picture
from tests.losing import Deadline


async def test_what_is_set_up_wrongly_on_our_side_loses_no_result(
    embedded: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = embedded.jobs._bench  # noqa: SLF001 — what fails in it
    collect, asked = bench.files.collect, 0

    async def failing(*output: Any, **how: Any) -> Any:
        nonlocal asked
        asked += 1
        if asked == 1:
            raise ConfigurationError("the account is gone")
        return await collect(*output, **how)

    monkeypatch.setattr(bench.files, "collect", failing)
    bench.random = lambda: 0.0
    job = await embedded.jobs.submit(picture("sim-none", "x [[work 0.05]]"), NOBODY)
    job = await embedded.jobs.wait(job.id, NOBODY, 20)
    assert (job.status, len(job.assets)) == (JobStatus.COMPLETED, 1)


@pytest.mark.parametrize(
    ("error", "age", "dead"),
    [
        (NetworkError("no such host", retry=Retry.SAFE), FORGOTTEN / 2, False),
        (NetworkError("no such host", retry=Retry.SAFE), FORGOTTEN * 2, True),
        (ProviderError("busy", kind=ErrorKind.OVERLOADED, status=503, retry=Retry.SAFE), FORGOTTEN * 2, True),
        (ProviderError("the disk is full", kind=ErrorKind.OVERLOADED, retry=Retry.SAFE), FORGOTTEN * 2, False),
        (ProviderError("forbidden", kind=ErrorKind.PERMISSION, status=403), 0.0, True),
    ],
)
async def test_a_host_that_never_answers_keeps_no_job_for_ever_but_a_full_disk_may(
    embedded: House, error: ProviderError, age: float, dead: bool
) -> None:
    job = await embedded.jobs.submit(picture("sim-none", "x [[stuck]]"), NOBODY)
    row = await embedded.desk.rows.find(job.id)
    assert row is not None
    row.updated_at -= int(age * SECOND)
    row.model = "gone"  # so that nobody says how long its results live
    collector, clock = Collector(embedded.jobs._bench), Deadline(embedded)  # noqa: SLF001 — when it gives up
    lives = await collector._lives(Hand(row), Completed())  # noqa: SLF001
    clock.advance(AT_LEAST + 1)
    assert collector._is_dead(error, lives) is dead  # noqa: SLF001
