"""Questions in texts, answers in words."""

import contextlib
import csv
import datetime
import io
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genmux.services.usage import Asked, UsageReports, read_question, seen_by
from genmux.services.usage import reports as reports_module
from genmux.services.usage.asking import as_cursor, read_cursor
from genmux.services.usage.sheets import written
from genmux.services.usage.shown import percentile
from genmux.types.errors import InvalidRequestError, NotFoundError, PermissionDeniedError
from genmux.types.principal import NOBODY, Principal
from genmux.types.usage_record import UsageRecord
from genmux.types.usage_report import LATENCIES, KeptContent, UsageGroup, UsageSums
from tests.unit.services.usage.doubles import NOW, MemoryContents, MemoryStore, row

UTC = datetime.UTC


def question(**fields: Any) -> Any:
    return read_question(Asked(**fields), NOW)


class TestQuestions:
    @pytest.mark.parametrize(
        ("text", "zone", "meant"),
        [
            ("2026-11-01", "UTC", datetime.datetime(2026, 11, 1, tzinfo=UTC)),
            ("2026-11-01", "Europe/Berlin", datetime.datetime(2026, 10, 31, 23, tzinfo=UTC)),
            ("2026-11-01T10:00:00+02:00", "UTC", datetime.datetime(2026, 11, 1, 8, tzinfo=UTC)),
            ("2026-11-01T10:00:00Z", "America/New_York", datetime.datetime(2026, 11, 1, 10, tzinfo=UTC)),
            ("90m", "UTC", NOW - datetime.timedelta(minutes=90)),
            ("12h", "UTC", NOW - datetime.timedelta(hours=12)),
            ("30d", "UTC", NOW - datetime.timedelta(days=30)),
            ("4w", "UTC", NOW - datetime.timedelta(weeks=4)),
            ("999999w", "UTC", datetime.datetime(1970, 1, 1, tzinfo=UTC)),
            ("0001-01-01", "Europe/Berlin", datetime.datetime(1970, 1, 1, tzinfo=UTC)),
        ],
    )
    def test_times_are_understood(self, text: str, zone: str, meant: datetime.datetime):
        assert question(since=text, time_zone=zone).since == meant

    def test_without_times_the_last_thirty_days_are_meant(self):
        asked = question()
        assert (asked.since, asked.until) == (NOW - datetime.timedelta(days=30), NOW)

    def test_the_far_future_is_cut_off(self):
        assert question(until="9999-12-31", time_zone="America/New_York").until.year == 2200

    def test_groups_may_be_in_one_text_or_in_several(self):
        assert question(group_by=("day, model", "tag:env", "day")).group_by == ("day", "model", "tag:env")

    @pytest.mark.parametrize(
        ("fields", "param", "words"),
        [
            ({"group_by": ("modle",)}, "group_by", "'modle'; there are hour, day, month, tenant"),
            ({"group_by": ("tag:",)}, "group_by", "no name of a tag"),
            ({"group_by": ('tag:a"b',)}, "group_by", "no name of a tag"),
            ({"group_by": ("day,month,hour,model,provider,operation,team",)}, "group_by", "7 names; at most 6"),
            ({"where": {"colour": ("red",)}}, "colour", "no filter 'colour'; there are tenant, team"),
            ({"where": {"model": ("a\0b",)}}, "model", "which nothing is called"),
            ({"since": "yesterday"}, "from", "'yesterday'; give a date"),
            ({"until": "2026-13-01"}, "to", "give a date"),
            ({"since": "2026-11-02", "until": "2026-11-01"}, "from", "not before `to`"),
            ({"since": "2026-11-02", "until": "2026-11-02"}, "from", "not before `to`"),
            ({"time_zone": "Mars/Olympus"}, "time_zone", "no time zone 'Mars/Olympus'"),
            ({"time_zone": "../../etc/passwd"}, "time_zone", "no time zone"),
            ({"time_zone": ""}, "time_zone", "no time zone"),
            ({"tags": ("env",)}, "tag", "name=value"),
            ({"limit": 0}, "limit", "1 to 1000"),
            ({"limit": 1_001}, "limit", "1 to 1000"),
            ({"cursor": "!!!"}, "cursor", "none that was given"),
            ({"cursor": as_cursor(("a", "USD"))}, "cursor", "another question"),
            ({"group_by": ("day",), "cursor": as_cursor(("a", "USD"))}, "cursor", "another question"),
            ({"group_by": ("day",), "cursor": as_cursor((10**30, "USD"))}, "cursor", "another question"),
        ],
    )
    def test_what_is_wrong_is_named_with_what_there_is(self, fields: dict[str, Any], param: str, words: str):
        with pytest.raises(InvalidRequestError) as caught:
            question(**fields)
        assert caught.value.param == param
        assert words in caught.value.message

    def test_nothing_that_is_asked_for_widens_what_a_caller_may_see(self):
        seen = {"tenant": ("acme",), "key": ("k1",)}
        assert question(seen=seen).where == seen
        assert question(seen=seen, where={"key": ("k1", "k2"), "model": ("m",)}).where == {**seen, "model": ("m",)}
        assert question(seen=seen, where={"tenant": ("other",)}).where["tenant"] == ()

    @given(st.lists(st.text() | st.integers(-(2**62), 2**62)))
    def test_a_cursor_comes_back_as_it_was(self, place: list[str | int]):
        try:
            assert read_cursor(as_cursor(place)) == place
        except UnicodeEncodeError:
            assert any(isinstance(one, str) and not one.isprintable() for one in place)

    @given(st.text())
    def test_any_text_as_a_cursor_is_understood_or_refused(self, text: str):
        with contextlib.suppress(InvalidRequestError):
            assert isinstance(read_cursor(text), list)


