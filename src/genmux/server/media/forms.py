"""Forms with files (`multipart/form-data`), read as they come: each file becomes an asset of its sender."""

import contextlib
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING

from genmux.app.assets import AssetDesk
from genmux.contract.forms import FormPart
from genmux.server.http import Request
from genmux.server.terms import Terms
from genmux.services.assets.keeping import About
from genmux.services.assets.rows import asset_id
from genmux.types.assets import Asset
from genmux.types.errors import InvalidRequestError, ProviderError
from genmux.types.principal import Principal

if TYPE_CHECKING:
    from multipart import MultipartSegment

LARGEST_TEXT = 1_000_000
"""Bytes of one field that is no file."""

MOST_PARTS = 64


def is_form(request: Request) -> bool:
    """Whether a request brings a form."""
    return (request.header(b"content-type") or "").lower().startswith("multipart/form-data")


class FormReader:
    """Reads one form. With `once`, the same file of the same request becomes the same asset, however often it comes."""

    def __init__(self, desk: AssetDesk, terms: Terms, principal: Principal, *, once: str | None) -> None:
        self._desk = desk
        self._terms = terms
        self._principal = principal
        self._once = once
        self._made: list[Asset] = []

    async def read(self, request: Request) -> list[FormPart]:
        """All parts, in their order. Raises InvalidRequestError for what is no form, or too large."""
        from multipart import MultipartError, MultipartSegment

        parts: list[FormPart] = []
        whole = False
        try:
            async with aclosing(self._events(request)) as events:
                async for event in events:
                    if isinstance(event, MultipartSegment):
                        if len(parts) >= MOST_PARTS:
                            raise InvalidRequestError(f"the form has more than {MOST_PARTS} parts")
                        parts.append(await self._part(event, events))
            whole = True
        except MultipartError as error:
            raise InvalidRequestError(f"the form cannot be read: {error}") from error
        finally:
            if not whole:  # also when the caller goes away in the middle
                await self.forget()
        return parts

    async def forget(self) -> None:
        """Remove the files of a request that was refused; those of one that may be asked again stay."""
        made, self._made = self._made, []
        for asset in made if self._once is None else ():
            with contextlib.suppress(ProviderError):
                await self._desk.shelf.remove(asset.tenant, asset.id)

    async def _events(self, request: Request) -> AsyncGenerator["MultipartSegment | bytes | bytearray | None"]:
        from multipart import PushMultipartParser, parse_options_header

        _, options = parse_options_header(request.header(b"content-type") or "")
        boundary = options.get("boundary", "")
        if not boundary:
            raise InvalidRequestError("the form has no `boundary` in its content type", param="content-type")
        pieces = self._terms.pieces(request, self._desk.settings.max_bytes)
        with PushMultipartParser(boundary) as parser:
            async with aclosing(pieces):
                async for piece in pieces:
                    for event in parser.parse(piece):
                        yield event

    async def _part(
        self,
        head: "MultipartSegment",
        events: AsyncGenerator["MultipartSegment | bytes | bytearray | None"],
    ) -> FormPart:
        name = head.name or ""
        if head.filename is None:
            text = bytearray()
            async for piece in _pieces(events):
                text += piece
                if len(text) > LARGEST_TEXT:
                    raise InvalidRequestError(f"`{name}` is longer than {LARGEST_TEXT:,} bytes", param=name)
            return FormPart(name=name, value=text.decode("utf-8", "replace"))
        asset = await self._kept(name, head.filename, head.content_type, events)
        return FormPart(name=name, source=asset.id, media_type=asset.media_type, file_name=asset.name)

    async def _kept(
        self,
        name: str,
        file_name: str,
        media_type: str | None,
        events: AsyncGenerator["MultipartSegment | bytes | bytearray | None"],
    ) -> Asset:
        desk, tenant = self._desk, self._principal.organisation
        async with desk.keeper.sink() as sink:
            async for piece in _pieces(events):
                await sink.write(piece)
            if not sink.bytes:
                raise InvalidRequestError(f"the file `{name}` is empty", param=name)
            file = await sink.finish()
            about = About(tenant=tenant, claimed=media_type, name=file_name or None, role="input")
            stored = await desk.keeper.keep(file, about)
            known = None if self._once is None else asset_id("form", tenant, self._once, name, file.sha256)
            asset = await desk.shelf.add(stored, self._principal, id=known)
        self._made.append(asset)
        return asset


async def _pieces(events: AsyncGenerator["MultipartSegment | bytes | bytearray | None"]) -> AsyncGenerator[bytes]:
    """The bytes of one part."""
    async for event in events:
        if event is None:
            return
        if isinstance(event, bytes | bytearray):
            yield bytes(event)
