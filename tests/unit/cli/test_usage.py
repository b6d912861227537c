"""`genmux usage`, on a store with rows in it."""

import asyncio
import csv
import datetime
import io
import json
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from genmux.services.usage import Contents
from genmux.store.opening import open_store
from genmux.store.usage.contents import ContentTable
from genmux.store.usage.records import UsageTables
from genmux.types.principal import Principal
from genmux.types.usage_record import UsageRecord
from tests.unit.cli.conftest import Run
from tests.unit.services.usage.reconcile import files

NOON = datetime.datetime(2026, 11, 19, 12, tzinfo=datetime.UTC)
SINCE = ("--since", "2026-11-01", "--until", "2026-12-01")


def row(number: int, **fields: Any) -> UsageRecord:
    told: dict[str, Any] = {
        "id": f"r{number}",
        "at": NOON + datetime.timedelta(hours=number),
        "operation": "chat",
        "provider": "openai",
        "model": "gpt-5.4-mini",
        "status": "completed",
        "end_user": "ann",
        "meters": {"tokens.input": 525, "tokens.output": 200},
        "cost": Decimal("0.25"),
        "cost_source": "computed",
        "latency": 0.5,
        **fields,
    }
    return UsageRecord(**told)


def keep(rows: Iterable[UsageRecord], **said: bytes) -> None:
    async def write() -> None:
        store = await open_store(role="command", about="a test")
        tables, table = UsageTables(store.database), ContentTable(store.database)
        await store.database.write(lambda tx: tables.write(tx, list(rows)))
        contents = Contents(table, lambda: datetime.datetime.now(datetime.UTC), days=30)
        for record, answer in said.items():
            contents.keep(record, b'{"q":1}', answer, principal=Principal(end_user="ann"))
        if batch := contents.take():
            await store.database.write(batch.write)
        await store.aclose()

    asyncio.run(write())


OURS = [
    row(0),
    row(1),
    row(13, model="gpt-image-1", meters={"images.output": 2}, cost=None, end_user=None),
    row(14, status="failed", error="rate_limit", meters={}, cost=Decimal(0), tags={"env": "=1+1"}),
]


class TestShow:
    def test_models_come_dearest_first_with_a_total(self, run: Run) -> None:
        keep(OURS)
        ended = run("usage", *SINCE)
        lines = [line.split() for line in ended.out.splitlines()]
        assert ended.code == 0
        assert lines[0][:3] == ["model", "requests", "failed"]
        assert [line[0] for line in lines[1:]] == ["gpt-5.4-mini", "gpt-image-1", "total"]
        assert lines[1][1:7] == ["3", "1", "1,050", "400", "$0.5", "500"]
        assert lines[2][2] == "?"
        assert "$0.5+" in lines[3]
        assert "Also: 2 images." in ended.err

    def test_days_come_in_their_order_and_groups_can_be_combined(self, run: Run) -> None:
        keep(OURS)
        lines = run("usage", *SINCE, "--by", "day", "--by", "status").out.splitlines()
        assert [line.split()[:2] for line in lines[1:-1]] == [
            ["2026-11-19", "completed"],
            ["2026-11-20", "completed"],
            ["2026-11-20", "failed"],
        ]

    def test_filters_narrow(self, run: Run) -> None:
        keep(OURS)
        told = json.loads(
            run("usage", *SINCE, "--by", "model", "--end-user", "ann", "--status", "completed", "--json").out
        )
        assert [(line["group"]["model"], line["requests"]) for line in told["data"]] == [("gpt-5.4-mini", 2)]

    def test_csv_is_for_spreadsheets_and_has_no_formulas(self, run: Run) -> None:
        keep(OURS)
        rows = list(csv.DictReader(io.StringIO(run("usage", *SINCE, "--by", "tag:env", "--csv").out, newline="")))
        assert {one["tag:env"] for one in rows} == {"", "'=1+1"}
        assert sum(int(one["requests"]) for one in rows) == 4

    def test_nothing_used_is_told(self, run: Run) -> None:
        ended = run("usage")
        assert (ended.code, ended.out) == (0, "")
        assert "Nothing was used" in ended.err

    def test_a_wrong_group_names_those_that_there_are(self, run: Run) -> None:
        ended = run("usage", "--by", "modle")
        assert ended.code == 2
        assert "no group 'modle'; there are hour, day" in ended.err

    def test_requests_are_listed_newest_first(self, run: Run) -> None:
        keep(OURS)
        lines = run("usage", "records", *SINCE).out.splitlines()
        assert [line.split()[-1] for line in lines[1:]] == ["r14", "r13", "r1", "r0"]
        assert "rate_limit" in lines[1]
        assert "There are more" in run("usage", "records", *SINCE, "--limit", "2").err
        assert len(run("usage", "records", *SINCE, "--csv").out.splitlines()) == 5


