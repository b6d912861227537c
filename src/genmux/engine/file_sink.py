"""A file that is written piece by piece as its bytes come in, and hashed on the way."""

import asyncio
import contextlib
import errno
import hashlib
import os
from collections.abc import Callable
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from genmux.types.errors import ErrorKind, ProviderError, Retry

PIECE = 1024 * 1024
"""So many bytes are gathered before a thread writes them."""

HEAD = 4_096
"""So many bytes of a file are kept in mind, to see what it is."""

_NEW = os.O_RDWR | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """A complete file, which is on the disk: its size, its SHA-256 in hex, and its first HEAD bytes."""

    path: Path
    start: bytes
    bytes: int
    sha256: str


class FileSink:
    """Writes a new file; use it as `with`. Unless `finish` was called, the file is removed at the end.

    A small file is opened, written and synced in one visit to a thread. Raises ProviderError, with `retry` safe, when the
    disk does not take it: later it may, into another file. This one is `broken` then, as nobody knows how much is in it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.broken = False
        self.bytes = 0
        self._start = b""
        self._waiting = bytearray()
        self._hash = hashlib.sha256()
        self._file: FileIO | None = None
        self._done = False

    async def write(self, piece: bytes | bytearray | memoryview) -> None:
        """Take the next bytes."""
        if self.bytes < HEAD:
            self._start += bytes(piece[: HEAD - self.bytes])
        self.bytes += len(piece)
        self._waiting += piece
        if len(self._waiting) >= PIECE:
            await self._told(self._put, self._taken())

    async def restart(self) -> None:
        """Forget what was written."""
        self._waiting.clear()
        self._start, self.bytes = b"", 0
        self._hash = hashlib.sha256()
        await self._told(self._empty)

    async def finish(self) -> Written:
        """Write what waits, and let the disk have it for good."""
        await self._told(self._end, self._taken())
        self._done = True
        return Written(path=self.path, bytes=self.bytes, sha256=self._hash.hexdigest(), start=self._start)

    def close(self) -> None:
        """Let go of the file; remove it when it was not finished."""
        if self._file is not None:
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

    def _taken(self) -> bytearray:
        piece, self._waiting = self._waiting, bytearray()
        return piece

    async def _told(self, work: Callable[..., None], *arguments: object) -> None:
        """Do something with the disk in a thread, to its end also when the caller is cancelled: the file stays open so long."""
        done = asyncio.get_running_loop().run_in_executor(None, work, *arguments)
        try:
            await asyncio.shield(done)
        except asyncio.CancelledError:
            await asyncio.wait([done])
            raise
        except OSError as error:
            self.broken = True
            raise unwritable(self.path, error) from error

    def _opened(self) -> FileIO:
        if self._file is None:
            try:
                number = os.open(self.path, _NEW, 0o600)
            except FileNotFoundError:
                self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                number = os.open(self.path, _NEW, 0o600)
            self._file = FileIO(number, "wb")
        return self._file

    def _put(self, piece: bytearray) -> None:
        file, view = self._opened(), memoryview(piece)
        self._hash.update(piece)
        while view:
            view = view[file.write(view) :]

    def _empty(self) -> None:
        file = self._opened()
        file.seek(0)
        file.truncate()

    def _end(self, piece: bytearray) -> None:
        self._put(piece)
        file = self._opened()
        os.fsync(file.fileno())
        file.close()


def unwritable(path: Path, error: OSError) -> ProviderError:
    """The error for a disk that does not take a file: what was to be written can be asked for again later."""
    reason = error.strerror or type(error).__name__
    if error.errno in _FULL:
        message = f"there is no room for a file in {path.parent} ({reason}); free some space, and it goes on by itself"
    else:
        message = f"a file cannot be written in {path.parent} ({reason}); give this user a disk that can be written"
    return ProviderError(message, kind=ErrorKind.OVERLOADED, retry=Retry.SAFE, retry_after=60.0)
