"""Uploads: in one go, or piece by piece, so that a large one goes on where it broke, also after the gateway was restarted."""

import datetime
import hmac
import re
from collections.abc import AsyncIterable, Callable, Mapping
from typing import Any

import msgspec

from genmux.engine.file_names import plain_name
from genmux.engine.file_sink import FileSink, Written
from genmux.services.assets.keeping import About, Keeper
from genmux.services.assets.ports import Storage, UploadStore
from genmux.services.assets.rows import asset_id
from genmux.services.assets.shelf import Shelf, check_end, check_metadata
from genmux.services.ports import NewId, Now
from genmux.types.assets import Asset
from genmux.types.assets_stored import UploadPart, UploadRow
from genmux.types.errors import InvalidRequestError, NotFoundError
from genmux.types.principal import Principal

_SHA256 = re.compile(r"[0-9a-f]{64}")


class Announced(msgspec.Struct, frozen=True, kw_only=True):
    """What the sender says of a file. `sha256` is in hex; with it, a file that came wrong is refused."""

    name: str | None = None
    media_type: str | None = None
    sha256: str | None = None
    metadata: Mapping[str, Any] = msgspec.field(default_factory=dict)
    expires_at: datetime.datetime | None = None


class OffsetError(InvalidRequestError):
    """A piece does not begin where the last one ended; `received` is where that was."""

    def __init__(self, received: int) -> None:
        super().__init__(f"{received:,} bytes of this upload are there; go on from there", param="offset", status=409)
        self.received = received


