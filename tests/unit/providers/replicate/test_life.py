"""Predictions, against the simulated API of Replicate."""

import datetime
from collections.abc import Awaitable, Callable

import pytest

from genmux.contract.inputs import MediaInput
from genmux.testing.conformance import CHECKS, Case, Subject
from genmux.types.errors import InvalidRequestError, NotFoundError, QuotaExceededError
from genmux.types.jobs import Accepted, Cancelled, Completed, Filtered, Pending, Processing
from tests.unit.providers.simulated import Life, model_of

Begin = Callable[[str], Awaitable[Life]]
OF = ("black-forest-labs/flux-schnell", "text_to_image")
CAT = MediaInput(kind="image", role="image", url="https://in.example/cat.png")


async def test_a_prediction_starts_is_worked_on_and_has_outputs(life: Begin) -> None:
    replicate = await life("replicate")
    ticket = await replicate.accepted(*OF, "a cat [[queue 10]] [[work 20]]", n=2)
    assert await replicate.poll(*OF, ticket) == Pending(raw="starting")
    replicate.simulator.advance(15)
    assert await replicate.poll(*OF, ticket) == Processing(raw="processing")
    replicate.simulator.advance(20)
    state = await replicate.poll(*OF, ticket)
    assert isinstance(state, Completed)
    assert len(state.outputs) == 2


async def test_what_a_submission_waits_for_is_over_at_once_or_still_a_job(life: Begin) -> None:
    replicate = await life("replicate")
    assert isinstance(await replicate.submit(*OF, "a cat [[work 0.05]]", wait=5), Completed)
    assert isinstance(await replicate.submit(*OF, "a cat [[work 600]]", wait=1), Accepted)


async def test_outputs_are_gone_an_hour_after_the_end(life: Begin) -> None:
    replicate = await life("replicate")
    ticket = await replicate.accepted(*OF)
    replicate.simulator.advance(3_500)
    assert isinstance(await replicate.poll(*OF, ticket), Completed)
    replicate.simulator.advance(200)
    with pytest.raises(NotFoundError, match="an hour after its end"):
        await replicate.poll(*OF, ticket)


async def test_ends_are_told_by_words_and_deadlines_by_a_status(life: Begin) -> None:
    replicate = await life("replicate")
    filtered = await replicate.accepted(*OF, "a cat [[filtered]]")
    aborted = await replicate.accepted(*OF, "a cat [[expired]]")
    replicate.simulator.advance(5)
    assert isinstance(await replicate.poll(*OF, filtered), Filtered)
    state = await replicate.poll(*OF, aborted)
    assert isinstance(state, Cancelled)
    assert state.usage is not None
    assert state.usage.reported_cost == 0


async def test_what_is_over_cannot_be_cancelled(life: Begin) -> None:
    replicate = await life("replicate")
    waits = await replicate.accepted(*OF, "a cat [[queue 60]]")
    await replicate.walk(replicate.wire(*OF).cancel(waits))
    assert isinstance(await replicate.poll(*OF, waits), Cancelled)
    with pytest.raises(InvalidRequestError, match="already finished"):
        await replicate.walk(replicate.wire(*OF).cancel(waits))


async def test_an_empty_account_is_told_so_and_nothing_is_billed(life: Begin) -> None:
    replicate = await life("replicate")
    with pytest.raises(QuotaExceededError):
        await replicate.submit(*OF, "a cat [[no-credit]]")
    assert replicate.simulator.bills() == []
    assert replicate.simulator.requests[0].headers["authorization"] == "Bearer k-123"


async def test_addresses_on_other_hosts_are_never_followed(life: Begin) -> None:
    replicate = await life("replicate")
    ticket = await replicate.accepted(*OF)
    with pytest.raises(InvalidRequestError, match="carry the credential away"):
        await replicate.poll(*OF, {**ticket, "get": "https://api.replicate.com.evil.example/v1/predictions/1"})


async def test_what_an_account_made_is_listed_page_by_page_with_its_sources(life: Begin) -> None:
    replicate = await life("replicate")
    for number in range(105):
        await replicate.accepted(*OF, f"cat {number}")
    replicate.simulator.advance(5)
    await replicate.accepted("black-forest-labs/flux-dev", "image_to_image", inputs=(CAT,))
    replicate.simulator.advance(5)

    found = await replicate.walk(replicate.wire(*OF).list(None))

    assert len(found) == 106
    assert [one.url for one in found[0].sources] == [CAT.url]
    assert found[-1].prompt == "cat 0"
    assert sum("cursor=" in one.target for one in replicate.simulator.requests) == 1
    assert found[0].created_at is not None
    newer = found[0].created_at - datetime.timedelta(seconds=1)
    assert len(await replicate.walk(replicate.wire(*OF).list(newer))) == 1


@pytest.mark.parametrize(
    ("model", "operation"),
    [
        ("black-forest-labs/flux-dev", "image_to_image"),
        ("black-forest-labs/flux-fill-pro", "edit_image"),
        ("recraft-ai/recraft-crisp-upscale", "upscale"),
        ("bytedance/seedance-2.0", "image_to_video"),
        ("stability-ai/sdxl", "edit_image"),
        ("stability-ai/stable-audio-2.5", "text_to_sound"),
        ("minimax/speech-2.6-turbo", "text_to_speech"),
    ],
)
async def test_models_of_all_kinds_keep_the_contract(life: Begin, model: str, operation: str) -> None:
    provider = (await life("replicate")).provider
    known = next(name for name in provider.manifest.models if name.startswith(model))
    subject = Subject(
        provider=provider,
        wire_name="predictions",
        model=model_of(provider, known),
        operation=operation,
        personality="replicate",
    )
    checks = [
        CHECKS[name]
        for name in ("inputs-are-carried-as-the-manifest-says", "a-job-ends-with-an-output", "an-account-has-a-list")
    ]
    applied = [check for check in checks if check.applies(subject)]
    for check in applied:
        await Case(subject, check).run()
    assert len(applied) >= 2