class TestCallers:
    def test_root_sees_all_and_admins_their_organisation_and_members_their_key(self):
        assert seen_by(NOBODY) == {}
        assert seen_by(Principal(organisation="acme", role="admin", key="k")) == {"tenant": ("acme",)}
        assert seen_by(Principal(organisation="acme", role="member", key="k")) == {"tenant": ("acme",), "key": ("k",)}

    def test_a_member_without_a_key_sees_nothing(self):
        with pytest.raises(PermissionDeniedError, match="told to admins"):
            seen_by(Principal(organisation="acme", role="member"))


class TestPercentiles:
    def test_requests_are_taken_as_evenly_spread_in_their_class(self):
        classes = [0] * (len(LATENCIES) + 1)
        place = LATENCIES.index(2.0)
        classes[place] = 100  # from 1 to 2 s
        assert percentile(classes, 0.5) == 1.5
        assert percentile(classes, 0.95) == 1.95

    def test_what_is_beyond_the_last_class_counts_as_its_border(self):
        assert percentile([0] * len(LATENCIES) + [3], 0.5) == 600

    @given(st.lists(st.floats(0.0001, 600), min_size=1, max_size=200), st.floats(0.01, 1))
    def test_the_real_one_is_in_the_same_class(self, latencies: list[float], share: float):
        import bisect
        import math

        classes = [0] * (len(LATENCIES) + 1)
        for one in latencies:
            classes[bisect.bisect_left(LATENCIES, one)] += 1
        real = sorted(latencies)[max(0, math.ceil(share * len(latencies) - 1e-9) - 1)]
        place = bisect.bisect_left(LATENCIES, real)
        low = LATENCIES[place - 1] if place else 0.0
        assert low - 1e-6 <= percentile(classes, share) <= LATENCIES[place] + 1e-6


def reports(store: MemoryStore, contents: MemoryContents | None = None, **more: Any) -> UsageReports:
    return UsageReports(store, contents or MemoryContents(), lambda: NOW, **more)


def sums(requests: int, **fields: Any) -> UsageSums:
    return UsageSums(requests=requests, **fields)


