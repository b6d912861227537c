import asyncio
import itertools
from decimal import Decimal

import pytest

from genmux.services.accounts import AccountPool
from genmux.services.accounts.keeper import AccountKeeper
from genmux.types.accounts import Balance, Credential
from genmux.types.accounts_stored import Sealed, StoredAccount
from genmux.types.errors import (
    AuthenticationError,
    ProviderError,
    QuotaExceededError,
    RateLimitError,
    StoreError,
)
from tests.unit.services.accounts.doubles import Clock, MemoryStore, Own, account


class Sealer:
    def open(self, _account, sealed):
        return Credential({"api_key": sealed.fields["api_key"].decode()})


class Worker:
    """One process with a pool, on a store that others may share."""

    numbers = itertools.count(1)

    def __init__(self, store, clock):
        self.pool = AccountPool(Own(), clock.now, clock.clock, lambda _type, _about: None)
        self.keeper = AccountKeeper(
            self.pool, store, Sealer(), now=clock.now, new_id=lambda: f"lease-{next(self.numbers)}"
        )

    @classmethod
    async def on(cls, store, clock):
        made = cls(store, clock)
        await made.keeper.refresh()
        return made


def put(store, *accounts):
    for one in accounts:
        store.rows[one.id] = StoredAccount(account=one, sealed=Sealed(key_id="k", fields={"api_key": b"key"}))
    store.number += 1


async def test_accounts_are_loaded_when_they_changed_and_only_then():
    store, clock = MemoryStore(), Clock()
    put(store, account())
    worker = await Worker.on(store, clock)
    assert await worker.keeper.refresh() is False
    put(store, account(status="disabled"))
    assert await worker.keeper.refresh() is True
    with pytest.raises(ProviderError, match="work is disabled"):
        worker.pool.choose("acme")


async def test_what_was_learnt_is_written_down_once():
    store, clock = MemoryStore(), Clock()
    put(store, account(balances={"credits": Balance(amount=Decimal(9))}))
    worker = await Worker.on(store, clock)
    worker.pool.choose("acme", needs={"credits": Decimal(2)}).done()
    worker.pool.choose("acme").done(RateLimitError("slow down", retry_after=20.0))
    await worker.keeper.flush()
    await worker.keeper.flush()
    (noted,) = store.noted
    assert (noted.successes, noted.failures, noted.used, noted.status) == (1, 1, {"credits": Decimal(2)}, None)
    assert (noted.cooldown_until - clock.time).total_seconds() == pytest.approx(20)
    shown = worker.pool.accounts("acme")[0]
    assert (shown.successes, shown.failures, shown.balances["credits"].amount) == (1, 1, Decimal(7))


async def test_what_could_not_be_written_down_is_written_later():
    store, clock = MemoryStore(), Clock()
    put(store, account(balances={"credits": Balance(amount=Decimal(9))}))
    worker = await Worker.on(store, clock)
    worker.pool.choose("acme", needs={"credits": Decimal(2)}).done()
    store.failing = StoreError("the disk is full", reason="full")
    with pytest.raises(StoreError):
        await worker.keeper.flush()
    assert worker.pool.accounts("acme")[0].balances["credits"].amount == 7
    store.failing = None
    worker.pool.choose("acme").done()
    await worker.keeper.flush()
    (noted,) = store.noted
    assert (noted.successes, noted.used) == (2, {"credits": Decimal(2)})


async def test_what_one_worker_has_revoked_nothing_new_starts_with_in_another():
    store, clock = MemoryStore(exact=True), Clock()
    put(store, account())
    one, two = await Worker.on(store, clock), await Worker.on(store, clock)
    for _ in range(2):
        one.pool.choose("acme").done(AuthenticationError("no"))
        clock.pass_(2)
    await one.keeper.flush()
    assert store.noted[-1].status == "revoked"
    two.pool.choose("acme").done(RateLimitError("slow"))  # learnt something else meanwhile
    put(store, account(status="revoked"))
    await two.keeper.refresh()
    with pytest.raises(AuthenticationError, match="revoked"):
        two.pool.choose("acme")


async def test_slots_that_workers_share_are_never_more_than_there_are():
    store, clock = MemoryStore(exact=True), Clock()
    put(store, account(max_concurrency=2))
    workers = [await Worker.on(store, clock) for _ in range(3)]
    leases = [await workers[n].pool.reserve("acme") for n in (0, 1)]
    with pytest.raises(RateLimitError, match="work has all 2 slots in use"):
        await workers[2].pool.reserve("acme")
    leases[0].done()
    await workers[0].keeper.flush()
    assert (await workers[2].pool.reserve("acme")).account.name == "work"


async def test_where_others_were_first_the_next_account_is_taken():
    store, clock = MemoryStore(exact=True), Clock()
    put(store, account("a", max_concurrency=1, priority=1), account("b"))
    one, two = await Worker.on(store, clock), await Worker.on(store, clock)
    assert (await one.pool.reserve("acme")).account.name == "a"
    lease = await two.pool.reserve("acme")
    assert lease.account.name == "b"
    shown = two.pool.accounts("acme")[0]
    assert (shown.failures, shown.failure_streak) == (0, 0)


