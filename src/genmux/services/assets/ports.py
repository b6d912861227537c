"""What assets need of the database and of the storage."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from genmux.types.assets import Asset, AssetFilter
from genmux.types.assets_stored import AssetRow, Facts, KeptObject, LinkKey, UploadPart, UploadRow


class Storage(Protocol):
    """Keeps files under keys; a file under a key is complete. Raises ProviderError."""

    @property
    def place(self) -> str:
        """Where that is, in words."""
        ...

    @property
    def staging(self) -> Path:
        """A folder for files on their way."""
        ...

    async def keep(self, path: Path, key: str) -> None:
        """Move a finished file of this machine to a key; the same bytes may be kept there once more."""
        ...

    def read(self, key: str, start: int = 0, end: int | None = None) -> AsyncGenerator[bytes]:
        """The bytes from `start` to before `end`, in pieces. Raises NotFoundError when nothing is there."""
        ...

    async def remove(self, key: str) -> None:
        """Take a file away; nothing happens when it is not there."""
        ...

    def local(self, key: str) -> Path | None:
        """Where a file lies on this machine; None when it does not."""
        ...


class AssetStore(Protocol):
    """Keeps assets. `tenant` is whose they must be, None for anybody's. Raises StoreError."""

    def add_in(self, tx: Any, rows: Sequence[AssetRow]) -> tuple[AssetRow, ...]:
        """Add rows in a transaction; those that are there already are left as they are. Gives all of them as they stand."""
        ...

    async def find(self, tenant: str | None, ids: Sequence[str]) -> dict[str, AssetRow]:
        """Those that there are, by id."""
        ...

    async def of_job(self, tenant: str, job: str) -> tuple[Asset, ...]:
        """What a job made, without thumbnails, in its order."""
        ...

    async def list(
        self, tenant: str | None, asked: AssetFilter, *, now: datetime, after: tuple[datetime, str] | None, limit: int
    ) -> tuple[Asset, ...]:
        """Those that fit and have not expired, the newest first, after a place in time and id."""
        ...

    async def change(self, tenant: str | None, asset: str, changes: Mapping[str, Any]) -> AssetRow | None:
        """Change a name, metadata or the end of one; None when it is not there."""
        ...

    async def remove(self, tenant: str | None, asset: str) -> AssetRow | None:
        """Remove one with its thumbnail; gives what it was, None when it is not there."""
        ...

    async def expire(self, now: datetime, limit: int) -> tuple[Asset, ...]:
        """Remove some that have expired; gives which."""
        ...


class ObjectStore(Protocol):
    """Keeps what there is in the storage, and who may need it. Raises StoreError."""

    async def enter(self, fresh: KeptObject, now: datetime) -> KeptObject:
        """The object of a tenant with this hash, touched; else `fresh`, which is added, and whose bytes are yet to come."""
        ...

    async def find(self, storage_key: str) -> KeptObject | None:
        """One that is not doomed."""
        ...

    async def kept(self, storage_key: str, facts: Facts, poster: str | None, now: datetime) -> bool:
        """Its bytes are there; false when it was doomed meanwhile, so that they do not count."""
        ...

    def touch_in(self, tx: Any, storage_keys: Sequence[str], now: datetime) -> bool:
        """Somebody needs these, in the same transaction; false when one of them is doomed or gone."""
        ...

    async def doom(self, before: datetime, now: datetime, limit: int) -> int:
        """Doom what nobody has, and nobody touched since a moment; gives how much that was."""
        ...

    async def doomed(self, limit: int) -> tuple[str, ...]:
        """Storage keys of what is to be removed."""
        ...

    async def gone(self, storage_keys: Sequence[str]) -> None:
        """They are removed from the storage."""
        ...


class UploadStore(Protocol):
    """Keeps uploads and their pieces. Raises StoreError."""

    async def add(self, upload: UploadRow) -> object:
        """A new one."""
        ...

    async def find(self, tenant: str | None, upload: str) -> UploadRow | None:
        """One; `tenant` is whose it must be, None for anybody's."""
        ...

    async def advance(self, upload: UploadRow, part: UploadPart, expires_at: datetime) -> bool:
        """A piece has come; false when another one came meanwhile, so that this one does not count."""
        ...

    async def parts(self, upload: str) -> tuple[UploadPart, ...]:
        """The pieces that are there, in their order."""
        ...

    async def finish(self, upload: str, asset: str) -> None:
        """It has become an asset; its pieces are forgotten."""
        ...

    async def expired(self, now: datetime, limit: int) -> tuple[UploadRow, ...]:
        """Those that nobody goes on with."""
        ...

    async def remove(self, uploads: Sequence[str]) -> object:
        """Forget some, with their pieces."""
        ...


class LinkKeyStore(Protocol):
    """Keeps what links are signed with. Raises StoreError."""

    async def keys(self, fresh: LinkKey, now: datetime) -> tuple[LinkKey, ...]:
        """All of them, the newest first; `fresh` is kept when there is none."""
        ...


class Transactions(Protocol):
    """Does something in a transaction of the store."""

    async def write(self, work: Any) -> Any:
        """Do it and commit."""
        ...
