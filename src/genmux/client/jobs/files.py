"""Files that were made, for programs: read them, save them, or take them where they lie."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Protocol

import msgspec

from genmux.client.loop import LoopThread
from genmux.types.assets import Asset
from genmux.types.errors import InvalidRequestError
from genmux.types.jobs import GenerationResult, Job


class Reader(Protocol):
    """Reads kept files."""

    def open(self, asset: Asset) -> AsyncIterator[bytes]:
        """Its content, piece by piece. Raises ProviderError."""
        ...

    async def place(self, asset: Asset) -> Path | None:
        """Where it lies on this machine, None where it does not."""
        ...


class AssetFile(Asset, frozen=True, kw_only=True):
    """An asset that can be read. `path` is where it lies on this machine, None for other storage, and at a gateway.

    `url` is then that of the file; for what is elsewhere it is the signed link, where one was asked for.
    """

    reader: Reader
    path: Path | None = None

    async def read(self) -> bytes:
        """All of it."""
        return b"".join([piece async for piece in self.reader.open(self)])

    async def save(self, target: str | Path) -> Path:
        """Write it to a file, or into a folder under its own name; gives the file. One that is there is replaced when all has come."""
        place = place_for(self, target)
        partial = place.with_name(f"{place.name}.partial")
        with partial.open("wb") as file:
            async for piece in self.reader.open(self):
                file.write(piece)
        return partial.replace(place)


class BlockingAssetFile(Asset, frozen=True, kw_only=True):
    """The same for code without an event loop."""

    file: AssetFile
    loop: LoopThread

    @property
    def path(self) -> Path | None:
        """Where it lies on this machine, None for what is in other storage, or at a gateway."""
        return self.file.path

    def read(self) -> bytes:
        """All of it."""
        return self.loop.run(self.file.read())

    def save(self, target: str | Path) -> Path:
        """Write it to a file, or into a folder under its own name; gives the file."""
        return self.loop.run(self.file.save(target))


ENDINGS = {
    "image/png": ".png", "image/jpeg": ".jpg", "image/webp": ".webp", "image/gif": ".gif", "video/mp4": ".mp4",
    "video/webm": ".webm", "video/quicktime": ".mov", "audio/mpeg": ".mp3", "audio/wav": ".wav", "audio/x-wav": ".wav",
    "audio/flac": ".flac", "audio/ogg": ".ogg", "audio/mp4": ".m4a", "model/gltf-binary": ".glb",
}  # fmt: skip
"""How names of files end, by media type."""


def place_for(asset: Asset, target: str | Path) -> Path:
    """The file to write: `target` itself, or one in it when that is a folder. Raises InvalidRequestError for a folder that is not there."""
    place = Path(target).expanduser()
    if place.is_dir():
        return place / f"{asset.id}{ENDINGS.get(asset.media_type, '')}"
    if not place.parent.is_dir():
        raise InvalidRequestError(f"there is no folder {str(place.parent)!r} to save into", param="target")
    return place


async def with_files(job: Job, reader: Reader) -> Job:
    """The job with assets that can be read."""
    if not job.assets:
        return job
    assets = tuple([await _readable(one, reader) for one in job.assets])
    return msgspec.structs.replace(job, assets=assets)


def result_of(job: Job) -> GenerationResult:
    """What became of a job, without its history."""
    return GenerationResult(
        state=job.status,
        provider=job.provider,
        model=job.model,
        assets=job.assets,
        cost=job.cost,
        usage=job.usage,
        warnings=job.warnings,
        account=job.account,
        attempts=job.attempts,
        error=job.error,
        text=job.text,
        job=job.id,
    )


def blocking(job: Job, loop: LoopThread) -> Job:
    """The job with assets that can be read without an event loop."""
    assets = tuple(_unlooped(one, loop) if isinstance(one, AssetFile) else one for one in job.assets)
    return msgspec.structs.replace(job, assets=assets)


def without_files(job: Job) -> Job:
    """The job as data alone, which can be written as JSON."""
    return msgspec.structs.replace(job, assets=tuple(map(_bare, job.assets)))


def _bare(asset: Asset) -> Asset:
    return Asset(**{name: getattr(asset, name) for name in Asset.__struct_fields__})


async def _readable(asset: Asset, reader: Reader) -> AssetFile:
    fields, path = msgspec.structs.asdict(asset), await reader.place(asset)
    if path is not None and asset.url is None:
        fields["url"] = path.absolute().as_uri()
    return AssetFile(**fields, reader=reader, path=path)


def _unlooped(file: AssetFile, loop: LoopThread) -> BlockingAssetFile:
    fields = {name: getattr(file, name) for name in Asset.__struct_fields__}
    return BlockingAssetFile(**fields, file=file, loop=loop)
