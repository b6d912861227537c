"""Webhooks of providers wake polls and settle what cannot be polled; what was forged, repeated or late changes nothing."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from genmux.contract import signatures
from genmux.contract.jobs import Delivery, Verified
from genmux.flows.job.bench import Kept
from genmux.flows.job.hooks import AGAIN, FRESH, Keys, account_hook, account_token
from genmux.testing.simulator.media import SimulatedJob
from genmux.testing.simulator.media.providers import simulated_provider
from genmux.types.accounts import Account
from genmux.types.errors import (
    AuthenticationError,
    ConfigurationError,
    NetworkError,
    NotFoundError,
    Retry,
    StoreError,
    UnsupportedError,
)
from genmux.types.jobs import JobStatus
from genmux.types.jobs_stored import JobRow
from genmux.types.principal import NOBODY
from tests.hooks import FORGED, begun, delivery, ended, hook, polled_seldom, take
from tests.jobs import House, picture
from tests.receiver import until


@pytest_asyncio.fixture
async def seldom(sqlite_store_url: str) -> AsyncIterator[House]:
    async with polled_seldom(sqlite_store_url) as one:
        yield one


@pytest.mark.parametrize("provider", ["sim-both", "sim-webhook-only"])
@pytest.mark.parametrize(
    ("prompt", "status"),
    [
        ("a fish", JobStatus.COMPLETED),
        ("x [[filtered no]]", JobStatus.FILTERED),
        ("x [[failed broken]]", JobStatus.FAILED),
    ],
)
async def test_a_webhook_ends_a_job_that_is_polled_seldom_or_never(
    seldom: House, provider: str, prompt: str, status: JobStatus
) -> None:
    job, simulated, row = await begun(seldom, provider, prompt)
    seldom.simulator.advance(60)
    assert await take(seldom, row, hook(seldom, simulated)) == b"ok"

    assert (await ended(seldom, job)).status is status


async def test_a_webhook_tells_what_became_of_a_submission_of_which_nobody_knew(seldom: House) -> None:
    job = await seldom.jobs.submit(picture("sim-webhook-only", "x [[lost-reply]] [[work 1000]]"), NOBODY)
    (simulated,) = await submitted(seldom)
    row = await seldom.desk.rows.find(job.id)
    assert row is not None
    await seldom.desk.rows.move(row, {"status": JobStatus.OUTCOME_UNKNOWN, "owner": None})
    row = await seldom.desk.rows.find(job.id)
    assert row is not None
    seldom.simulator.advance(2000)
    await take(seldom, row, hook(seldom, simulated))

    assert (await ended(seldom, job)).status is JobStatus.COMPLETED
    assert len(seldom.bills()) == 1


async def test_a_webhook_that_is_quicker_than_the_answer_spares_a_decision(
    seldom: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    call, going = seldom.app.engine.call, asyncio.Event()

    async def cut(*asked: Any, **how: Any) -> Any:
        reply = await call(*asked, **how)
        if how.get("permit") is None:
            return reply
        await going.wait()
        raise NetworkError("cut", retry=Retry.UNSURE)

    monkeypatch.setattr(seldom.app.engine, "call", cut)
    job = await seldom.jobs.submit(picture("sim-webhook-only"), NOBODY)
    (simulated,) = await submitted(seldom)
    row = await seldom.desk.rows.find(job.id)
    assert row is not None
    assert row.status is JobStatus.SUBMITTING
    seldom.simulator.advance(60)
    await take(seldom, row, hook(seldom, simulated))
    going.set()

    assert (await ended(seldom, job)).status is JobStatus.COMPLETED
    assert len(seldom.bills()) == 1


async def submitted(here: House) -> list[SimulatedJob]:
    """What the provider took."""
    await until(lambda: bool(here.simulator.jobs))
    return here.simulator.jobs


async def test_a_webhook_before_the_end_ends_nothing(seldom: House) -> None:
    job, simulated, row = await begun(seldom, "sim-webhook-only", "x [[work 1000]]")
    await take(seldom, row, hook(seldom, simulated))

    assert (await seldom.jobs.get(job.id, NOBODY)).status is JobStatus.RUNNING


async def test_for_a_provider_that_can_be_polled_the_poll_decides_and_not_the_webhook(seldom: House) -> None:
    job, simulated, row = await begun(seldom, "sim-both", "x [[work 1000]]")
    lie = msgspec.structs.replace(simulated, ends=0.0, starts=0.0)
    polls = simulated.asked
    await take(seldom, row, hook(seldom, lie))
    await until(lambda: simulated.asked > polls)

    assert (await seldom.jobs.get(job.id, NOBODY)).status is JobStatus.RUNNING


@pytest.mark.parametrize("provider", ["sim-both", "sim-webhook-only"])
async def test_a_forged_webhook_is_refused_and_changes_nothing(seldom: House, provider: str) -> None:
    job, simulated, row = await begun(seldom, provider, "x [[work 1000]]")
    lie = msgspec.structs.replace(simulated, ends=0.0, starts=0.0)
    with pytest.raises(AuthenticationError, match="does not fit"):
        await take(seldom, row, hook(seldom, lie, secret=FORGED))
    genuine = hook(seldom, simulated)
    changed = msgspec.structs.replace(genuine, body=genuine.body.replace(b"working", b"done   "))
    with pytest.raises(AuthenticationError, match="does not fit"):
        await take(seldom, row, changed)

    assert (await seldom.jobs.get(job.id, NOBODY)).status is JobStatus.RUNNING


async def test_a_replayed_webhook_is_answered_and_changes_nothing(
    seldom: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, simulated, row = await begun(seldom, "sim-both", "x [[work 1000]]")
    hinted: list[str] = []

    async def hint(row: JobRow, state: object) -> bool:
        hinted.append(f"{row.id} {type(state).__name__}")
        return True

    monkeypatch.setattr(seldom.desk.hooks._hints, "hint", hint)  # noqa: SLF001 — to count what gets through
    sent = hook(seldom, simulated)
    assert [await take(seldom, row, sent) for _ in range(3)] == [b"ok"] * 3

    assert hinted == [f"{row.id} Processing"]


async def test_a_webhook_that_is_late_is_refused(seldom: House) -> None:
    _, simulated, row = await begun(seldom, "sim-both", "x [[work 1000]]")
    with pytest.raises(AuthenticationError, match="s old"):
        await take(seldom, row, hook(seldom, simulated, stamp=time.time() - 3_600))


async def test_webhooks_may_come_in_another_order(seldom: House) -> None:
    job, simulated, row = await begun(seldom, "sim-webhook-only", "x [[work 30]]")
    working = hook(seldom, simulated)
    seldom.simulator.advance(60)
    await take(seldom, row, hook(seldom, simulated))
    done = await ended(seldom, job)
    await take(seldom, row, working)

    assert done.status is JobStatus.COMPLETED
    assert (await seldom.jobs.get(job.id, NOBODY)).status is JobStatus.COMPLETED


async def test_a_webhook_that_was_heard_does_not_wake_the_poll_again_with_every_beat(seldom: House) -> None:
    job, simulated, row = await begun(seldom, "sim-both", "x [[work 1000]]")
    polls = simulated.asked
    await take(seldom, row, hook(seldom, simulated))
    await until(lambda: simulated.asked > polls)

    found = await seldom.desk.rows.find(job.id)
    assert found is not None
    assert found.hint is None


async def test_a_genuine_webhook_of_another_job_is_refused(seldom: House) -> None:
    job, _, row = await begun(seldom, "sim-webhook-only", "x [[work 1000]]")
    _, other, _ = await begun(seldom, "sim-webhook-only")
    seldom.simulator.advance(60)
    with pytest.raises(AuthenticationError, match="of another job"):
        await take(seldom, row, hook(seldom, other))

    assert (await seldom.jobs.get(job.id, NOBODY)).status is JobStatus.RUNNING


async def test_an_address_that_is_none_is_not_found(seldom: House) -> None:
    _, simulated, row = await begun(seldom, "sim-both")
    sent = delivery(hook(seldom, simulated))
    for provider, token in (("sim-both", "x"), ("sim-lookup", row.callback_token), ("no-such", "x"), ("sim-both", "")):
        with pytest.raises(NotFoundError):
            await seldom.desk.hooks.take(provider, token, sent)


async def test_a_job_of_a_provider_without_webhooks_takes_none(seldom: House) -> None:
    _, _, row = await begun(seldom, "sim-none", "x [[work 1000]]")
    with pytest.raises(NotFoundError, match="sends no webhooks"):
        await seldom.desk.hooks.take("sim-none", row.callback_token, Delivery(body=b"{}", headers={}))


async def test_what_is_not_signed_only_lets_us_look(seldom: House, monkeypatch: pytest.MonkeyPatch) -> None:
    _, simulated, row = await begun(seldom, "sim-both", "x [[work 1000]]")
    never, never_simulated, never_row = await begun(seldom, "sim-webhook-only", "x [[work 1000]]")

    def unsigned(_wire: object, sent: Delivery, _secrets: tuple[str, ...], _now: float) -> Verified:
        return signatures.unguessable_path(sent)

    monkeypatch.setattr("genmux.testing.simulator.media.providers.wires.HookedWire.verify", unsigned)
    polls = simulated.asked
    await take(seldom, row, hook(seldom, msgspec.structs.replace(simulated, ends=0.0, starts=0.0)))
    await take(seldom, never_row, hook(seldom, msgspec.structs.replace(never_simulated, ends=0.0, starts=0.0)))
    await until(lambda: simulated.asked > polls)

    assert (await seldom.jobs.get(row.id, NOBODY)).status is JobStatus.RUNNING
    assert (await seldom.jobs.get(never.id, NOBODY)).status is JobStatus.RUNNING


async def test_keys_are_fetched_once_a_day_and_once_more_when_they_do_not_fit(seldom: House) -> None:
    desk, personality = seldom.desk.hooks, seldom.simulator["generic"]
    now = time.time()
    asked: list[float] = []

    class Counting(Keys):
        async def _fetch(self, hooks: Any, target: Any) -> tuple[str, ...]:
            asked.append(desk._clock())  # noqa: SLF001
            return await super()._fetch(hooks, target)

    desk._clock = lambda: now  # noqa: SLF001
    desk._keys = Counting(desk._bench.engine, lambda: desk._clock())  # noqa: PLW0108, SLF001
    _, simulated, row = await begun(seldom, "sim-both", "x [[work 100000]]")
    for _ in range(3):
        await take(seldom, row, hook(seldom, simulated, stamp=now))
    assert len(asked) == 1
    personality.secret = FORGED  # the provider has a new one
    now += AGAIN
    await take(seldom, row, hook(seldom, simulated, stamp=now))
    assert len(asked) == 2
    for _ in range(3):
        with pytest.raises(AuthenticationError):
            await take(seldom, row, hook(seldom, simulated, secret="whsec_bm9wZQ==", stamp=now))
    assert len(asked) == 2
    now += FRESH
    await take(seldom, row, hook(seldom, simulated, stamp=now))

    assert len(asked) == 3


async def test_a_webhook_that_could_not_be_kept_may_come_again(seldom: House, monkeypatch: pytest.MonkeyPatch) -> None:
    job, simulated, row = await begun(seldom, "sim-webhook-only")
    seldom.simulator.advance(60)
    sent = hook(seldom, simulated)

    async def away(*_: object) -> bool:
        raise StoreError("the database is away")

    with monkeypatch.context() as patch:
        patch.setattr(seldom.desk.hooks._hints, "hint", away)  # noqa: SLF001
        with pytest.raises(StoreError):
            await take(seldom, row, sent)
    assert await take(seldom, row, sent) == b"ok"

    assert (await ended(seldom, job)).status is JobStatus.COMPLETED


def test_the_token_of_an_account_follows_from_its_secret() -> None:
    token = account_token("a1", "s")
    assert token is not None
    assert len(token) == 43
    assert token not in (account_token("a2", "s"), account_token("a1", "t"))
    assert account_token("a1", None) is account_token("a1", "") is None


class OneAccount:
    """A provider with one account, which has one webhook for all its jobs."""

    def __init__(self, secret: str, account_id: str | None = "a1") -> None:
        account = Account(
            id=account_id or "a1", tenant="default", provider="sim-both", name="work", origin="configured"
        )
        self.standing = Kept(account, {"webhook_secret": secret})

    def accounts(self, provider: str) -> list[Any]:
        return [self.standing] if provider == "sim-both" else []

    def models(self, provider: str) -> list[tuple[str, Any]]:
        assert provider == "sim-both"
        return [("picture", "text_to_image")]


async def test_an_account_may_have_one_webhook_for_all_its_jobs(seldom: House) -> None:
    _, simulated, row = await begun(seldom, "sim-both", "x [[work 1000]]")
    desk = seldom.desk.hooks
    secret = "whsec_c2VjcmV0IG9mIHRoZSBhY2NvdW50IG9mIHRlc3Rz"
    own = OneAccount(secret, row.account)
    desk._offered = own  # type: ignore[assignment]  # noqa: SLF001
    token = account_token(own.standing.account.id, secret)
    assert token is not None
    asked = simulated.asked
    sent = delivery(hook(seldom, simulated, secret=secret))
    assert await desk.take("sim-both", token, sent) == b"ok"
    await until(lambda: simulated.asked > asked)
    assert await desk.take("sim-both", token, sent) == b"ok"
    stranger = msgspec.structs.replace(simulated, id="of-somebody-else")
    assert await desk.take("sim-both", token, delivery(hook(seldom, stranger, secret=secret))) == b"ok"
    with pytest.raises(AuthenticationError):
        await desk.take("sim-both", token, delivery(hook(seldom, simulated, secret=FORGED)))
    with pytest.raises(NotFoundError):
        await desk.take("sim-both", f"{token}x", sent)

    assert (await seldom.jobs.get(row.id, NOBODY)).status is JobStatus.RUNNING


async def test_an_account_speaks_only_of_its_own_jobs(seldom: House, monkeypatch: pytest.MonkeyPatch) -> None:
    _, simulated, row = await begun(seldom, "sim-webhook-only", "x [[work 1000]]")
    desk = seldom.desk.hooks
    secret = "whsec_c2VjcmV0IG9mIHRoZSBhY2NvdW50IG9mIHRlc3Rz"
    stranger = OneAccount(secret)
    stranger.standing.account = Account(id="a2", tenant="others", provider="sim-webhook-only", name="theirs")
    monkeypatch.setattr(stranger, "accounts", lambda _provider: [stranger.standing])
    monkeypatch.setattr(stranger, "models", lambda _provider: [("picture", "text_to_image")])
    desk._offered = stranger  # type: ignore[assignment]  # noqa: SLF001
    lie = msgspec.structs.replace(simulated, ends=0.0, starts=0.0)
    token = account_token("a2", secret)
    assert token is not None
    assert await desk.take("sim-webhook-only", token, delivery(hook(seldom, lie, secret=secret))) == b"ok"

    found = await seldom.desk.rows.find(row.id)
    assert found is not None
    assert (found.status, found.hint) == (JobStatus.RUNNING, None)


def test_the_address_of_an_account_is_told_or_what_it_lacks() -> None:
    manifest = simulated_provider("sim-both", webhook="account").manifest
    account = OneAccount("s").standing
    assert account_hook("https://g.example/", manifest, account) == (
        f"https://g.example/hooks/sim-both/{account_token('a1', 's')}"
    )
    with pytest.raises(ConfigurationError, match=r"set `public_url` in \[gateway\]"):
        account_hook(None, manifest, account)
    with pytest.raises(ConfigurationError, match="has no `webhook_secret`"):
        account_hook("https://g.example", manifest, OneAccount("").standing)
    with pytest.raises(UnsupportedError, match="has no webhook for a whole account"):
        account_hook("https://g.example", simulated_provider("sim-both").manifest, account)
