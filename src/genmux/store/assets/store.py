"""Assets in the database."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, or_, select, tuple_, update

from genmux.store.assets.rows import asset_row, asset_values, json_of, micros_of
from genmux.store.assets.tables import asset_parents, assets
from genmux.store.database import Database, Tx
from genmux.store.moments import to_micros
from genmux.store.statement import adding_to
from genmux.types.assets import Asset, AssetFilter
from genmux.types.assets_stored import AssetRow

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

_ADD = adding_to(assets)
_ADD_PARENT = adding_to(asset_parents)

PIECE = 500
"""So many ids are asked for in one statement."""


class AssetTables:
    """Keeps assets. `tenant` is whose they must be, None for anybody's. Raises StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add_in(self, tx: Tx, rows: Sequence[AssetRow]) -> tuple[AssetRow, ...]:
        """Add rows in a transaction; those that are there already are left as they are. Gives all of them as they stand."""
        added: list[AssetRow] = []
        for row in rows:
            values = asset_values(row)
            if not _ADD.count(tx, values):
                added += _rows(tx, assets.c.id == row.asset.id)
                continue
            for parent in _parents(row.asset):
                _ADD_PARENT.count(tx, parent)
            added.append(asset_row(values, row.asset.parents))
        return tuple(added)

    async def find(self, tenant: str | None, ids: Sequence[str]) -> dict[str, AssetRow]:
        """Those that there are, by id."""

        def work(tx: Tx) -> dict[str, AssetRow]:
            """In one transaction."""
            found: dict[str, AssetRow] = {}
            for start in range(0, len(ids), PIECE):
                which = assets.c.id.in_(ids[start : start + PIECE])
                found |= {one.asset.id: one for one in _rows(tx, which, *_of(tenant))}
            return found

        return await self._database.read(work)

    async def of_job(self, tenant: str, job: str) -> tuple[Asset, ...]:
        """What a job made, without thumbnails, in its order."""
        which = (assets.c.job == job, assets.c.tenant == tenant, assets.c.role != "poster")
        found = await self._database.read(lambda tx: _rows(tx, *which))
        return tuple(one.asset for one in sorted(found, key=lambda one: one.place))

    async def list(
        self, tenant: str | None, asked: AssetFilter, *, now: datetime, after: tuple[datetime, str] | None, limit: int
    ) -> tuple[Asset, ...]:
        """Those that fit and have not expired, the newest first, after a place in time and id."""
        lasting = or_(assets.c.expires_at.is_(None), assets.c.expires_at > to_micros(now))
        which = [*_of(tenant), *_fitting(asked), lasting]
        if after is not None:
            which.append(tuple_(assets.c.created_at, assets.c.id) < (to_micros(after[0]), after[1]))
        found = await self._database.read(lambda tx: _rows(tx, *which, limit=limit))
        return tuple(one.asset for one in found)

    async def change(self, tenant: str | None, asset: str, changes: Mapping[str, Any]) -> AssetRow | None:
        """Change a name, metadata or the end of one; None when it is not there."""
        values = dict(changes)
        if "metadata" in values:
            values["metadata"] = json_of(values["metadata"])
        if "expires_at" in values:
            values["expires_at"] = micros_of(values["expires_at"])

        def work(tx: Tx) -> AssetRow | None:
            """In one transaction."""
            which = (assets.c.id == asset, *_of(tenant))
            if values:
                tx.core.execute(update(assets).where(*which).values(**values))
            found = next(iter(_rows(tx, *which)), None)
            if found is not None and found.asset.poster is not None and "expires_at" in values:
                poster = (assets.c.id == found.asset.poster, assets.c.tenant == found.asset.tenant)
                tx.core.execute(update(assets).where(*poster).values(expires_at=values["expires_at"]))
            return found

        return await self._database.write(work)

    async def remove(self, tenant: str | None, asset: str) -> AssetRow | None:
        """Remove one with its thumbnail; gives what it was, None when it is not there."""

        def work(tx: Tx) -> AssetRow | None:
            """In one transaction."""
            found = next(iter(_rows(tx, assets.c.id == asset, *_of(tenant))), None)
            if found is not None:
                ids = [one for one in (asset, found.asset.poster) if one is not None]
                tx.core.execute(delete(assets).where(assets.c.id.in_(ids), assets.c.tenant == found.asset.tenant))
            return found

        return await self._database.write(work)

    async def expire(self, now: datetime, limit: int) -> tuple[Asset, ...]:
        """Remove some that have expired; gives which."""
        old = assets.c.expires_at < to_micros(now)

        def work(tx: Tx) -> tuple[Asset, ...]:
            """In one transaction."""
            found = _rows(tx, old, limit=limit)
            if found:
                tx.core.execute(delete(assets).where(assets.c.id.in_([one.asset.id for one in found]), old))
            return tuple(one.asset for one in found)

        return await self._database.write(work)


def _rows(tx: Tx, *which: "ColumnElement[bool]", limit: int | None = None) -> list[AssetRow]:
    """Rows with their parents, the newest first."""
    asked = select(assets).where(*which).order_by(assets.c.created_at.desc(), assets.c.id.desc()).limit(limit)
    found = tx.core.execute(asked).mappings().all()
    parents = _parents_of(tx, [row["id"] for row in found])
    return [asset_row(row, tuple(parents.get(row["id"], ()))) for row in found]


def _parents_of(tx: Tx, ids: Sequence[str]) -> dict[str, list[str]]:
    columns, found = asset_parents.c, dict[str, list[str]]()
    for start in range(0, len(ids), PIECE):
        asked = select(columns.child, columns.parent).where(columns.child.in_(ids[start : start + PIECE]))
        for child, parent in tx.core.execute(asked.order_by(columns.child, columns.place)):
            found.setdefault(child, []).append(parent)
    return found


def _parents(asset: Asset) -> list[dict[str, Any]]:
    return [
        {"child": asset.id, "place": place, "tenant": asset.tenant, "parent": parent}
        for place, parent in enumerate(asset.parents)
    ]


def _of(tenant: str | None) -> "list[ColumnElement[bool]]":
    return [] if tenant is None else [assets.c.tenant == tenant]


_EQUAL = ("media_type", "origin", "job", "provider", "model", "operation", "team", "key", "sha256")


def _fitting(asked: AssetFilter) -> "Iterable[ColumnElement[bool]]":
    columns = assets.c
    for name in _EQUAL:
        if (value := getattr(asked, name)) is not None:
            yield columns[name] == value
    yield columns.role == asked.role if asked.role is not None else columns.role != "poster"
    if asked.kind is not None:
        yield columns.media_type.startswith(f"{asked.kind}/", autoescape=True)
    if asked.search is not None:
        yield columns.name.icontains(asked.search, autoescape=True)
    if asked.parent is not None:
        yield columns.id.in_(select(asset_parents.c.child).where(asset_parents.c.parent == asked.parent))
    if asked.since is not None:
        yield columns.created_at >= to_micros(asked.since)
    if asked.before is not None:
        yield columns.created_at < to_micros(asked.before)
