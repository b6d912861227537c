"""Jobs of Luma, against its simulated API."""

import datetime
from collections.abc import Awaitable, Callable

import pytest

from genmux.contract.inputs import MediaInput
from genmux.types.errors import InvalidRequestError, NotFoundError
from genmux.types.jobs import Completed, Failed, Filtered, Pending, Processing
from tests.unit.providers.simulated import Life

Begin = Callable[[str], Awaitable[Life]]
OF = ("ray-2", "text_to_video")
CAT = MediaInput(kind="image", role="image", url="https://in.example/cat.png")
DOG = MediaInput(kind="image", role="last_image", url="https://in.example/dog.png")


async def test_a_job_waits_dreams_and_is_made(life: Begin) -> None:
    luma = await life("luma")
    ticket = await luma.accepted(*OF, "a cat [[queue 10]] [[work 20]]")
    assert await luma.poll(*OF, ticket) == Pending(raw="queued")
    luma.simulator.advance(15)
    assert await luma.poll(*OF, ticket) == Processing(raw="dreaming")
    luma.simulator.advance(20)
    state = await luma.poll(*OF, ticket)
    assert isinstance(state, Completed)
    assert len(state.outputs) == 1


async def test_moderation_is_told_from_failure_by_its_reason(life: Begin) -> None:
    luma = await life("luma")
    filtered = await luma.accepted(*OF, "a cat [[filtered]]")
    failed = await luma.accepted(*OF, "a cat [[failed]]")
    luma.simulator.advance(5)
    assert await luma.poll(*OF, filtered) == Filtered(reason="Advanced prompt moderation failed", raw="failed")
    assert isinstance(await luma.poll(*OF, failed), Failed)


async def test_what_was_deleted_is_not_known_any_more(life: Begin) -> None:
    luma = await life("luma")
    ticket = await luma.accepted(*OF, "a cat [[work 60]]")
    await luma.walk(luma.wire(*OF).cancel(ticket))
    with pytest.raises(NotFoundError):
        await luma.poll(*OF, ticket)


async def test_a_refusal_bills_nothing(life: Begin) -> None:
    luma = await life("luma")
    with pytest.raises(InvalidRequestError, match="Loop is not supported"):
        await luma.submit("ray-2", "image_to_video", inputs=(CAT, DOG), loop=True)
    assert luma.simulator.bills() == []


async def test_what_an_account_made_is_listed_page_by_page_with_its_sources(life: Begin) -> None:
    luma = await life("luma")
    for number in range(105):
        await luma.accepted(*OF, f"cat {number}")
    await luma.accepted("ray-2", "image_to_video", inputs=(CAT, DOG))
    luma.simulator.advance(5)

    found = await luma.walk(luma.wire(*OF).list(None))

    assert len(found) == 106
    assert [one.url for one in found[0].sources] == [CAT.url, DOG.url]
    assert found[0].operation == "image_to_video"
    assert (found[-1].prompt, found[-1].operation) == ("cat 0", "text_to_video")
    assert isinstance(found[-1].state, Completed)
    assert sum("offset=" in one.target for one in luma.simulator.requests) == 2


async def test_a_list_of_what_is_newer_than_everything_is_empty(life: Begin) -> None:
    luma = await life("luma")
    await luma.accepted(*OF)
    later = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=1)
    assert await luma.walk(luma.wire(*OF).list(later)) == []
