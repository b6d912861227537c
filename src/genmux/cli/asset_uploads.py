"""Uploads of files: small ones in one go, large ones piece by piece, so that they go on where they broke."""

import base64
import hashlib
import mimetypes
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from genmux.types.errors import InvalidRequestError, NetworkError, NotFoundError

if TYPE_CHECKING:
    from genmux.cli.api import Api

LARGE = 32 * 1024 * 1024
"""Bytes from which on a file is sent piece by piece."""

PIECE = 8 * 1024 * 1024
"""Bytes of a piece."""

PATIENCE = 5
"""So often it is tried again while the gateway cannot be reached."""

TUS = "1.0.0"
PIECE_TYPE = "application/offset+octet-stream"

Progress = Callable[[int, int], None]


class Wishes(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be kept of a file beside its bytes."""

    name: str | None = None
    metadata: dict[str, Any] = msgspec.field(default_factory=dict)
    expires_at: str | None = None


def upload_file(
    api: "Api",
    path: Path,
    wishes: Wishes,
    *,
    resume: str | None = None,
    progress: Progress = lambda _done, _all: None,
    pause: Callable[[float], object] = time.sleep,
) -> dict[str, Any]:
    """Upload a file; gives the asset. Raises ProviderError; of a large one that broke, it says how to go on."""
    try:
        size = path.stat().st_size
    except OSError as error:
        raise InvalidRequestError(f"the file {path} cannot be read: {error.strerror}", param="file") from error
    if size < LARGE and resume is None:
        return _in_one_go(api, path, size, wishes)
    place = f"/assets/uploads/{resume}" if resume else _announce(api, path, size, wishes)
    asset = _Sending(api, path, place, size, pause).run(progress)
    if wishes.expires_at is not None:
        return api.patch(f"/assets/{asset}", {"expires_at": wishes.expires_at})
    return api.get(f"/assets/{asset}")


def _in_one_go(api: "Api", path: Path, size: int, wishes: Wishes) -> dict[str, Any]:
    from genmux.contract.http import FileBody

    name = wishes.name or path.name
    body = FileBody(path=str(path), size=size, media_type=_kind(path), name=name)
    metadata = msgspec.json.encode(wishes.metadata).decode() if wishes.metadata else None
    return api.upload("/assets", body, name=name, metadata=metadata, expires_at=wishes.expires_at)


def _announce(api: "Api", path: Path, size: int, wishes: Wishes) -> str:
    told = {"filename": wishes.name or path.name, "filetype": _kind(path), "sha256": _hash(path)}
    if wishes.metadata:
        told["metadata"] = msgspec.json.encode(wishes.metadata).decode()
    said = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in told.items())
    headers = {"tus-resumable": TUS, "upload-length": str(size), "upload-metadata": said}
    return api.send("POST", "/assets/uploads", b"", headers).headers["location"].removeprefix("/api/v1")


class _Sending:
    """A large file on its way."""

    def __init__(self, api: "Api", path: Path, place: str, size: int, pause: Callable[[float], object]) -> None:
        self._api = api
        self._path = path
        self._place = place
        self._size = size
        self._pause = pause
        self._failures = 0

    def run(self, progress: Progress) -> str:
        """Send what is not there yet; gives the id of the asset."""
        asset, offset = self._where()
        with self._path.open("rb") as file:
            while asset is None:
                file.seek(offset)
                asset, offset = self._piece(file.read(PIECE), offset)
                progress(offset, self._size)
        return asset

    def _piece(self, piece: bytes, offset: int) -> tuple[str | None, int]:
        """Send one piece; gives what the file has become by that, and how much of it is there."""
        headers = {"tus-resumable": TUS, "upload-offset": str(offset), "content-type": PIECE_TYPE}
        try:
            reply = self._api.send("PATCH", self._place, piece, headers)
        except NetworkError as error:
            self._failed(error)
            return self._where()
        self._failures = 0
        return reply.headers.get("x-genmux-asset"), int(reply.headers["upload-offset"])

    def _where(self) -> tuple[str | None, int]:
        """The same, asked for. Raises InvalidRequestError when the upload is of another file."""
        while True:
            try:
                told = self._api.get(self._place)
                break
            except NetworkError as error:
                self._failed(error)
            except NotFoundError as error:
                error.message = f"{error.message}; upload the file anew"
                raise
        if told["size"] != self._size:
            message = f"the upload is of a file of {told['size']:,} bytes, and this one has {self._size:,}"
            raise InvalidRequestError(message, param="resume")
        return told.get("asset"), told.get("received", 0)

    def _failed(self, error: NetworkError) -> None:
        """Wait a while, or give up and say how to go on."""
        self._failures += 1
        if self._failures > PATIENCE:
            upload = self._place.rpartition("/")[2]
            error.message = f"{error.message}; go on with `--resume {upload}`"
            raise error
        self._pause(min(2.0**self._failures, 15.0))


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _kind(path: Path) -> str:
    return mimetypes.guess_type(path.name)[0] or "application/octet-stream"
