"""Jobs of xAI, against its simulated API."""

from collections.abc import Awaitable, Callable
from decimal import Decimal

import pytest

from genmux.types.errors import NotFoundError, ProviderError, RateLimitError, Retry
from genmux.types.jobs import Completed, Failed, Filtered, Processing
from tests.unit.providers.simulated import Life

Begin = Callable[[str], Awaitable[Life]]
OF = ("grok-imagine-video", "text_to_video")
PICTURE = ("grok-imagine-image", "text_to_image")


async def test_a_video_is_made_and_tells_what_it_did_cost(life: Begin) -> None:
    xai = await life("xai")
    ticket = await xai.accepted(*OF, "a cat [[queue 10]] [[work 20]]")

    assert await xai.poll(*OF, ticket) == Processing(progress=0.0, raw="pending")
    xai.simulator.advance(20)
    state = await xai.poll(*OF, ticket)
    assert isinstance(state, Processing)
    assert 0.4 < (state.progress or 0) < 0.6
    xai.simulator.advance(20)
    state = await xai.poll(*OF, ticket)
    assert isinstance(state, Completed)
    assert state.usage.reported_cost == Decimal("0.4")
    (output,) = state.outputs
    assert (output.media_type, output.metadata) == ("video/mp4", {"duration": 8.0})


async def test_what_moderation_keeps_back_is_paid_for(life: Begin) -> None:
    xai = await life("xai")
    ticket = await xai.accepted(*OF, "a cat [[filtered]]")
    xai.simulator.advance(5)
    state = await xai.poll(*OF, ticket)
    assert isinstance(state, Filtered)
    assert state.usage is not None
    assert state.usage.reported_cost == Decimal("0.4")


@pytest.mark.parametrize("directive", ["failed", "expired"])
async def test_a_job_that_failed_is_failed(life: Begin, directive: str) -> None:
    xai = await life("xai")
    ticket = await xai.accepted(*OF, f"a cat [[{directive}]]")
    xai.simulator.advance(5)
    assert isinstance(await xai.poll(*OF, ticket), Failed)


async def test_a_job_that_nobody_knows_is_not_found(life: Begin) -> None:
    xai = await life("xai")
    with pytest.raises(NotFoundError):
        await xai.poll(*OF, {"id": "nobody"})


async def test_a_refusal_for_its_rate_is_safe_to_repeat_and_bills_nothing(life: Begin) -> None:
    xai = await life("xai")
    with pytest.raises(RateLimitError) as caught:
        await xai.submit(*OF, "a cat [[slots-full]]")
    assert caught.value.retry is Retry.SAFE
    assert xai.simulator.bills() == []


@pytest.mark.parametrize("directive", ["poll-error", "poll-garbled", "poll-rate-limit", "poll-cut"])
async def test_a_poll_that_fails_says_nothing_of_the_job(life: Begin, directive: str) -> None:
    xai = await life("xai")
    ticket = await xai.accepted(*OF, f"a cat [[{directive}]] [[work 60]]")
    with pytest.raises(ProviderError):
        await xai.poll(*OF, ticket)
    assert isinstance(await xai.poll(*OF, ticket), Processing)


async def test_pictures_come_with_the_answer_and_those_kept_back_are_counted(life: Begin) -> None:
    xai = await life("xai")
    state = await xai.submit(*PICTURE, "two cats [[work 0]] [[withheld 1]]", n=2)
    assert isinstance(state, Completed)
    assert (len(state.outputs), state.filtered) == (1, 1)
    assert state.usage.reported_cost == Decimal("0.04")


async def test_pictures_that_are_all_kept_back_are_filtered(life: Begin) -> None:
    xai = await life("xai")
    assert isinstance(await xai.submit(*PICTURE, "a cat [[work 0]] [[filtered]]"), Filtered)
