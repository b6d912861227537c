"""Files that are written as their bytes come."""

import errno
import hashlib
import os
from pathlib import Path

import pytest

from genmux.engine.file_sink import HEAD, PIECE, FileSink
from genmux.types.errors import ErrorKind, ProviderError, Retry


class Failing(FileSink):
    """A disk that takes nothing."""

    number = errno.ENOSPC

    def _put(self, piece: bytearray) -> None:
        assert piece
        raise OSError(self.number, os.strerror(self.number))


def names_in(folder: Path) -> list[str]:
    return [one.name for one in folder.iterdir()]


async def test_a_file_is_what_was_written(tmp_path: Path) -> None:
    pieces = [b"a" * 10, b"", b"b" * (2 * PIECE + 1), b"c"]
    with FileSink(tmp_path / "deep" / "file") as sink:
        for piece in pieces:
            await sink.write(piece)
        written = await sink.finish()

    whole = b"".join(pieces)
    assert written.path.read_bytes() == whole
    assert (written.bytes, written.sha256) == (len(whole), hashlib.sha256(whole).hexdigest())
    assert written.path.stat().st_mode & 0o777 == 0o600


async def test_a_new_beginning_forgets_what_was_there(tmp_path: Path) -> None:
    with FileSink(tmp_path / "file") as sink:
        await sink.write(b"x" * (PIECE + 5))
        await sink.restart()
        await sink.write(b"new")
        written = await sink.finish()

    assert written.path.read_bytes() == b"new"
    assert written.sha256 == hashlib.sha256(b"new").hexdigest()


async def test_a_file_that_was_not_finished_is_removed(tmp_path: Path) -> None:
    with FileSink(tmp_path / "file") as sink:
        await sink.write(b"x")

    assert names_in(tmp_path) == []


@pytest.mark.parametrize(
    ("number", "words"), [(errno.ENOSPC, "no room"), (errno.EDQUOT, "no room"), (errno.EIO, "cannot")]
)
async def test_a_disk_that_takes_nothing_may_do_so_later(number: int, words: str, tmp_path: Path) -> None:
    with Failing(tmp_path / "file") as sink:
        sink.number = number
        await sink.write(b"x")
        with pytest.raises(ProviderError, match=words) as caught:
            await sink.finish()

    assert (caught.value.kind, caught.value.retry) == (ErrorKind.OVERLOADED, Retry.SAFE)
    assert caught.value.retry_after
    assert names_in(tmp_path) == []


@pytest.mark.parametrize("sizes", [[5], [HEAD - 1, 1, 1], [3, HEAD + 3], [PIECE, PIECE], [0]])
async def test_its_first_bytes_are_kept_in_mind(sizes: list[int], tmp_path: Path) -> None:
    with FileSink(tmp_path / "file") as sink:
        await sink.write(b"forgotten")
        await sink.restart()
        for number, size in enumerate(sizes):
            await sink.write(bytes([number]) * size)
        written = await sink.finish()

    assert written.start == written.path.read_bytes()[:HEAD]
    assert len(written.start) == min(HEAD, sum(sizes))


async def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with (
        FileSink(tmp_path / "file" / "deeper" / "down") as sink,
        pytest.raises(ProviderError, match="cannot") as caught,
    ):
        await sink.finish()
    assert caught.value.retry is Retry.SAFE
