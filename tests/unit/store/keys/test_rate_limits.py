"""Rate limits that gateways share on PostgreSQL: the same law as in memory, exact across workers."""

import asyncio
import itertools
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from genmux.services.rates import SharedRates
from genmux.services.rates.shared import LEASE
from genmux.store.keys.rate_limits import PostgresRates
from genmux.store.opening import Store, open_store
from genmux.store.postgres.database import PostgresDatabase
from genmux.types.errors import RateLimitError, Retry, StoreError
from genmux.types.keys import RateLimit, ScopeRates
from genmux.types.principal import Principal

TOKENS = RateLimit("tokens", 1_000, "day")
REQUESTS = RateLimit("requests", 50, "day")
PLACES = RateLimit("concurrent", 2)


def limited(*limits: RateLimit, scope: str = "key:one", others: tuple[ScopeRates, ...] = ()) -> Principal:
    return Principal(organisation="acme", key="one", rates=(ScopeRates(scope, limits), *others))


@pytest.fixture
async def store(postgres_store_url: str) -> AsyncIterator[Store]:
    opened = await open_store(postgres_store_url, environ={}, role="gateway")
    yield opened
    await opened.aclose()


@pytest.fixture
async def rates(store: Store) -> AsyncIterator[SharedRates]:
    assert isinstance(store.database, PostgresDatabase)
    numbers = itertools.count()
    shared = SharedRates(PostgresRates(store.database), new_id=lambda: f"pass{next(numbers)}")
    yield shared
    await shared.aclose()


async def written(rates: SharedRates) -> None:
    """Wait until what was given back is in the database."""
    while (task := rates._writing) is not None and not task.done():  # noqa: SLF001 — nobody else needs to know
        await task


async def test_a_burst_passes_and_a_refusal_tells_when_to_come_back(rates: SharedRates):
    who = limited(RateLimit("requests", 3, "minute"))
    assert rates.applies(who)
    assert rates.try_enter(who, tokens=0) is None
    for _ in range(3):
        await rates.enter(who, tokens=0)
    with pytest.raises(RateLimitError, match="key:one") as caught:
        await rates.enter(who, tokens=0)
    assert caught.value.retry_after is not None
    assert 18 < caught.value.retry_after <= 20
    assert caught.value.retry is Retry.SAFE


async def test_tokens_come_back_and_overuse_is_owed(rates: SharedRates):
    who = limited(TOKENS)
    first = await rates.enter(who, tokens=1_000)
    told = dict(first.headers())
    assert told["x-ratelimit-remaining-tokens"] == "0"
    with pytest.raises(RateLimitError):
        await rates.enter(who, tokens=1)
    first.leave(100)
    first.leave(100)
    await written(rates)
    second = await rates.enter(who, tokens=900)
    with pytest.raises(RateLimitError):
        await rates.enter(who, tokens=1)
    second.leave(1_900)
    await written(rates)
    with pytest.raises(RateLimitError) as caught:
        await rates.enter(who, tokens=1)
    assert caught.value.retry_after == pytest.approx(86_400 * 1.001, rel=0.001)
    with pytest.raises(RateLimitError, match="never pass"):
        await rates.enter(who, tokens=1_001)


async def test_places_are_given_back_and_those_of_the_dead_end_with_their_lease(store: Store, rates: SharedRates):
    assert isinstance(store.database, PostgresDatabase)
    kept = PostgresRates(store.database)
    who = limited(PLACES)
    first, second = [await rates.enter(who, tokens=0) for _ in range(2)]
    with pytest.raises(RateLimitError, match="concurrent"):
        await rates.enter(who, tokens=0)
    first.leave(None)
    await written(rates)
    third = await rates.enter(who, tokens=0)
    await kept.extend(["pass1", "pass3"], lease=-1)  # as if their gateway had been dead for long
    await kept.extend(["pass1"], lease=LEASE)  # that one lives
    await rates.enter(who, tokens=0)
    with pytest.raises(RateLimitError):
        await rates.enter(who, tokens=0)
    second.leave(0)
    third.leave(0)
    await kept.sweep()


