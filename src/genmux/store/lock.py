"""One process for each SQLite file: a lock that the operating system lets go of when the process ends, however it ends."""

import os
import sys
import time
from pathlib import Path
from typing import Literal

import msgspec

from genmux.types.errors import ConfigurationError, StoreError

Role = Literal["gateway", "worker", "library", "command"]
"""What opens a store: `genmux serve`, `genmux worker`, a client in somebody's program, or a command."""

PATIENCE = 0.3
"""Seconds to wait for whoever only looks whether the lock is held."""

PAUSE = 0.02

_FAR = 1 << 30
"""Windows locks bytes, and those that are locked cannot be read: one beyond the content is taken."""


class Holder(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who holds a store. `started` is a time in UTC (ISO), `about` says what it is in words.

    A gateway adds its address, and a token with which programs of the same user may administer it.
    """

    pid: int
    started: str
    role: Role = "gateway"
    about: str = ""
    url: str | None = None
    token: str | None = None

    def __repr__(self) -> str:
        return f"Holder(pid={self.pid}, started={self.started!r}, role={self.role!r}, url={self.url!r})"

    def words(self) -> str:
        """For people: which process it is, since when, and where it listens."""
        at = f", at {self.url}" if self.url and self.url not in self.about else ""
        return f"{self.about or self.role} (process {self.pid}, since {self.started}{at})"


def lock_path(path: Path) -> Path:
    """The file that stands for the lock of a database file, whatever name that was reached by."""
    real = path.resolve()
    return real.with_name(f"{real.name}.lock")


class StoreLock:
    """Held until `release` or the end of the process. Raises ConfigurationError when somebody else has the store."""

    def __init__(self, path: Path, holder: Holder) -> None:
        self._path = lock_path(path)
        self._holder = holder
        self._file: int | None = None
        try:
            opened = os.open(self._path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
        except OSError as error:
            message = f"the store's lock {self._path} cannot be opened ({error.strerror}); see the rights of its folder"
            raise StoreError(message, reason="read_only" if isinstance(error, PermissionError) else "gone") from error
        if not _take(opened, patience=PATIENCE):
            first = _read(opened)
            os.close(opened)
            raise _refusal(path, first)
        self._file = opened
        self._keep_private()
        self._write()

    def announce(self, url: str, token: str) -> None:
        """Tell programs of the same user where this gateway listens, and what lets them administer it."""
        self._holder = msgspec.structs.replace(self._holder, url=url, token=token)
        self._write()

    def release(self) -> None:
        """Let go. May be called again."""
        opened, self._file = self._file, None
        if opened is not None:
            os.ftruncate(opened, 0)
            os.close(opened)  # the lock goes with it

    def _keep_private(self) -> None:
        """What is announced here is for this user alone, also where somebody else made the file before."""
        if self._file is None or not hasattr(os, "fchmod"):
            return
        try:
            os.fchmod(self._file, 0o600)
        except OSError as error:
            self.release()
            message = f"the store's lock {self._path} belongs to somebody else ({error.strerror}); remove it"
            raise StoreError(message, reason="read_only") from error

    def _write(self) -> None:
        if self._file is None:
            raise ConfigurationError("the store is closed; it cannot be announced")
        content = msgspec.json.encode(self._holder)
        os.ftruncate(self._file, 0)
        os.lseek(self._file, 0, os.SEEK_SET)
        os.write(self._file, content)
        os.fsync(self._file)


def read_lock(path: Path) -> Holder | None:
    """Who holds a store, None when nobody does: what a dead process left behind does not count."""
    try:
        opened = os.open(lock_path(path), os.O_RDWR)
    except OSError:
        return None
    try:
        if _take(opened, patience=0):
            return None
        return _read(opened) or Holder(pid=0, started="unknown")
    finally:
        os.close(opened)


def _take(opened: int, *, patience: float) -> bool:
    """Lock a file for this descriptor alone; whether that worked."""
    until = time.monotonic() + patience
    while True:
        try:
            _lock(opened)
        except OSError:
            if time.monotonic() >= until:
                return False
            time.sleep(PAUSE)
        else:
            return True


if sys.platform == "win32":
    import msvcrt

    def _lock(opened: int) -> None:
        os.lseek(opened, _FAR, os.SEEK_SET)
        msvcrt.locking(opened, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(opened: int) -> None:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _read(opened: int) -> Holder | None:
    """What the holder wrote; None while it is writing."""
    os.lseek(opened, 0, os.SEEK_SET)
    try:
        return msgspec.json.decode(os.read(opened, 65_536), type=Holder)
    except msgspec.MsgspecError:
        return None


def _refusal(path: Path, first: Holder | None) -> ConfigurationError:
    if first is None:
        return ConfigurationError(f"the store {path} is in use by another process that is just starting; try again")
    if first.pid == os.getpid():
        message = f"the store {path} is open in this process already; use that one, or close it first"
        return ConfigurationError(message)
    way_out = "let that gateway do it, " if first.url else ""
    message = f"the store {path} is in use by {first.words()}; {way_out}end that process, use another file, "
    return ConfigurationError(message + "or a PostgreSQL, which several processes can share")
