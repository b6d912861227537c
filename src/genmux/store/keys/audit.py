"""The audit log in the database; lines are only ever added."""

from typing import TYPE_CHECKING

import msgspec

from genmux.store.database import Database, Tx
from genmux.store.moments import from_micros, to_micros
from genmux.types.audit import AuditEntry

if TYPE_CHECKING:
    from sqlalchemy import RowMapping


class AuditRows:
    """Keeps the audit log."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, entry: AuditEntry) -> None:
        """Add a line. Raises StoreError."""
        await self._database.write(lambda tx: append(tx, entry))

    async def entries(
        self, tenant: str | None, *, kind: str | None, subject: str | None, before: int | None, limit: int
    ) -> tuple[AuditEntry, ...]:
        """The newest first, of one organisation or all, before a line's id. Raises StoreError."""

        def work(tx: Tx) -> tuple[AuditEntry, ...]:
            """In one transaction."""
            from sqlalchemy import select

            from genmux.store.keys.tables import audit_log

            columns = audit_log.c
            asked = select(audit_log).order_by(columns.id.desc()).limit(limit)
            for column, value in ((columns.tenant, tenant), (columns.kind, kind), (columns.subject, subject)):
                if value is not None:
                    asked = asked.where(column == value)
            if before is not None:
                asked = asked.where(columns.id < before)
            return tuple(_entry(row) for row in tx.core.execute(asked).mappings())

        return await self._database.read(work)


def append(tx: Tx, entry: AuditEntry) -> None:
    """Add a line within a transaction."""
    from sqlalchemy import insert

    from genmux.store.keys.tables import audit_log

    tx.core.execute(
        insert(audit_log).values(
            tenant=entry.tenant,
            at=to_micros(entry.at),
            key=entry.key,
            role=entry.role,
            address=entry.address,
            action=entry.action,
            kind=entry.kind,
            subject=entry.subject,
            before=_json(entry.before),
            after=_json(entry.after),
        )
    )


def _json(value: object) -> str | None:
    return None if value is None else msgspec.json.encode(value).decode()


def _entry(row: "RowMapping") -> AuditEntry:
    return AuditEntry(
        id=row["id"],
        at=from_micros(row["at"]),
        tenant=row["tenant"],
        key=row["key"],
        role=row["role"],
        address=row["address"],
        action=row["action"],
        kind=row["kind"],
        subject=row["subject"],
        before=None if row["before"] is None else msgspec.json.decode(row["before"]),
        after=None if row["after"] is None else msgspec.json.decode(row["after"]),
    )
