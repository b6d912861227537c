"""Looks at the inputs of a request before anything is kept or sent, and keeps what lies nowhere yet."""

from collections.abc import Sequence

import msgspec

from genmux.contract.model import Model
from genmux.contract.params import InputParam
from genmux.engine.addresses import is_public
from genmux.engine.download import Downloader
from genmux.engine.file_sink import FileSink, Written
from genmux.engine.url_guard import shown
from genmux.services.assets.collecting import copy_file
from genmux.services.assets.data_uris import read_data_uri
from genmux.services.assets.inputs.fitting import fit_faults, kind_fault
from genmux.services.assets.inputs.sources import path_of, place_of
from genmux.services.assets.keeping import About, Keeper
from genmux.services.assets.looking import Looker
from genmux.services.assets.media.signatures import media_type_of
from genmux.services.assets.rows import asset_id
from genmux.services.assets.shelf import Shelf
from genmux.types.assets import Asset
from genmux.types.assets_stored import Facts, Taken
from genmux.types.errors import InvalidRequestError, NotFoundError, ProviderError, Retry, ValidationError
from genmux.types.generation import Input
from genmux.types.principal import Principal


class Taking:
    """Takes inputs in. Files of this machine are only read for callers who say that they are on it."""

    def __init__(self, shelf: Shelf, keeper: Keeper, downloader: Downloader, looker: Looker) -> None:
        self._shelf = shelf
        self._keeper = keeper
        self._downloader = downloader
        self._looker = looker

    async def take(
        self, inputs: Sequence[Input], *, model: Model, operation: str, principal: Principal, paths: bool
    ) -> Taken:
        """The inputs with what is known of them. Raises ValidationError with everything that is wrong, ProviderError."""
        taken: list[Input] = []
        faults: list[str] = []
        for place, one in enumerate(inputs):
            spec = model.spec.inputs.get(one.role or one.kind)
            if spec is not None and spec.operations and operation not in spec.operations:
                spec = None  # told by whoever checks the request
            try:
                taken.append(await self._one(one, spec, principal, paths=paths))
            except (InvalidRequestError, NotFoundError) as error:
                told = error.faults if isinstance(error, ValidationError) else (error.message,)
                faults += [f"inputs[{place}] ({one.role or one.kind}): {fault}" for fault in told]
        if faults:
            raise ValidationError(tuple(faults), provider=model.provider, model=model.id)
        parents = tuple(dict.fromkeys(one.source for one in taken if one.source and place_of(one) == "asset"))
        return Taken(inputs=tuple(taken), parents=parents)

    async def _one(self, one: Input, spec: InputParam | None, principal: Principal, *, paths: bool) -> Input:
        source = one.source or ""
        match place_of(one):
            case "text":
                size = len(source.encode())
                return msgspec.structs.replace(one, characters=len(source), bytes=size)
            case "asset":
                asset = await self._shelf.get(principal.organisation, source)
            case "job":
                asset = await self._first_of(principal.organisation, source)
            case "data":
                asset = await self._kept_data(source, principal)
            case "path":
                asset = await self._kept_path(source, principal, allowed=paths)
            case "url":
                if (looked := await self._looked(one, spec)) is not None:
                    return looked
                asset = await self._kept_url(source, principal, spec)
        facts = facts_of(asset)
        _check(one, spec, facts, asset.bytes)
        return described(one, facts, asset.bytes, source=asset.id)

    async def _first_of(self, tenant: str, job: str) -> Asset:
        """What a job made first."""
        found = await self._shelf.of_job(tenant, job)
        if not found:
            raise NotFoundError(f"the job {job!r} has made nothing (yet), or there is no such job", param="inputs")
        return found[0]

    async def _kept_data(self, source: str, principal: Principal) -> Asset:
        inline = read_data_uri(source)
        async with self._keeper.sink() as sink:
            await sink.write(inline.content)
            return await self._kept(sink, principal, claimed=inline.media_type, name=None)

    async def _kept_path(self, source: str, principal: Principal, *, allowed: bool) -> Asset:
        """A file of this machine."""
        if not allowed:
            message = (
                f"{source[:80]!r} is neither a URL, a `data:` URI, nor the id of an asset or a job; a gateway reads no"
                " files of its machine, so upload the file first (POST /api/v1/assets)"
            )
            raise InvalidRequestError(message)
        path = path_of(source)
        async with self._keeper.sink() as sink:
            await copy_file(path, sink)
            return await self._kept(sink, principal, claimed=None, name=path.name)

    async def _kept_url(self, url: str, principal: Principal, spec: InputParam | None) -> Asset:
        """What a provider cannot fetch by itself is fetched and kept, so that it is the same later."""
        convertible = spec is not None and spec.convert is not None
        limit = spec.max_bytes if spec is not None and not convertible else None
        async with self._keeper.sink() as sink:
            found = await self._downloader.fetch(url, sink, max_bytes=limit)
            return await self._add(found.file, principal, claimed=found.media_type, name=found.name)

    async def _kept(self, sink: FileSink, principal: Principal, *, claimed: str | None, name: str | None) -> Asset:
        if not sink.bytes:
            raise InvalidRequestError("it is empty")
        return await self._add(await sink.finish(), principal, claimed=claimed, name=name)

    async def _add(self, file: Written, principal: Principal, *, claimed: str | None, name: str | None) -> Asset:
        """Make it an asset; the same bytes become the same one."""
        tenant = principal.organisation
        about = About(tenant=tenant, claimed=claimed, name=name, role="input")
        stored = await self._keeper.keep(file, about)
        return await self._shelf.add(stored, principal, id=asset_id(tenant, "input", stored.sha256))

    async def _looked(self, one: Input, spec: InputParam | None) -> Input | None:
        """A URL that the provider may fetch itself, with what its beginning tells; None for one that we have to fetch."""
        url = one.source or ""
        checked = await self._downloader.guard.check(url)
        open_to_all = all(map(is_public, checked.addresses))
        if spec is None or "url" not in spec.carriage or not open_to_all:
            return None
        try:
            looked = await self._downloader.look(url)
        except ProviderError as error:
            if error.retry is Retry.NEVER:
                raise InvalidRequestError(f"{shown(url)!r} cannot be fetched: {error.message}") from error
            return one  # the provider may reach what we do not
        facts = await self._facts(looked.start, looked.media_type)
        _check(one, spec, facts, looked.size)
        return described(one, facts, looked.size, source=checked.url)

    async def _facts(self, start: bytes, claimed: str | None) -> Facts:
        """What the beginning of a file tells of it."""
        media_type = media_type_of(start, claimed)
        facts = Facts(media_type=media_type)
        if not media_type.startswith("image/"):
            return facts
        async with self._keeper.sink() as sink:
            await sink.write(start)
            file = await sink.finish()
            seen = await self._looker.look(file.path, media_type, None)
        return msgspec.structs.replace(seen.facts, broken=None)  # of course it is cut off


def facts_of(asset: Asset) -> Facts:
    """What is known of an asset's file."""
    broken = asset.metadata.get("broken")
    return Facts(
        media_type=asset.media_type,
        width=asset.width,
        height=asset.height,
        seconds=asset.seconds,
        fps=asset.fps,
        broken=broken if isinstance(broken, str) else None,
    )


def described(one: Input, facts: Facts, size: int | None, *, source: str) -> Input:
    """An input with what its file tells; what cannot be told stays as the caller said it."""
    return msgspec.structs.replace(
        one,
        source=source,
        bytes=size if size is not None else one.bytes,
        width=facts.width or one.width,
        height=facts.height or one.height,
        seconds=facts.seconds if facts.seconds is not None else one.seconds,
    )


def _check(one: Input, spec: InputParam | None, facts: Facts, size: int | None) -> None:
    """Raise ValidationError for everything that does not fit."""
    wrong = kind_fault(one.kind, facts.media_type)
    faults = (wrong,) if wrong is not None else tuple(fit_faults(spec, facts, size)) if spec is not None else ()
    if faults:
        raise ValidationError(faults)
