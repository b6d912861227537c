"""Whom a key belongs to."""

import asyncio
import datetime

import msgspec
import pytest

from genmux.services.keys import KeyRing, Wish
from genmux.types.errors import AuthenticationError, StoreError
from genmux.types.keys import Allowance, EndUsers, RateLimit, ScopeRates
from tests.unit.services.keys.house import HOUR, ROOT, START, House

PLENTY = RateLimit("requests", 100, "minute")
FEW = RateLimit("requests", 5, "minute")


@pytest.fixture
async def house() -> House:
    return await House().opened()


async def test_a_key_is_its_organisations_teams_and_own_with_their_limits(house: House):
    await house.tenancy.create_organisation(ROOT, tenant="acme", limits=[PLENTY])
    team = await house.tenancy.create_team(ROOT, tenant="acme", name="red", limits=[FEW])
    wish = Wish(name="ci", tenant="acme", team=team.id, limits=(FEW,), tags={"app": "ci"}, role="admin")
    issued = await house.issuing.issue(ROOT, wish)
    found = house.ring.find(issued.text.encode())
    assert (found.organisation, found.team, found.key, found.role) == ("acme", team.id, issued.key.id, "admin")
    assert found.tags == {"app": "ci"}
    assert found.allow is None
    assert found.end_users is None
    assert found.rates == (
        ScopeRates("organisation:acme", (PLENTY,)),
        ScopeRates(f"team:{team.id}", (FEW,)),
        ScopeRates(f"key:{issued.key.id}", (FEW,)),
    )
    await house.tenancy.update_organisation(ROOT, "acme", limits=[])
    assert [one.scope for one in house.ring.find(issued.text.encode()).rates] == [
        f"team:{team.id}",
        f"key:{issued.key.id}",
    ]


async def test_a_key_that_is_not_there_costs_no_question(house: House):
    await house.issuing.issue(ROOT, Wish(name="ci", tenant="default"))
    looks = house.store.looks
    for _ in range(100):
        with pytest.raises(AuthenticationError, match="not one of"):
            house.ring.find(b"a-key-of-somebody-else")
    assert house.store.looks == looks


async def test_a_key_with_a_letter_lost_is_told_so(house: House):
    issued = await house.issuing.issue(ROOT, Wish(name="ci", tenant="default"))
    with pytest.raises(AuthenticationError, match="not whole"):
        house.ring.find(issued.text[:-1].encode())
    with pytest.raises(AuthenticationError, match="not one of"):
        house.ring.find("ключ".encode())


async def test_an_expired_and_a_revoked_key_are_named(house: House):
    issued = await house.issuing.issue(ROOT, Wish(name="ci", tenant="default", expires_at=START + HOUR))
    house.ring.find(issued.text.encode())
    house.now += HOUR
    with pytest.raises(AuthenticationError, match=r"gmx_0000.*ci.*expired") as caught:
        house.ring.find(issued.text.encode())
    assert caught.value.status == 401
    other = await house.issuing.issue(ROOT, Wish(name="other", tenant="default"))
    await house.issuing.revoke(ROOT, None, other.key.id)
    with pytest.raises(AuthenticationError, match=r"other.*revoked"):
        house.ring.find(other.text.encode())


async def test_while_a_key_is_rotated_both_work(house: House):
    old = await house.issuing.issue(ROOT, Wish(name="ci", tenant="default", limits=(FEW,)))
    new = await house.issuing.rotate(ROOT, None, old.key.id, overlap=HOUR)
    assert house.ring.find(old.text.encode()).key == old.key.id
    assert house.ring.find(new.text.encode()).key == new.key.id
    assert new.key.limits == (FEW,)
    house.now += HOUR
    with pytest.raises(AuthenticationError, match="replaced"):
        house.ring.find(old.text.encode())
    house.ring.find(new.text.encode())


async def test_keys_of_the_settings_are_roots_and_both_kinds_are_demanded():
    bare = House()
    assert not bare.ring.demands
    configured = House("a-key-of-the-settings")
    assert configured.ring.demands
    found = configured.ring.find(b"a-key-of-the-settings")
    assert found.role == "root"
    assert found.key is not None
    assert "settings" not in found.key
    await bare.opened()
    issued = await bare.issuing.issue(ROOT, Wish(name="ci", tenant="default"))
    assert bare.ring.demands
    await bare.issuing.revoke(ROOT, None, issued.key.id)
    assert bare.ring.demands


async def test_allowance_and_end_users_go_along_where_they_say_something(house: House):
    allow, users = Allowance(models=("mock/*",)), EndUsers(rule="required", limits=(FEW,))
    issued = await house.issuing.issue(ROOT, Wish(name="ci", tenant="default", allow=allow, end_users=users))
    found = house.ring.find(issued.text.encode())
    assert (found.allow, found.end_users) == (allow, users)


async def test_the_use_of_keys_is_written_in_batches_and_not_too_often(house: House):
    assert house.ring.take() is None
    issued = await house.issuing.issue(ROOT, Wish(name="ci", tenant="default"))
    for _ in range(3):
        house.ring.find(issued.text.encode())
    batch = house.ring.take()
    assert batch is not None
    batch.write(None)
    batch.done()
    assert house.store.used == {issued.key.id: START}
    house.ring.find(issued.text.encode())
    assert house.ring.take() is None
    house.now += datetime.timedelta(minutes=2)
    house.ring.find(issued.text.encode())
    later = house.ring.take()
    assert later is not None
    later.undo()


async def test_what_another_gateway_changes_is_seen_by_hint_and_by_itself(house: House):
    other = KeyRing(lambda: house.now)
    await other.attach(house.store)
    waits: list[float] = []
    turns = asyncio.Semaphore(0)
    looked = asyncio.Event()

    async def wait(hint: object, seconds: float) -> None:
        hint.close()  # type: ignore[attr-defined]
        waits.append(seconds)
        looked.set()
        await turns.acquire()

    watching = asyncio.create_task(other.watch(wait))
    issued = await house.issuing.issue(ROOT, Wish(name="ci", tenant="default"))
    with pytest.raises(AuthenticationError):
        other.find(issued.text.encode())
    await looked.wait()
    looked.clear()
    other.nudge()
    turns.release()
    await looked.wait()
    assert other.find(issued.text.encode()).key == issued.key.id
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    assert waits == [1.0, 1.0]


async def test_known_keys_stay_valid_while_the_store_is_away(house: House, monkeypatch: pytest.MonkeyPatch):
    issued = await house.issuing.issue(ROOT, Wish(name="ci", tenant="default"))
    tries: list[int] = []

    async def gone(since: int) -> None:
        tries.append(since)
        raise StoreError("the database is gone", reason="gone")

    async def wait(hint: object, seconds: float) -> None:
        hint.close()  # type: ignore[attr-defined]
        del seconds
        if len(tries) == 2:
            raise asyncio.CancelledError
        await asyncio.sleep(0)

    monkeypatch.setattr(house.store, "changed", gone)
    with pytest.raises(asyncio.CancelledError):
        await house.ring.watch(wait)
    assert house.ring.find(issued.text.encode()).key == issued.key.id


async def test_a_key_is_never_in_what_is_shown_or_kept(house: House):
    issued = await house.issuing.issue(ROOT, Wish(name="ci", tenant="default"))
    row = house.store.rows[issued.key.id][1]
    kept = repr([issued, row, house.store.log]) + msgspec.json.encode([row.key, house.store.log]).decode()
    assert issued.text not in kept
    assert issued.text[13:] not in kept
    assert repr(row.digest) not in repr(row)
