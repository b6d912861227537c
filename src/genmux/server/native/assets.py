"""The part of the native API that keeps files: listed, read, linked, changed, removed, uploaded in one go."""

import datetime
from collections.abc import Callable, Mapping
from typing import Annotated, Any

import msgspec
from litestar import Request, delete, get, patch, post
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import ResponseSpec
from litestar.params import JSONBody, PathParameter, QueryParameter
from litestar.response import Redirect
from litestar.types import ASGIApp

from genmux.app.assets import AssetDesk
from genmux.server.asset_answer import sending
from genmux.server.callers import caller_of, tenant_asked
from genmux.server.incoming import FormUpload, pieces_of
from genmux.server.native.cursors import cursor_of, read_cursor
from genmux.services.assets.links import Link
from genmux.services.assets.shelf import AssetChange
from genmux.services.assets.uploads import Announced
from genmux.types.assets import Asset, AssetFilter, AssetOrigin, AssetRole
from genmux.types.errors import InvalidRequestError

Faults = dict[int, ResponseSpec] | None
Desk = Callable[[], AssetDesk]
Asked = Request[Any, Any, Any]

Id = Annotated[str, PathParameter(description="The asset's id")]
Tenant = Annotated[str | None, QueryParameter(description="Of which organisation; for root all of them by default")]
Linked = Annotated[bool, QueryParameter(description="With a signed link to the file in `url`")]


class AssetPage(msgspec.Struct, frozen=True, kw_only=True):
    """Assets, the newest first; `next` is the cursor of the next page."""

    data: list[Asset]
    next: str | None = None


