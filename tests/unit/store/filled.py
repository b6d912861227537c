"""Rows for every table that there is, made from nothing but the columns' types."""

from sqlalchemy import Boolean, Float, LargeBinary, Table, Text, insert, select, text

from genmux.store.database import Tx
from genmux.store.metadata import all_tables
from genmux.store.upkeep.archive import EPHEMERAL
from genmux.store.upkeep.restore import RENUMBER

ROWS = 3


def kept_tables() -> list[Table]:
    """The tables that backups have."""
    return [table for table in all_tables().sorted_tables if table.name not in EPHEMERAL]


def value(column, number: int) -> object:
    """One that no other row has; foreign keys point to the row of the same number."""
    match column.type:
        case Text():
            return f"{'ref' if column.foreign_keys or column.primary_key else column.name} {number} \u20ac\n\"'"
        case Float():
            return number + 0.1
        case LargeBinary():
            return bytes([number, 0, 255])
        case Boolean():
            return number % 2 == 0
        case _:
            return 2**40 + number if str(column.type) == "BIGINT" and not column.primary_key else number


def fill(tx: Tx) -> None:
    """Put a few rows into every table."""
    for table in kept_tables():
        tx.core.execute(table.delete())
    for table in kept_tables():
        for number in range(1, ROWS + 1):
            tx.core.execute(insert(table).values({column.name: value(column, number) for column in table.columns}))
    tx.core.execute(text("UPDATE ledger_workers SET expires_at = 0"))  # whoever is in a backup lives no more
    for renumber in RENUMBER:  # so are transactions of another database
        tx.core.execute(text(renumber))


def everything(tx: Tx) -> dict[str, list[tuple[object, ...]]]:
    """All rows of all tables."""
    found = {}
    for table in kept_tables():
        rows = tx.core.execute(select(table).order_by(*table.primary_key.columns)).all()
        found[table.name] = [tuple(row) for row in rows]
    return found
