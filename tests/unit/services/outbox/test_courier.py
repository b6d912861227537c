"""Deliveries reach their receivers: signed, once, again when they fail, and none because of another's slowness."""

import asyncio
import datetime
from collections.abc import AsyncIterator

import msgspec
import pytest
from sqlalchemy import update
from standardwebhooks import Webhook as Official

from genmux.engine.outward import Posted
from genmux.store.events.tables import webhook_deliveries, webhooks
from genmux.store.opening import Store, open_store
from genmux.types.accounts_stored import Sealed
from genmux.types.errors import ConfigurationError, NetworkError
from genmux.types.events import Event
from genmux.types.webhooks import StoredWebhook, Webhook
from tests.unit.services.outbox.doubles import NOON, Post, Receivers, running

SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
OLD = "whsec_b2xkb2xkb2xkb2xkb2xkb2xkb2xkb2xkb2xkb2xkb2w="


@pytest.fixture
async def store(sqlite_store_url: str) -> AsyncIterator[Store]:
    opened = await open_store(sqlite_store_url, environ={}, role="command")
    yield opened
    await opened.aclose()


@pytest.fixture
async def post(store: Store) -> Post:
    return Post(store, Receivers())


def url(name: str) -> str:
    return f"https://{name}.example/"


def endpoint(name: str = "w1", **secrets: str) -> StoredWebhook:
    fields = {key.strip("_"): value.encode() for key, value in (secrets or {"_0": SECRET}).items()}
    webhook = Webhook(id=name, tenant="acme", url=url(name), created_at=NOON)
    return StoredWebhook(webhook=webhook, sealed=Sealed(key_id=name, fields=fields))


def event(number: int) -> Event:
    return Event(type="generation.completed", id=f"e{number}", time=NOON, tenant="acme", subject=f"j{number}")


async def make_due(post: Post) -> None:
    await post.store.database.write(lambda tx: tx.core.execute(update(webhook_deliveries).values(next_at=0)))
    post.bell.ring()


async def test_a_delivery_is_a_cloud_event_that_the_official_package_verifies(post: Post) -> None:
    await post.table.add(endpoint(), most=9)
    async with running(post):
        await post.tell(event(1))
        await post.settled("w1", "delivered", 1)
    ((place, headers, body),) = post.receivers.got

    assert place == url("w1")
    assert headers["content-type"] == "application/cloudevents+json"
    verified = verify(SECRET, body, headers)
    assert verified == msgspec.json.decode(body)
    assert (verified["id"], verified["type"], verified["subject"]) == ("e1", "generation.completed", "j1")
    assert headers["webhook-id"] == "e1"


def verify(secret: str, body: bytes, headers: dict[str, str]) -> dict[str, str]:
    """By the official package, which believes in the clock of this machine."""
    import standardwebhooks.webhooks as official

    class Frozen(datetime.datetime):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> "Frozen":
            return cls.fromtimestamp(NOON.timestamp(), tz)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(official, "datetime", Frozen)
        return Official(secret).verify(body, headers)


async def test_while_a_secret_is_replaced_both_are_right(post: Post) -> None:
    await post.table.add(endpoint(), most=9)
    found = await post.table.find("acme", "w1")
    assert found is not None
    sealed = Sealed(key_id="w1", fields={"0": SECRET.encode(), "1": OLD.encode()})
    await post.table.set_secrets(found.webhook, sealed, old_until=NOON + datetime.timedelta(seconds=1))
    async with running(post):
        await post.tell(event(1))
        await post.settled("w1", "delivered", 1)
        await post.table.set_secrets(found.webhook, sealed, old_until=NOON)
        await post.tell(event(2))
        await post.settled("w1", "delivered", 2)
    both, one = ((headers, body) for _, headers, body in post.receivers.got)

    assert verify(SECRET, both[1], both[0]) == verify(OLD, both[1], both[0])
    assert len(one[0]["webhook-signature"].split()) == 1


async def test_what_fails_comes_again_with_the_same_id_until_it_is_taken(post: Post) -> None:
    await post.table.add(endpoint(), most=9)
    post.receivers.answers[url("w1")] = [Posted(status=500, said="oops"), NetworkError("the line is cut")]
    async with running(post):
        await post.tell(event(1))
        await post.receivers.until(lambda got: len(got) == 1)
        await post.settled("w1", "waiting", 1)
        (waiting,) = await post.deliveries.list("w1", state="waiting", before=None, limit=9)
        for count in (2, 3):
            await post.failed(count - 1)
            await make_due(post)
            await post.receivers.until(lambda got, count=count: len(got) == count)
        await post.settled("w1", "delivered", 1)

    assert (waiting.status, waiting.error) in ((500, "HTTP 500: oops"), (None, None))
    assert post.receivers.ids(url("w1")) == ["e1", "e1", "e1"]
    (done,) = await post.deliveries.list("w1", state=None, before=None, limit=9)
    assert (done.attempts, done.status) == (3, 204)
    assert (await post.table.list(None))[0].failures == 0


