"""The bytes behind assets, as rows: what is kept, who may still need it, and what is to be removed from the storage.

An object is touched when somebody is about to need it; only what nobody touched for a while, and no asset has, is doomed.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import bindparam, delete, exists, insert, select, update

from genmux.store.assets.rows import kept_object
from genmux.store.assets.tables import asset_objects, assets
from genmux.store.database import Database, Tx
from genmux.store.moments import to_micros
from genmux.store.sqlite.prepared import Prepared
from genmux.types.assets_stored import Facts, KeptObject

_C = asset_objects.c
_MAIN = asset_objects.alias("main")

_FIELDS = tuple(column.name for column in _C)
_SAME = Prepared(
    select(asset_objects)
    .where(_C.tenant == bindparam("whose"), _C.sha256 == bindparam("hash"), _C.doomed_at.is_(None))
    .order_by(_C.facts.is_(None), _C.storage_key)
)
_FIND = Prepared(select(asset_objects).where(_C.storage_key == bindparam("which"), _C.doomed_at.is_(None)))
_ENTER = Prepared(
    insert(asset_objects).values(
        {name: bindparam(name) for name in ("storage_key", "tenant", "sha256", "bytes", "touched_at")}
    )
)
_OURS = update(asset_objects).where(_C.storage_key == bindparam("which"), _C.doomed_at.is_(None))
_TOUCH = Prepared(_OURS.values(touched_at=bindparam("now")))
_KEPT = Prepared(_OURS.values(facts=bindparam("told"), poster=bindparam("small"), touched_at=bindparam("now")))


class ObjectTable:
    """Keeps what there is in the storage. Raises StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def enter(self, fresh: KeptObject, now: datetime) -> KeptObject:
        """The object of a tenant with this hash, touched; else `fresh`, which is added, and whose bytes are yet to come."""
        values = {name: getattr(fresh, name) for name in ("storage_key", "tenant", "sha256", "bytes")}

        def work(tx: Tx) -> KeptObject:
            """In one transaction."""
            for row in _SAME.rows(tx, whose=fresh.tenant, hash=fresh.sha256):
                known = _object(row)
                if _touch(tx, known.storage_key, now):
                    return known
            _ENTER.run(tx, **values, touched_at=to_micros(now))
            return fresh

        return await self._database.write(work)

    async def find(self, storage_key: str) -> KeptObject | None:
        """One that is not doomed."""
        found = await self._database.read(lambda tx: _FIND.rows(tx, which=storage_key))
        return _object(found[0]) if found else None

    async def kept(self, storage_key: str, facts: Facts, poster: str | None, now: datetime) -> bool:
        """Its bytes are there; false when it was doomed meanwhile, so that they do not count."""
        told, moment = msgspec.json.encode(facts).decode(), to_micros(now)

        def work(tx: Tx) -> bool:
            """In one transaction."""
            return _KEPT.run(tx, which=storage_key, told=told, small=poster, now=moment) == 1

        return await self._database.write(work)

    def touch_in(self, tx: Tx, storage_keys: Sequence[str], now: datetime) -> bool:
        """Somebody needs these, in the same transaction; false when one of them is doomed or gone."""
        return all(_touch(tx, one, now) for one in sorted({*storage_keys}))

    async def doom(self, before: datetime, now: datetime, limit: int) -> int:
        """Doom what nobody has, and nobody touched since a moment; gives how much that was."""
        untouched = (_C.doomed_at.is_(None), _C.touched_at < to_micros(before))
        unused = (
            ~exists().where(assets.c.storage_key == _C.storage_key),
            ~exists().where(_MAIN.c.poster == _C.storage_key, _MAIN.c.doomed_at.is_(None)),
        )
        looked = select(_C.storage_key).where(*untouched, *unused).limit(limit)
        found = await self._database.read(lambda tx: [*tx.core.execute(looked).scalars()])
        if not found:
            return 0
        doomed = update(asset_objects).where(_C.storage_key.in_(found), *untouched, *unused)
        return await self._database.write(lambda tx: tx.core.execute(doomed.values(doomed_at=to_micros(now))).rowcount)

    async def doomed(self, limit: int) -> tuple[str, ...]:
        """Storage keys of what is to be removed."""
        asked = select(_C.storage_key).where(_C.doomed_at.is_not(None)).limit(limit)
        return tuple(await self._database.read(lambda tx: [*tx.core.execute(asked).scalars()]))

    async def gone(self, storage_keys: Sequence[str]) -> None:
        """They are removed from the storage."""
        ended = delete(asset_objects).where(_C.storage_key.in_(storage_keys), _C.doomed_at.is_not(None))
        await self._database.write(lambda tx: tx.core.execute(ended))


def _touch(tx: Tx, storage_key: str, now: datetime) -> bool:
    return _TOUCH.run(tx, which=storage_key, now=to_micros(now)) == 1


def _object(row: Sequence[Any]) -> KeptObject:
    return kept_object(dict(zip(_FIELDS, row, strict=True)))
