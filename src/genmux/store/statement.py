"""Statements that are prepared once and asked for often: the hot paths are written in SQL that both databases understand."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from genmux.store.database import Tx

if TYPE_CHECKING:
    from sqlalchemy import Table

NOW_ON_POSTGRES = "CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint)"


class Statement:
    """SQL with named parameters (`:name`). `:now` is the database's clock: on SQLite it is given, on PostgreSQL it is the server's.

    `FOR UPDATE SKIP LOCKED` is left out on SQLite, which has one writer.
    """

    __slots__ = ("_sqlite", "_text", "sql")

    def __init__(self, sql: str) -> None:
        self.sql = sql
        self._sqlite = sql.replace(" FOR UPDATE SKIP LOCKED", "").replace(" FOR UPDATE", "")
        self._text: Any = None

    def rows(self, tx: Tx, params: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
        """Everything that it gives."""
        if tx.raw is not None:
            return tx.raw.execute(self._sqlite, params).fetchall()
        return [tuple(row) for row in self._run(tx, params)]

    def one(self, tx: Tx, params: Mapping[str, Any]) -> Sequence[Any] | None:
        """The first row, None without any."""
        found = self.rows(tx, params)
        return found[0] if found else None

    def count(self, tx: Tx, params: Mapping[str, Any]) -> int:
        """How many rows it changed."""
        if tx.raw is not None:
            return tx.raw.execute(self._sqlite, params).rowcount
        return int(self._run(tx, params).rowcount)

    def _run(self, tx: Tx, params: Mapping[str, Any]) -> Any:
        if self._text is None:
            from sqlalchemy import text

            self._text = text(self.sql.replace(":now", NOW_ON_POSTGRES))
        return tx.core.execute(self._text, {name: value for name, value in params.items() if name != "now"})


def adding_to(table: "Table") -> Statement:
    """The statement that adds a row to a table, unless it is there already. A parameter for each column, of the same name."""
    names = [column.name for column in table.columns]
    into = f"INSERT INTO {table.name} ({', '.join(names)})"
    return Statement(f"{into} VALUES ({', '.join(f':{name}' for name in names)}) ON CONFLICT DO NOTHING")