class Uploads:
    """Takes files in. `days` is how long an upload that was broken off can be gone on with."""

    def __init__(  # noqa: PLR0913 — one part of the world each
        self,
        rows: UploadStore,
        shelf: Shelf,
        keeper: Keeper,
        storage: Storage,
        *,
        now: Now,
        new_id: NewId,
        max_bytes: int,
        days: int,
    ) -> None:
        self._rows = rows
        self._shelf = shelf
        self._keeper = keeper
        self._storage = storage
        self._now = now
        self._new_id = new_id
        self._lasts = datetime.timedelta(days=days)
        self.max_bytes = max_bytes

    async def take(
        self, principal: Principal, announced: Callable[[], Announced], pieces: AsyncIterable[bytes]
    ) -> Asset:
        """A file that comes in one go; what is said of it is asked for once it is here, for it may come after it.

        Raises InvalidRequestError for one that is empty, too large or not what it should be.
        """
        async with self._keeper.sink() as sink:
            async for piece in pieces:
                if sink.bytes + len(piece) > self.max_bytes:
                    raise self._too_large()
                await sink.write(piece)
            told = announced()
            _check(told, self._now())
            return await self._finish(sink, principal, told, id_=None)

    # ---------------------------------------------------------------- piece by piece
    async def create(self, principal: Principal, announced: Announced, size: int) -> UploadRow:
        """Announce a file of `size` bytes. Raises InvalidRequestError."""
        _check(announced, self._now())
        if size < 1:
            raise InvalidRequestError(f"the size of an upload is {size}; it must be 1 or more bytes", param="size")
        if size > self.max_bytes:
            raise self._too_large()
        now = self._now()
        upload = UploadRow(
            id=f"upload_{self._new_id()}",
            tenant=principal.organisation,
            size=size,
            created_at=now,
            expires_at=now + self._lasts,
            team=principal.team,
            key=principal.key,
            name=None if announced.name is None else plain_name(announced.name),
            media_type=announced.media_type,
            sha256=announced.sha256,
            metadata=announced.metadata,
        )
        await self._rows.add(upload)
        return upload

    async def get(self, tenant: str | None, upload: str) -> UploadRow:
        """How one stands. Raises NotFoundError."""
        found = await self._rows.find(tenant, upload)
        if found is None or found.expires_at <= self._now():
            raise NotFoundError(f"there is no upload {upload[:80]!r} (any more)", param="upload", status=404)
        return found

    async def append(self, tenant: str | None, upload: str, *, offset: int, pieces: AsyncIterable[bytes]) -> UploadRow:
        """A piece of a file, from `offset` on; however it ends, what came counts. With the last byte it becomes an asset.

        Raises OffsetError, InvalidRequestError for what is more than was announced or not what it should be.
        """
        row = await self.get(tenant, upload)
        if offset != row.received or row.asset is not None:
            raise OffsetError(row.received)
        async with self._keeper.sink() as sink:
            async for piece in pieces:
                if offset + sink.bytes + len(piece) > row.size:
                    message = f"more comes than the {row.size:,} bytes that were announced"
                    raise InvalidRequestError(message, param="size", status=413)
                await sink.write(piece)
            if sink.bytes:
                row = await self._kept(row, await sink.finish())
        return await self._completed(row) if row.received == row.size else row

    async def cancel(self, tenant: str | None, upload: str) -> None:
        """Forget an upload, with what came of it; an asset that it became stays. Raises NotFoundError."""
        await self._forget(await self.get(tenant, upload))

    async def _kept(self, row: UploadRow, file: Written) -> UploadRow:
        """Let a piece count, once it is where it cannot get lost."""
        key = f"{row.tenant}/uploads/{row.id}-{row.received:016d}-{self._new_id()}"
        await self._storage.keep(file.path, key)
        end = self._now() + self._lasts
        if not await self._rows.advance(row, UploadPart(row.received, file.bytes, key), end):
            await self._storage.remove(key)
            raise OffsetError((await self.get(row.tenant, row.id)).received)
        return msgspec.structs.replace(row, received=row.received + file.bytes, expires_at=end)

    async def _completed(self, row: UploadRow) -> UploadRow:
        """Put the pieces together. May be done again: it becomes the same asset."""
        parts = await self._rows.parts(row.id)
        announced = Announced(name=row.name, media_type=row.media_type, sha256=row.sha256, metadata=row.metadata)
        principal = Principal(organisation=row.tenant, team=row.team, key=row.key)
        try:
            async with self._keeper.sink() as sink:
                for part in parts:
                    async for piece in self._storage.read(part.storage_key):
                        await sink.write(piece)
                if sink.bytes != row.size:  # somebody else put it together
                    return await self.get(row.tenant, row.id)
                asset = await self._finish(sink, principal, announced, id_=asset_id("upload", row.id))
        except InvalidRequestError:
            await self._forget(row)
            raise
        await self._rows.finish(row.id, asset.id)
        for part in parts:
            await self._storage.remove(part.storage_key)
        return msgspec.structs.replace(row, asset=asset.id)

    async def _finish(self, sink: FileSink, principal: Principal, announced: Announced, *, id_: str | None) -> Asset:
        if not sink.bytes:
            raise InvalidRequestError("the file is empty", param="file")
        file = await sink.finish()
        if announced.sha256 is not None and not hmac.compare_digest(file.sha256, announced.sha256):
            message = f"the file that came has the SHA-256 {file.sha256}, not {announced.sha256}; send it again"
            raise InvalidRequestError(message, param="sha256")
        about = About(
            tenant=principal.organisation,
            claimed=announced.media_type,
            name=announced.name,
            metadata=announced.metadata,
        )
        stored = await self._keeper.keep(file, about)
        return await self._shelf.add(stored, principal, id=id_, expires_at=announced.expires_at)

    async def _forget(self, row: UploadRow) -> None:
        for part in await self._rows.parts(row.id):
            await self._storage.remove(part.storage_key)
        await self._rows.remove([row.id])

    def _too_large(self) -> InvalidRequestError:
        message = f"the file is larger than {self.max_bytes:,} bytes; `max_bytes` of [assets] is the limit"
        return InvalidRequestError(message, param="size", status=413)


def _check(announced: Announced, now: datetime.datetime) -> None:
    """Raise InvalidRequestError for what makes no sense."""
    if announced.sha256 is not None and not _SHA256.fullmatch(announced.sha256):
        message = f"`sha256` is {announced.sha256[:80]!r}; it must be 64 small hex digits"
        raise InvalidRequestError(message, param="sha256")
    if announced.name is not None and not plain_name(announced.name):
        raise InvalidRequestError(f"`name` is {announced.name[:80]!r}, which is no name of a file", param="name")
    check_metadata(announced.metadata)
    check_end(announced.expires_at, now)