async def test_credits_that_workers_share_are_not_promised_twice():
    store, clock = MemoryStore(exact=True), Clock()
    put(store, account(balances={"credits": Balance(amount=Decimal(10))}))
    one, two = await Worker.on(store, clock), await Worker.on(store, clock)
    await one.pool.reserve("acme", needs={"credits": Decimal(7)})
    with pytest.raises(QuotaExceededError, match="has not enough credits left"):
        await two.pool.reserve("acme", needs={"credits": Decimal(7)})
    assert (await two.pool.reserve("acme", needs={"credits": Decimal(3)})).account.name == "work"


async def test_a_caller_that_goes_away_while_it_reserves_gives_the_slot_back():
    store, clock = MemoryStore(exact=True), Clock()
    put(store, account(max_concurrency=1))
    worker = await Worker.on(store, clock)
    asked = asyncio.Event()

    async def never(_reservation):
        asked.set()
        await asyncio.Event().wait()

    answer, store.reserve = store.reserve, never
    task = asyncio.create_task(worker.pool.reserve("acme"))
    await asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    store.reserve = answer
    assert (await worker.pool.reserve("acme")).account.name == "work"


async def test_a_database_that_fails_lets_nothing_start_and_keeps_no_slot():
    store, clock = MemoryStore(exact=True), Clock()
    put(store, account(max_concurrency=1))
    worker = await Worker.on(store, clock)
    store.failing = StoreError("gone", reason="gone")
    with pytest.raises(StoreError):
        await worker.pool.reserve("acme")
    store.failing = None
    assert (await worker.pool.reserve("acme")).account.name == "work"


async def test_long_requests_keep_their_reservations_alive():
    store, clock = MemoryStore(exact=True), Clock()
    put(store, account(max_concurrency=1))
    worker = await Worker.on(store, clock)
    lease = await worker.pool.reserve("acme")
    await worker.keeper.flush()
    assert store.renewed == []
    clock.pass_(61)
    await worker.keeper.flush()
    assert store.renewed == [lease.id]
    lease.done()
    clock.pass_(61)
    await worker.keeper.flush()
    assert store.renewed == [lease.id]
    assert store.leases == {}


async def test_in_the_background_everything_is_looked_after():
    store, clock = MemoryStore(exact=True), Clock()
    put(store, account(max_concurrency=1))
    worker = Worker(store, clock)
    beats = asyncio.Semaphore(0)

    async def sleep(_seconds):
        await beats.acquire()

    task = asyncio.create_task(worker.keeper.run(sleep))
    while not worker.pool.accounts("acme"):  # noqa: ASYNC110 — nothing tells when
        await asyncio.sleep(0)
    lease = await worker.pool.reserve("acme")
    lease.done()  # wakes it
    while store.leases:  # noqa: ASYNC110 — nothing tells when
        await asyncio.sleep(0)
    store.failing = StoreError("gone", reason="gone")
    beats.release()
    for _ in range(20):
        await asyncio.sleep(0)
    store.failing = None
    worker.pool.choose("acme").done()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert sum(one.successes for one in store.noted) == 2


async def test_credits_are_free_for_others_only_once_their_use_is_written_down():
    class Slow(MemoryStore):
        """While a note is written down, another request ends."""

        meanwhile = None

        async def note(self, noted):
            if self.meanwhile is not None:
                ends, self.meanwhile = self.meanwhile, None
                ends()
            await super().note(noted)

    store, clock = Slow(exact=True), Clock()
    put(store, account(balances={"credits": Balance(amount=Decimal(9))}))
    worker = await Worker.on(store, clock)
    first = await worker.pool.reserve("acme", needs={"credits": Decimal(3)})
    second = await worker.pool.reserve("acme", needs={"credits": Decimal(3)})
    first.done()
    store.meanwhile = second.done
    await worker.keeper.flush()
    assert [*store.leases] == [second.id]  # what it used is not written down yet
    await worker.keeper.flush()
    assert [*store.leases] == []


async def test_what_cannot_be_written_down_keeps_its_credits_reserved():
    class Failing(MemoryStore):
        fails = True

        async def note(self, noted):
            if self.fails:
                raise StoreError("away")
            await super().note(noted)

    store, clock = Failing(exact=True), Clock()
    put(store, account(balances={"credits": Balance(amount=Decimal(9))}))
    worker = await Worker.on(store, clock)
    lease = await worker.pool.reserve("acme", needs={"credits": Decimal(3)})
    lease.done()
    with pytest.raises(StoreError):
        await worker.keeper.flush()
    assert [*store.leases] == [lease.id]
    store.fails = False
    await worker.keeper.flush()
    assert [*store.leases] == []
