"""Statements that are made once and asked for often."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from sqlalchemy import Delete, Insert, Select, Update
from sqlalchemy.dialects import sqlite

from genmux.store.database import Tx


class Prepared:
    """A statement with named parameters, for both databases.

    SQLite is asked by the driver alone, in a tenth of the time; what it gives is as it is kept. So only for columns of
    texts and whole numbers, and without lists as parameters.
    """

    def __init__(self, statement: Select[*tuple[Any, ...]] | Insert | Update | Delete) -> None:
        self._statement = statement

    @cached_property
    def _plain(self) -> tuple[str, Mapping[str, object]]:
        """The statement in SQLite's words, and those parameters whose values are in it already."""
        compiled = self._statement.compile(dialect=sqlite.dialect(paramstyle="named"))
        return str(compiled), compiled.params

    def rows(self, tx: Tx, **values: object) -> Sequence[Sequence[Any]]:
        """What it finds."""
        if tx.raw is None:
            return tx.core.execute(self._statement, values).all()
        text, known = self._plain
        return tx.raw.execute(text, {**known, **values}).fetchall()

    def run(self, tx: Tx, **values: object) -> int:
        """Change something; gives how many rows."""
        if tx.raw is None:
            return int(tx.core.execute(self._statement, values).rowcount)
        text, known = self._plain
        return tx.raw.execute(text, {**known, **values}).rowcount
