"""A file that is written piece by piece as its bytes come in, and hashed on the way."""

import asyncio
import contextlib
import errno
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from genmux.types.errors import ErrorKind, ProviderError, Retry

PIECE = 1024 * 1024
"""So many bytes are gathered before a thread writes them."""

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """A complete file, which is on the disk: its size and its SHA-256 in hex."""

    path: Path
    bytes: int
    sha256: str


class FileSink:
    """Writes a new file; use it as `with`. Unless `finish` was called, the file is removed at the end.

    Raises ProviderError, with `retry` safe, when the disk does not take it: later it may.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.bytes = 0
        self._waiting = bytearray()
        self._hash = hashlib.sha256()
        self._done = False
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), "wb", buffering=0)
        except OSError as error:
            raise unwritable(path, error) from error

    async def write(self, piece: bytes | bytearray | memoryview) -> None:
        """Take the next bytes."""
        self.bytes += len(piece)
        self._waiting += piece
        if len(self._waiting) >= PIECE:
            await self._flush()

    async def restart(self) -> None:
        """Forget what was written."""
        self._waiting.clear()
        self.bytes = 0
        self._hash = hashlib.sha256()
        await self._told(self._empty)

    async def finish(self) -> Written:
        """Write what waits, and let the disk have it for good."""
        await self._flush()
        await self._told(self._sync)
        self._done = True
        return Written(path=self.path, bytes=self.bytes, sha256=self._hash.hexdigest())

    def close(self) -> None:
        """Let go of the file; remove it when it was not finished."""
        self._file.close()
        if not self._done:
            with contextlib.suppress(OSError):
                self.path.unlink()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def _flush(self) -> None:
        if self._waiting:
            piece, self._waiting = self._waiting, bytearray()
            await self._told(self._put, piece)

    async def _told(self, work: Callable[..., None], *arguments: object) -> None:
        """Do something with the disk in a thread, to its end also when the caller is cancelled: the file stays open so long."""
        done = asyncio.get_running_loop().run_in_executor(None, work, *arguments)
        try:
            await asyncio.shield(done)
        except asyncio.CancelledError:
            await asyncio.wait([done])
            raise
        except OSError as error:
            raise unwritable(self.path, error) from error

    def _put(self, piece: bytearray) -> None:
        self._hash.update(piece)
        view = memoryview(piece)
        while view:
            view = view[self._file.write(view) :]

    def _empty(self) -> None:
        self._file.seek(0)
        self._file.truncate()

    def _sync(self) -> None:
        os.fsync(self._file.fileno())
        self._file.close()


def unwritable(path: Path, error: OSError) -> ProviderError:
    """The error for a disk that does not take a file: what was to be written can be asked for again later."""
    reason = error.strerror or type(error).__name__
    if error.errno in _FULL:
        message = f"there is no room for a file in {path.parent} ({reason}); free some space, and it goes on by itself"
    else:
        message = f"a file cannot be written in {path.parent} ({reason}); give this user a disk that can be written"
    return ProviderError(message, kind=ErrorKind.OVERLOADED, retry=Retry.SAFE, retry_after=60.0)