GROUPS = [
    UsageGroup(
        keys=(20_783, "a"), currency="USD", sums=sums(2, cost=1_500_000, computed=1_500_000, meters=(7, *[0] * 9))
    ),
    UsageGroup(keys=(20_783, "b"), currency="USD", sums=sums(1, unknown=1)),
    UsageGroup(
        keys=(20_784, ""),
        currency="USD",
        sums=sums(4, latency=6.0, latency_count=4, latencies=(*[0] * 11, 4, *[0] * 13)),
    ),
]


class TestReports:
    async def test_groups_have_names_and_amounts(self):
        report = await reports(MemoryStore(GROUPS)).report(Asked(group_by=("day", "model")))
        assert [line.group for line in report.data] == [
            {"day": "2026-11-26", "model": "a"},
            {"day": "2026-11-26", "model": "b"},
            {"day": "2026-11-27", "model": None},
        ]
        assert report.data[0].cost == Decimal("1.5")
        assert report.data[0].meters == {"tokens.input": 7}
        assert report.data[0].latency is None
        assert report.data[2].latency is not None
        assert report.data[2].latency.mean == 1.5
        assert (report.totals[0].requests, report.totals[0].group) == (7, {})
        assert report.next is None

    async def test_pages_have_a_cursor_to_the_next(self):
        desk = reports(MemoryStore(GROUPS))
        first = await desk.report(Asked(group_by=("day", "model"), limit=2))
        assert first.next is not None
        second = await desk.report(Asked(group_by=("day", "model"), limit=2, cursor=first.next))
        assert [line.group["model"] for line in (*first.data, *second.data)] == ["a", "b", None]
        assert second.next is None

    async def test_months_and_hours_are_told_in_the_time_zone(self):
        store = MemoryStore([UsageGroup(keys=(202_611, 498_804), currency="USD", sums=sums(1))])
        report = await reports(store).report(Asked(group_by=("month", "hour"), time_zone="Asia/Kolkata"))
        assert report.data[0].group == {"month": "2026-11", "hour": "2026-11-26T17:30:00+05:30"}

    async def test_a_sheet_has_all_pages_and_its_lines_end_as_they_must(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(reports_module, "SHEET_PAGE", 1)
        pieces = [
            piece async for piece in await reports(MemoryStore(GROUPS)).sheet(Asked(group_by=("day", "model"), limit=1))
        ]
        text = b"".join(pieces).decode()
        rows = list(csv.reader(io.StringIO(text, newline="")))
        assert rows[0][:4] == ["day", "model", "requests", "failed"]
        assert [one[1] for one in rows[1:]] == ["a", "b", ""]
        assert all(len(one) == len(rows[0]) for one in rows)
        assert text.count("\r\n") == 4
        assert rows[1][rows[0].index("cost")] == "1.5"

    async def test_a_wrong_question_is_refused_before_a_sheet_begins(self):
        with pytest.raises(InvalidRequestError):
            await reports(MemoryStore()).sheet(Asked(group_by=("nonsense",)))

    async def test_rows_come_in_pages_and_as_a_sheet(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(reports_module, "SHEET_PAGE", 2)
        rows = [
            row(number, at=NOW - datetime.timedelta(seconds=number // 2), cost=Decimal("0.1")) for number in range(7)
        ]
        desk = reports(MemoryStore(rows=rows))
        seen: list[str] = []
        cursor: str | None = None
        while True:
            page = await desk.records(Asked(limit=3, cursor=cursor))
            seen += [one.id for one in page.data]
            cursor = page.next
            if cursor is None:
                break
        assert seen == ["r1", "r0", "r3", "r2", "r5", "r4", "r6"]
        sheet = b"".join([piece async for piece in await desk.record_sheet(Asked(limit=2))]).decode()
        assert [line.split(",")[1] for line in sheet.splitlines()[1:]] == seen

    async def test_rows_are_not_grouped(self):
        with pytest.raises(InvalidRequestError, match="not grouped"):
            await reports(MemoryStore()).records(Asked(group_by=("model",)))

    @pytest.mark.parametrize(
        "cursor", [as_cursor(("a",)), as_cursor((1, "a")), as_cursor(("2026", "x")), as_cursor(("x", "y"))]
    )
    async def test_a_cursor_of_another_list_is_refused(self, cursor: str):
        with pytest.raises(InvalidRequestError, match="cursor"):
            await reports(MemoryStore()).records(Asked(cursor=cursor))

    async def test_what_was_said_is_found_until_it_expires(self):
        contents = MemoryContents()
        kept = KeptContent(
            record="r", tenant="t", at=NOW, expires_at=NOW + datetime.timedelta(1), request=b"{}", answer=b"[]"
        )
        contents.kept = [kept, msgspec.structs.replace(kept, record="old", expires_at=NOW)]
        desk = reports(MemoryStore(), contents)
        said = await desk.said("r", tenant=None)
        assert msgspec.json.decode(msgspec.json.encode(said))["request"] == {}
        for record, tenant in (("r", "other"), ("old", None), ("none", None)):
            with pytest.raises(NotFoundError, match="nothing is kept"):
                await desk.said(record, tenant=tenant)

    async def test_who_is_forgotten_is_forgotten_after_what_waits_is_written(self):
        store = MemoryStore()

        async def flush() -> None:
            store.done.append("flush")

        done = await reports(store, flush=flush).forget("ann", tenant="acme")
        assert store.done == ["flush", "forget acme ann"]
        assert (done.contents, done.records) == (1, 2)
        with pytest.raises(InvalidRequestError):
            await reports(store).forget("", tenant="acme")

    async def test_corrections_reach_the_ledger_first(self):
        store = MemoryStore(rows=[row(1, request_id="g1"), row(2, request_id="g2", cost=Decimal(1)), row(3)])

        async def book(record: UsageRecord, actual: int, whose: str | None) -> None:
            store.done.append(f"ledger {record.id} {actual} of {whose or 'all'}")

        desk = reports(store, correct=book)
        done = await desk.correct(Asked(), {"g1": Decimal("0.0000011"), "g2": Decimal(5), "g9": Decimal(7)})
        assert store.done[0] == "ledger r1 2 of all"
        assert store.done[1].startswith("price")
        assert (done.records, done.amount) == (1, Decimal("0.0000011"))
        with pytest.raises(InvalidRequestError, match="no amount"):
            await desk.correct(Asked(), {"g1": Decimal(-1)})

    async def test_who_sees_one_organisation_corrects_its_budgets_only(self):
        store, told = MemoryStore(rows=[row(1, request_id="g1")]), []

        async def book(_record: UsageRecord, _actual: int, whose: str | None) -> None:
            told.append(whose)

        await reports(store, correct=book).correct(Asked(seen={"tenant": ("acme",)}), {"g1": Decimal(1)})
        assert told == ["acme"]


class TestSheets:
    @pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
    def test_a_formula_is_a_text(self, text: str):
        (read,) = csv.reader(io.StringIO(written([[text]]).decode(), newline=""))
        assert read == [f"'{text}"]

    @given(
        st.lists(st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0")), min_size=2, max_size=5)
    )
    def test_any_text_comes_back_from_a_sheet(self, cells: list[str]):
        (read,) = csv.reader(io.StringIO(written([cells]).decode(), newline=""))
        assert [one.removeprefix("'") if one.startswith("'") else one for one in read] == [
            one.removeprefix("'") if one.startswith("'") else one for one in cells
        ]
        assert not any(one.startswith(("=", "+", "-", "@")) for one in read)

    def test_numbers_stay_numbers(self):
        assert written([[-1, 0.5, None, Decimal("1.20")]]) == b"-1,0.5,,1.20\r\n"
