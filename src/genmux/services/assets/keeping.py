"""Puts a file of this machine into the storage: typed, looked at, kept once for its tenant."""

import asyncio
import contextlib
import os
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from genmux.engine.file_names import plain_name
from genmux.engine.file_sink import FileSink, Written
from genmux.services.assets.looking import Looker
from genmux.services.assets.media.orders import Poster
from genmux.services.assets.media.signatures import UNKNOWN, ending_of, media_type_of, usual
from genmux.services.assets.ports import ObjectStore, Storage
from genmux.services.ports import Now
from genmux.types.assets import AssetRole
from genmux.types.assets_stored import Facts, KeptObject, Stored
from genmux.types.errors import OverloadedError, Retry

_VAGUE = frozenset({UNKNOWN, "text/plain"})


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of a file: whose it is, what it claims to be, its name, what it is for, what else is to be kept of it."""

    tenant: str
    claimed: str | None = None
    name: str | None = None
    role: AssetRole = "output"
    metadata: Mapping[str, Any] = msgspec.field(default_factory=dict)


class Keeper:
    """Keeps files. `chance` gives texts that nobody else gives."""

    def __init__(
        self, objects: ObjectStore, storage: Storage, looker: Looker, *, now: Now, chance: Callable[[], str]
    ) -> None:
        self._objects = objects
        self._storage = storage
        self._looker = looker
        self._now = now
        self._chance = chance

    @asynccontextmanager
    async def sink(self) -> AsyncGenerator[FileSink]:
        """A file on its way, to be finished and kept; in the end nothing of it is left here."""
        place = self._storage.staging / self._chance()
        try:
            with FileSink(place) as sink:
                yield sink
        finally:
            await _forget(place)

    async def keep(self, file: Written, about: About) -> Stored:
        """Keep a finished file; it is moved away. The same bytes of a tenant are kept once. Raises ProviderError."""
        media_type = media_type_of(file.start, about.claimed)
        key = f"{about.tenant}/{file.sha256[:2]}/{file.sha256}-{self._chance()[:8]}.{ending_of(media_type)}"
        fresh = KeptObject(storage_key=key, tenant=about.tenant, sha256=file.sha256, bytes=file.bytes)
        known: KeptObject | None = await self._objects.enter(fresh, self._now())
        if known.facts is None or not await self._is_there(known):
            known = await self._take_in(file, known, media_type)
        if known is not None:
            return await self._stored(known, media_type, about)
        raise OverloadedError("a file was removed while it was kept; try again", retry=Retry.SAFE, retry_after=1.0)

    async def _is_there(self, known: KeptObject) -> bool:
        """Whether the bytes really are where they should be; of a bucket that is believed."""
        place = self._storage.local(known.storage_key)
        return place is None or await asyncio.to_thread(_has, place, known.bytes)

    async def _take_in(self, file: Written, known: KeptObject, media_type: str) -> KeptObject | None:
        """Look at a file and let the storage have it; None when it was removed meanwhile."""
        small = file.path.with_name(f"{file.path.name}.poster")
        try:
            seen = await self._looker.look(file.path, media_type, small)
            poster = None if seen.poster is None else await self._keep_poster(small, seen.poster, known.tenant)
        finally:
            await _forget(small)
        await self._storage.keep(file.path, known.storage_key)
        if not await self._objects.kept(known.storage_key, seen.facts, poster, self._now()):
            return None
        return msgspec.structs.replace(known, facts=seen.facts, poster=poster)

    async def _keep_poster(self, path: Path, made: Poster, tenant: str) -> str | None:
        """A thumbnail is an object like any other, and its own thumbnail."""
        content = await asyncio.to_thread(path.read_bytes)
        facts = Facts(media_type=made.media_type, width=made.width, height=made.height)
        async with self.sink() as sink:
            await sink.write(content)
            file = await sink.finish()
            key = f"{tenant}/{file.sha256[:2]}/{file.sha256}-{self._chance()[:8]}.{ending_of(made.media_type)}"
            fresh = KeptObject(storage_key=key, tenant=tenant, sha256=file.sha256, bytes=file.bytes)
            known = await self._objects.enter(fresh, self._now())
            if known.facts is None or not await self._is_there(known):
                await self._storage.keep(file.path, known.storage_key)
                if not await self._objects.kept(known.storage_key, facts, None, self._now()):
                    return None
        return known.storage_key

    async def _stored(self, known: KeptObject, media_type: str, about: About) -> Stored:
        """What is known of a kept file, as it is told to others."""
        facts = known.facts or Facts(media_type=media_type)
        if facts.media_type in _VAGUE:  # the same bytes, of which more was said this time
            facts = msgspec.structs.replace(facts, media_type=media_type)
        small = None if known.poster is None else await self._objects.find(known.poster)
        metadata = dict(about.metadata)
        if facts.broken is not None:
            metadata["broken"] = facts.broken
        if about.claimed and usual(about.claimed) != facts.media_type:
            metadata["claimed"] = about.claimed
        poster = None if small is None or small.facts is None else _plain(small, small.facts, "poster")
        return msgspec.structs.replace(
            _plain(known, facts, about.role),
            name=plain_name(about.name) if about.name else None,
            poster=poster,
            metadata=metadata,
        )


def _plain(known: KeptObject, facts: Facts, role: AssetRole) -> Stored:
    return Stored(
        storage_key=known.storage_key,
        sha256=known.sha256,
        bytes=known.bytes,
        media_type=facts.media_type,
        role=role,
        width=facts.width,
        height=facts.height,
        seconds=facts.seconds,
        fps=facts.fps,
    )


def _has(path: Path, size: int) -> bool:
    try:
        return path.stat().st_size == size
    except OSError:
        return False


async def _forget(path: Path) -> None:
    """Remove what was not moved away; mostly there is nothing, and then no thread is asked for it."""
    if _lies(path):
        await asyncio.to_thread(_remove, path)


def _lies(path: Path) -> bool:
    return os.path.lexists(path)


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()
