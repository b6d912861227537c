"""Prepared statements: the same by the driver alone as by SQLAlchemy."""

import sqlite3

import pytest
from sqlalchemy import bindparam, delete, insert, or_, select, update

from genmux.store.database import Tx
from genmux.store.ledger.tables import slices
from genmux.store.sqlite.core import core_over
from genmux.store.sqlite.prepared import Prepared

_MINE = slices.c.worker == bindparam("whose")
ADD = Prepared(
    insert(slices).values(
        worker=bindparam("whose"), budget_id=bindparam("of"), tenant=bindparam("whom"), leased=bindparam("much")
    )
)
CHANGE = Prepared(update(slices).where(_MINE).values(leased=bindparam("much")))
REMOVE = Prepared(delete(slices).where(_MINE, slices.c.leased == 0))
FIND = Prepared(
    select(slices.c.budget_id, slices.c.leased)
    .where(_MINE, or_(slices.c.tenant == "a", slices.c.tenant == "b"))
    .order_by(slices.c.budget_id)
    .limit(2)
)


@pytest.mark.parametrize("by", ["driver", "sqlalchemy"])
def test_a_prepared_statement_does_the_same_whoever_asks(by):
    raw = sqlite3.connect(":memory:", isolation_level=None)
    raw.execute("CREATE TABLE slices (worker TEXT, budget_id INTEGER, tenant TEXT, leased INTEGER)")
    tx = Tx(raw=raw) if by == "driver" else Tx(core=core_over(raw))
    for budget, tenant in ((1, "a"), (2, "b"), (3, "c"), (4, "a")):
        ADD.run(tx, whose="w", of=budget, whom=tenant, much=budget * 10)
    ADD.run(tx, whose="v", of=5, whom="a", much=50)
    assert [tuple(row) for row in FIND.rows(tx, whose="w")] == [(1, 10), (2, 20)]
    assert CHANGE.run(tx, whose="w", much=0) == 4
    assert REMOVE.run(tx, whose="w") == 4
    assert REMOVE.run(tx, whose="w") == 0
    assert [*FIND.rows(tx, whose="w")] == []
    assert [tuple(row) for row in FIND.rows(tx, whose="v")] == [(5, 50)]
    tx.forget()
    raw.close()
