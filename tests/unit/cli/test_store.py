"""`genmux store`: what is kept can be looked at, carried away and brought back."""

import asyncio
import datetime
import json
from pathlib import Path

import pytest
from sqlalchemy import select, update

from genmux.cli.commands import run as run_commands
from genmux.store.metadata import all_tables
from genmux.store.opening import Store, open_store
from genmux.store.revisions import head
from tests.unit.cli.conftest import Run
from tests.unit.store.filled import ROWS, everything, fill


def with_store(place: str | Path | None, do):
    """Do something with an open store."""

    async def work():
        store = await open_store(place, role="library", about="a test")
        try:
            return await do(store)
        finally:
            await store.aclose()

    return asyncio.run(work())


async def put(store: Store) -> None:
    await store.database.write(fill)


async def look(store: Store):
    return await store.database.read(everything)


def test_where_there_is_no_store_yet_the_command_says_what_makes_one(run: Run, tmp_path: Path) -> None:
    ended = run("store", "info")

    assert ended.code == 2
    assert (
        f"there is no store at {tmp_path / 'data' / 'genmux' / 'genmux.db'} yet; `genmux serve` makes it" in ended.err
    )
    assert not (tmp_path / "data").exists()


def test_a_store_is_made_and_looked_at(run: Run, tmp_path: Path) -> None:
    first, second = run("store", "migrate"), run("store", "migrate")
    told, as_json = run("store", "info"), json.loads(run("store", "info", "--json").out)

    assert first.out == f"the store went from revision none to {head()}\n"
    assert second.out == f"the store is up to date (revision {head()})\n"
    assert f"{head()} (up to date)" in told.out
    assert "usage_records" in told.out
    assert as_json["state"] == "up to date"
    assert as_json["store"]["place"] == str(tmp_path / "data" / "genmux" / "genmux.db")
    assert as_json["store"]["rows"]["budgets"] == 0


def test_what_is_backed_up_comes_back_somewhere_else(run: Run, tmp_path: Path, postgres_url: str) -> None:
    with_store(None, put)
    before = with_store(None, look)

    made = run("store", "backup", "b.backup")
    first = run("store", "restore", "b.backup", "--url", "other.db")
    second = run("store", "restore", "b.backup", "--url", postgres_url, "--json")
    third = run("store", "backup", "p.backup", "--url", postgres_url, "--json")

    rows = ROWS * len(before)
    assert made.out == f"{rows} rows are in b.backup\n"
    assert "the sealing key as well; it is not in the backup" in made.err
    assert first.out.startswith(f"{rows} rows of 20")
    assert (json.loads(second.out)["rows"], json.loads(third.out)["kind"]) == (rows, "postgresql")
    assert with_store(tmp_path / "other.db", look) == with_store(postgres_url, look) == before
    assert json.loads(run("store", "info", "--url", postgres_url, "--json").out)["store"]["rows"]["budgets"] == ROWS
    assert "up to date" in run("store", "migrate", "--url", postgres_url).out


def test_a_store_that_is_not_empty_is_kept_when_it_is_replaced(run: Run) -> None:
    with_store(None, put)
    run("store", "backup", "b.backup")

    refused, done = run("store", "restore", "b.backup"), run("store", "restore", "b.backup", "--replace")

    assert (refused.code, "--replace takes its place" in refused.err) == (2, True)
    assert "what was there before is in " in done.out


def test_a_store_in_use_can_be_looked_at_and_backed_up_and_nothing_else(run: Run) -> None:
    async def while_open(_: Store) -> list[tuple[int, str]]:
        commands = (("info",), ("backup", "b.backup"), ("migrate",), ("restore", "b.backup"), ("prune",))
        ended = [await asyncio.to_thread(run, "store", *one) for one in commands]
        return [(one.code, one.out + one.err) for one in ended]

    seen, made, *others = with_store(None, while_open)

    assert (seen[0], made[0]) == (0, 0)
    assert "a test (process" in seen[1]
    assert [code for code, _ in others] == [3, 3, 3]
    assert all("open in this process already" in words for _, words in others)


def test_the_store_of_the_settings_is_used(run: Run, tmp_path: Path) -> None:
    (tmp_path / "genmux.toml").write_text('[store]\nurl = "mine.db"\n', "utf-8")

    assert run("store", "migrate").code == 0
    assert (tmp_path / "mine.db").exists()
    (tmp_path / "genmux.toml").write_text('[store]\nurl = "none"\n', "utf-8")
    assert "no store (`none`); --url names one" in run("store", "info").err


def test_what_was_kept_for_long_enough_is_removed(run: Run) -> None:
    async def age(store: Store) -> None:
        now = datetime.datetime.now(datetime.UTC)
        records, said, log = (all_tables().tables[name] for name in ("usage_records", "usage_contents", "audit_log"))
        for column, id_, days in (
            (records.c.at, records.c.id, (10, 100, 500)),
            (said.c.expires_at, said.c.record, (-1, 1, 2)),
            (log.c.at, log.c.id, (0, 2, 800)),
        ):
            query = select(id_).order_by(id_)
            ids = await store.database.read(lambda tx, query=query: list(tx.core.execute(query).scalars()))
            for one, old in zip(ids, days, strict=True):
                at = int((now - datetime.timedelta(days=old)).timestamp() * 1e6)
                change = update(column.table).where(id_ == one).values({column.name: at})
                await store.database.write(lambda tx, change=change: tx.core.execute(change) and None)

    with_store(None, put)
    with_store(None, age)

    usual = json.loads(run("store", "prune", "--json").out)
    shorter = run("store", "prune", "--keep", "usage=90", "--keep", "audit=1")

    assert {name: usual[name] for name in ("usage", "content", "audit")} == {"usage": 1, "content": 2, "audit": 1}
    told = dict(line.split() for line in shorter.out.splitlines()[1:])
    assert {name: told[name] for name in ("usage", "content", "audit")} == {"usage": "1", "content": "0", "audit": "1"}


@pytest.mark.parametrize(
    ("keep", "words"),
    [
        ("usage", "is no NAME=DAYS"),
        ("usage=x", "is no NAME=DAYS"),
        ("money=3", "nothing is kept as 'money'; there are usage"),
    ],
)
def test_what_cannot_be_kept_is_refused(run: Run, keep: str, words: str) -> None:
    ended = run("store", "prune", "--keep", keep)

    assert (ended.code, words in ended.err) == (2, True)


def test_the_command_is_registered() -> None:
    with pytest.raises(SystemExit) as ended:
        run_commands(["store", "nonsense"])

    assert ended.value.code == 2
