"""Jobs of PixVerse, against its simulated API."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from genmux.contract.http import FileBody
from genmux.contract.inputs import MediaInput
from genmux.contract.operations import Operation
from genmux.testing.simulator.media.hooks import letters_of
from genmux.types.errors import (
    AuthenticationError,
    NotFoundError,
    ProviderError,
    QuotaExceededError,
    RateLimitError,
    Retry,
)
from genmux.types.jobs import Cancelled, Completed, Failed, Filtered, JobState, Processing
from genmux.types.usage import credits_used
from tests.unit.providers.simulated import Life, delivered

Begin = Callable[[str], Awaitable[Life]]
OF: tuple[str, Operation] = ("v6", "text_to_video")


async def test_a_video_is_made_though_each_poll_looks_the_same(life: Begin) -> None:
    pixverse = await life("pixverse")
    ticket = await pixverse.accepted(*OF, "a cat [[queue 10]] [[work 20]]")

    assert await pixverse.poll(*OF, ticket) == Processing(raw="5")
    pixverse.simulator.advance(40)
    state = await pixverse.poll(*OF, ticket)
    assert isinstance(state, Completed)
    assert state.outputs[0].metadata == {"width": 640, "height": 360, "seed": 7}


@pytest.mark.parametrize(
    ("directive", "state"), [("filtered", Filtered), ("failed", Failed), ("expired", Failed), ("cancelled", Cancelled)]
)
async def test_an_end_is_what_its_number_says(life: Begin, directive: str, state: type[JobState]) -> None:
    pixverse = await life("pixverse")
    ticket = await pixverse.accepted(*OF, f"a cat [[{directive}]]")
    pixverse.simulator.advance(5)
    assert isinstance(await pixverse.poll(*OF, ticket), state)


async def test_a_submission_whose_answer_was_lost_is_sent_again_and_billed_once(life: Begin) -> None:
    pixverse = await life("pixverse")
    with pytest.raises(ProviderError):
        await pixverse.submit(*OF, "a cat [[lost-reply]]")
    await pixverse.accepted(*OF, "a cat [[lost-reply]]")
    assert len(pixverse.simulator.bills()) == 1


async def test_a_file_becomes_a_number_and_the_number_a_video(life: Begin, tmp_path: Path) -> None:
    pixverse = await life("pixverse")
    (tmp_path / "cat.png").write_bytes(b"PNG" * 400)
    body = FileBody(path=str(tmp_path / "cat.png"), size=1_200, media_type="image/png", name="cat.png")
    frames = (
        MediaInput(kind="image", role="image", file=body),
        MediaInput(kind="image", role="last_image", file=body),
    )

    await pixverse.accepted("v6", "image_to_video", inputs=frames)

    uploads = pixverse.simulator["pixverse"].desk.uploads
    assert [(one.name, one.media_type, one.data) for one in uploads.values()] == [
        ("cat.png", "image/png", b"PNG" * 400)
    ] * 2
    (job,) = pixverse.simulator.jobs
    assert job.operation == "transition"


async def test_a_job_that_nobody_knows_is_not_found(life: Begin) -> None:
    pixverse = await life("pixverse")
    with pytest.raises(NotFoundError):
        await pixverse.poll(*OF, {"id": "404"})


@pytest.mark.parametrize(("directive", "kind"), [("no-credit", QuotaExceededError), ("error-200", ProviderError)])
async def test_a_refusal_bills_nothing(life: Begin, directive: str, kind: type[ProviderError]) -> None:
    pixverse = await life("pixverse")
    with pytest.raises(kind):
        await pixverse.submit(*OF, f"a cat [[{directive}]]")
    assert pixverse.simulator.bills() == []


async def test_full_slots_are_safe_to_repeat(life: Begin) -> None:
    pixverse = await life("pixverse")
    with pytest.raises(RateLimitError) as caught:
        await pixverse.submit(*OF, "a cat [[slots-full]]")
    assert (caught.value.code, caught.value.retry) == ("500044", Retry.SAFE)


@pytest.mark.parametrize("directive", ["poll-error", "poll-error-200", "poll-garbled", "poll-rate-limit", "poll-cut"])
async def test_a_poll_that_fails_says_nothing_of_the_job(life: Begin, directive: str) -> None:
    pixverse = await life("pixverse")
    ticket = await pixverse.accepted(*OF, f"a cat [[{directive}]] [[work 60]]")
    with pytest.raises(ProviderError):
        await pixverse.poll(*OF, ticket)
    assert isinstance(await pixverse.poll(*OF, ticket), Processing)


async def test_a_webhook_of_the_account_names_the_job_and_a_forged_one_is_refused(life: Begin) -> None:
    pixverse = await life("pixverse")
    personality = pixverse.simulator["pixverse"]
    personality.desk.account_hook = "https://hooks.example/account"
    ticket = await pixverse.accepted(*OF, "a cat [[hook-forged]]")
    pixverse.simulator.advance(5)
    (job,) = personality.desk.jobs.values()
    now = pixverse.simulator.clock.wall()
    (_, forged), (_, genuine) = letters_of(personality, job, now=now)

    wire = pixverse.wire(*OF)
    told, state = wire.webhook(wire.verify(delivered(genuine), (personality.secret,), now))
    assert told == ticket
    assert isinstance(state, Completed)
    assert state.usage == credits_used("credits", 35)
    with pytest.raises(AuthenticationError):
        wire.verify(delivered(forged), (personality.secret,), now)
