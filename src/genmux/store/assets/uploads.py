"""Uploads on their way, and what links are signed with, in the database."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from genmux.store.assets.rows import upload_row, upload_values
from genmux.store.assets.tables import asset_link_keys, asset_upload_parts, asset_uploads
from genmux.store.database import Database, Tx
from genmux.store.moments import to_micros
from genmux.types.assets_stored import LinkKey, UploadPart, UploadRow

_C = asset_uploads.c
_PART = asset_upload_parts.c


class UploadTables:
    """Keeps uploads and their pieces. Raises StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, upload: UploadRow) -> None:
        """A new one."""
        await self._database.write(lambda tx: tx.core.execute(insert(asset_uploads).values(**upload_values(upload))))

    async def find(self, tenant: str | None, upload: str) -> UploadRow | None:
        """One; `tenant` is whose it must be, None for anybody's."""
        asked = select(asset_uploads).where(_C.id == upload)
        if tenant is not None:
            asked = asked.where(_C.tenant == tenant)
        row = await self._database.read(lambda tx: tx.core.execute(asked).mappings().one_or_none())
        return None if row is None else upload_row(row)

    async def advance(self, upload: UploadRow, part: UploadPart, expires_at: datetime) -> bool:
        """A piece has come; false when another one came meanwhile, so that this one does not count."""
        noted = update(asset_uploads).where(_C.id == upload.id, _C.received == part.start, _C.asset.is_(None))
        row = {
            "upload": upload.id,
            "start": part.start,
            "tenant": upload.tenant,
            "bytes": part.bytes,
            "storage_key": part.storage_key,
        }

        def work(tx: Tx) -> bool:
            """In one transaction."""
            values = {"received": part.start + part.bytes, "expires_at": to_micros(expires_at)}
            if tx.core.execute(noted.values(**values)).rowcount != 1:
                return False
            tx.core.execute(insert(asset_upload_parts).values(**row))
            return True

        return await self._database.write(work)

    async def parts(self, upload: str) -> tuple[UploadPart, ...]:
        """The pieces that are there, in their order."""
        asked = select(_PART.start, _PART.bytes, _PART.storage_key).where(_PART.upload == upload).order_by(_PART.start)
        found = await self._database.read(lambda tx: tx.core.execute(asked).all())
        return tuple(UploadPart(start, count, key) for start, count, key in found)

    async def finish(self, upload: str, asset: str) -> None:
        """It has become an asset; its pieces are forgotten."""

        def work(tx: Tx) -> None:
            """In one transaction."""
            tx.core.execute(update(asset_uploads).where(_C.id == upload).values(asset=asset))
            tx.core.execute(delete(asset_upload_parts).where(_PART.upload == upload))

        await self._database.write(work)

    async def expired(self, now: datetime, limit: int) -> tuple[UploadRow, ...]:
        """Those that nobody goes on with."""
        asked = select(asset_uploads).where(_C.expires_at < to_micros(now)).limit(limit)
        found = await self._database.read(lambda tx: tx.core.execute(asked).mappings().all())
        return tuple(map(upload_row, found))

    async def remove(self, uploads: Sequence[str]) -> None:
        """Forget some, with their pieces."""
        await self._database.write(lambda tx: tx.core.execute(delete(asset_uploads).where(_C.id.in_(uploads))))


class LinkKeyTable:
    """Keeps what links are signed with. Raises StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keys(self, fresh: LinkKey, now: datetime) -> tuple[LinkKey, ...]:
        """All of them, the newest first; `fresh` is kept when there is none."""
        columns = asset_link_keys.c
        asked = select(columns.id, columns.secret).order_by(columns.created_at.desc(), columns.id)

        def work(tx: Tx) -> tuple[LinkKey, ...]:
            """In one transaction."""
            found = tx.core.execute(asked).all()
            if not found:
                into = sqlite.insert if self._database.kind == "sqlite" else postgresql.insert
                values = {"id": fresh.id, "secret": fresh.secret, "created_at": to_micros(now)}
                tx.core.execute(into(asset_link_keys).values(**values).on_conflict_do_nothing())
                found = tx.core.execute(asked).all()
            return tuple(LinkKey(name, bytes(secret)) for name, secret in found)

        return await self._database.write(work)