class NewLink(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """For how many seconds a link is good; an hour, or as the settings say, where nothing is said."""

    seconds: float | None = None


def asset_routes(desk: Desk, faults: Faults = None) -> list[HTTPRouteHandler]:
    """The handlers. `desk` gives the service, or raises ProviderError where there is none."""
    return [*_listing(desk, faults), *_reading(desk, faults), *_changing(desk, faults), _uploading(desk, faults)]


def _listing(desk: Desk, faults: Faults) -> list[HTTPRouteHandler]:
    @get("/api/v1/assets", summary="All files", tags=["assets"], responses=faults)
    async def listing(  # noqa: PLR0913, PLR0917 — one filter each
        request: Asked,
        tenant: Tenant = None,
        kind: Annotated[str | None, QueryParameter(description="image, video, audio, text …")] = None,
        media_type: Annotated[str | None, QueryParameter(description="Such as `image/png`")] = None,
        origin: Annotated[AssetOrigin | None, QueryParameter(description="Made, uploaded or imported")] = None,
        role: Annotated[AssetRole | None, QueryParameter(description="What it is to its job")] = None,
        job: Annotated[str | None, QueryParameter(description="Made by this job")] = None,
        provider: Annotated[str | None, QueryParameter(description="Made by this provider")] = None,
        model: Annotated[str | None, QueryParameter(description="Made by this model, without its provider")] = None,
        operation: Annotated[str | None, QueryParameter(description="Such as `text_to_image`")] = None,
        team: Annotated[str | None, QueryParameter(description="Only those of this team")] = None,
        key: Annotated[str | None, QueryParameter(description="Only those of this gateway key")] = None,
        sha256: Annotated[str | None, QueryParameter(description="Only this very file")] = None,
        parent: Annotated[str | None, QueryParameter(description="Made out of this asset")] = None,
        search: Annotated[str | None, QueryParameter(description="A part of the name")] = None,
        since: Annotated[datetime.datetime | None, QueryParameter(description="Kept then or later")] = None,
        before: Annotated[datetime.datetime | None, QueryParameter(description="Kept before then")] = None,
        links: Linked = False,
        limit: Annotated[int, QueryParameter(description="So many at most on one page, 1 to 500")] = 50,
        cursor: Annotated[str | None, QueryParameter(description="`next` of the page before")] = None,
    ) -> AssetPage:
        """The newest first, without thumbnails, unless these are asked for by their role."""
        caller = caller_of(request)
        asked = AssetFilter(
            kind=kind,
            media_type=media_type,
            origin=origin,
            role=role,
            job=job,
            provider=provider,
            model=model,
            operation=operation,
            team=team,
            key=key,
            sha256=sha256,
            parent=parent,
            search=search,
            since=_with_zone(since, "since"),
            before=_with_zone(before, "before"),
        )
        files = desk()
        found = await files.shelf.list(tenant_asked(caller, tenant), asked, after=read_cursor(cursor), limit=limit)
        more = cursor_of(found[-1].created_at, found[-1].id) if len(found) == limit else None
        return AssetPage(data=[await _linked(files, one, request, wanted=links) for one in found], next=more)

    @get("/api/v1/assets/{asset:str}", summary="One file", tags=["assets"], responses=faults)
    async def one(request: Asked, asset: Id, links: Linked = False) -> Asset:
        """All that is known of it."""
        files = desk()
        found = await files.shelf.get(tenant_asked(caller_of(request), None), asset)
        return await _linked(files, found, request, wanted=links)

    return [listing, one]


def _reading(desk: Desk, faults: Faults) -> list[HTTPRouteHandler]:
    @get("/api/v1/assets/{asset:str}/content", summary="The bytes of a file", tags=["assets"], responses=faults)
    async def content(
        request: Asked,
        asset: Id,
        download: Annotated[bool, QueryParameter(description="For a browser to save, not to show")] = False,
        redirect: Annotated[bool, QueryParameter(description="Answer with a signed link")] = False,
    ) -> ASGIApp:
        """All of them, or one range (`Range: bytes=0-99`); `If-None-Match` takes the file's SHA-256 in quotes."""
        files = desk()
        found = await files.shelf.find(tenant_asked(caller_of(request), None), asset)
        if redirect:
            link = await _link(files, found.asset.id, request, None)
            return Redirect(link.url, status_code=307).to_asgi_response(None, request)
        return sending(files.shelf, found, download=download)

    @post("/api/v1/assets/{asset:str}/link", summary="A link to a file", tags=["assets"], responses=faults)
    async def link(request: Asked, asset: Id, data: JSONBody[NewLink | None] = None) -> Link:
        """Whoever has it may read the file until it expires, without a key."""
        files = desk()
        found = await files.shelf.get(tenant_asked(caller_of(request), None), asset)
        return await _link(files, found.id, request, None if data is None else data.seconds)

    return [content, link]


def _changing(desk: Desk, faults: Faults) -> list[HTTPRouteHandler]:
    @patch("/api/v1/assets/{asset:str}", summary="Change what is said of a file", tags=["assets"], responses=faults)
    async def change(request: Asked, asset: Id, data: JSONBody[AssetChange]) -> Asset:
        """What is left out stays; `expires_at` of null keeps it for ever."""
        return await desk().shelf.change(tenant_asked(caller_of(request), None), asset, data)

    @delete("/api/v1/assets/{asset:str}", summary="Remove a file", tags=["assets"], responses=faults)
    async def remove(request: Asked, asset: Id) -> None:
        """Its bytes go with the last asset that has them."""
        await desk().shelf.remove(tenant_asked(caller_of(request), None), asset)

    return [change, remove]


def _uploading(desk: Desk, faults: Faults) -> HTTPRouteHandler:
    @post("/api/v1/assets", summary="Upload a file", tags=["assets"], responses=faults)
    async def upload(
        request: Asked,
        name: Annotated[str | None, QueryParameter(description="What it is called")] = None,
        sha256: Annotated[str | None, QueryParameter(description="What it must have, in hex")] = None,
        expires_at: Annotated[datetime.datetime | None, QueryParameter(description="When it is removed")] = None,
        metadata: Annotated[str | None, QueryParameter(description="Anything else, as a JSON object")] = None,
    ) -> Asset:
        """The body is the file; or a form (`multipart/form-data`) with it as `file`, and these parameters as fields.

        It is taken piece by piece. A large one, which may break, is better uploaded by `/api/v1/assets/uploads`.
        """
        caller = caller_of(request)
        content_type = request.headers.get("content-type", "")
        told: dict[str, Any] = {"name": name, "sha256": sha256, "expires_at": expires_at, "metadata": metadata}
        pieces = pieces_of(request.receive, whole=True)
        if content_type.partition(";")[0].strip().lower() != "multipart/form-data":
            announced = _announced(told, media_type=content_type or None)
            return await desk().uploads.take(caller, lambda: announced, pieces)
        form = FormUpload(content_type, pieces)

        def later() -> Announced:
            """What the form said, once all of it was read."""
            fields = {name: value for name, value in form.fields.items() if name in told}
            given = {name: value for name, value in told.items() if value is not None}
            return _announced({"name": form.file_name, **fields, **given}, media_type=form.media_type)

        return await desk().uploads.take(caller, later, form.file())

    return upload


def _announced(told: Mapping[str, Any], *, media_type: str | None) -> Announced:
    """What is said of an upload. Raises InvalidRequestError for what cannot be read."""
    metadata, end = told.get("metadata"), told.get("expires_at")
    try:
        read = msgspec.json.decode(metadata, type=dict[str, Any]) if metadata else {}
    except msgspec.MsgspecError as error:
        raise InvalidRequestError(f"`metadata` is no JSON object: {error}", param="metadata") from error
    if isinstance(end, str):
        try:
            end = datetime.datetime.fromisoformat(end) if end else None
        except ValueError as error:
            message = f"`expires_at` is {end[:40]!r}, which is no time such as 2026-12-31T00:00:00Z"
            raise InvalidRequestError(message, param="expires_at") from error
    return Announced(
        name=told.get("name") or None,
        sha256=told.get("sha256") or None,
        media_type=media_type,
        metadata=read,
        expires_at=end,
    )


async def _linked(desk: AssetDesk, asset: Asset, request: Asked, *, wanted: bool) -> Asset:
    if not wanted:
        return asset
    return msgspec.structs.replace(asset, url=(await _link(desk, asset.id, request, None)).url)


async def _link(desk: AssetDesk, asset: str, request: Asked, seconds: float | None) -> Link:
    """A link under the gateway's public address, else under the one by which the caller reached it."""
    base = desk.links.public_url or str(request.base_url).rstrip("/")
    return await desk.links.sign(asset, seconds=desk.settings.link_seconds if seconds is None else seconds, base=base)


def _with_zone(moment: datetime.datetime | None, name: str) -> datetime.datetime | None:
    if moment is not None and moment.tzinfo is None:
        raise InvalidRequestError(f"`{name}` is {moment}; say its zone, as in {moment.isoformat()}Z", param=name)
    return moment
