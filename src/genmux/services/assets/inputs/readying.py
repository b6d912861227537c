"""Prepares inputs the way a provider wants them: as an address, inside its JSON, or as a file."""

import asyncio
from pathlib import Path

import msgspec

from genmux.contract.http import FileBody
from genmux.contract.inputs import MediaInput
from genmux.contract.model import Model
from genmux.contract.params import Carriage, InputParam
from genmux.engine.download import Downloader
from genmux.engine.file_sink import FileSink
from genmux.services.assets.collecting import copy_file
from genmux.services.assets.data_uris import data_uri
from genmux.services.assets.inputs.fitting import must_convert
from genmux.services.assets.inputs.sources import place_of
from genmux.services.assets.inputs.taking import facts_of
from genmux.services.assets.keeping import About, Keeper
from genmux.services.assets.links import Links
from genmux.services.assets.looking import Looker
from genmux.services.assets.media.orders import Convert
from genmux.services.assets.media.signatures import ending_of, media_type_of, usual
from genmux.services.assets.rows import asset_id
from genmux.services.assets.shelf import Opened, Shelf
from genmux.types.assets_stored import Facts
from genmux.types.errors import ConfigurationError, InvalidRequestError, ProviderError
from genmux.types.generation import GenerationRequest, Input, InputRole
from genmux.types.principal import Principal

INLINE = 24 * 1024 * 1024
"""Bytes of the largest file that goes inside a request's JSON."""

LINKED = 86_400.0
"""Seconds for which a provider may fetch an input."""

_USUAL: tuple[Carriage, ...] = ("url", "data_uri", "file")


class _File(msgspec.Struct, frozen=True, kw_only=True):
    """A file that is to reach a provider, and the asset that it is, byte for byte."""

    path: Path
    size: int
    facts: Facts
    name: str
    asset: str | None = None


