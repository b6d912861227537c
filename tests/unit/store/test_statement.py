"""Statements in SQL that both databases understand."""

import sqlite3
from collections.abc import Iterator

import pytest

from genmux.store.database import Tx
from genmux.store.ledger.tables import slices
from genmux.store.sqlite.core import core_over
from genmux.store.statement import Statement, adding_to

ADD = adding_to(slices)
MINE = Statement("SELECT budget_id, leased FROM slices WHERE worker = :worker ORDER BY budget_id")
LOCKED = Statement(f"{MINE.sql} FOR UPDATE SKIP LOCKED")


@pytest.fixture(params=["driver", "sqlalchemy"])
def tx(request: pytest.FixtureRequest) -> Iterator[Tx]:
    """A transaction on a table of slices."""
    raw = sqlite3.connect(":memory:", isolation_level=None)
    raw.execute("CREATE TABLE slices (worker TEXT, budget_id INT, tenant TEXT, leased INT, UNIQUE (worker, budget_id))")
    made = Tx(raw=raw) if request.param == "driver" else Tx(core=core_over(raw))
    yield made
    made.forget()
    raw.close()


def _add(tx: Tx, budget: int, leased: int) -> int:
    return ADD.count(tx, {"worker": "w", "budget_id": budget, "tenant": "a", "leased": leased})


def test_what_is_there_already_is_not_added_and_not_changed(tx: Tx) -> None:
    assert [_add(tx, 1, 10), _add(tx, 2, 20), _add(tx, 1, 30)] == [1, 1, 0]
    assert [tuple(row) for row in MINE.rows(tx, {"worker": "w"})] == [(1, 10), (2, 20)]


def test_one_is_the_first_row_or_none(tx: Tx) -> None:
    _add(tx, 2, 20)
    _add(tx, 1, 10)
    assert MINE.one(tx, {"worker": "w"}) == (1, 10)
    assert MINE.one(tx, {"worker": "nobody"}) is None


def test_sqlite_which_has_one_writer_is_asked_for_no_locks() -> None:
    raw = sqlite3.connect(":memory:")
    raw.execute("CREATE TABLE slices (worker TEXT, budget_id INT, leased INT)")
    assert LOCKED.rows(Tx(raw=raw), {"worker": "w"}) == []
    raw.close()
