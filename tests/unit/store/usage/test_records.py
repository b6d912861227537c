"""Usage in a real database, on both kinds."""

import asyncio
import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from sqlalchemy import func, select

from genmux.store.database import Database
from genmux.store.upkeep.retention import prune
from genmux.store.usage import records as usage
from genmux.store.usage.contents import ContentTable
from genmux.store.usage.groups import needs_rows
from genmux.store.usage.records import UsageTables
from genmux.store.usage.tables import usage_days, usage_records
from genmux.types.usage_report import KeptContent
from tests.unit.store.usage_rows import DAY, FIRST, HOUR, added, asking, known, many, put, row, told


async def pruned(database: Database, before: datetime.datetime) -> int:
    return (await prune(database, before, {"usage": 0}))["usage"]


GROUPINGS = [
    (),
    ("model",),
    ("day",),
    ("month",),
    ("hour",),
    ("end_user", "provider"),
    ("tag:env", "status"),
    ("tenant", "key", "cost_source"),
    ("month", "operation", "model"),
]


STRETCHES: list[tuple[datetime.timedelta, float, str, dict[str, Any], dict[str, str]]] = [
    (0 * HOUR, 400, "UTC", {}, {}),
    (5 * HOUR, 40.3, "UTC", {"tenant": ("default",)}, {}),
    (2 * HOUR, 0.4, "UTC", {}, {}),
    (29 * HOUR, 60.7, "America/New_York", {}, {}),
    (3 * HOUR, 70, "Europe/Berlin", {"model": ("a", "c"), "key": ("k2", "")}, {"env": "prod"}),
]


@pytest.mark.parametrize("at_once", [25_000, 60])
async def test_groups_are_what_the_rows_add_up_to(
    database: Database, tables: UsageTables, at_once: int, monkeypatch: pytest.MonkeyPatch
):
    if at_once == 60 and database.kind == "postgresql":
        pytest.skip("only SQLite sorts in pieces")
    monkeypatch.setattr(usage, "SORTED", at_once)
    rows = list(many(150))
    await put(database, *rows)
    for grouping in GROUPINGS:
        for begin, days, zone, where, tags in STRETCHES:
            question = asking(*grouping, since=FIRST + begin, days=days, time_zone=zone, where=where, tags=tags)
            found = await tables.groups(question)
            assert told(found) == added(rows, question), question
            total = sum(group.sums.requests for group in found.totals)
            assert total == sum(sums[0] for sums in added(rows, question).values())
            assert [group.keys for group in found.groups] == sorted(group.keys for group in found.groups)


async def test_days_of_a_time_zone_begin_at_its_midnight_also_when_clocks_change(
    database: Database, tables: UsageTables
):
    change = datetime.datetime(2026, 3, 29, tzinfo=ZoneInfo("Europe/Berlin"))  # this day has 23 hours
    rows = [row(number, at=change.astimezone(datetime.UTC) + number * HOUR) for number in range(-24, 48)]
    await put(database, *rows)
    found = await tables.groups(asking("day", time_zone="Europe/Berlin"))
    assert [group.sums.requests for group in found.groups] == [24, 23, 24, 1]
    autumn = datetime.datetime(2026, 10, 25, tzinfo=ZoneInfo("Europe/Berlin"))  # and this one 25
    rows = [row(number, id=f"a{number}", at=autumn.astimezone(datetime.UTC) + number * HOUR) for number in range(49)]
    await put(database, *rows)
    found = await tables.groups(asking("day", since=FIRST + 200 * DAY, time_zone="Europe/Berlin"))
    assert [group.sums.requests for group in found.groups] == [25, 24]


async def test_pages_follow_one_another_and_miss_nothing(database: Database, tables: UsageTables):
    rows = list(many(120))
    await put(database, *rows)
    for grouping in (("end_user", "model"), ("day", "model"), ("model", "month", "tag:f")):
        question = asking(*grouping, since=FIRST - HOUR, limit=2)
        seen: list[Any] = []
        while True:
            page = await tables.groups(question)
            assert len(page.groups) <= 2
            assert [one.sums.requests for one in page.totals] == ([] if question.after else [len(rows)])
            seen += [group.keys for group in page.groups]
            if not page.more:
                break
            last = page.groups[-1]
            question = msgspec.structs.replace(question, after=(*last.keys, last.currency))
        assert seen == sorted(added(rows, asking(*grouping)))


