"""Jobs of Black Forest Labs, against their simulated API."""

from collections.abc import Awaitable, Callable

import pytest

from genmux.contract.inputs import MediaInput
from genmux.types.errors import NotFoundError, ProviderError, QuotaExceededError
from genmux.types.jobs import Completed, Failed, Filtered, Processing
from genmux.types.usage import credits_used
from tests.unit.providers.simulated import Life

Begin = Callable[[str], Awaitable[Life]]
OF = ("flux-2-pro", "text_to_image")
CAT = MediaInput(kind="image", role="image", url="data:image/png;base64,UE5H")
MASK = MediaInput(kind="image", role="mask", url="data:image/png;base64,TUFTSw==")


async def test_a_job_is_asked_for_at_its_own_address_and_tells_its_credits(life: Begin) -> None:
    bfl = await life("bfl")
    ticket = await bfl.accepted(*OF, "a cat [[work 10]]")
    assert ticket["polling_url"].startswith(bfl.base_url + "/cluster/")
    assert ticket["credits"] == 4

    bfl.simulator.advance(5)
    state = await bfl.poll(*OF, ticket)
    assert isinstance(state, Processing)
    assert 0.4 < (state.progress or 0) < 0.6
    bfl.simulator.advance(10)
    state = await bfl.poll(*OF, ticket)
    assert isinstance(state, Completed)
    assert state.usage == credits_used("credits", 4)
    assert len(state.outputs) == 1


async def test_anywhere_else_the_task_is_not_found(life: Begin) -> None:
    bfl = await life("bfl")
    ticket = await bfl.accepted(*OF)
    with pytest.raises(NotFoundError):
        await bfl.poll(*OF, {**ticket, "polling_url": f"/v1/get_result?id={ticket['id']}"})


async def test_a_task_is_found_when_it_is_known_everywhere(life: Begin) -> None:
    bfl = await life("bfl")
    ticket = await bfl.accepted(*OF, "a cat [[missing 5]] [[work 60]]")
    with pytest.raises(NotFoundError):
        await bfl.poll(*OF, ticket)
    bfl.simulator.advance(6)
    assert isinstance(await bfl.poll(*OF, ticket), Processing)


async def test_moderation_is_a_filter_and_an_error_is_a_failure(life: Begin) -> None:
    bfl = await life("bfl")
    content = await bfl.accepted(*OF, "a cat [[filtered too many cats]]")
    asked = await bfl.accepted(*OF, "a cat [[filtered]] [[status Request Moderated]]")
    failed = await bfl.accepted(*OF, "a cat [[failed]]")
    bfl.simulator.advance(5)
    assert await bfl.poll(*OF, content) == Filtered(reason="too many cats", raw="Content Moderated")
    assert await bfl.poll(*OF, asked) == Filtered(reason="Derivative Works Filter", raw="Request Moderated")
    assert isinstance(await bfl.poll(*OF, failed), Failed)


async def test_an_edit_sends_picture_and_mask_as_base64(life: Begin) -> None:
    bfl = await life("bfl")
    await bfl.accepted("flux-pro-1.0-fill", "edit_image", "a hat", inputs=(CAT, MASK))
    (job,) = bfl.simulator.jobs
    assert (job.params["image"], job.params["mask"], job.params["steps"]) == ("UE5H", "TUFTSw==", 50)


async def test_the_secret_of_the_account_goes_with_what_is_called_back(life: Callable[..., Awaitable[Life]]) -> None:
    bfl = await life("bfl", credential={"api_key": "k", "webhook_secret": "s"})
    await bfl.accepted(*OF, callback="http://127.0.0.1:9/hooks/bfl/t")
    assert bfl.simulator.jobs[0].extra == {"signs": True}


async def test_an_empty_account_is_refused_and_nothing_is_billed(life: Begin) -> None:
    bfl = await life("bfl")
    with pytest.raises(QuotaExceededError):
        await bfl.submit(*OF, "a cat [[no-credit]]")
    assert bfl.simulator.bills() == []


@pytest.mark.parametrize("directive", ["poll-error", "poll-error-200", "poll-garbled", "poll-rate-limit", "poll-cut"])
async def test_a_poll_that_fails_says_nothing_of_the_job(life: Begin, directive: str) -> None:
    bfl = await life("bfl")
    ticket = await bfl.accepted(*OF, f"a cat [[{directive}]] [[work 60]]")
    with pytest.raises(ProviderError):
        await bfl.poll(*OF, ticket)
    assert isinstance(await bfl.poll(*OF, ticket), Processing)