async def test_all_scopes_or_none_are_taken_from(rates: SharedRates):
    team = ScopeRates("team:red", (RateLimit("requests", 1, "day"),))
    both = limited(RateLimit("requests", 2, "day"), PLACES, others=(team,))
    await rates.enter(both, tokens=0)
    for _ in range(4):
        with pytest.raises(RateLimitError, match="team:red"):
            await rates.enter(both, tokens=0)
    await rates.enter(limited(RateLimit("requests", 2, "day"), PLACES), tokens=0)


async def test_changed_limits_keep_what_was_taken(rates: SharedRates):
    await rates.enter(limited(TOKENS), tokens=800)
    wider = limited(RateLimit("tokens", 2_000, "day"))
    await rates.enter(wider, tokens=1_200)
    with pytest.raises(RateLimitError):
        await rates.enter(wider, tokens=1)


async def test_what_is_given_back_while_the_database_is_away_waits(rates: SharedRates, monkeypatch: pytest.MonkeyPatch):
    who = limited(TOKENS)
    entered = await rates.enter(who, tokens=1_000)
    rests: list[float] = []
    kept = rates._store.leave  # noqa: SLF001 — the database goes away
    away = [True]

    async def leave(*arguments: object) -> None:
        if away:
            raise StoreError("gone", reason="gone")
        await kept(*arguments)

    async def rest(seconds: float) -> None:
        rests.append(seconds)
        away.clear()

    monkeypatch.setattr(rates._store, "leave", leave)  # noqa: SLF001
    monkeypatch.setattr(rates, "_sleep", rest)
    entered.leave(0)
    await written(rates)
    assert rests == [1.0]
    await rates.enter(who, tokens=1_000)


WORKER = """
import asyncio, json, sys
from genmux.services.rates import SharedRates
from genmux.store.postgres.database import PostgresDatabase
from genmux.store.keys.rate_limits import PostgresRates
from genmux.types.errors import RateLimitError
from genmux.types.keys import RateLimit, ScopeRates
from genmux.types.principal import Principal

async def main(url, name):
    database = PostgresDatabase(url)
    numbers = iter(range(10**6))
    rates = SharedRates(PostgresRates(database), new_id=lambda: f"{name}-{next(numbers)}")
    scopes = (ScopeRates("organisation:acme", (RateLimit("tokens", 10_000, "day"),)),
              ScopeRates("key:one", (RateLimit("requests", 120, "day"), RateLimit("concurrent", 6))))
    who = Principal(organisation="acme", key="one", rates=scopes)
    admitted = spent = 0
    async def caller():
        nonlocal admitted, spent
        while True:
            try:
                entered = await rates.enter(who, tokens=50)
            except RateLimitError as error:
                if error.param == "concurrent":
                    await asyncio.sleep(0.005)
                    continue
                return
            admitted += 1
            spent += 50
            entered.leave(50)
    await asyncio.gather(*(caller() for _ in range(8)))
    await rates.aclose()
    await database.aclose()
    print(json.dumps([admitted, spent]))

asyncio.run(main(*sys.argv[1:]))
"""


async def test_two_processes_let_exactly_the_limit_through(store: Store, postgres_store_url: str):
    def work(name: str) -> list[int]:
        done = subprocess.run(
            [sys.executable, "-c", WORKER, postgres_store_url, name],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        return json.loads(done.stdout)

    assert store.kind == "postgresql"
    with ThreadPoolExecutor(2) as workers:
        found = await asyncio.gather(
            *(asyncio.get_running_loop().run_in_executor(workers, work, name) for name in ("a", "b"))
        )
    assert sum(admitted for admitted, _ in found) == 120
    assert sum(spent for _, spent in found) == 6_000
