"""Organisations, teams and keys in the database. Every change raises the version, by which other gateways see it."""

import datetime
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from genmux.store.database import Database, Tx
from genmux.store.keys.audit import append
from genmux.store.keys.rows import key_row, key_values, organisation_of, organisation_values, team_of, team_values
from genmux.store.moments import to_micros
from genmux.store.postgres.listening import notify
from genmux.types.audit import AuditEntry
from genmux.types.errors import InvalidRequestError
from genmux.types.keys import GatewayKey, KeyRow, Known, Organisation, Team

if TYPE_CHECKING:
    from sqlalchemy import Table

CHANNEL = "genmux_keys"
"""Where PostgreSQL tells other gateways that something changed."""

ALL = "*"
"""One version counts for all organisations."""


class KeyRows:
    """Keeps organisations, teams and keys."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def changed(self, since: int) -> Known | None:
        """What there is to know anew; None when nothing changed since that version."""

        def work(tx: Tx) -> Known | None:
            """In one transaction."""
            from sqlalchemy import select

            from genmux.store.keys.tables import gateway_keys, key_versions, organisations, teams

            version: int = (
                tx.core.execute(select(key_versions.c.version).where(key_versions.c.tenant == ALL)).scalar() or 0
            )
            if version == since:
                return None
            keys = select(gateway_keys).where(gateway_keys.c.version > since)
            return Known(
                version=version,
                organisations=tuple(map(organisation_of, tx.core.execute(select(organisations)).mappings())),
                teams=tuple(map(team_of, tx.core.execute(select(teams)).mappings())),
                keys=tuple(map(key_row, tx.core.execute(keys).mappings())),
            )

        return await self._database.read(work)

    async def organisations(self, tenant: str | None) -> tuple[Organisation, ...]:
        """All by name, or that one."""

        def work(tx: Tx) -> tuple[Organisation, ...]:
            """In one transaction."""
            from sqlalchemy import select

            from genmux.store.keys.tables import organisations

            asked = select(organisations).order_by(organisations.c.name, organisations.c.tenant)
            if tenant is not None:
                asked = asked.where(organisations.c.tenant == tenant)
            return tuple(map(organisation_of, tx.core.execute(asked).mappings()))

        return await self._database.read(work)

    async def save_organisation(self, organisation: Organisation, entry: AuditEntry) -> None:
        """Add or change one."""

        def change(tx: Tx, version: int) -> None:
            """Together with the version."""
            from genmux.store.keys.tables import organisations

            del version
            _put(tx, organisations, {"tenant": organisation.id}, organisation_values(organisation))

        await self._change(change, entry)

    async def remove_organisation(self, tenant: str, entry: AuditEntry) -> None:
        """Remove one with its teams."""

        def change(tx: Tx, version: int) -> None:
            """Together with the version."""
            from sqlalchemy import delete

            from genmux.store.keys.tables import organisations, teams

            del version
            tx.core.execute(delete(teams).where(teams.c.tenant == tenant))
            tx.core.execute(delete(organisations).where(organisations.c.tenant == tenant))

        await self._change(change, entry)

    async def teams(self, tenant: str | None) -> tuple[Team, ...]:
        """Those of one organisation, or all, by name."""

        def work(tx: Tx) -> tuple[Team, ...]:
            """In one transaction."""
            from sqlalchemy import select

            from genmux.store.keys.tables import teams

            asked = select(teams).order_by(teams.c.tenant, teams.c.name)
            if tenant is not None:
                asked = asked.where(teams.c.tenant == tenant)
            return tuple(map(team_of, tx.core.execute(asked).mappings()))

        return await self._database.read(work)

    async def save_team(self, team: Team, entry: AuditEntry) -> None:
        """Add or change one. Raises InvalidRequestError when its organisation has another of that name."""

        def change(tx: Tx, version: int) -> None:
            """Together with the version."""
            from sqlalchemy import select

            from genmux.store.keys.tables import teams

            del version
            same = select(teams.c.id).where(
                teams.c.tenant == team.tenant, teams.c.name == team.name, teams.c.id != team.id
            )
            if tx.core.execute(same).first() is not None:
                message = f"the organisation {team.tenant!r} has a team {team.name!r} already"
                raise InvalidRequestError(message, param="name")
            _put(tx, teams, {"id": team.id}, team_values(team))

        await self._change(change, entry)

    async def remove_team(self, team: Team, entry: AuditEntry) -> None:
        """Remove one."""

        def change(tx: Tx, version: int) -> None:
            """Together with the version."""
            from sqlalchemy import delete

            from genmux.store.keys.tables import teams

            del version
            tx.core.execute(delete(teams).where(teams.c.id == team.id))

        await self._change(change, entry)

    async def key(self, key_id: str) -> KeyRow | None:
        """One key."""

        def work(tx: Tx) -> KeyRow | None:
            """In one transaction."""
            from sqlalchemy import select

            from genmux.store.keys.tables import gateway_keys

            found = tx.core.execute(select(gateway_keys).where(gateway_keys.c.id == key_id)).mappings().first()
            return None if found is None else key_row(found)

        return await self._database.read(work)

    async def keys(
        self, tenant: str | None, *, team: str | None, after: tuple[datetime.datetime, str] | None, limit: int
    ) -> tuple[GatewayKey, ...]:
        """The newest first, after a place in time and id."""

        def work(tx: Tx) -> tuple[GatewayKey, ...]:
            """In one transaction."""
            from sqlalchemy import select, tuple_

            from genmux.store.keys.tables import gateway_keys

            columns = gateway_keys.c
            asked = select(gateway_keys).order_by(columns.created.desc(), columns.id.desc()).limit(limit)
            if tenant is not None:
                asked = asked.where(columns.tenant == tenant)
            if team is not None:
                asked = asked.where(columns.team == team)
            if after is not None:
                asked = asked.where(tuple_(columns.created, columns.id) < (to_micros(after[0]), after[1]))
            return tuple(key_row(row).key for row in tx.core.execute(asked).mappings())

        return await self._database.read(work)

    async def save_keys(self, rows: Sequence[KeyRow], entry: AuditEntry) -> None:
        """Add or change keys, all or none."""

        def change(tx: Tx, version: int) -> None:
            """Together with the version."""
            from genmux.store.keys.tables import gateway_keys

            for row in rows:
                _put(tx, gateway_keys, {"id": row.key.id}, key_values(row) | {"version": version})

        await self._change(change, entry)

    def write_last_used(self, tx: Any, used: Mapping[str, datetime.datetime]) -> None:
        """Note when keys were used; no version changes for it."""
        from sqlalchemy import bindparam, update

        from genmux.store.keys.tables import gateway_keys

        noted = (
            update(gateway_keys).where(gateway_keys.c.id == bindparam("key_id")).values(last_used=bindparam("moment"))
        )
        tx.core.execute(noted, [{"key_id": key, "moment": to_micros(moment)} for key, moment in sorted(used.items())])

    async def _change(self, change: Callable[[Tx, int], None], entry: AuditEntry) -> None:
        def work(tx: Tx) -> None:
            """In one transaction."""
            change(tx, _next_version(tx))
            append(tx, entry)
            notify(tx, CHANNEL)

        await self._database.write(work)


def _next_version(tx: Tx) -> int:
    """Raise the version; its row is locked until the commit, so that versions become visible in their order."""
    from sqlalchemy import insert, update

    from genmux.store.keys.tables import key_versions

    raised = update(key_versions).where(key_versions.c.tenant == ALL).values(version=key_versions.c.version + 1)
    found: int | None = tx.core.execute(raised.returning(key_versions.c.version)).scalar()
    if found is None:
        tx.core.execute(insert(key_versions).values(tenant=ALL, version=1))
        return 1
    return found


def _put(tx: Tx, table: "Table", key: Mapping[str, str], values: Mapping[str, Any]) -> None:
    """Change a row, or add it."""
    from sqlalchemy import insert, update

    where = [table.c[name] == value for name, value in key.items()]
    if not tx.core.execute(update(table).where(*where).values(**values)).rowcount:
        tx.core.execute(insert(table).values(**values))
