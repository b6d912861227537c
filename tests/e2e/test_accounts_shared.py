"""Two workers on one PostgreSQL share accounts: slots and credits exactly, what one has learnt within a second."""

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator
from decimal import Decimal

import pytest

from genmux.app import App
from genmux.services.accounts.drafts import AccountChange, AccountDraft
from genmux.services.settings import Settings
from genmux.store.accounts.store import AccountTables
from genmux.store.opening import open_store
from genmux.types.errors import AuthenticationError, QuotaExceededError, RateLimitError

KEY = base64.b64encode(b"k" * 32).decode()
SECRET = "planted-shared-secret-0123456789abcdef"


@contextlib.asynccontextmanager
async def worker(url: str) -> AsyncIterator[App]:
    app = App(Settings(), environ={"GENMUX_SEALING_KEY": KEY})
    store = await open_store(url, role="library", about="a test")
    await app.account_desk.attach(AccountTables(store.database), environ=app.environ)
    task = asyncio.create_task(app.account_desk.run(sync_seconds=0))
    try:
        yield app
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await app.aclose()
        await store.aclose()


@pytest.fixture
async def two(postgres_store_url):
    async with worker(postgres_store_url) as one, worker(postgres_store_url) as other:
        yield one, other


async def add(app: App, name: str = "work", **fields):
    draft = {"provider": "openai", "name": name, "credential": {"api_key": SECRET}, **fields}
    return await app.account_desk.book.add(AccountDraft(**draft))


async def seen(app: App, name: str) -> None:
    """Wait until a worker has heard of an account by itself."""
    async with asyncio.timeout(10):
        while not any(one.name == name for one in app.accounts.accounts("openai")):  # noqa: ASYNC110 — nothing tells
            await asyncio.sleep(0.01)


async def test_both_workers_together_never_use_more_slots_than_there_are(two):
    await add(two[0], max_concurrency=3)
    await seen(two[1], "work")
    running, most, done = 0, 0, 0

    async def request(app: App) -> None:
        nonlocal running, most, done
        async with asyncio.timeout(30):
            while True:
                try:
                    lease = await app.accounts.reserve("openai")
                    break
                except RateLimitError:
                    await asyncio.sleep(0.005)
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.005)
        running -= 1
        done += 1
        lease.done()

    await asyncio.gather(*(request(two[n % 2]) for n in range(40)))
    assert (most <= 3, done) == (True, 40)


async def test_both_workers_together_never_promise_more_credits_than_there_are(two):
    made = await add(two[0], credits={"credits": Decimal(100)})
    await seen(two[1], "work")

    async def request(app: App) -> int:
        try:
            lease = await app.accounts.reserve("openai", needs={"credits": Decimal(7)})
        except QuotaExceededError:
            return 0
        await asyncio.sleep(0)
        lease.done(None, {"credits": Decimal(7)})
        return 1

    worked = sum(await asyncio.gather(*(request(two[n % 2]) for n in range(40))))
    assert worked <= 14
    for app in two:
        await app.account_desk.keeper.flush()
    await two[0].account_desk.book.refresh()
    left = two[0].account_desk.book.get("default", made.id).balances["credits"].amount
    assert left == 100 - 7 * worked


async def test_what_one_worker_learns_the_other_knows_soon(two):
    made = await add(two[0])
    await seen(two[1], "work")
    for _ in range(2):
        lease = two[0].accounts.choose("openai")
        lease.standing.cool_until = None
        lease.done(AuthenticationError("no"))
        lease.standing.cool_until = None
    async with asyncio.timeout(10):
        while two[1].accounts.accounts("openai")[0].status != "revoked":  # noqa: ASYNC110 — nothing tells
            await asyncio.sleep(0.01)
    with pytest.raises(AuthenticationError, match="work is revoked"):
        two[1].accounts.choose("openai")
    change = AccountChange(credential={"api_key": SECRET + "-new"})
    await two[1].account_desk.book.change("default", made.id, change)
    async with asyncio.timeout(10):
        while two[0].accounts.accounts("openai")[0].status != "active":  # noqa: ASYNC110 — nothing tells
            await asyncio.sleep(0.01)
    assert two[0].accounts.choose("openai").credential["api_key"] == SECRET + "-new"


async def test_a_dump_of_all_tables_has_no_planted_secret(two, postgres_server, postgres_store_url):
    await add(two[0], identity="ada@example.org")
    await two[0].account_desk.book.reseal()
    database = postgres_store_url.partition("@/")[2].partition("?")[0]
    tables = postgres_server.sql(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'", database=database
    ).split()
    dumped = {name: postgres_server.sql(f'COPY "{name}" TO STDOUT', database=database) for name in tables}
    assert "ada@example.org" in dumped["accounts"]
    forms = (SECRET, SECRET.encode().hex(), base64.b64encode(SECRET.encode()).decode()[:-4], KEY, (b"k" * 32).hex())
    assert [(name, form) for name, text in dumped.items() for form in forms if form in text] == []
