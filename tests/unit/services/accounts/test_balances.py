import datetime
from decimal import Decimal

import msgspec
import pytest

from genmux.app import App
from genmux.services.settings import AccountOptions, ProviderSettings, Settings
from genmux.store.accounts.store import AccountTables
from genmux.store.opening import open_store
from genmux.types.errors import (
    AuthenticationError,
    ErrorKind,
    NotFoundError,
    ProviderError,
    QuotaExceededError,
    UnsupportedError,
)
from tests.fake_transport import FakeTransport, Played

SECRET = "planted-secret-0123456789abcdef"


def played(document, status=200):
    return Played(msgspec.json.encode(document), status=status)


async def desk_with(tmp_path, *script):
    settings = Settings(
        providers={"runway": ProviderSettings(accounts={"spare": AccountOptions(credentials={"api_key": SECRET})})}
    )
    environ = {"XDG_DATA_HOME": str(tmp_path)}
    transport = FakeTransport(script)
    app = App(settings, environ=environ, transport=transport)
    store = await open_store(tmp_path / "store.db", role="library", about="a test")
    await app.account_desk.attach(AccountTables(store.database), environ=environ)
    return app, app.account_desk, transport, store


async def add(desk, provider, **fields):
    from genmux.services.accounts.drafts import AccountDraft

    draft = AccountDraft(**{"provider": provider, "name": "work", "credential": {"api_key": SECRET}, **fields})
    return await desk.book.add(draft)


async def test_a_stored_account_is_told_by_its_provider_with_its_own_key(tmp_path):
    _, desk, transport, store = await desk_with(tmp_path, played({"creditBalance": 250}))
    made = await add(desk, "runway")
    assert made.rates == {"credits": Decimal("0.01")}
    told = await desk.balances.sync("default", made.id)
    assert told.balances["credits"].amount == 250
    assert told.balances["credits"].source == "synced"
    (request,) = transport.requests
    assert (request.method, request.url) == ("GET", "https://api.dev.runwayml.com/v1/organization")
    assert ("authorization", f"Bearer {SECRET}") in request.headers
    assert ("X-Runway-Version", "2024-11-06") in request.headers
    assert request.read_only
    await store.aclose()


async def test_what_was_used_since_is_counted_down_from_what_was_told(tmp_path):
    app, desk, _, store = await desk_with(tmp_path, played({"creditBalance": 250}))
    made = await add(desk, "runway")
    await desk.balances.sync("default", made.id)
    app.accounts.choose("runway", needs={"credits": Decimal(40)}, only=frozenset({"work"})).done()
    shown = desk.book.get("default", made.id).balances["credits"]
    assert (shown.amount, shown.source) == (210, "counted")
    told = await desk.balances.sync("default", made.id)
    assert (told.balances["credits"].amount, told.balances["credits"].source) == (250, "synced")
    await store.aclose()


async def test_a_configured_account_is_told_in_this_process(tmp_path):
    _, desk, _, store = await desk_with(tmp_path, played({"creditBalance": 7}))
    told = await desk.balances.sync(None, "runway:spare")
    assert told.balances["credits"].amount == 7
    await store.aclose()


async def test_an_exhausted_account_is_used_again_when_it_has_credits(tmp_path):
    app, desk, _, store = await desk_with(tmp_path, played({"creditBalance": 0}), played({"creditBalance": 9}))
    made = await add(desk, "runway", priority=1)
    app.accounts.choose("runway").done(QuotaExceededError("empty"))
    await desk.balances.sync("default", made.id)
    assert desk.book.get("default", made.id).status == "exhausted"
    await desk.balances.sync("default", made.id)
    assert app.accounts.choose("runway").account.name == "work"
    await store.aclose()


async def test_where_only_special_keys_may_ask_the_others_are_told_what_they_may_know(tmp_path):
    refused = played({"error": {"message": "Only management keys"}}, status=403)
    _, desk, transport, store = await desk_with(
        tmp_path, refused, played({"data": {"limit": 100, "limit_remaining": 74.5}})
    )
    made = await add(desk, "openrouter")
    told = await desk.balances.sync("default", made.id)
    assert {name: one.amount for name, one in told.balances.items()} == {"key_limit": Decimal("74.5")}
    assert [one.url.rpartition("/")[2] for one in transport.requests] == ["credits", "key"]
    await store.aclose()


