"""Copies what a provider made into our storage, wherever it is: behind an address, in the answer itself, in a file."""

import asyncio
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from genmux.engine.download import Downloader
from genmux.engine.file_sink import PIECE, FileSink, Written
from genmux.services.assets.data_uris import is_data_uri, read_data_uri
from genmux.services.assets.keeping import About, Keeper
from genmux.types.assets import Output
from genmux.types.assets_stored import Stored
from genmux.types.errors import InvalidRequestError, MalformedReplyError, Retry


class Collector:
    """Copies files. `at_once` of them are on their way at a time."""

    def __init__(self, downloader: Downloader, keeper: Keeper, *, at_once: int = 16) -> None:
        self._downloader = downloader
        self._keeper = keeper
        self._gate = asyncio.Semaphore(at_once)

    async def collect(
        self, output: Output, *, tenant: str, headers: Mapping[str, str], trusted_hosts: Iterable[str]
    ) -> Stored:
        """Copy an output; `headers` only go to `trusted_hosts`, and only for an output that is `signed`.

        Raises ProviderError; `retry` is `safe` where the same will go well later.
        """
        about = About(
            tenant=tenant,
            claimed=output.media_type,
            name=output.name,
            role=output.role,
            metadata=output.metadata,
        )
        async with self._gate, self._keeper.sink() as sink:
            try:
                if output.url is not None and not is_data_uri(output.url):
                    secret = headers if output.signed else {}
                    found = await self._downloader.fetch(output.url, sink, headers=secret, trusted_hosts=trusted_hosts)
                    file, claimed, name = found.file, found.media_type, found.name
                else:
                    file, claimed, name = await _written(output, sink)
            except InvalidRequestError as error:  # the provider's fault, not the caller's
                message = f"what the provider made cannot be taken: {error.message}"
                raise MalformedReplyError(message, retry=Retry.NEVER) from error
            about = msgspec.structs.replace(about, claimed=about.claimed or claimed, name=about.name or name)
            return await self._keeper.keep(file, about)


async def _written(output: Output, sink: FileSink) -> tuple[Written, str | None, str | None]:
    """What was in the answer, or in a file of an embedded engine: the file, its type, its name, as far as they are told."""
    claimed = name = None
    if output.file is not None:
        name = Path(output.file).name
        await copy_file(Path(output.file), sink)
    elif output.url is not None:
        inline = await asyncio.to_thread(read_data_uri, output.url)
        claimed = inline.media_type
        await sink.write(inline.content)
    else:
        await sink.write(output.data or b"")
    if not sink.bytes:
        raise InvalidRequestError("it is empty")
    return await sink.finish(), claimed, name


async def copy_file(path: Path, sink: FileSink) -> None:
    """Copy a file of this machine, piece by piece. Raises InvalidRequestError when it cannot be read."""
    try:
        file = await asyncio.to_thread(path.open, "rb")
        with file:
            while piece := await asyncio.to_thread(file.read, PIECE):
                await sink.write(piece)
    except OSError as error:
        raise InvalidRequestError(f"the file {str(path)!r} cannot be read: {error.strerror or error}") from error