class Readying:
    """Prepares inputs. Whatever is made for that lies in the folder that is given."""

    def __init__(self, shelf: Shelf, keeper: Keeper, downloader: Downloader, looker: Looker, links: Links) -> None:
        self._shelf = shelf
        self._keeper = keeper
        self._downloader = downloader
        self._looker = looker
        self._links = links

    async def ready(
        self, request: GenerationRequest, *, model: Model, principal: Principal, folder: Path
    ) -> tuple[MediaInput, ...]:
        """The inputs of a request, in their order. Raises ProviderError that names the input."""
        made: list[MediaInput] = []
        for number, one in enumerate(request.inputs):
            role: InputRole = one.role or one.kind
            spec = model.spec.inputs.get(role) or InputParam(kind=one.kind, carriage=_USUAL)
            bench = _Bench(one, role, spec, principal, folder / f"input-{number}")
            try:
                made.append(await self._one(bench))
            except ProviderError as error:
                error.message = f"inputs[{number}] ({role}): {error.message}"
                error.provider, error.model = model.provider, model.id
                raise
        return tuple(made)

    async def _one(self, bench: "_Bench") -> MediaInput:
        one = bench.input
        source = one.source or ""
        match place_of(one):
            case "url" if "url" in bench.spec.carriage:
                return bench.made(url=source, size=one.bytes)
            case "url":
                file = await self._fetched(source, bench)
            case "text":
                file = await self._written(source, bench)
            case "asset":
                found = await self._shelf.find(bench.principal.organisation, source)
                if "url" in bench.spec.carriage and self._links.public_url and not _must_change(found, bench):
                    return await self._linked(found.asset.id, facts_of(found.asset), found.asset.bytes, bench)
                file = await self._file(found, bench)
            case _:
                message = "it was not taken in; give a URL, or the id of an asset"
                raise InvalidRequestError(message, param="inputs")
        if must_convert(bench.spec, file.facts, file.size):
            file = await self._converted(file, bench)
        return await self._carried(file, bench)

    async def _carried(self, file: _File, bench: "_Bench") -> MediaInput:
        """A file by the best way that is open."""
        for way in bench.spec.carriage:
            if way == "file":
                body = FileBody(path=str(file.path), size=file.size, media_type=file.facts.media_type, name=file.name)
                return bench.made(file=body, facts=file.facts, size=file.size, asset=file.asset)
            if way == "data_uri" and file.size <= INLINE:
                content = await asyncio.to_thread(file.path.read_bytes)
                url = await asyncio.to_thread(data_uri, content, file.facts.media_type)
                return bench.made(url=url, facts=file.facts, size=file.size, asset=file.asset)
            if way == "url" and self._links.public_url:
                return await self._linked(await self._kept(file, bench), file.facts, file.size, bench)
        if "data_uri" in bench.spec.carriage:
            message = f"it has {file.size:,} bytes, and {INLINE:,} are the most that go inside a request"
            raise InvalidRequestError(message, param="inputs")
        message = (
            "the model takes it by its address alone: give a public URL, or set `public_url` in [gateway] to the address under"
            " which this gateway can be reached from outside"
        )
        raise ConfigurationError(message)

    async def _linked(self, asset: str, facts: Facts, size: int, bench: "_Bench") -> MediaInput:
        link = await self._links.sign(asset, seconds=LINKED)
        return bench.made(url=link.url, facts=facts, size=size, asset=asset)

    async def _kept(self, file: _File, bench: "_Bench") -> str:
        """The asset that a file is, or becomes: a link has to lead to something."""
        if file.asset is not None:
            return file.asset
        async with self._keeper.sink() as sink:
            await copy_file(file.path, sink)
            tenant = bench.principal.organisation
            about = About(tenant=tenant, claimed=file.facts.media_type, name=file.name, role="input")
            stored = await self._keeper.keep(await sink.finish(), about)
        id_ = asset_id(tenant, "input", stored.sha256)
        return (await self._shelf.add(stored, bench.principal, id=id_)).id

    async def _file(self, found: Opened, bench: "_Bench") -> _File:
        """An asset as a file of this machine; out of a bucket it is copied."""
        asset = found.asset
        path = self._shelf.local_path_of(found)
        if path is None:
            with FileSink(bench.place) as sink:
                async for piece in self._shelf.pieces(found):
                    await sink.write(piece)
                path = (await sink.finish()).path
        name = asset.name or f"{bench.role}.{ending_of(asset.media_type)}"
        return _File(path=path, size=asset.bytes, facts=facts_of(asset), name=name, asset=asset.id)

    async def _fetched(self, url: str, bench: "_Bench") -> _File:
        """A foreign file, for a provider that fetches nothing."""
        with FileSink(bench.place) as sink:
            found = await self._downloader.fetch(url, sink)
        media_type = media_type_of(found.file.start, found.media_type)
        seen = await self._looker.look(found.file.path, media_type, None)
        name = found.name or f"{bench.role}.{ending_of(media_type)}"
        return _File(path=found.file.path, size=found.file.bytes, facts=seen.facts, name=name)

    async def _written(self, text: str, bench: "_Bench") -> _File:
        content = text.encode()
        with FileSink(bench.place) as sink:
            await sink.write(content)
            await sink.finish()
        facts = Facts(media_type="text/plain")
        return _File(path=bench.place, size=len(content), facts=facts, name=f"{bench.role}.txt")

    async def _converted(self, file: _File, bench: "_Bench") -> _File:
        """The same picture as the model takes it."""
        wanted = usual(bench.spec.convert or file.facts.media_type)
        target = bench.place.with_name(f"{bench.place.name}.{ending_of(wanted)}")
        order = Convert(
            path=str(file.path),
            source_type=file.facts.media_type,
            target=str(target),
            media_type=wanted,
            max_side=bench.spec.max_side,
            max_bytes=bench.spec.max_bytes,
        )
        facts = await self._looker.convert(order)
        size = (await asyncio.to_thread(target.stat)).st_size
        name = f"{Path(file.name).stem}.{ending_of(wanted)}"
        return _File(path=target, size=size, facts=facts, name=name)


class _Bench(msgspec.Struct, frozen=True):
    """One input that is being prepared: for whom, and where files for it may lie."""

    input: Input
    role: InputRole
    spec: InputParam
    principal: Principal
    place: Path

    def made(
        self,
        *,
        url: str | None = None,
        file: FileBody | None = None,
        facts: Facts | None = None,
        size: int | None = None,
        asset: str | None = None,
    ) -> MediaInput:
        """The input, ready; what is not known of it is as the request says."""
        one = self.input
        return MediaInput(
            kind=one.kind,
            role=self.role,
            url=url,
            file=file,
            media_type=None if facts is None else facts.media_type,
            bytes=size,
            width=one.width if facts is None else facts.width,
            height=one.height if facts is None else facts.height,
            seconds=one.seconds if facts is None else facts.seconds,
            asset=asset,
        )


def _must_change(found: Opened, bench: _Bench) -> bool:
    return must_convert(bench.spec, facts_of(found.asset), found.asset.bytes)
