"""What admins do with organisations, teams and keys."""

import datetime

import msgspec
import pytest

from genmux.services.keys import Changes, Wish
from genmux.types.errors import InvalidRequestError, NotFoundError, PermissionDeniedError
from genmux.types.keys import Allowance, EndUsers, RateLimit
from tests.unit.services.keys.house import ADMIN, HOUR, ROOT, START, House


@pytest.fixture
async def house() -> House:
    made = await House().opened()
    await made.tenancy.create_organisation(ROOT, tenant="acme", name="Acme")
    return made


def wish(**fields: object) -> Wish:
    return Wish(**{"name": "ci", "tenant": "acme", **fields})


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"name": " "}, "name"),
        ({"name": "a\nb"}, "visible"),
        ({"name": "x" * 101}, "100 characters"),
        ({"team": "blue"}, "no team 'blue'"),
        ({"expires_at": START}, "past"),
        ({"expires_at": datetime.datetime(2027, 1, 1)}, "time zone"),  # noqa: DTZ001 — the point of it
        ({"allow": Allowance(operations=("chatt",))}, "no operation 'chatt'; there are chat"),
        ({"allow": Allowance(providers=("opena",))}, "no provider 'opena'"),
        ({"allow": Allowance(networks=("10.0.0.1/8",))}, "no network"),
        ({"allow": Allowance(models=("",))}, "pattern"),
        ({"limits": (RateLimit("requests", 5),)}, "needs `per`"),
        ({"limits": (RateLimit("concurrent", 5, "day"),)}, "has no span"),
        ({"limits": (RateLimit("requests", 0, "day"),)}, "1 to"),
        ({"limits": (RateLimit("requests", 10**13, "day"),)}, "1 to"),
        ({"limits": (RateLimit("tokens", 5, "day"), RateLimit("tokens", 6, "day"))}, "two limits"),
        ({"end_users": EndUsers(rule="ignored", limits=(RateLimit("tokens", 5, "day"),))}, "ignored"),
        ({"tags": {"": "x"}}, "tags"),
    ],
)
async def test_what_makes_no_sense_is_refused(house: House, fields: dict[str, object], told: str):
    with pytest.raises(InvalidRequestError, match=told):
        await house.issuing.issue(ROOT, wish(**fields))
    assert house.store.rows == {}


async def test_nobody_gives_more_than_he_has(house: House):
    with pytest.raises(PermissionDeniedError):
        await house.issuing.issue(ADMIN, wish(role="root"))
    mine = await house.issuing.issue(ADMIN, wish(role="admin"))
    roots = await house.issuing.issue(ROOT, wish(role="root"))
    for attempt in (
        house.issuing.update(ADMIN, "acme", mine.key.id, Changes(role="root")),
        house.issuing.update(ADMIN, "acme", roots.key.id, Changes(name="mine")),
        house.issuing.rotate(ADMIN, "acme", roots.key.id),
        house.issuing.revoke(ADMIN, "acme", roots.key.id),
    ):
        with pytest.raises(PermissionDeniedError):
            await attempt


async def test_a_key_of_another_organisation_is_not_there(house: House):
    issued = await house.issuing.issue(ROOT, wish(tenant="default"))
    for attempt in (
        house.issuing.key("acme", issued.key.id),
        house.issuing.update(ADMIN, "acme", issued.key.id, Changes(name="mine")),
        house.issuing.rotate(ADMIN, "acme", issued.key.id),
        house.issuing.revoke(ADMIN, "acme", issued.key.id),
    ):
        with pytest.raises(NotFoundError):
            await attempt


async def test_what_is_left_out_of_a_change_stays(house: House):
    team = await house.tenancy.create_team(ADMIN, tenant="acme", name="red")
    limits = (RateLimit("requests", 5, "day"),)
    issued = await house.issuing.issue(ROOT, wish(team=team.id, limits=limits, expires_at=START + HOUR))
    changed = await house.issuing.update(ADMIN, "acme", issued.key.id, Changes(name="new"))
    assert changed == msgspec.structs.replace(issued.key, name="new")
    freed = await house.issuing.update(ADMIN, "acme", issued.key.id, Changes(team=None, expires_at=None, limits=()))
    assert (freed.team, freed.expires_at, freed.limits) == (None, None, ())
    assert house.ring.find(issued.text.encode()).rates == ()


async def test_a_dead_key_is_neither_changed_nor_rotated_and_revoking_it_again_does_nothing(house: House):
    issued = await house.issuing.issue(ROOT, wish())
    first = await house.issuing.revoke(ADMIN, "acme", issued.key.id)
    house.now += HOUR
    assert await house.issuing.revoke(ADMIN, "acme", issued.key.id) == first
    with pytest.raises(InvalidRequestError, match="revoked"):
        await house.issuing.update(ADMIN, "acme", issued.key.id, Changes(name="new"))
    with pytest.raises(InvalidRequestError, match="revoked"):
        await house.issuing.rotate(ADMIN, "acme", issued.key.id)
    twice = await house.issuing.issue(ROOT, wish())
    await house.issuing.rotate(ADMIN, "acme", twice.key.id)
    with pytest.raises(InvalidRequestError, match="rotated"):
        await house.issuing.rotate(ADMIN, "acme", twice.key.id)
    with pytest.raises(InvalidRequestError, match="overlap"):
        await house.issuing.rotate(ADMIN, "acme", twice.key.id, overlap=-HOUR)


async def test_an_organisation_and_a_team_with_valid_keys_stay(house: House):
    team = await house.tenancy.create_team(ADMIN, tenant="acme", name="red")
    issued = await house.issuing.issue(ROOT, wish(team=team.id))
    with pytest.raises(InvalidRequestError, match="revoke them first"):
        await house.tenancy.remove_team(ADMIN, team)
    with pytest.raises(InvalidRequestError, match="revoke them first"):
        await house.tenancy.remove_organisation(ROOT, "acme")
    await house.issuing.revoke(ROOT, None, issued.key.id)
    await house.tenancy.remove_team(ADMIN, team)
    await house.tenancy.remove_organisation(ROOT, "acme")
    assert [one.id for one in await house.tenancy.organisations()] == ["default"]
    with pytest.raises(InvalidRequestError, match="default"):
        await house.tenancy.remove_organisation(ROOT, "default")


async def test_organisations_have_ids_of_their_own(house: House):
    for name, told in (("acme", "already"), ("default", "already"), ("Acme!", "small letters"), ("", "1 to 63")):
        with pytest.raises(InvalidRequestError, match=told):
            await house.tenancy.create_organisation(ROOT, tenant=name)
    with pytest.raises(NotFoundError):
        await house.tenancy.organisation("other")
    with pytest.raises(NotFoundError):
        await house.tenancy.team("other", "red")


async def test_every_change_is_in_the_audit_log_with_before_and_after(house: House):
    issued = await house.issuing.issue(ADMIN, wish())
    await house.issuing.update(ADMIN, "acme", issued.key.id, Changes(name="new"))
    await house.issuing.rotate(ADMIN, "acme", issued.key.id)
    await house.issuing.revoke(ADMIN, "acme", issued.key.id)
    _, created, updated, rotated, revoked = house.store.log
    assert [one.action for one in (created, updated, rotated, revoked)] == ["create", "update", "rotate", "revoke"]
    assert {one.key for one in (created, updated, rotated, revoked)} == {"boss"}
    assert (created.before, created.after["name"]) == (None, "ci")
    assert (updated.before["name"], updated.after["name"]) == ("ci", "new")
    assert revoked.after["revoked_at"] == "2026-11-01T12:00:00Z"
