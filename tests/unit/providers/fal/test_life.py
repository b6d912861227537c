"""Requests to fal, against its simulated API."""

from collections.abc import Awaitable, Callable

import pytest

from genmux.contract.inputs import MediaInput
from genmux.testing.conformance import CHECKS, Case, Subject
from genmux.types.errors import AuthenticationError, InvalidRequestError, ProviderError
from genmux.types.jobs import Cancelled, Completed, Failed, Filtered, Pending, Processing
from tests.unit.providers.simulated import Life, model_of

Begin = Callable[[str], Awaitable[Life]]
OF = ("fal-ai/flux/schnell", "text_to_image")
CAT = MediaInput(kind="image", role="image", url="https://in.example/cat.png")


async def test_a_request_waits_is_worked_on_and_has_a_result(life: Begin) -> None:
    fal = await life("fal")
    ticket = await fal.accepted(*OF, "a cat [[queue 10]] [[work 20]]", n=2)
    assert await fal.poll(*OF, ticket) == Pending(queue_position=2, raw="IN_QUEUE")
    fal.simulator.advance(15)
    assert await fal.poll(*OF, ticket) == Processing(raw="IN_PROGRESS")
    fal.simulator.advance(20)
    state = await fal.poll(*OF, ticket)
    assert isinstance(state, Completed)
    assert [output.media_type for output in state.outputs] == ["image/png", "image/png"]


async def test_pictures_that_the_checker_blackened_are_left_out(life: Begin) -> None:
    fal = await life("fal")
    some = await fal.accepted(*OF, "a cat [[withheld 1]]", n=3)
    every = await fal.accepted(*OF, "a cat [[withheld 2]]", n=2)
    fal.simulator.advance(5)
    state = await fal.poll(*OF, some)
    assert isinstance(state, Completed)
    assert (len(state.outputs), state.filtered) == (2, 1)
    assert isinstance(await fal.poll(*OF, every), Filtered)


async def test_completed_is_said_of_failures_too(life: Begin) -> None:
    fal = await life("fal")
    failed = await fal.accepted(*OF, "a cat [[failed the runner is gone]]")
    refused = await fal.accepted(*OF, "a cat [[filtered]]")
    fal.simulator.advance(5)
    state = await fal.poll(*OF, failed)
    assert isinstance(state, Failed)
    assert state.message == "the runner is gone"
    assert isinstance(await fal.poll(*OF, refused), Filtered)
    assert fal.simulator.bills()[0].charged == 0


async def test_what_waits_can_be_cancelled_and_what_is_over_cannot(life: Begin) -> None:
    fal = await life("fal")
    waits = await fal.accepted(*OF, "a cat [[queue 60]]")
    done = await fal.accepted(*OF, "a cat [[work 0]]")
    await fal.walk(fal.wire(*OF).cancel(waits))
    assert isinstance(await fal.poll(*OF, waits), Cancelled)
    with pytest.raises(ProviderError, match="ALREADY_COMPLETED"):
        await fal.walk(fal.wire(*OF).cancel(done))


@pytest.mark.parametrize("address", ["status", "response", "cancel"])
async def test_addresses_on_other_hosts_are_never_followed(life: Begin, address: str) -> None:
    fal = await life("fal")
    ticket = await fal.accepted(*OF, "a cat [[work 0]]")
    elsewhere = {**ticket, address: "https://queue.fal.run.evil.example/requests/1"}
    steps = fal.wire(*OF).cancel(elsewhere) if address == "cancel" else fal.wire(*OF).poll(elsewhere)
    with pytest.raises(InvalidRequestError, match="carry the credential away"):
        await fal.walk(steps)


async def test_a_request_without_the_key_is_refused(life: Begin) -> None:
    fal = await life("fal")
    await fal.accepted(*OF)
    assert fal.simulator.requests[0].headers["authorization"] == "Key k-123"
    fal.credential = {"api_key": ""}
    with pytest.raises(AuthenticationError):
        await fal.accepted(*OF)


@pytest.mark.parametrize(
    ("model", "operation", "kind"),
    [
        ("bytedance/seedance-2.0/text-to-video", "text_to_video", "video/mp4"),
        ("cassetteai/sound-effects-generator", "text_to_sound", "audio/wav"),
        ("fal-ai/kokoro/american-english", "text_to_speech", "audio/wav"),
    ],
)
async def test_videos_and_sounds_come_the_same_way(life: Begin, model: str, operation: str, kind: str) -> None:
    fal = await life("fal")
    ticket = await fal.accepted(model, operation, duration=5)
    fal.simulator.advance(5)
    state = await fal.poll(model, operation, ticket)
    assert isinstance(state, Completed)
    assert [output.media_type for output in state.outputs] == [kind]


@pytest.mark.parametrize(
    ("model", "operation"),
    [
        ("fal-ai/flux/dev/image-to-image", "image_to_image"),
        ("fal-ai/flux-pro/v1/fill", "edit_image"),
        ("fal-ai/clarity-upscaler", "upscale"),
        ("bytedance/seedance-2.0/image-to-video", "image_to_video"),
    ],
)
@pytest.mark.parametrize(
    "check", ["inputs-are-carried-as-the-manifest-says", "a-job-ends-with-an-output", "a-forged-webhook-is-refused"]
)
async def test_models_with_inputs_keep_the_contract_too(life: Begin, model: str, operation: str, check: str) -> None:
    provider = (await life("fal")).provider
    subject = Subject(
        provider=provider, wire_name="queue", model=model_of(provider, model), operation=operation, personality="fal"
    )
    await Case(subject, CHECKS[check]).run()
    assert CHECKS[check].applies(subject)
