"""Accounts in the database, the same on SQLite and PostgreSQL."""

import asyncio
import datetime
from decimal import Decimal

import msgspec
import pytest

from genmux.store.accounts.store import AccountTables
from genmux.store.opening import open_store
from genmux.types.accounts import Account, Balance, Grants
from genmux.types.accounts_stored import KeyCheck, Noted, Reservation, Sealed, StoredAccount
from genmux.types.errors import InvalidRequestError

NOW = datetime.datetime(2026, 5, 1, 12, tzinfo=datetime.UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
async def store(request, tmp_path):
    url = tmp_path / "store.db" if request.param == "sqlite" else request.getfixturevalue("postgres_store_url")
    opened = await open_store(url, role="library", about="a test")
    yield AccountTables(opened.database)
    await opened.aclose()


def row(name="work", **fields):
    account = Account(
        **{"id": f"id-{name}", "tenant": "default", "provider": "acme", "name": name, "created_at": NOW, **fields}
    )
    return StoredAccount(account=account, sealed=Sealed(key_id="k1", fields={"api_key": b"\x00sealed\xff"}))


FULL = row(
    priority=3,
    weight=2,
    max_concurrency=4,
    sharing="shared",
    grants=Grants(teams=("t",), organisations=("*",)),
    owner="key-1",
    plan="pro",
    rates={"credits": Decimal("0.0000125")},
    balances={
        "credits": Balance(
            amount=Decimal("12.5"), as_of=NOW, resets_at=NOW + datetime.timedelta(days=30), resets_to=Decimal(100)
        ),
        "USD": Balance(amount=Decimal("0.000001"), unit="USD", source="synced"),
    },
    identity="a@b.example",
    expires_at=NOW + datetime.timedelta(days=90),
    domains=("acme.example",),
)


async def kept(store, name="work"):
    return (await store.find("default", f"id-{name}")).account


async def test_an_account_comes_back_as_it_was_added(store):
    await store.add(FULL)
    assert await store.find("default", "id-work") == FULL
    assert (await store.load()).rows == (FULL,)


async def test_an_account_of_another_tenant_is_not_found(store):
    await store.add(FULL)
    assert await store.find("other", "id-work") is None
    assert await store.remove("other", "id-work") is False
    foreign = msgspec.structs.replace(FULL.account, tenant="other", name="stolen")
    assert await store.replace(StoredAccount(account=foreign, sealed=FULL.sealed), changed=frozenset({"name"})) is False
    assert (await kept(store)).name == "work"


async def test_a_name_is_taken_once_for_each_provider_and_tenant(store):
    await store.add(row())
    with pytest.raises(InvalidRequestError, match="there is an account acme/work already"):
        await store.add(row(id="another"))
    await store.add(row(id="second", provider="other"))
    await store.add(row(id="third", tenant="other"))
    renamed = row("spare")
    await store.add(renamed)
    changed = StoredAccount(account=msgspec.structs.replace(renamed.account, name="work"), sealed=renamed.sealed)
    with pytest.raises(InvalidRequestError, match="already"):
        await store.replace(changed, changed=frozenset({"name"}))


async def test_only_the_named_fields_are_written(store):
    await store.add(FULL)
    new = msgspec.structs.replace(FULL.account, priority=9, plan="free", balances={})
    sealed = Sealed(key_id="k2", fields={"api_key": b"other"})
    await store.replace(StoredAccount(account=new, sealed=sealed), changed=frozenset({"priority"}))
    found = await store.find("default", "id-work")
    assert found.account == msgspec.structs.replace(FULL.account, priority=9)
    assert found.sealed == FULL.sealed
    await store.replace(StoredAccount(account=new, sealed=sealed), changed=frozenset({"credential", "balances"}))
    found = await store.find("default", "id-work")
    assert (found.sealed, found.account.balances) == (sealed, {})


async def test_the_version_grows_with_what_others_must_see(store):
    seen = [await store.version()]
    await store.add(row())
    seen.append(await store.version())
    await store.note([Noted(account="id-work", successes=1)])
    assert await store.version() == seen[-1]
    await store.note([Noted(account="id-work", failures=1, standing=True, status="exhausted")])
    seen.append(await store.version())
    await store.set_balances("id-work", {"credits": Balance(amount=Decimal(1))})
    seen.append(await store.version())
    await store.remove("default", "id-work")
    seen.append(await store.version())
    assert seen == sorted(set(seen))


async def test_what_is_noted_adds_up_and_counts_balances_down(store):
    await store.add(FULL)
    later = NOW + datetime.timedelta(seconds=5)
    used = {"credits": Decimal("2.5"), "unknown": Decimal(1)}
    await store.note([Noted(account="id-work", successes=2, failures=1, used=used, last_used=later)])
    await store.note([Noted(account="id-work", successes=1, used={"credits": Decimal(50)})])
    found = await kept(store)
    assert (found.successes, found.failures, found.last_used) == (3, 1, later)
    assert found.balances["credits"].amount == 0
    assert found.balances["credits"].source == "counted"
    assert found.balances["USD"] == FULL.account.balances["USD"]


@pytest.mark.parametrize("status", ["disabled", "revoked"])
async def test_what_is_noted_does_not_end_what_people_must_end(store, status):
    await store.add(row(status=status))
    await store.note([Noted(account="id-work", standing=True, status="active", failure_streak=3, cooldown_until=NOW)])
    found = await kept(store)
    assert (found.status, found.failure_streak, found.cooldown_until) == (status, 3, NOW)


async def test_a_told_balance_makes_an_exhausted_account_active(store):
    await store.add(row(status="exhausted", cooldown_until=NOW, balances={"a": Balance(amount=Decimal(0))}))
    await store.set_balances("id-work", {"a": Balance(amount=Decimal(0), source="synced")})
    assert (await kept(store)).status == "exhausted"
    await store.set_balances("id-work", {"a": Balance(amount=Decimal(7), source="synced")}, plan="pro")
    found = await kept(store)
    assert (found.status, found.cooldown_until, found.plan) == ("active", None, "pro")
    assert found.balances["a"] == Balance(amount=Decimal(7), source="synced")


@pytest.mark.parametrize("amount", ["NaN", "-1", "Infinity", "1e30"])
async def test_what_is_no_amount_is_not_kept(store, amount):
    await store.add(row())
    with pytest.raises(InvalidRequestError, match="is no amount of credits"):
        await store.set_balances("id-work", {"a": Balance(amount=Decimal(amount))})
    assert (await kept(store)).balances == {}


def wanted(lease, **fields):
    return Reservation(**{"lease": lease, "account": "id-work", "lifetime": 60.0, **fields})


async def test_of_many_that_come_at_once_as_many_get_a_slot_as_there_are(store):
    await store.add(row(max_concurrency=3))
    asked = [store.reserve(wanted(f"l{n}", max_concurrency=3)) for n in range(12)]
    assert sorted(await asyncio.gather(*asked), key=str).count(None) == 3
    leases = [f"l{n}" for n in range(12)]
    await store.give_back(leases)
    assert await store.reserve(wanted("again", max_concurrency=3)) is None


async def test_of_many_that_come_at_once_no_credit_is_promised_twice(store):
    await store.add(row(balances={"credits": Balance(amount=Decimal(10))}))
    asked = [store.reserve(wanted(f"l{n}", credits={"credits": Decimal(4)})) for n in range(8)]
    told = await asyncio.gather(*asked)
    assert sorted(told, key=str) == [None, None, *["credits"] * 6]


async def test_a_slot_of_a_dead_worker_is_free_after_its_time(store):
    await store.add(row())
    assert await store.reserve(wanted("dead", max_concurrency=1, lifetime=-1.0)) is None
    assert await store.reserve(wanted("next", max_concurrency=1)) is None
    assert await store.reserve(wanted("third", max_concurrency=1)) == "slots"


async def test_a_renewed_lease_lives_on(store):
    await store.add(row())
    await store.reserve(wanted("long", max_concurrency=1, lifetime=-1.0))
    await store.renew(["long"], 60.0)
    assert await store.reserve(wanted("next", max_concurrency=1)) == "slots"


async def test_an_account_goes_with_all_that_belongs_to_it(store):
    await store.add(FULL)
    await store.reserve(wanted("l", max_concurrency=1))
    assert await store.remove("default", "id-work") is True
    assert await store.reserve(wanted("m", max_concurrency=1)) == "slots"
    await store.add(FULL)
    assert await store.reserve(wanted("n", max_concurrency=1)) is None


async def test_keys_are_known_from_the_newest_on_until_they_seal_nothing(store):
    await store.reseal(KeyCheck(key_id="k1", check=b"one"))
    await store.add(row())
    await store.reseal(KeyCheck(key_id="k2", check=b"two"))
    assert [one.key_id for one in await store.key_checks()] == ["k2", "k1"]
    sealed = Sealed(key_id="k2", fields={"api_key": b"new"})
    await store.reseal(KeyCheck(key_id="k2", check=b"three"), [("id-work", sealed)])
    assert await store.key_checks() == (KeyCheck(key_id="k2", check=b"three"),)
    assert (await store.find("default", "id-work")).sealed == sealed


async def test_only_postgresql_is_shared_by_several_workers(store, request):
    assert store.exact is (request.node.callspec.params["store"] == "postgresql")
