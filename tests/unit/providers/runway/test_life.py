"""Jobs of Runway, against its simulated API."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from genmux.contract.http import FileBody
from genmux.contract.inputs import MediaInput
from genmux.types.errors import NotFoundError, ProviderError, QuotaExceededError, RateLimitError
from genmux.types.jobs import Cancelled, Completed, Failed, Filtered, Pending, Processing
from genmux.types.usage import credits_used
from tests.unit.providers.simulated import Life

Begin = Callable[[str], Awaitable[Life]]
OF = ("gen4.5", "text_to_video")


async def test_a_job_waits_is_made_and_tells_what_it_did_cost(life: Begin) -> None:
    runway = await life("runway")
    ticket = await runway.accepted(*OF, "a cat [[queue 10]] [[work 20]]")
    assert ticket["credits"] == 60

    assert await runway.poll(*OF, ticket) == Pending(raw="PENDING")
    runway.simulator.advance(20)
    state = await runway.poll(*OF, ticket)
    assert isinstance(state, Processing)
    assert 0.4 < (state.progress or 0) < 0.6
    runway.simulator.advance(20)
    state = await runway.poll(*OF, ticket)
    assert isinstance(state, Completed)
    assert state.usage == credits_used("credits", 60)
    assert len(state.outputs) == 1


async def test_throttled_is_waiting(life: Begin) -> None:
    runway = await life("runway")
    ticket = await runway.accepted(*OF, "a cat [[queue 10]] [[status THROTTLED]]")
    assert await runway.poll(*OF, ticket) == Pending(raw="THROTTLED")


async def test_safety_is_a_filter_and_costs_what_is_told(life: Begin) -> None:
    runway = await life("runway")
    ticket = await runway.accepted(*OF, "a cat [[filtered no cats]]")
    runway.simulator.advance(5)
    state = await runway.poll(*OF, ticket)
    assert state == Filtered(reason="no cats", usage=credits_used("credits", 60), raw="FAILED")


async def test_a_failure_is_paid_back(life: Begin) -> None:
    runway = await life("runway")
    ticket = await runway.accepted(*OF, "a cat [[failed]]")
    runway.simulator.advance(5)
    state = await runway.poll(*OF, ticket)
    assert isinstance(state, Failed)
    assert (state.code, state.usage) == ("INTERNAL.BAD_OUTPUT.CODE01", credits_used("credits", 0))


async def test_what_the_provider_cancels_by_itself_is_cancelled(life: Begin) -> None:
    runway = await life("runway")
    ticket = await runway.accepted(*OF, "a cat [[cancelled]]")
    runway.simulator.advance(5)
    assert isinstance(await runway.poll(*OF, ticket), Cancelled)


async def test_what_was_cancelled_is_not_known_any_more(life: Begin) -> None:
    runway = await life("runway")
    ticket = await runway.accepted(*OF, "a cat [[work 60]]")
    await runway.walk(runway.wire(*OF).cancel(ticket))
    with pytest.raises(NotFoundError):
        await runway.poll(*OF, ticket)


async def test_a_file_is_uploaded_without_the_key_and_taken_by_its_address(life: Begin, tmp_path: Path) -> None:
    runway = await life("runway")
    (tmp_path / "cat.png").write_bytes(b"PNG" * 400)
    file = FileBody(path=str(tmp_path / "cat.png"), size=1_200, media_type="image/png", name="cat.png")
    cat = MediaInput(kind="image", role="image", file=file)

    await runway.accepted("gen4.5", "image_to_video", inputs=(cat,))

    (upload,) = runway.simulator["runway"].desk.uploads.values()
    assert (upload.name, upload.media_type, upload.data) == ("cat.png", "image/png", b"PNG" * 400)
    (job,) = runway.simulator.jobs
    assert job.params["promptImage"][0]["uri"] == f"runway://upload/{upload.id}"
    assert len(runway.simulator.bills()) == 1


@pytest.mark.parametrize(
    ("directive", "kind"), [("[[no-credit]]", QuotaExceededError), ("[[slots-full]]", RateLimitError)]
)
async def test_a_refusal_bills_nothing(life: Begin, directive: str, kind: type[ProviderError]) -> None:
    runway = await life("runway")
    with pytest.raises(kind):
        await runway.submit(*OF, f"a cat {directive}")
    assert runway.simulator.bills() == []


@pytest.mark.parametrize("directive", ["poll-error", "poll-error-200", "poll-garbled", "poll-rate-limit", "poll-cut"])
async def test_a_poll_that_fails_says_nothing_of_the_job(life: Begin, directive: str) -> None:
    runway = await life("runway")
    ticket = await runway.accepted(*OF, f"a cat [[{directive}]] [[work 60]]")
    with pytest.raises(ProviderError):
        await runway.poll(*OF, ticket)
    assert isinstance(await runway.poll(*OF, ticket), Processing)
