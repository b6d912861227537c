"""The file that a backup is: a zip with one member of JSON lines for each table, and a manifest with their checksums.

The same for both databases, so that what was in a SQLite file can be restored into PostgreSQL. A row is a JSON array in the
order of the manifest's columns; bytes are an array with one base64 string in it.
"""

import base64
import contextlib
import hashlib
import os
import zipfile
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import IO

import msgspec

from genmux.store.database import DatabaseKind
from genmux.store.revisions import is_current
from genmux.types.errors import InvalidRequestError, NotFoundError

FORMAT = 1
MANIFEST = "manifest.json"

EPHEMERAL = frozenset({"asset_link_keys", "event_listeners", "hooks_seen", "job_workers", "rate_meters", "rate_slots"})
"""Tables that are in no backup: what stands in them is worth something for minutes, or must not be found in one."""

Cell = bool | int | float | str | bytes | None
"""What can stand in a column."""


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """One table in a backup; `sha256` is that of its member, unpacked. `binary`: there may be bytes in it."""

    name: str
    columns: tuple[str, ...]
    rows: int
    sha256: str
    binary: bool = True


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup says of itself. `made_at` is a time in UTC (ISO), `kind` the database that it is from."""

    format: int
    genmux: str
    made_at: str
    kind: DatabaseKind
    revision: str
    tables: tuple[Member, ...]

    @property
    def rows(self) -> int:
        """How many there are in all tables."""
        return sum(table.rows for table in self.tables)


class ArchiveWriter:
    """Writes a backup. The file has its name only when it is complete and on the disk; it is for its owner alone.

    Raises InvalidRequestError when there is such a file already, or none can be made.
    """

    def __init__(self, target: Path) -> None:
        self._target = target
        self._partial = target.with_name(f"{target.name}.partial")
        self._members: list[Member] = []
        if target.exists():
            raise InvalidRequestError(f"{target} exists already; name another file for the backup")
        try:
            self._partial.unlink(missing_ok=True)
            opened = os.open(self._partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise InvalidRequestError(f"the backup {target} cannot be made: {error.strerror}") from error
        self._file = os.fdopen(opened, "wb")
        self._zip = zipfile.ZipFile(self._file, "w", zipfile.ZIP_DEFLATED, compresslevel=3)
        self._member: IO[bytes] | None = None

    def table(self, name: str, columns: Sequence[str], *, binary: bool = True) -> "TableWriter":
        """Begin a table; the one before must be finished. Without bytes in it (`binary`), it is written quicker."""
        self._member = self._zip.open(f"{name}.jsonl", "w", force_zip64=True)
        return TableWriter(self._member, self._members, name, tuple(columns), binary=binary)

    def finish(self, *, genmux: str, made_at: str, kind: DatabaseKind, revision: str) -> Manifest:
        """Write the manifest, and let the file have its name."""
        manifest = Manifest(
            format=FORMAT,
            genmux=genmux,
            made_at=made_at,
            kind=kind,
            revision=revision,
            tables=tuple(self._members),
        )
        with _told(self._target.name):
            self._zip.writestr(MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)))
            self._zip.close()
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self._partial.replace(self._target)
        return manifest

    def abandon(self) -> None:
        """Leave nothing behind; nothing is done after `finish`."""
        for one in (self._member, self._zip, self._file):
            with contextlib.suppress(OSError, ValueError):  # a full disk is no reason not to close
                if one is not None:
                    one.close()
        self._partial.unlink(missing_ok=True)


class TableWriter:
    """One table of a backup, being written."""

    def __init__(
        self, file: IO[bytes], members: list[Member], name: str, columns: tuple[str, ...], *, binary: bool
    ) -> None:
        self._file = file
        self._members = members
        self._name = name
        self._columns = columns
        self._binary = binary
        self._rows = 0
        self._hash = hashlib.sha256()
        self._encode = msgspec.json.Encoder().encode_lines

    def add(self, rows: Sequence[Sequence[Cell]]) -> None:
        """Write rows."""
        lines = self._encode([[_plain(cell) for cell in row] for row in rows] if self._binary else rows)
        self._hash.update(lines)
        with _told(self._name):
            self._file.write(lines)
        self._rows += len(rows)

    def finish(self) -> None:
        """End the table."""
        with _told(self._name):
            self._file.close()
        self._members.append(
            Member(
                name=self._name,
                columns=self._columns,
                rows=self._rows,
                sha256=self._hash.hexdigest(),
                binary=self._binary,
            )
        )


@contextlib.contextmanager
def _told(what: str) -> Generator[None]:
    """A disk that does not take the backup is no fault of the store."""
    try:
        yield
    except OSError as error:
        raise InvalidRequestError(f"the backup cannot be written (at {what}): {error.strerror or error}") from error


def _cell(value: bool | float | str | list[str] | None) -> Cell:
    return base64.b64decode(value[0]) if isinstance(value, list) else value


def _plain(cell: Cell) -> object:
    return [base64.b64encode(cell).decode()] if isinstance(cell, bytes) else cell


class Archive:
    """A backup to be read. Every member is checked against the manifest when it is opened.

    Raises NotFoundError when there is no such file, InvalidRequestError when it is none of ours or damaged, StoreError when
    a newer genmux made it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.is_file():
            raise NotFoundError(f"there is no backup {path}")
        try:
            self._zip = zipfile.ZipFile(path)
            self.manifest = msgspec.json.decode(self._zip.read(MANIFEST), type=Manifest)
        except (OSError, zipfile.BadZipFile, KeyError, msgspec.MsgspecError) as error:
            raise InvalidRequestError(f"{path} is no backup of genmux, or damaged: {error}") from error
        if self.manifest.format != FORMAT:
            message = (
                f"the backup {path} has format {self.manifest.format}, and this genmux reads {FORMAT}; update genmux"
            )
            raise InvalidRequestError(message)
        is_current(self.manifest.revision, f"in the backup {path}")
        try:
            for member in self.manifest.tables:
                self._check(member)
        except (OSError, zipfile.BadZipFile, KeyError, EOFError) as error:
            raise self._damaged(str(error)) from error

    def _check(self, member: Member) -> None:
        found = hashlib.sha256()
        rows = 0
        with self._zip.open(f"{member.name}.jsonl") as file:
            while piece := file.read(1 << 20):
                found.update(piece)
                rows += piece.count(b"\n")
        if found.hexdigest() != member.sha256 or rows != member.rows:
            raise self._damaged(f"the table {member.name} is not what it was")

    def _damaged(self, said: str) -> InvalidRequestError:
        return InvalidRequestError(f"the backup {self.path} is damaged ({said}); nothing was restored")

    def rows(self, member: Member) -> Iterator[tuple[Cell, ...]]:
        """The rows of a table."""
        decode = msgspec.json.Decoder(list[bool | int | float | str | list[str] | None]).decode
        width = len(member.columns)
        with self._zip.open(f"{member.name}.jsonl") as file:
            for line in file:
                row = decode(line)
                if len(row) != width:
                    raise self._damaged(f"a row of {member.name} has {len(row)} columns instead of {width}")
                yield tuple(map(_cell, row) if member.binary else row)  # pyright: ignore[reportReturnType] — no lists then

    def close(self) -> None:
        """Let go of the file."""
        self._zip.close()
