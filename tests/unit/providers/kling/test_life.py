"""Jobs of Kling, against its simulated API."""

import datetime
from collections.abc import Awaitable, Callable

import pytest

from genmux.contract.operations import Operation
from genmux.testing.simulator.media.hooks import letters_of
from genmux.testing.simulator.media.personalities.kling import ACCESS_KEY, SECRET_KEY
from genmux.types.errors import (
    AuthenticationError,
    NotFoundError,
    ProviderError,
    QuotaExceededError,
    RateLimitError,
    Retry,
)
from genmux.types.jobs import Completed, Failed, Filtered, Pending, Processing
from genmux.types.usage import credits_used
from tests.unit.providers.simulated import Life, delivered

Of = tuple[str, Operation]
Begin = Callable[..., Awaitable[Life]]
NEWER: Of = ("kling-3.0", "text_to_video")
OLDER: Of = ("kling-v3", "text_to_video")
BOTH = pytest.mark.parametrize("of", [NEWER, OLDER])
PAIR = {"access_key": ACCESS_KEY, "secret_key": SECRET_KEY}
LONG_AGO = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


@BOTH
async def test_a_video_is_made_and_tells_what_it_took(life: Begin, of: Of) -> None:
    kling = await life("kling")
    ticket = await kling.accepted(*of, "a cat [[queue 10]] [[work 20]]")

    assert await kling.poll(*of, ticket) == Pending(raw="submitted")
    kling.simulator.advance(20)
    assert await kling.poll(*of, ticket) == Processing(raw="processing")
    kling.simulator.advance(20)
    state = await kling.poll(*of, ticket)
    assert isinstance(state, Completed)
    assert state.usage.meters == credits_used("video_units", 5).meters
    assert len(state.outputs) == 1


async def test_pictures_are_made_with_tokens_of_an_access_key(life: Begin) -> None:
    kling = await life("kling", credential=PAIR)
    of: Of = ("kling-image-3.0", "text_to_image")
    ticket = await kling.accepted(*of, "a cat [[work 0]]", n=2)
    state = await kling.poll(*of, ticket)
    assert isinstance(state, Completed)
    assert [one.media_type for one in state.outputs] == ["image/png", "image/png"]


async def test_a_token_with_a_wrong_secret_is_refused(life: Begin) -> None:
    kling = await life("kling", credential={**PAIR, "secret_key": "another"})
    with pytest.raises(AuthenticationError) as caught:
        await kling.submit(*OLDER)
    assert caught.value.code == "1002"


@BOTH
async def test_risk_control_is_a_filter(life: Begin, of: Of) -> None:
    kling = await life("kling")
    ticket = await kling.accepted(*of, "a cat [[filtered]]")
    kling.simulator.advance(5)
    assert await kling.poll(*of, ticket) == Filtered(reason="Failure to pass the risk control system", raw="failed")


@BOTH
async def test_a_failure_says_why(life: Begin, of: Of) -> None:
    kling = await life("kling")
    ticket = await kling.accepted(*of, "a cat [[failed it broke]]")
    kling.simulator.advance(5)
    assert await kling.poll(*of, ticket) == Failed(message="it broke", raw="failed")


@BOTH
async def test_a_task_whose_submission_was_lost_is_found_by_our_key(life: Begin, of: Of) -> None:
    kling = await life("kling")
    with pytest.raises(ProviderError):
        await kling.submit(*of, "a cat [[lost-reply]]")
    wire = kling.wire(*of)
    found = await kling.walk(wire.find("key-1", LONG_AGO))
    assert isinstance(await kling.poll(*of, found), Pending | Processing)
    assert await kling.walk(wire.find("key-2", LONG_AGO)) is None


@BOTH
async def test_all_tasks_are_listed_with_our_keys(life: Begin, of: Of) -> None:
    kling = await life("kling")
    tickets = [await kling.accepted(*of) for _ in range(3)]
    listed = await kling.walk(kling.wire(*of).list(LONG_AGO))
    assert {one.ticket["id"] for one in listed} == {one["id"] for one in tickets}
    assert {one.key for one in listed} == {"key-1"}


@BOTH
async def test_a_task_that_nobody_knows_is_not_found(life: Begin, of: Of) -> None:
    kling = await life("kling")
    with pytest.raises(NotFoundError):
        await kling.poll(*of, {"id": "nobody"})


@BOTH
@pytest.mark.parametrize(
    ("directive", "kind"), [("[[no-credit]]", QuotaExceededError), ("[[error-200]]", ProviderError)]
)
async def test_a_refusal_bills_nothing(life: Begin, of: Of, directive: str, kind: type[ProviderError]) -> None:
    kling = await life("kling")
    with pytest.raises(kind):
        await kling.submit(*of, f"a cat {directive}")
    assert kling.simulator.bills() == []


@BOTH
async def test_full_slots_are_safe_to_repeat(life: Begin, of: Of) -> None:
    kling = await life("kling")
    with pytest.raises(RateLimitError) as caught:
        await kling.submit(*of, "a cat [[slots-full]]")
    assert (caught.value.code, caught.value.retry) == ("1303", Retry.SAFE)
    assert kling.simulator.bills() == []


@BOTH
@pytest.mark.parametrize("directive", ["poll-error", "poll-error-200", "poll-garbled", "poll-rate-limit", "poll-cut"])
async def test_a_poll_that_fails_says_nothing_of_the_job(life: Begin, of: Of, directive: str) -> None:
    kling = await life("kling")
    ticket = await kling.accepted(*of, f"a cat [[{directive}]] [[work 60]]")
    with pytest.raises(ProviderError):
        await kling.poll(*of, ticket)
    assert isinstance(await kling.poll(*of, ticket), Processing)


@BOTH
async def test_a_webhook_tells_what_a_poll_would(life: Begin, of: Of) -> None:
    kling = await life("kling")
    ticket = await kling.accepted(*of, callback="https://hooks.example/1")
    kling.simulator.advance(5)
    personality = kling.simulator["kling"]
    (job,) = personality.desk.jobs.values()
    now = kling.simulator.clock.wall()
    ((_, hook),) = letters_of(personality, job, now=now)

    wire = kling.wire(*of)
    verified = wire.verify(delivered(hook), (personality.secret,), now)
    told, state = wire.webhook(verified)
    assert (told, verified.trusted, hook.url) == (ticket, True, "https://hooks.example/1")
    assert isinstance(state, Completed)
    assert wire.answer == b""


@BOTH
async def test_a_forged_webhook_is_refused(life: Begin, of: Of) -> None:
    kling = await life("kling")
    await kling.accepted(*of, "a cat [[hook-forged]]", callback="https://hooks.example/1")
    personality = kling.simulator["kling"]
    (job,) = personality.desk.jobs.values()
    now = kling.simulator.clock.wall()
    (_, forged), _ = letters_of(personality, job, now=now)
    with pytest.raises(AuthenticationError):
        kling.wire(*of).verify(delivered(forged), (personality.secret,), now)