async def test_texts_are_ordered_by_their_characters(database: Database, tables: UsageTables):
    names = ["b", "B", "a", "_", "ä", "Z", "é-1", "~"]
    await put(database, *(row(number, model=name) for number, name in enumerate(names)))
    seen: list[Any] = []
    question = asking("model", limit=3)
    while True:
        page = await tables.groups(question)
        seen += [group.keys[0] for group in page.groups]
        if not page.more:
            break
        question = msgspec.structs.replace(question, after=(*page.groups[-1].keys, page.groups[-1].currency))
    assert seen == sorted(names)


async def test_amounts_of_different_currencies_are_not_added_up(database: Database, tables: UsageTables):
    await put(database, row(1), row(2, currency="EUR"), row(3, currency="EUR"))
    found = await tables.groups(asking("model"))
    assert [(group.currency, group.sums.cost) for group in found.groups] == [("EUR", 2_000), ("USD", 1_000)]
    assert [group.currency for group in found.totals] == ["EUR", "USD"]


async def test_meters_below_are_added_to_their_root_once(database: Database, tables: UsageTables):
    await put(
        database,
        row(1, meters={"seconds.output": 4, "seconds.output.video": 4, "images.output": 2}),
        row(
            2,
            meters={
                "seconds": 1.5,
                "seconds.input": 1,
                "characters.input": 100,
                "pages.input": 3,
                "calls.web_search": 2,
            },
        ),
    )
    sums = (await tables.groups(asking())).groups[0].sums
    assert sums.meters == (0, 0, 0, 0, 0, 5.5, 2, 100, 3, 2)


async def test_what_no_table_can_hold_does_not_hold_up_the_others(
    database: Database, tables: UsageTables, caplog: pytest.LogCaptureFixture
):
    wrong = [
        row(1, cost=Decimal(-1)),
        row(2, cost=Decimal("NaN")),
        row(3, meters={"tokens.input": float("nan")}),
        row(4, meters={"tokens.input": 2**70}),
        row(5, latency=float("inf")),
        row(6, end_user="a\0b", tags={"x\0": "y\0"}, model="m\0"),
    ]
    assert await put(database, *wrong, row(7)) == 7
    assert caplog.text.count("cannot be kept") == 5
    sums = (await tables.groups(asking())).groups[0].sums
    assert (sums.requests, sums.unknown, sums.cost) == (7, 5, 2_000)
    newest = (await tables.records(asking()))[1]
    assert (newest.end_user, newest.tags, newest.model) == ("ab", {"x": "y"}, "m")


async def test_names_that_no_index_could_hold_are_cut_and_found_again(database: Database, tables: UsageTables):
    contents = ContentTable(database)
    long, other, half = "ä" * 5_000, "ä" * 4_999, "half \ud800"
    names = dict.fromkeys(("team", "key", "model", "account", "route", "provider"), long)
    await put(
        database, row(1, end_user=long, **names), row(2, end_user=other), row(3, end_user=half, tags={half: half})
    )
    await database.write(lambda tx: contents.write(tx, [content("c", end_user=long)]))
    found = await tables.groups(asking("end_user"))
    assert len(found.groups) == 3
    assert all(len(str(group.keys[0]).encode()) <= 200 for group in found.groups)
    assert (await tables.groups(asking(where={"end_user": (long,), "team": (long,)}))).totals[0].sums.requests == 1
    done = await tables.forget("default", long)
    assert (done.contents, done.records) == (1, 1)
    assert (await tables.groups(asking(where={"end_user": (other,)}))).totals[0].sums.requests == 1


async def test_pruned_rows_leave_their_sums(database: Database, tables: UsageTables):
    rows = list(many(100))
    await put(database, *rows)
    border = FIRST + 10 * DAY + 5 * HOUR
    gone = [one for one in rows if one.at < FIRST + 10 * DAY]
    assert await pruned(database, border) == len(gone)
    assert told(await tables.groups(asking("model"))) == added(rows, asking("model"))
    assert (await tables.groups(asking("model"))).since is None
    left = [one for one in rows if one not in gone]
    found = await tables.groups(asking("end_user"))
    assert told(found) == added(left, asking("end_user"))
    assert found.since == FIRST + 10 * DAY
    cut = await tables.groups(asking("model", since=FIRST + 5 * HOUR))
    assert cut.since == FIRST + DAY
    assert (await tables.groups(asking("end_user", since=FIRST + 11 * DAY))).since is None
    assert await pruned(database, border) == 0
    assert await pruned(database, FIRST + 900 * DAY) == len(left)
    assert told(await tables.groups(asking("day", "model"))) == added(rows, asking("day", "model"))


