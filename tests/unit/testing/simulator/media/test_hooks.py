"""Webhooks of the simulator: signed, doubled, forged, replayed, sent again."""

from standardwebhooks import Webhook, WebhookVerificationError

from genmux.contract.jobs import Delivery
from genmux.testing.conformance.mailbox import Mailbox
from tests.unit.testing.simulator.media.conftest import Caller


def genuine(caller: Caller, delivery: Delivery) -> bool:
    """Whether the specification's own library believes it."""
    try:
        Webhook(caller.simulator["generic"].secret).verify(delivery.body, dict(delivery.headers))
    except WebhookVerificationError:
        return False
    return True


async def came(caller: Caller, prompt: str, count: int) -> list[Delivery]:
    """The webhooks of a job, once so many came."""
    async with Mailbox() as mailbox:
        await caller.submit(prompt, callback=mailbox.url)
        caller.simulator.advance(5)
        await mailbox.until(lambda: len(mailbox.deliveries) >= count)
        await caller.simulator.until(lambda: not caller.simulator.postman.busy)
        return mailbox.deliveries


async def test_the_end_of_a_job_is_told_once_and_signed(caller: Caller):
    deliveries = await came(caller, "a cat", 1)
    assert [genuine(caller, one) for one in deliveries] == [True]
    assert b'"status":"done"' in deliveries[0].body


async def test_forged_duplicate_and_replayed_ones_come_beside_it(caller: Caller):
    deliveries = await came(caller, "a cat [[failed]] [[hook-forged]] [[hook-duplicate]] [[hook-replayed]]", 4)
    assert [genuine(caller, one) for one in deliveries] == [False, True, True, False]
    assert b'"status":"done"' in deliveries[0].body, "the forged one says that the job went well"
    assert deliveries[1].body == deliveries[2].body
    kinds = [one.kind for one in caller.simulator.delivered]
    assert kinds == ["forged", "genuine", "duplicate", "replayed"]


async def test_a_job_that_is_moderated_late_is_told_twice(caller: Caller):
    async with Mailbox() as mailbox:
        await caller.submit("a cat [[late 5]]", callback=mailbox.url)
        for count in (1, 2):
            caller.simulator.advance(3 if count == 1 else 5)
            await mailbox.until(lambda count=count: len(mailbox.deliveries) == count)
        words = [b"done" in mailbox.deliveries[0].body, b"blocked" in mailbox.deliveries[1].body]
    assert words == [True, True]


async def test_a_cancelled_job_is_told_at_once(caller: Caller):
    async with Mailbox() as mailbox:
        _, job = await caller.submit("a cat [[work 60]]", callback=mailbox.url)
        await caller.ask("POST", f"/generic/v1/jobs/{job['id']}/cancel")
        await mailbox.until(lambda: len(mailbox.deliveries) == 1)
        assert b"cancelled" in mailbox.deliveries[0].body


async def test_a_webhook_that_nobody_takes_is_sent_again(caller: Caller, monkeypatch):
    generic = caller.simulator["generic"]
    monkeypatch.setattr(type(generic), "hook_retries", (0.0, 0.0))
    await caller.submit("a cat", callback="http://127.0.0.1:1/nobody")
    caller.simulator.advance(5)
    await caller.simulator.until(lambda: len(caller.simulator.delivered) == 3)
    assert [(one.attempt, one.status) for one in caller.simulator.delivered][:2] == [(1, None), (2, None)]


async def test_a_lost_webhook_is_never_sent(caller: Caller):
    async with Mailbox() as mailbox:
        await caller.submit("a cat [[hook-lost]]", callback=mailbox.url)
        caller.simulator.advance(5)
        assert not caller.simulator.postman.busy
        assert mailbox.deliveries == []


async def test_jobs_without_a_callback_go_to_the_accounts_own(caller: Caller):
    async with Mailbox() as mailbox:
        caller.simulator.account_hook(mailbox.url)
        await caller.submit("a cat")
        caller.simulator.advance(5)
        await mailbox.until(lambda: len(mailbox.deliveries) == 1)
        assert genuine(caller, mailbox.deliveries[0])
