"""Events go beyond this process exactly as far as somebody listens, and come back to whoever listens in it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from genmux.app import App
from genmux.flows.call.options import CallOptions
from genmux.services.outbox import WebhookChange, WebhookWish
from genmux.services.settings import Settings, WebhookSettings
from genmux.types.errors import ProviderError
from genmux.types.events import Event, EventFilter
from genmux.types.principal import Principal
from tests.receiver import Receiver, until
from tests.unit.services.shop import asked

ASKING = CallOptions(principal=Principal(organisation="acme", key="k1"))
CALLS = EventFilter(tenant="acme", types=("generation.*",))


@asynccontextmanager
async def process(store: str, *, role: Any = "gateway") -> AsyncIterator[App]:
    """A process on a store."""
    app = App(Settings(webhooks=WebhookSettings(private_hosts=("127.0.0.1",))), environ=_home(store), store=store)
    await app.open(role=role, about="a test")
    try:
        yield app
    finally:
        await app.aclose()


def _home(store: str) -> dict[str, str]:
    folder = Path(store).parent if "://" not in store else Path(store.rpartition("host=")[2].replace("%2F", "/"))
    return {"GENMUX_SEALING_KEY": "c2VhbGluZyBrZXkgb2YgdGhlIHRlc3RzIDEyMzQ1Njc=", "HOME": str(folder)}


@pytest.fixture
async def app(ledger_url: str) -> AsyncIterator[App]:
    async with process(ledger_url) as one:
        yield one


async def chat(app: App) -> None:
    await app.calls.chat(asked("hi", name="mock/echo"), ASKING)


async def kept(app: App) -> list[str]:
    await app.kept().bookkeeper.flush()
    return [one.event.type for one in (await app.kept().events.stories.page(EventFilter())).told]


async def test_calls_are_told_to_nobody_when_nobody_listens(app: App) -> None:
    assert not app.events.heard
    await chat(app)

    assert await kept(app) == []


async def test_calls_are_told_while_somebody_follows(app: App) -> None:
    following = await app.kept().events.stories.follow(CALLS)
    assert app.events.heard
    await chat(app)
    found: list[str] = []
    async with asyncio.timeout(10):
        while len(found) < 2:
            found += [one.event.type for one in await following.read()]
    following.close()
    await until(lambda: not app.events.heard)
    await chat(app)

    assert found == ["generation.started", "generation.completed"]
    assert await kept(app) == found
    assert not app.events.heard


async def test_calls_reach_a_webhook_and_what_nobody_wants_is_not_kept(app: App) -> None:
    async with Receiver() as receiver:
        desk = app.kept().events.webhooks
        made = await desk.create("acme", WebhookWish(url=receiver.url, types=("generation.completed",)))
        await until(lambda: app.events.heard)
        await chat(app)
        await app.kept().bookkeeper.flush()
        await receiver.until(1)
        assert await kept(app) == ["generation.completed"]
        ((headers, body),) = receiver.got
        await desk.change("acme", made.webhook.id, WebhookChange(enabled=False))
        await until(lambda: not app.events.heard)

    told = msgspec.json.decode(body)
    assert (told["type"], told["tenant"], told["key"]) == ("generation.completed", "acme", "k1")
    assert headers["user-agent"].startswith("genmux/")
    assert headers["webhook-id"] == told["id"]


async def test_what_is_told_in_a_transaction_comes_to_whoever_listens_in_this_process(app: App) -> None:
    heard: list[Event] = []
    outbox, database = app.kept().events.outbox, app.kept().store.database
    await database.write(lambda tx: outbox.tell_in(tx, "generation.queued", tenant="acme", subject="before"))
    outbox.nudge()
    app.events.subscribe(heard.append)
    await database.write(lambda tx: outbox.tell_in(tx, "generation.queued", tenant="acme", subject="j1"))
    outbox.nudge()
    await until(lambda: bool(heard))
    await chat(app)

    assert (heard[0].type, heard[0].subject) == ("generation.queued", "j1")
    assert [one.type for one in heard[1:]] == ["generation.started", "generation.completed"]


async def test_what_is_told_last_is_heard_before_the_end(ledger_url: str) -> None:
    heard: list[str | None] = []
    async with process(ledger_url, role="library") as app:
        app.events.subscribe(lambda event: heard.append(event.subject))
        outbox, database = app.kept().events.outbox, app.kept().store.database
        for number in range(50):
            told = f"j{number}"
            await database.write(
                lambda tx, told=told: outbox.tell_in(tx, "generation.queued", tenant="acme", subject=told)
            )

    assert heard == [f"j{number}" for number in range(50)]


async def test_nothing_is_heard_twice_by_whoever_hears_calls_and_listens_to_the_store(app: App) -> None:
    heard: list[Event] = []
    app.events.subscribe(heard.append)
    following = await app.kept().events.stories.follow(CALLS)
    for _ in range(5):
        await chat(app)
    await app.kept().bookkeeper.flush()
    outbox = app.kept().events.outbox
    await app.kept().store.database.write(
        lambda tx: outbox.tell_in(tx, "asset.generated", tenant="acme", subject="last")
    )
    outbox.nudge()
    await until(lambda: heard[-1].subject == "last")
    following.close()

    assert len(heard) == 11
    assert len({one.id for one in heard}) == 11


async def test_a_reader_in_one_process_hears_calls_of_another(postgres_store_url: str) -> None:
    async with process(postgres_store_url) as one, process(postgres_store_url) as other:
        following = await one.kept().events.stories.follow(CALLS)
        await until(lambda: other.events.heard)
        await chat(other)
        found: list[str] = []
        async with asyncio.timeout(10):
            while len(found) < 2:
                found += [told.event.type for told in await following.read()]
        following.close()

    assert found == ["generation.started", "generation.completed"]


async def test_a_webhook_made_in_one_process_gets_calls_of_another_once(postgres_store_url: str) -> None:
    async with Receiver() as receiver, process(postgres_store_url) as one, process(postgres_store_url) as other:
        wish = WebhookWish(url=receiver.url, types=("generation.completed",))
        await one.kept().events.webhooks.create("acme", wish)
        await until(lambda: one.events.heard and other.events.heard)
        for number in range(10):
            await chat(other if number % 2 else one)
        await asyncio.gather(one.kept().bookkeeper.flush(), other.kept().bookkeeper.flush())
        await receiver.until(10)
        ids = [headers["webhook-id"] for headers, _ in receiver.got]

    assert len(ids) == len(set(ids)) == 10


async def test_secrets_of_webhooks_are_sealed_at_rest(ledger_url: str) -> None:
    from sqlalchemy import select

    from genmux.store.events.tables import webhooks

    async with process(ledger_url) as app:
        made = await app.kept().events.webhooks.create("acme", WebhookWish(url="https://a.example/"))
        row = await app.kept().store.database.read(lambda tx: tx.core.execute(select(webhooks)).mappings().one())

    assert made.secret.encode() not in bytes(row["secrets"])
    assert made.secret.removeprefix("whsec_") not in str(dict(row))


async def test_private_networks_are_out_of_bounds_for_those_who_serve_others(sqlite_store_url: str) -> None:
    app = App(Settings(), environ=_home(sqlite_store_url), store=sqlite_store_url)
    await app.open(role="gateway", about="a test")
    poster = app.kept().events._poster  # noqa: SLF001 — what the courier posts with
    async with Receiver() as receiver:
        assert (await poster.post(receiver.url, headers=(), body=b"{}", timeout=5)).status == 204
        app.ring._configured[b"x"] = Principal(role="root")  # noqa: SLF001 — from now on there are others
        with pytest.raises(ProviderError, match=r"an operator can allow its host in `private_hosts` of \[webhooks\]"):
            await poster.post(receiver.url, headers=(), body=b"{}", timeout=5)
        with pytest.raises(ProviderError, match="is not sent to"):
            await poster.post("http://169.254.169.254/latest", headers=(), body=b"{}", timeout=5)
    await app.aclose()

    assert len(receiver.got) == 1


@pytest.mark.parametrize("left", [False, True])
async def test_hosts_that_only_a_proxy_can_find_are_left_to_it_where_that_is_allowed(
    left: bool, sqlite_store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nowhere(name: str, _port: int) -> tuple[str, ...]:
        raise OSError(f"{name} is unknown")

    monkeypatch.setattr("genmux.engine.url_guard._resolved", nowhere)
    monkeypatch.setenv("http_proxy", "http://proxy.test:3128")
    settings = Settings(webhooks=WebhookSettings(proxy_resolves=left))
    app = App(settings, environ=_home(sqlite_store_url), store=sqlite_store_url)
    await app.open(role="gateway", about="a test")
    guard = app.kept().events._poster._guard  # noqa: SLF001 — what says where webhooks may go
    if left:
        assert (await guard.check("http://metadata.internal/")).addresses == ()
    else:
        with pytest.raises(ProviderError, match="cannot be found"):
            await guard.check("http://metadata.internal/")
    await app.aclose()


async def test_a_webhook_whose_sealing_key_is_lost_says_so_and_can_be_given_a_new_secret(sqlite_store_url: str) -> None:
    async with Receiver() as receiver:
        async with process(sqlite_store_url) as app:
            made = await app.kept().events.webhooks.create("acme", WebhookWish(url=receiver.url))
        lost = _home(sqlite_store_url) | {"GENMUX_SEALING_KEY": "YW5vdGhlciBzZWFsaW5nIGtleSBvZiB0aGUgdGVzdHM="}
        settings = Settings(webhooks=WebhookSettings(private_hosts=("127.0.0.1",)))
        app = App(settings, environ=lost, store=sqlite_store_url)
        await app.open(role="gateway", about="a test")
        desk = app.kept().events.webhooks
        failed = await desk.test("acme", made.webhook.id)
        assert failed.error is not None
        assert f"genmux webhooks rotate {made.webhook.id}" in failed.error
        await app.aclose()
        async with process(sqlite_store_url) as found:
            again = await found.kept().events.webhooks.rotate("acme", made.webhook.id)
            assert (await found.kept().events.webhooks.test("acme", made.webhook.id)).state == "delivered"

    assert again.secret != made.secret
    assert len(receiver.got) == 1
