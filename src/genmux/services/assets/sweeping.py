"""Removes what is over: assets that have expired, uploads that nobody goes on with, bytes that no asset has."""

import asyncio
import contextlib
import datetime
import logging
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec

from genmux.services.assets.ports import AssetStore, ObjectStore, Storage, UploadStore
from genmux.services.ports import Now
from genmux.types.errors import ProviderError

GRACE = datetime.timedelta(hours=1)
"""Bytes that nobody has are kept so long: somebody may be about to need them."""

PIECE = 500
"""So many rows are removed in one transaction."""

HOURLY = 3_600.0
"""Seconds between two sweeps."""

ABANDONED = 86_400.0
"""A file on its way that nobody touched for so many seconds is nobody's."""

_log = logging.getLogger("genmux.assets")


class Swept(msgspec.Struct, frozen=True, kw_only=True):
    """How much went."""

    assets: int = 0
    uploads: int = 0
    files: int = 0


class Sweeper:
    """Removes what is over, in small pieces. May be broken off and begun again at any time, by several at once."""

    def __init__(
        self, rows: AssetStore, objects: ObjectStore, uploads: UploadStore, storage: Storage, *, now: Now
    ) -> None:
        self._rows = rows
        self._objects = objects
        self._uploads = uploads
        self._storage = storage
        self._now = now

    async def run(self, sleep: Callable[[float], Awaitable[object]] = asyncio.sleep) -> None:
        """Sweep now and every hour."""
        while True:
            try:
                swept = await self.sweep()
                if swept != Swept():
                    _log.info("removed %d assets, %d uploads, %d files", swept.assets, swept.uploads, swept.files)
            except ProviderError as error:
                _log.warning("assets that are over could not be removed: %s", error)
            await sleep(HOURLY)

    async def sweep(self, *, grace: datetime.timedelta = GRACE) -> Swept:
        """Remove all that is over now. Raises ProviderError; what was removed by then stays removed."""
        now = self._now()
        assets = uploads = files = 0
        while gone := await self._rows.expire(now, PIECE):
            assets += len(gone)
        while over := await self._uploads.expired(now, PIECE):
            for one in over:
                for part in await self._uploads.parts(one.id):
                    await self._storage.remove(part.storage_key)
            await self._uploads.remove([one.id for one in over])
            uploads += len(over)
        while await self._objects.doom(now - grace, now, PIECE):
            pass
        while doomed := await self._objects.doomed(PIECE):
            for key in doomed:
                await self._storage.remove(key)
            await self._objects.gone(doomed)
            files += len(doomed)
        await asyncio.to_thread(_tidy, self._storage.staging)
        return Swept(assets=assets, uploads=uploads, files=files)


def _tidy(staging: Path) -> None:
    """Delete files on their way that were left by a process that died."""
    with contextlib.suppress(OSError):
        for path in staging.iterdir():
            with contextlib.suppress(OSError):
                if time.time() - path.stat().st_mtime > ABANDONED:
                    path.unlink()
