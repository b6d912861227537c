"""Organisations, teams, keys and the audit log, in both databases."""

import datetime
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from genmux.services.audit import AuditLog
from genmux.store.keys.audit import AuditRows
from genmux.store.keys.store import KeyRows
from genmux.store.opening import Store, open_store
from genmux.types.audit import AuditEntry
from genmux.types.errors import InvalidRequestError
from genmux.types.keys import Allowance, EndUsers, GatewayKey, KeyRow, Organisation, RateLimit, Team
from genmux.types.principal import Principal

THEN = datetime.datetime(2026, 11, 1, 12, tzinfo=datetime.UTC)
DAY = datetime.timedelta(days=1)
ROOT = Principal(role="root", address="127.0.0.1")


@pytest.fixture(params=["sqlite", "postgresql"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    url = str(tmp_path / "keys.db") if request.param == "sqlite" else request.getfixturevalue("postgres_store_url")
    opened = await open_store(url, environ={}, role="command")
    yield opened
    await opened.aclose()


def line(action: str = "create", subject: str = "x", tenant: str = "acme") -> AuditEntry:
    return AuditEntry(at=THEN, tenant=tenant, action=action, kind="key", subject=subject, after={"name": "é"})


def key(number: int, **more: object) -> KeyRow:
    fields = {"tenant": "acme", "name": f"key {number}", "prefix": "gmx_01234567", "created": THEN + DAY * number}
    return KeyRow(GatewayKey(id=f"k{number}", **{**fields, **more}), bytes([number]) * 32)


FULL = key(
    7,
    team="t1",
    role="admin",
    expires_at=THEN + DAY,
    revoked_at=THEN + 2 * DAY,
    rotated_to="k8",
    allow=Allowance(operations=("chat",), models=("openai/*",), providers=("openai",), networks=("10.0.0.0/8",)),
    limits=(RateLimit("requests", 5, "minute"), RateLimit("concurrent", 2)),
    end_users=EndUsers(rule="required", limits=(RateLimit("tokens", 100, "day"),)),
    tags={"team": "ä"},
)


async def test_everything_comes_back_as_it_was(store: Store):
    rows = KeyRows(store.database)
    organisation = Organisation(id="acme", name="Acme", created=THEN, limits=(RateLimit("tokens", 9, "hour"),))
    team = Team(id="t1", tenant="acme", name="red", created=THEN, limits=(RateLimit("requests", 1, "day"),))
    await rows.save_organisation(organisation, line())
    await rows.save_team(team, line())
    await rows.save_keys([FULL], line())
    assert await rows.organisations("acme") == (organisation,)
    assert await rows.teams("acme") == await rows.teams(None) == (team,)
    assert await rows.teams("other") == ()
    assert await rows.key("k7") == FULL
    assert await rows.key("k1") is None


async def test_each_change_raises_the_version_and_only_what_is_new_is_read(store: Store):
    rows = KeyRows(store.database)
    first = await rows.changed(-1)
    assert first is not None
    assert first.version == 0
    assert await rows.changed(0) is None
    await rows.save_keys([key(1), key(2)], line())
    second = await rows.changed(0)
    assert second is not None
    assert {row.key.id for row in second.keys} == {"k1", "k2"}
    await rows.save_keys([key(2, name="new")], line())
    third = await rows.changed(second.version)
    assert third is not None
    assert [row.key.name for row in third.keys] == ["new"]
    assert await rows.changed(third.version) is None


async def test_the_use_of_a_key_changes_no_version(store: Store):
    rows = KeyRows(store.database)
    await rows.save_keys([key(1)], line())
    known = await rows.changed(0)
    assert known is not None
    await store.database.write(lambda tx: rows.write_last_used(tx, {"k1": THEN + DAY, "gone": THEN}))
    assert await rows.changed(known.version) is None
    found = await rows.key("k1")
    assert found is not None
    assert found.key.last_used == THEN + DAY
    await rows.save_keys([key(1, name="changed")], line())
    found = await rows.key("k1")
    assert found is not None
    assert found.key.last_used == THEN + DAY


async def test_keys_are_listed_in_pages_newest_first(store: Store):
    rows = KeyRows(store.database)
    await rows.save_keys([*map(key, range(1, 6)), key(9, tenant="other"), key(8, team="t")], line())
    seen: list[str] = []
    after = None
    while page := await rows.keys("acme", team=None, after=after, limit=2):
        seen += [one.id for one in page]
        after = (page[-1].created, page[-1].id)
    assert seen == ["k8", "k5", "k4", "k3", "k2", "k1"]
    assert [one.id for one in await rows.keys(None, team=None, after=None, limit=1)] == ["k9"]
    assert [one.id for one in await rows.keys("acme", team="t", after=None, limit=5)] == ["k8"]


async def test_two_teams_of_one_organisation_cannot_have_one_name(store: Store):
    rows = KeyRows(store.database)
    await rows.save_team(Team(id="1", tenant="acme", name="red", created=THEN), line())
    await rows.save_team(Team(id="2", tenant="other", name="red", created=THEN), line())
    with pytest.raises(InvalidRequestError, match="red"):
        await rows.save_team(Team(id="3", tenant="acme", name="red", created=THEN), line("refused"))
    assert len(await rows.teams(None)) == 2
    log = await AuditRows(store.database).entries(None, kind=None, subject=None, before=None, limit=9)
    assert "refused" not in {one.action for one in log}


async def test_an_organisation_goes_with_its_teams(store: Store):
    rows = KeyRows(store.database)
    for name in ("acme", "other"):
        await rows.save_organisation(Organisation(id=name, name=name, created=THEN), line())
        await rows.save_team(Team(id=name, tenant=name, name="red", created=THEN), line())
    await rows.remove_organisation("acme", line("delete"))
    assert [one.id for one in await rows.organisations(None)] == ["other"]
    assert [one.id for one in await rows.teams(None)] == ["other"]
    await rows.remove_team((await rows.teams("other"))[0], line("delete"))
    assert await rows.teams(None) == ()


async def test_the_audit_log_tells_who_did_what_newest_first(store: Store):
    rows = AuditRows(store.database)
    log = AuditLog(rows, lambda: THEN)
    who = Principal(organisation="acme", key="k1", role="admin", address="10.1.1.1")
    await log.note(who, action="create", kind="budget", subject="1", after=RateLimit("requests", 5, "day"))
    await log.note(ROOT, action="delete", kind="budget", subject="2", tenant="other", before={"limit": 3})
    newest, oldest = await log.entries(None)
    assert (newest.tenant, newest.action, newest.before, newest.role) == ("other", "delete", {"limit": 3}, "root")
    assert (oldest.key, oldest.address, oldest.at) == ("k1", "10.1.1.1", THEN)
    assert oldest.after == {"kind": "requests", "amount": 5, "per": "day"}
    assert [one.subject for one in await log.entries("acme")] == ["1"]
    assert [one.subject for one in await log.entries(None, subject="2", kind="budget")] == ["2"]
    assert [one.subject for one in await log.entries(None, before=newest.id)] == ["1"]
    with pytest.raises(InvalidRequestError, match="limit"):
        await log.entries(None, limit=0)
