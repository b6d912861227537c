"""Assets as others see them: listed, read, changed, removed; each only by whom it belongs to."""

import datetime
from collections.abc import AsyncGenerator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from genmux.engine.file_names import plain_name
from genmux.services.assets.ports import AssetStore, ObjectStore, Storage, Transactions
from genmux.services.assets.rows import asset_id, rows_of, with_poster
from genmux.services.ports import NewId, Now
from genmux.types.assets import Asset, AssetFilter, AssetOrigin
from genmux.types.assets_stored import Adopted, AssetRow, Stored, Whence
from genmux.types.errors import InvalidRequestError, NotFoundError, OverloadedError, Retry
from genmux.types.principal import Principal

LARGEST_METADATA = 64 * 1024
"""Bytes of an asset's metadata, as JSON."""


class AssetChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What of an asset is changed; what is left out stays. `expires_at` of null is never."""

    name: str | UnsetType | None = UNSET
    metadata: dict[str, Any] | UnsetType = UNSET
    expires_at: datetime.datetime | UnsetType | None = UNSET


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """An asset, and where its bytes are."""

    asset: Asset
    storage_key: str


class Shelf:
    """Keeps assets. `tenant` is the organisation whose they must be, None for anybody's; expired ones are not there."""

    def __init__(  # noqa: PLR0913 — one part of the world each
        self,
        rows: AssetStore,
        objects: ObjectStore,
        storage: Storage,
        database: Transactions,
        *,
        now: Now,
        new_id: NewId,
        keep_days: int | None = None,
    ) -> None:
        self._rows = rows
        self._objects = objects
        self._storage = storage
        self._database = database
        self._now = now
        self._new_id = new_id
        self._keep = None if keep_days is None else datetime.timedelta(days=keep_days)

    # ---------------------------------------------------------------- adding
    def add_in(self, tx: Any, stored: Sequence[Stored], whence: Whence) -> tuple[Asset, ...]:
        """Make assets of a job's files, in a transaction that does more. Raises OverloadedError when one was removed meanwhile."""
        now = self._now()
        if whence.expires_at is None and self._keep is not None:
            whence = msgspec.structs.replace(whence, expires_at=now + self._keep)
        return self._add(tx, [*rows_of(stored, whence, now=now)])

    async def add(  # noqa: PLR0913 — one fact of it each
        self,
        stored: Stored,
        principal: Principal,
        *,
        id: str | None = None,  # noqa: A002 — as the field is called
        origin: AssetOrigin = "uploaded",
        parents: tuple[str, ...] = (),
        expires_at: datetime.datetime | None = None,
        whence: Adopted | None = None,
    ) -> Asset:
        """Make an asset of a stored file, for a principal. With the same `id` it is added once."""
        now = self._now()
        if expires_at is None and self._keep is not None:
            expires_at = now + self._keep
        asset = Asset(
            id=id or asset_id(self._new_id()),
            tenant=principal.organisation,
            media_type=stored.media_type,
            bytes=stored.bytes,
            sha256=stored.sha256,
            created_at=now,
            origin=origin,
            role=stored.role,
            name=stored.name,
            width=stored.width,
            height=stored.height,
            seconds=stored.seconds,
            fps=stored.fps,
            parents=parents,
            team=principal.team,
            key=principal.key,
            expires_at=expires_at,
            metadata=stored.metadata,
            **({} if whence is None else msgspec.structs.asdict(whence)),
        )
        rows = [*with_poster(asset, stored)]

        def work(tx: Any) -> tuple[Asset, ...]:
            """In one transaction."""
            return self._add(tx, rows)

        added: tuple[Asset, ...] = await self._database.write(work)
        return await self._lasting(added[0], expires_at)

    async def _lasting(self, asset: Asset, expires_at: datetime.datetime | None) -> Asset:
        """One that was there already is kept as long as it is needed now."""
        end = asset.expires_at
        if end is None or (expires_at is not None and end >= expires_at):
            return asset
        row = await self._rows.change(asset.tenant, asset.id, {"expires_at": expires_at})
        return asset if row is None else row.asset

    def _add(self, tx: Any, rows: list[AssetRow]) -> tuple[Asset, ...]:
        """Add rows whose bytes stay; thumbnails are not told."""
        if not self._objects.touch_in(tx, [one.storage_key for one in rows], self._now()):
            message = "a file was removed before it became an asset; it has to be collected once more"
            raise OverloadedError(message, retry=Retry.SAFE, retry_after=1.0)
        return tuple(one.asset for one in self._rows.add_in(tx, rows) if one.asset.role != "poster")

    # ---------------------------------------------------------------- looking
    async def get(self, tenant: str | None, asset: str) -> Asset:
        """One. Raises NotFoundError."""
        return (await self.find(tenant, asset)).asset

    async def find(self, tenant: str | None, asset: str) -> Opened:
        """One, with where its bytes are. Raises NotFoundError."""
        row = (await self._rows.find(tenant, [asset])).get(asset)
        if row is None or self._is_over(row.asset):
            raise NotFoundError(f"there is no asset {asset[:80]!r}", param="asset", status=404)
        return Opened(asset=row.asset, storage_key=row.storage_key)

    async def known(self, tenant: str | None, ids: Sequence[str]) -> dict[str, Asset]:
        """Those of these that there are, by id, whether they have expired or not."""
        return {name: row.asset for name, row in (await self._rows.find(tenant, ids)).items()} if ids else {}

    async def list(
        self,
        tenant: str | None,
        asked: AssetFilter,
        *,
        after: tuple[datetime.datetime, str] | None = None,
        limit: int = 100,
    ) -> tuple[Asset, ...]:
        """Those that fit, the newest first, after a place in time and id. Raises InvalidRequestError for a wrong `limit`."""
        if not 1 <= limit <= 500:
            raise InvalidRequestError(f"`limit` is {limit}; it must be 1 to 500", param="limit")
        return await self._rows.list(tenant, asked, now=self._now(), after=after, limit=limit)

    async def of_job(self, tenant: str, job: str) -> tuple[Asset, ...]:
        """What a job made, in the order of its outputs."""
        found = await self._rows.of_job(tenant, job)
        return tuple(one for one in found if not self._is_over(one))

    # ---------------------------------------------------------------- reading
    async def open(
        self, asset: str, tenant: str | None, *, start: int = 0, end: int | None = None
    ) -> AsyncGenerator[bytes]:
        """The bytes of an asset from `start` to before `end`, in pieces. Raises NotFoundError."""
        found = await self.find(tenant, asset)
        return self.pieces(found, start=start, end=end)

    def pieces(self, found: Opened, *, start: int = 0, end: int | None = None) -> AsyncGenerator[bytes]:
        """The same of one that was found already."""
        return self._storage.read(found.storage_key, start, end)

    async def read(self, asset: str, tenant: str | None) -> bytes:
        """All bytes of an asset, in memory. Raises NotFoundError."""
        return b"".join([piece async for piece in await self.open(asset, tenant)])

    async def local_path(self, asset: str, tenant: str | None) -> Path | None:
        """The file of an asset on this machine, to be read and never written; None when it is in a bucket. Raises NotFoundError."""
        return self.local_path_of(await self.find(tenant, asset))

    def local_path_of(self, found: Opened) -> Path | None:
        """The same of one that was found already."""
        return self._storage.local(found.storage_key)

    # ---------------------------------------------------------------- changing
    async def change(self, tenant: str | None, asset: str, change: AssetChange) -> Asset:
        """Change one. Raises NotFoundError, InvalidRequestError."""
        await self.find(tenant, asset)
        changes = {
            name: value
            for name in AssetChange.__struct_fields__
            if not isinstance(value := getattr(change, name), UnsetType)
        }
        if changes.get("name") is not None:
            changes["name"] = plain_name(changes["name"])
        check_metadata(changes.get("metadata", {}))
        check_end(changes.get("expires_at"), self._now())
        row = await self._rows.change(tenant, asset, changes)
        if row is None:
            raise NotFoundError(f"there is no asset {asset[:80]!r}", param="asset", status=404)
        return row.asset

    async def remove(self, tenant: str | None, asset: str) -> Asset:
        """Remove one. Its bytes go with the last asset that has them, within the hour. Raises NotFoundError."""
        row = await self._rows.remove(tenant, asset)
        if row is None:
            raise NotFoundError(f"there is no asset {asset[:80]!r}", param="asset", status=404)
        return row.asset

    def _is_over(self, asset: Asset) -> bool:
        return asset.expires_at is not None and asset.expires_at <= self._now()


def check_metadata(metadata: Mapping[str, Any]) -> None:
    """Raise InvalidRequestError for metadata that is too large."""
    size = len(msgspec.json.encode(metadata))
    if size > LARGEST_METADATA:
        message = f"`metadata` has {size:,} bytes; {LARGEST_METADATA:,} are the most"
        raise InvalidRequestError(message, param="metadata")


def check_end(end: datetime.datetime | None, now: datetime.datetime) -> None:
    """Raise InvalidRequestError for an end that is over, or has no time zone."""
    if end is not None and (end.tzinfo is None or end <= now):
        message = f"`expires_at` is {end.isoformat()}; it must be a time to come, with its zone"
        raise InvalidRequestError(message, param="expires_at")