async def test_an_end_user_is_forgotten_in_one_tenant_and_sums_stay(database: Database, tables: UsageTables):
    contents = ContentTable(database)
    rows = list(many(60))
    await put(database, *rows)
    kept = [content(f"c{number}", end_user=("ann", "bob")[number % 2], tenant="default") for number in range(6)]
    await database.write(lambda tx: contents.write(tx, kept))
    mine = [one for one in rows if one.tenant == "default" and one.end_user == "ann"]
    done = await tables.forget("default", "ann")
    assert (done.contents, done.records) == (3, len(mine))
    found = await tables.records(asking(limit=1_000))
    assert {one.tenant for one in found if one.end_user == "ann"} == {"other"}
    assert told(await tables.groups(asking("model"))) == added(rows, asking("model"))
    assert await contents.find("c0", tenant=None) is None
    assert await contents.find("c1", tenant=None) is not None
    assert await tables.forget("default", "ann") == msgspec.structs.replace(done, contents=0, records=0)


def content(record: str, **fields: Any) -> KeptContent:
    told = {"tenant": "default", "at": FIRST, "expires_at": FIRST + 30 * DAY, "request": b'{"a":1}', "answer": b"[]"}
    return KeptContent(record=record, **(told | fields))


async def test_contents_are_kept_apart_until_they_expire(database: Database):
    contents = ContentTable(database)
    kept = [content("one"), content("two", expires_at=FIRST + 2 * DAY, end_user="ann")]
    await database.write(lambda tx: contents.write(tx, kept))
    await database.write(lambda tx: contents.write(tx, [content("one", request=b"other")]))
    assert await contents.find("one", tenant="default") == kept[0]
    assert await contents.find("two", tenant=None) == kept[1]
    assert await contents.find("one", tenant="other") is None
    assert (await prune(database, FIRST + 2 * DAY + HOUR))["content"] == 1
    assert await contents.find("two", tenant=None) is None


async def test_a_reported_cost_takes_the_place_of_an_unknown_one_in_rows_and_sums(
    database: Database, tables: UsageTables
):
    rows = list(many(40))
    await put(database, *rows)
    question = asking(where={"provider": ("openai",)})
    wanted = {one.request_id or "": 7_000 for one in rows}
    open_ = [one for one in rows if one.provider == "openai" and (one.cost is None or one.cost_source == "estimated")]
    found = await tables.open_costs(question, wanted)
    assert sorted(one.id for one in found) == sorted(one.id for one in open_)
    assert await tables.price(question, wanted) == len(open_)
    assert await tables.price(question, wanted) == 0
    changed = {one.id for one in open_}
    now = [
        msgspec.structs.replace(one, cost=Decimal("0.007"), cost_source="reported") if one.id in changed else one
        for one in rows
    ]
    for grouping in (("model", "cost_source"), ("end_user",)):
        expected = {key: sums for key, sums in added([known(one) for one in now], asking(*grouping)).items() if sums[0]}
        told_now = {key: sums for key, sums in told(await tables.groups(asking(*grouping))).items() if sums[0]}
        assert told_now == expected


async def test_batches_that_meet_do_not_block_each_other(database: Database, tables: UsageTables):
    rows = list(many(400))
    rows.sort(key=lambda one: one.id[::-1])
    written = await asyncio.gather(*(put(database, *rows[place::8]) for place in range(8)))
    assert sum(written) == 400
    assert told(await tables.groups(asking("day", "model"))) == added(rows, asking("day", "model"))


async def test_questions_about_days_do_not_read_rows(database: Database, tables: UsageTables):
    await put(database, *many(50))
    await database.write(lambda tx: tx.core.execute(usage_records.delete()))
    question = asking("month", "model", "team", "account", "status")
    assert not needs_rows(question)
    assert sum(group.sums.requests for group in (await tables.groups(question)).groups) == 50
    days = await database.read(lambda tx: tx.core.execute(select(func.sum(usage_days.c.requests))).scalar_one())
    assert days == 50


async def test_an_empty_database_has_nothing_to_tell(tables: UsageTables):
    for grouping in GROUPINGS:
        for zone in ("UTC", "Asia/Kolkata"):
            found = await tables.groups(
                asking(*grouping, since=datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC), days=80_000, time_zone=zone)
            )
            assert (found.groups, found.totals, found.since, found.more) == ((), (), None, False)


async def test_huge_stretches_of_time_cost_nothing(database: Database, tables: UsageTables):
    await put(database, *many(20))
    first = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
    found = await tables.groups(asking("day", "month", since=first, days=80_000, time_zone="Europe/Berlin"))
    assert sum(group.sums.requests for group in found.groups) == 20
