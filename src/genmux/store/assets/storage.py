"""Where the bytes of assets lie: a folder, or a bucket of S3, Google Cloud or Azure, by obstore."""

import asyncio
import os
from collections.abc import AsyncGenerator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genmux.engine.file_sink import unwritable
from genmux.types.errors import ConfigurationError, ErrorKind, NotFoundError, ProviderError, Retry

if TYPE_CHECKING:
    from obstore.store import ObjectStore

PIECE = 256 * 1024
"""So many bytes are read at once."""

UPLOADS = 3
"""So many pieces of one file, of five megabytes each, are on their way to a bucket at once."""

SCHEMES = ("s3", "gs", "az")

INCOMING = ".incoming"
"""The folder of files that are on their way."""


class Storage:
    """Keeps files under keys. `root` is the folder where they lie, None for a bucket; `staging` is one for files on their way.

    A file under a key is complete, and on the disk (or in the bucket) for good. Raises ProviderError; `retry` is `safe`
    where the same will go well later.
    """

    def __init__(self, store: "ObjectStore | None", *, place: str, staging: Path, root: Path | None = None) -> None:
        self._given = store
        self._root = root
        self.place = place
        self.staging = staging

    def __repr__(self) -> str:
        return f"Storage({self.place!r})"

    @cached_property
    def _store(self) -> "ObjectStore":
        """That of the bucket; that of the folder is made when it is first needed."""
        if self._given is not None:
            return self._given
        from obstore.store import LocalStore

        return LocalStore(prefix=self._root)

    async def keep(self, path: Path, key: str) -> None:
        """Move a finished file of this machine to a key. The same bytes may be kept there once more."""
        if self._root is not None:
            await asyncio.to_thread(_move, path, self._root / key)
            return
        import obstore

        try:
            await obstore.put_async(self._store, key, path, max_concurrency=UPLOADS)
        except Exception as error:
            raise self._fault(error, key) from error
        await asyncio.to_thread(path.unlink, missing_ok=True)

    async def read(self, key: str, start: int = 0, end: int | None = None) -> AsyncGenerator[bytes]:
        """The bytes from `start` to before `end`, in pieces. Raises NotFoundError when nothing is there."""
        if end is not None and end <= start:
            return
        import obstore

        options: dict[str, Any] = {}
        if end is not None:
            options["range"] = (start, end)
        elif start:
            options["range"] = {"offset": start}
        try:
            found = await obstore.get_async(self._store, key, options=options)  # pyright: ignore[reportArgumentType]
            async for piece in found.stream(min_chunk_size=PIECE):
                yield piece
        except Exception as error:
            raise self._fault(error, key) from error

    async def remove(self, key: str) -> None:
        """Take a file away; nothing happens when it is not there."""
        import obstore

        try:
            await obstore.delete_async(self._store, key)
        except Exception as error:
            fault = self._fault(error, key)
            if not isinstance(fault, NotFoundError):
                raise fault from error

    def local(self, key: str) -> Path | None:
        """Where a file lies on this machine; None when it is in a bucket."""
        return None if self._root is None else self._root / key

    def _fault(self, error: Exception, key: str) -> ProviderError:
        """What an error of obstore means. What is no error of the storage is raised as it is."""
        from obstore import exceptions

        said = str(error).partition("\n")[0][:300]
        match error:
            case FileNotFoundError():
                return NotFoundError(f"there is no file {key!r} in {self.place}")
            case OSError():
                return unwritable(Path(self.place), error)
            case exceptions.PermissionDeniedError() | exceptions.UnauthenticatedError():
                why = f"does not let us in ({said}); see its credentials, in the environment or in [assets.options]"
            case exceptions.BaseError():
                why = f"failed ({said})"
            case _:
                raise error
        message = f"the storage of assets at {self.place} {why}"
        return ProviderError(message, kind=ErrorKind.OVERLOADED, retry=Retry.SAFE, retry_after=30.0)


def open_storage(url: str | None, *, folder: Path, options: Mapping[str, str] | None = None) -> Storage:
    """The storage at a URL (`s3://bucket/prefix`, `gs://…`, `az://container/…`, or a folder); without one, in `folder`.

    `options` are obstore's (`region`, `endpoint`, …); credentials are also found in the environment, as the clouds' own tools
    find them. `folder` also takes files on their way to a bucket. Raises ConfigurationError.
    """
    scheme, there, _ = (url or "").partition("://")
    if there and scheme in SCHEMES:
        return Storage(_bucket(str(url), options or {}), place=str(url), staging=folder / INCOMING)
    if there and scheme != "file":
        known = ", ".join(f"{one}://" for one in SCHEMES)
        raise ConfigurationError(
            f"assets cannot be kept at {scheme}://; `url` of [assets] is a folder, or one of {known}"
        )
    root = folder if not url else Path(url.removeprefix("file://")).expanduser().absolute()
    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        message = (
            f"the folder {root} for assets cannot be made ({error.strerror}); set `url` of [assets] to one of yours"
        )
        raise ConfigurationError(message) from error
    return Storage(None, place=str(root), staging=root / INCOMING, root=root)


def _bucket(url: str, options: Mapping[str, str]) -> "ObjectStore":
    from obstore.exceptions import BaseError
    from obstore.store import from_url

    try:
        return from_url(url, config=dict(options) or None)  # pyright: ignore[reportArgumentType, reportCallIssue]
    except (BaseError, ValueError) as error:
        said = str(error).partition("\n")[0]
        raise ConfigurationError(f"the storage of assets at {url} cannot be used: {said}; see [assets]") from error


def _move(path: Path, target: Path) -> None:
    """Rename, so that the file has its name at once and for good, also when the power goes."""
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.replace(target)
        if os.name != "nt":  # Windows has no such thing
            folder = os.open(target.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
    except OSError as error:
        raise unwritable(target, error) from error