async def test_a_receiver_that_is_gone_is_switched_off_and_that_is_told(post: Post) -> None:
    await post.table.add(endpoint(), most=9)
    post.receivers.answers[url("w1")] = [Posted(status=410)]
    async with running(post):
        await post.tell(event(1))
        await post.settled("w1", "failed", 1)
    (webhook,) = await post.table.list(None)

    assert not webhook.enabled
    assert webhook.reason == "the receiver answered 410: it is gone"
    told = await post.log.event("acme", "n1")
    assert told is not None
    assert (told.type, told.subject, told.data["url"]) == ("webhook.disabled", "w1", url("w1"))


async def test_a_slow_receiver_holds_up_nobody_else(post: Post) -> None:
    await post.table.add(endpoint("slow"), most=9)
    await post.table.add(endpoint("quick"), most=9)
    forever = asyncio.Event()
    post.receivers.answers[url("slow")] = [forever] * 50
    async with running(post):
        await post.tell(*(event(n) for n in range(50)))
        await post.settled("quick", "delivered", 50)
        assert len(post.receivers.ids(url("slow"))) == 4
        forever.set()
        await post.settled("slow", "delivered", 50)

    assert sorted(post.receivers.ids(url("slow"))) == sorted(post.receivers.ids(url("quick")))


async def test_a_receiver_that_fails_gets_one_at_a_time(post: Post) -> None:
    await post.table.add(endpoint(), most=9)
    await post.store.database.write(lambda tx: tx.core.execute(update(webhooks).values(streak=1)))
    wait = asyncio.Event()
    post.receivers.answers[url("w1")] = [wait]
    async with running(post):
        await post.tell(*(event(n) for n in range(9)))
        await post.receivers.until(lambda got: len(got) == 1)
        await post.settled("w1", "waiting", 9)
        assert post.receivers.most == 1
        wait.set()
        await post.settled("w1", "delivered", 9)


async def test_secrets_that_cannot_be_opened_are_a_failure_that_is_told(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    await post.table.add(endpoint(), most=9)

    def closed(*_: object) -> dict[str, str]:
        raise ConfigurationError("the sealing key is lost")

    monkeypatch.setattr(post.courier._secrets, "open", closed)  # noqa: SLF001
    async with running(post):
        await post.tell(event(1))
        await post.failed(1)
    (one,) = await post.deliveries.list("w1", state="waiting", before=None, limit=9)

    assert one.error == "the sealing key is lost"
    assert post.receivers.got == []


async def test_what_is_under_way_at_the_end_is_left_to_others(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genmux.services.outbox.courier.FAREWELL", 0.01)
    await post.table.add(endpoint(), most=9)
    post.receivers.answers[url("w1")] = [asyncio.Event()]
    async with running(post):
        await post.tell(event(1))
        await post.receivers.until(lambda got: len(got) == 1)
    other = Post(post.store, Receivers())
    async with running(other):
        await other.settled("w1", "delivered", 1)

    assert other.receivers.ids(url("w1")) == ["e1"]


async def test_a_test_is_sent_once_and_its_outcome_is_told(post: Post) -> None:
    stored = endpoint()
    await post.table.add(stored, most=9)
    post.receivers.answers[url("w1")] = [Posted(status=500)]
    event_, failed = await post.courier.test(stored)
    _, done = await post.courier.test(stored)

    assert (failed.state, done.state) == ("failed", "delivered")
    assert event_.type == "webhook.test"
    assert msgspec.json.decode(post.receivers.got[0][2])["data"] == {"webhook": "w1"}


async def test_several_gateways_on_one_database_deliver_each_event_once(postgres_store_url: str) -> None:
    receivers = Receivers()
    stores = [await open_store(postgres_store_url, environ={}, role="gateway") for _ in range(3)]
    posts = [Post(one, receivers, name=f"p{number}-") for number, one in enumerate(stores)]
    await posts[0].table.add(endpoint("w1"), most=9)
    await posts[0].table.add(endpoint("w2"), most=9)
    async with running(*posts):
        for number in range(60):
            await posts[number % 3].tell(event(number))
        for one in posts:
            one.bell.ring()
        await posts[0].settled("w1", "delivered", 60)
        await posts[1].settled("w2", "delivered", 60)
    for one in stores:
        await one.aclose()

    for name in ("w1", "w2"):
        assert sorted(receivers.ids(url(name))) == sorted(f"e{number}" for number in range(60))
