"""Jobs at Google, against its simulated API."""

from collections.abc import Awaitable, Callable

import pytest

from genmux.contract.http import HttpRequest
from genmux.contract.inputs import MediaInput
from genmux.contract.operations import Operation
from genmux.types.errors import (
    AuthenticationError,
    ContentFilteredError,
    NotFoundError,
    ProviderError,
    QuotaExceededError,
    RateLimitError,
    ServerError,
)
from genmux.types.jobs import Cancelled, Completed, Failed, Filtered, Pending, Processing
from tests.unit.providers.simulated import Life

Begin = Callable[..., Awaitable[Life]]
Of = tuple[str, Operation]
PICTURE: Of = ("gemini-nano-banana-2.1", "text_to_image")
OMNI: Of = ("gemini-omni-1.2-flash", "text_to_video")
VEO: Of = ("veo-3.1-generate-preview", "text_to_video")
CAT = MediaInput(kind="image", role="image", url="data:image/png;base64,iVBORw0KGgo=")


async def test_a_picture_is_there_when_the_submission_is_answered(life: Begin) -> None:
    google = await life("google")
    state = await google.submit(*PICTURE, "a cat [[work 0.05]]")
    assert isinstance(state, Completed)
    (output,) = state.outputs  # the draft among the thoughts is none
    assert (output.data or b"").startswith(b"\x89PNG")
    assert state.text == "Here you are."
    assert state.usage.meters["tokens.output.image"] == 1120
    assert len(google.simulator.bills()) == 1


async def test_pictures_go_in(life: Begin) -> None:
    google = await life("google")
    state = await google.submit("gemini-nano-banana-2.1", "image_to_image", "[[work 0]]", inputs=(CAT, CAT))
    assert isinstance(state, Completed)
    assert state.usage.meters["tokens.input"] == 526


@pytest.mark.parametrize(
    ("told", "expected"),
    [("filtered too bold", Filtered), ("failed", Failed), ("status NO_IMAGE", Failed), ("status SAFETY", Filtered)],
)
async def test_a_picture_that_is_not_made_is_filtered_or_failed(life: Begin, told: str, expected: type) -> None:
    google = await life("google")
    assert isinstance(await google.submit(*PICTURE, f"a cat [[{told}]] [[work 0]]"), expected)


@pytest.mark.parametrize("of", [OMNI, VEO])
async def test_a_video_is_worked_on_and_made(life: Begin, of: Of) -> None:
    google = await life("google")
    ticket = await google.accepted(*of, "a cat [[work 20]]")
    assert isinstance(await google.poll(*of, ticket), Processing)
    google.simulator.advance(20)
    state = await google.poll(*of, ticket)
    assert isinstance(state, Completed)
    (output,) = state.outputs
    assert output.signed
    assert len(google.simulator.bills()) == 1


async def test_an_interaction_waits_first(life: Begin) -> None:
    google = await life("google")
    ticket = await google.accepted(*OMNI, "a cat [[queue 10]]")
    assert await google.poll(*OMNI, ticket) == Pending(raw="queued")


@pytest.mark.parametrize("of", [OMNI, VEO])
async def test_a_video_that_is_kept_back_is_filtered(life: Begin, of: Of) -> None:
    google = await life("google")
    ticket = await google.accepted(*of, "a cat [[filtered not this]]")
    google.simulator.advance(5)
    state = await google.poll(*of, ticket)
    assert isinstance(state, Filtered)
    assert state.reason == "not this"


@pytest.mark.parametrize("of", [OMNI, VEO])
async def test_a_video_can_fail(life: Begin, of: Of) -> None:
    google = await life("google")
    ticket = await google.accepted(*of, "a cat [[failed it broke]]")
    google.simulator.advance(5)
    state = await google.poll(*of, ticket)
    assert isinstance(state, Failed)
    assert state.message == "it broke"


async def test_an_interaction_is_cancelled(life: Begin) -> None:
    google = await life("google")
    ticket = await google.accepted(*OMNI, "a cat [[work 60]]")
    await google.walk(google.wire(*OMNI).cancel(ticket))
    assert isinstance(await google.poll(*OMNI, ticket), Cancelled)


async def test_an_interaction_that_nobody_knows_is_not_found_although_that_is_a_400(life: Begin) -> None:
    google = await life("google")
    with pytest.raises(NotFoundError, match="Invalid interaction name"):
        await google.poll(*OMNI, {"interaction": "v1_none"})
    with pytest.raises(NotFoundError):
        await google.poll(*VEO, {"operation": "models/veo-3.1-generate-preview/operations/none"})


async def test_a_file_is_had_with_the_key_and_after_a_redirect_on_the_same_host(life: Begin) -> None:
    google = await life("google")
    ticket = await google.accepted(*VEO)
    google.simulator.advance(5)
    state = await google.poll(*VEO, ticket)
    assert isinstance(state, Completed)
    url = state.outputs[0].url or ""
    with pytest.raises(ProviderError, match="at another address") as moved:
        await google.engine.call(
            google.provider, google.credential, HttpRequest(method="GET", url=url), base_url=google.base_url
        )
    assert moved.value.status == 302
    there = url.replace("/files/", "/download/files/")
    called = await google.engine.call(
        google.provider, google.credential, HttpRequest(method="GET", url=there), base_url=google.base_url
    )
    assert called.reply.headers["content-type"] == "video/mp4"
    with pytest.raises(AuthenticationError):
        await google.engine.call(google.provider, {}, HttpRequest(method="GET", url=there), base_url=google.base_url)


async def test_a_file_is_gone_after_two_days(life: Begin) -> None:
    google = await life("google")
    ticket = await google.accepted(*VEO)
    google.simulator.advance(5)
    state = await google.poll(*VEO, ticket)
    assert isinstance(state, Completed)
    google.simulator.advance(google.provider.manifest.jobs.result_lifetime or 0)
    with pytest.raises(ProviderError, match="do not have permission"):
        await google.engine.call(
            google.provider,
            google.credential,
            HttpRequest(method="GET", url=state.outputs[0].url or ""),
            base_url=google.base_url,
        )


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("unauthorized", AuthenticationError),
        ("no-credit", QuotaExceededError),
        ("refused-content", ContentFilteredError),
        ("slots-full", RateLimitError),
        ("error-200", ProviderError),
    ],
)
@pytest.mark.parametrize("of", [PICTURE, OMNI, VEO])
async def test_a_refusal_is_told_by_its_kind_and_bills_nothing(
    life: Begin, of: Of, told: str, expected: type[ProviderError]
) -> None:
    google = await life("google")
    with pytest.raises(expected):
        await google.submit(*of, f"a cat [[{told}]]")
    assert google.simulator.bills() == []


@pytest.mark.parametrize("of", [OMNI, VEO])
async def test_a_poll_that_fails_says_nothing_of_the_job(life: Begin, of: Of) -> None:
    google = await life("google")
    for fault in ("poll-error", "poll-error-200"):
        ticket = await google.accepted(*of, f"a cat [[{fault}]]")
        with pytest.raises(ServerError):
            await google.poll(*of, ticket)
        google.simulator.advance(5)
        assert isinstance(await google.poll(*of, ticket), Completed)