async def test_one_reply_that_tells_of_several_kinds_is_asked_for_once(tmp_path):
    _, desk, transport, store = await desk_with(tmp_path, played({"balances": {"diem": 90.5, "usd": 25}}))
    made = await add(desk, "venice")
    told = await desk.balances.sync("default", made.id)
    assert {name: one.amount for name, one in told.balances.items()} == {"USD": 25, "DIEM": Decimal("90.5")}
    assert len(transport.requests) == 1
    await store.aclose()


async def test_a_refusal_that_is_no_special_case_is_the_error(tmp_path):
    refused = played({"error": "wrong key"}, status=401)
    _, desk, _, store = await desk_with(tmp_path, refused)
    for provider in ("runway", "fal"):
        made = await add(desk, provider)
        with pytest.raises(AuthenticationError) as caught:
            await desk.balances.sync("default", made.id)
        assert SECRET not in str(caught.value)
    await store.aclose()


@pytest.mark.parametrize("document", [{}, {"creditBalance": "NaN"}, {"creditBalance": "lots"}, []])
async def test_what_is_no_balance_changes_nothing(tmp_path, document):
    _, desk, _, store = await desk_with(tmp_path, played({"creditBalance": 5}), played(document))
    made = await add(desk, "runway")
    await desk.balances.sync("default", made.id)
    with pytest.raises(ProviderError) as caught:
        await desk.balances.sync("default", made.id)
    assert caught.value.kind is ErrorKind.MALFORMED_REPLY
    assert desk.book.get("default", made.id).balances["credits"].amount == 5
    await store.aclose()


async def test_there_must_be_somewhere_to_ask(tmp_path):
    _, desk, transport, store = await desk_with(tmp_path)
    made = await add(desk, "openai")
    with pytest.raises(UnsupportedError, match="openai has nowhere to ask"):
        await desk.balances.sync("default", made.id)
    with pytest.raises(NotFoundError):
        await desk.balances.sync("other", made.id)
    assert transport.requests == []
    await store.aclose()


async def test_all_that_are_old_are_asked_for_and_one_fault_stops_no_other(tmp_path, caplog):
    _, desk, transport, store = await desk_with(
        tmp_path, played({"x": 1}, status=500), played({"creditBalance": 5}), played({"creditBalance": 6})
    )
    await add(desk, "runway")
    await add(desk, "openai")
    await desk.book.set_status("default", (await add(desk, "luma")).id, "disabled")
    assert await desk.balances.sync_all(older_than=60) == 1
    assert "the balance of runway/spare could not be told" in caplog.text
    assert SECRET not in caplog.text
    assert await desk.balances.sync_all(older_than=60) == 1  # the one that failed
    assert await desk.balances.sync_all(older_than=60) == 0
    assert len(transport.requests) == 3
    await store.aclose()


async def test_a_lost_sealing_key_stops_the_accounts_that_it_seals_and_nothing_else(tmp_path):
    app, desk, _, store = await desk_with(tmp_path, played({"creditBalance": 5}))
    made = await add(desk, "runway", priority=5)
    (tmp_path / "genmux" / "sealing.key").unlink()
    again = App(app.settings, environ=app.environ, transport=FakeTransport([played({"creditBalance": 5})]))
    await again.account_desk.attach(AccountTables(store.database), environ=app.environ)
    assert again.accounts.choose("runway").account.name == "spare"
    with pytest.raises(ProviderError, match=r"work cannot be opened: .* need the sealing key \w{12}, which is not in"):
        again.accounts.choose("runway", only=frozenset({"work"}))
    with pytest.raises(ProviderError, match="cannot be opened"):
        await again.account_desk.balances.sync("default", made.id)
    with pytest.raises(ProviderError, match="need the sealing key"):
        await add(again.account_desk, "luma")
    await again.account_desk.book.remove("default", made.id)
    assert [one.name for one in again.account_desk.book.list(None, provider="runway")] == ["spare"]
    await store.aclose()


async def test_in_the_background_balances_are_asked_for_again_and_again(tmp_path):
    import asyncio

    _, desk, transport, store = await desk_with(tmp_path, played({"creditBalance": 5}))
    slept: list[float] = []
    enough = asyncio.Event()

    async def sleep(seconds):
        slept.append(seconds)
        if slept.count(900.0) > 1:
            enough.set()
        if seconds != 900.0 or slept.count(900.0) > 1:
            await asyncio.Event().wait()

    task = asyncio.create_task(desk.run(sync_seconds=900.0, sleep=sleep))
    await asyncio.wait_for(enough.wait(), 20)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(transport.requests) == 1
    assert desk.book.get(None, "runway:spare").balances["credits"].as_of <= datetime.datetime.now(datetime.UTC)
    await store.aclose()
