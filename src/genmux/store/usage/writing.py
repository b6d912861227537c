"""The statements that write usage: prepared for SQLite, one document for PostgreSQL."""

import sqlite3
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

from sqlalchemy import Table, text
from sqlalchemy.dialects import postgresql

from genmux.store.database import Tx
from genmux.store.usage.rows import Row, as_json, day_sums
from genmux.store.usage.tables import DAY_KEYS, DAY_SUMS, RECORD_COLUMNS, usage_days, usage_records


def _adding() -> str:
    """What an upsert does to sums that are there already."""
    return ", ".join(f'"{name}" = usage_days."{name}" + excluded."{name}"' for name in DAY_SUMS)


def _names(columns: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in columns)


def _unfolded(table: Table, columns: Iterable[str]) -> str:
    """A JSON parameter as rows of a table."""
    dialect = postgresql.dialect()
    typed = ", ".join(f'"{name}" {table.c[name].type.compile(dialect)}' for name in columns)
    return f"SELECT {_names(columns)} FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS row({typed})"  # noqa: S608 — our own names


_DAYS = (*DAY_KEYS, *DAY_SUMS)
_ON_CONFLICT = f"ON CONFLICT ({_names(DAY_KEYS)}) DO UPDATE SET {_adding()}"
_ROW = f"({', '.join('?' * len(RECORD_COLUMNS))})"
_ADD_RECORD = f"INSERT INTO usage_records ({_names(RECORD_COLUMNS)}) VALUES {_ROW}"  # noqa: S608 — our own names
_SEVERAL = (30, 6)
"""So many rows go into one statement, which old versions of SQLite allow 999 values. At each statement this thread lets others
run, and to come back costs as much as a row."""

_ADD_SEVERAL = {number: _ADD_RECORD + f", {_ROW}" * (number - 1) for number in _SEVERAL}
_ADD_DAY = f"INSERT INTO usage_days ({_names(_DAYS)}) VALUES ({', '.join('?' * len(_DAYS))}) {_ON_CONFLICT}"  # noqa: S608 — our own names
_ADD_RECORDS = text(
    f"INSERT INTO usage_records ({_names(RECORD_COLUMNS)}) {_unfolded(usage_records, RECORD_COLUMNS)}"
    ' ON CONFLICT DO NOTHING RETURNING "at", "id"'
)
_ADD_DAYS = text(f"INSERT INTO usage_days ({_names(_DAYS)}) {_unfolded(usage_days, _DAYS)} {_ON_CONFLICT}")


def write_rows(tx: Tx, rows: Sequence[Row]) -> int:
    """Write rows and add them to the sums of their days. Rows that are there are left out; gives how many are new."""
    new = _into_sqlite(tx.raw, rows) if tx.raw is not None else _into_postgres(tx, rows)
    add_days(tx, day_sums(new))
    return len(new)


def add_days(tx: Tx, days: Sequence[Row]) -> None:
    """Add to the sums of days."""
    if not days:
        return
    if tx.raw is not None:
        tx.raw.executemany(_ADD_DAY, days)
    else:
        tx.core.execute(_ADD_DAYS, {"rows": as_json(_DAYS, days)})


def _into_sqlite(raw: sqlite3.Connection, rows: Sequence[Row]) -> Sequence[Row]:
    """All at once; one by one only where some are there already, which happens after a failure."""
    raw.execute("SAVEPOINT usage_rows")
    try:
        _add(raw, rows)
    except sqlite3.IntegrityError:
        raw.execute("ROLLBACK TO usage_rows")
        ignoring = _ADD_RECORD.replace("INSERT", "INSERT OR IGNORE", 1)
        rows = [row for row in rows if raw.execute(ignoring, row).rowcount == 1]
    raw.execute("RELEASE usage_rows")
    return rows


def _add(raw: sqlite3.Connection, rows: Sequence[Row]) -> None:
    """Write rows, as many as may be with one statement."""
    done = 0
    for number in _SEVERAL:
        while len(rows) - done >= number:
            raw.execute(_ADD_SEVERAL[number], [*chain.from_iterable(rows[done : done + number])])
            done += number
    raw.executemany(_ADD_RECORD, rows[done:])


def _into_postgres(tx: Tx, rows: Sequence[Row]) -> Sequence[Row]:
    found: Any = tx.core.execute(_ADD_RECORDS, {"rows": as_json(RECORD_COLUMNS, rows)})
    new = {(at, id_) for at, id_ in found}
    if len(new) == len(rows):
        return rows
    return list({row[:2]: row for row in rows if (row[0], row[1]) in new}.values())