class TestForget:
    def test_what_was_said_is_shown_and_then_forgotten(self, run: Run) -> None:
        keep(OURS, r0=b'{"a":2}')
        assert json.loads(run("usage", "content", "r0").out)["answer"] == {"a": 2}
        assert "1 prompts with answers are removed, 3 rows" in run("usage", "forget", "--end-user", "ann").out
        assert run("usage", "content", "r0").code == 2
        told = json.loads(run("usage", *SINCE, "--by", "end_user", "--json").out)
        assert [line["group"]["end_user"] for line in told["data"]] == [None]
        assert json.loads(run("usage", "forget", "--end-user", "ann", "--json").out) == {"contents": 0, "records": 0}


class TestReconcile:
    def test_what_agrees_ends_with_nought(self, run: Run, tmp_path: Path) -> None:
        keep(OURS)
        (tmp_path / "costs.json").write_text(files.OPENAI_COSTS, "utf-8")
        (tmp_path / "usage.csv").write_text(files.OPENAI_USAGE_CSV, "utf-8")
        ended = run(
            "usage", "reconcile", "costs.json", "usage.csv", "--provider", "openai", "--to", "2026-11-19", "--all"
        )
        assert ended.code == 0, ended.err
        lines = [line.split() for line in ended.out.splitlines()]
        assert lines[1] == ["2026-11-19", "gpt-5.4-mini", "0.5", "0.5", "0", "1,050", "1,050", "400", "400", "equal"]
        assert lines[2][0] == "total"
        assert "1 more line" not in ended.err

    def test_what_differs_ends_with_one_and_says_how(self, run: Run, tmp_path: Path) -> None:
        keep([row(0, cost=Decimal("0.3")), row(30)])
        (tmp_path / "costs.csv").write_text(files.OPENAI_COSTS_CSV, "utf-8")
        ended = run("usage", "reconcile", "costs.csv", "-p", "openai", "--to", "2026-11-20")
        assert ended.code == 1
        assert "price differs" in ended.out
        assert "only here" in ended.out
        told = json.loads(run("usage", "reconcile", "costs.csv", "-p", "openai", "--json").out)
        assert (told["differs"], told["lines"][0]["verdict"]) == (True, "price_differs")
        assert Decimal(told["lines"][0]["difference"]) == Decimal("0.2")
        assert run("usage", "reconcile", "costs.csv", "-p", "openai", "--tolerance", "50%").code == 0

    def test_corrections_are_booked_before_it_is_compared(self, run: Run, tmp_path: Path) -> None:
        name = "openai/gpt-5.4-mini"
        keep(
            row(number, provider="openrouter", model=name, cost=None, request_id=f"gen-{number + 1}", meters=meters)
            for number, meters in (
                (0, {"tokens.input": 30, "tokens.output": 100}),
                (1, {"tokens.input": 20, "tokens.output": 25}),
            )
        )
        (tmp_path / "activity.csv").write_text(files.OPENROUTER_CSV, "utf-8")
        before = run("usage", "reconcile", "activity.csv", "-p", "openrouter")
        assert before.code == 1
        assert "2 of our requests have no known cost" in before.err
        after = run("usage", "reconcile", "activity.csv", "-p", "openrouter", "--correct")
        assert after.code == 0, after.out
        assert "2 requests got the cost that the file has, $0.015 in all" in after.err
        assert json.loads(run("usage", *SINCE, "--json").out)["totals"][0]["costs"]["reported"] == "0.015"

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (("none.csv", "-p", "openai"), "none.csv: cannot be read"),
            (("bad.csv", "-p", "openai"), "bad.csv, line 1: no column has a day"),
            (("costs.csv", "-p", "mistral"), "those of openai, anthropic, openrouter can"),
            (("costs.csv", "-p", "openai", "--tolerance", "much"), "give a share such as 1%"),
            (("costs.csv", "-p", "openai", "--correct"), "needs single requests with their ids"),
            (("costs.csv", "-p", "openai", "--from", "2026-12-01"), "is after the last"),
        ],
    )
    def test_what_is_wrong_is_told(self, run: Run, tmp_path: Path, arguments: tuple[str, ...], words: str) -> None:
        (tmp_path / "costs.csv").write_text(files.OPENAI_COSTS_CSV, "utf-8")
        (tmp_path / "bad.csv").write_text("colour\nred\n", "utf-8")
        ended = run("usage", "reconcile", *arguments)
        assert ended.code == 2
        assert words in ended.err
