"""What holds for any work in any order: each piece is done wholly or not at all, and a backup gives back what it was given."""

import asyncio
import sqlite3
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from genmux.store.database import Tx
from genmux.store.revisions import head
from genmux.store.sqlite.database import SqliteDatabase
from genmux.store.upkeep.archive import Archive, ArchiveWriter, Cell

KINDS = ("raw", "core", "raises", "breaks a rule", "breaks a rule in core", "breaks a rule at the end", "nests")


def piece(kind: str, number: int):
    """Work that writes two rows, and fails between or after them unless it is of a good kind."""

    def work(tx: Tx) -> int:
        assert tx.raw is not None
        tx.raw.execute("INSERT INTO rows VALUES (?, 1)", (number,))
        match kind:
            case "raises":
                raise KeyError(number)
            case "breaks a rule":
                tx.raw.execute("INSERT INTO rows VALUES (-1, 1)")
            case "breaks a rule in core":
                tx.core.execute(text("INSERT INTO rows VALUES (-1, 1)"))
            case "breaks a rule at the end":
                tx.raw.execute("INSERT INTO parts VALUES (-77)")
            case "core":
                tx.core.execute(text("INSERT INTO rows VALUES (:n, 2)"), {"n": number})
            case "nests":
                with tx.core.begin_nested() as inner:
                    tx.core.execute(text("INSERT INTO rows VALUES (:n, 3)"), {"n": number})
                    inner.rollback()
                tx.core.execute(text("INSERT INTO rows VALUES (:n, 2)"), {"n": number})
            case _:
                tx.raw.execute("INSERT INTO rows VALUES (?, 2)", (number,))
        return number

    return work


def begin(tx: Tx) -> None:
    assert tx.raw is not None
    tx.raw.execute("CREATE TABLE rows (n INTEGER, half INTEGER, PRIMARY KEY (n, half)) WITHOUT ROWID")
    tx.raw.execute("INSERT INTO rows VALUES (-1, 1)")
    tx.raw.execute("CREATE TABLE parts (p INTEGER REFERENCES whole (w) DEFERRABLE INITIALLY DEFERRED)")
    tx.raw.execute("CREATE TABLE whole (w INTEGER PRIMARY KEY)")


def halves(tx: Tx) -> set[tuple[int, int]]:
    assert tx.raw is not None
    return set(tx.raw.execute("SELECT n, half FROM rows WHERE n >= 0"))


async def done_of(kinds: list[str], folder: Path) -> tuple[set[int], set[tuple[int, int]]]:
    """The numbers of the pieces that were acknowledged, and the rows that are there after opening the file again."""
    database = SqliteDatabase(folder / "s.db")
    await database.write(begin)
    told = await asyncio.gather(
        *(database.write(piece(kind, number)) for number, kind in enumerate(kinds)), return_exceptions=True
    )
    await database.aclose()
    assert all(isinstance(one, (int, KeyError, sqlite3.IntegrityError, IntegrityError)) for one in told)
    again = SqliteDatabase(folder / "s.db")
    rows = await again.read(halves)
    await again.aclose()
    return {one for one in told if isinstance(one, int)}, rows


@settings(max_examples=40, deadline=None)
@given(some.lists(some.sampled_from(KINDS), max_size=30))
def test_each_piece_of_work_is_done_wholly_or_not_at_all(kinds: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        acknowledged, rows = asyncio.run(done_of(kinds, Path(folder)))

    good = {number for number, kind in enumerate(kinds) if kind in {"raw", "core", "nests"}}
    assert acknowledged == good
    assert rows == {(number, half) for number in good for half in (1, 2)}


CELLS = some.one_of(
    some.none(),
    some.booleans(),
    some.integers(-(2**63), 2**63 - 1),
    some.floats(allow_nan=False, allow_infinity=False),
    some.text(),
    some.binary(max_size=50),
)


@pytest.mark.timeout(60)
@settings(max_examples=60, deadline=None)
@given(some.lists(some.tuples(CELLS, CELLS, CELLS), max_size=20), some.integers(1, 7))
def test_a_backup_gives_back_what_it_was_given(rows: list[tuple[Cell, ...]], size: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        writer = ArchiveWriter(Path(folder) / "b")
        table = writer.table("t", ("a", "b", "c"), binary=any(isinstance(cell, bytes) for row in rows for cell in row))
        for first in range(0, len(rows), size):
            table.add(rows[first : first + size])
        table.finish()
        made = writer.finish(genmux="1", made_at="now", kind="sqlite", revision=head() or "")
        archive = Archive(Path(folder) / "b")
        (member,) = archive.manifest.tables
        found = list(archive.rows(member))
        archive.close()

    assert archive.manifest == made
    assert [[(type(cell), cell) for cell in row] for row in found] == [
        [(type(cell), cell) for cell in row] for row in rows
    ]
