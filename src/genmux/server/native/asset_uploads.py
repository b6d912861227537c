"""The part of the native API that takes large files, by the tus protocol 1.0 (https://tus.io/protocols/resumable-upload).

Of its extensions there are creation, expiration and termination. What is sent of a file counts as far as it came, also
when the connection broke or the gateway was restarted; with its last byte it becomes an asset.
"""

import base64
import binascii
import email.utils
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, delete, get, head, patch, post
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import ResponseSpec
from litestar.params import PathParameter

from genmux.app.assets import AssetDesk
from genmux.server.callers import caller_of, tenant_asked
from genmux.server.http import RequestError
from genmux.server.incoming import pieces_of
from genmux.server.tus import TUS, UPLOADS
from genmux.services.assets.uploads import Announced, OffsetError
from genmux.types.assets_stored import UploadRow
from genmux.types.errors import InvalidRequestError

Faults = dict[int, ResponseSpec] | None
Desk = Callable[[], AssetDesk]
Asked = Request[Any, Any, Any]

PIECE_TYPE = "application/offset+octet-stream"

Id = Annotated[str, PathParameter(description="The upload's id")]


def asset_upload_routes(desk: Desk, faults: Faults = None) -> list[HTTPRouteHandler]:
    """The handlers. `desk` gives the service, or raises ProviderError where there is none."""
    return [*_beginning(desk, faults), *_going_on(desk, faults)]


def _beginning(desk: Desk, faults: Faults) -> list[HTTPRouteHandler]:
    @post(UPLOADS, summary="Announce a large file", tags=["assets"], responses=faults, status_code=201)
    async def create(request: Asked) -> Response[None]:
        """Takes `Upload-Length`, and `Upload-Metadata` with `filename`, `filetype`, `sha256` and `metadata` (JSON), each in base64."""
        _check_version(request)
        size = _number(request, "upload-length")
        announced = _announced(request.headers.get("upload-metadata", ""))
        row = await desk().uploads.create(caller_of(request), announced, size)
        return _told(row, 201, ("location", f"{UPLOADS}/{row.id}"))

    @get(UPLOADS + "/{upload:str}", summary="How an upload stands", tags=["assets"], responses=faults)
    async def one(request: Asked, upload: Id) -> UploadRow:
        """`received` is how much of it is there, `asset` what became of it."""
        return await desk().uploads.get(tenant_asked(caller_of(request), None), upload)

    @head(UPLOADS + "/{upload:str}", summary="Where to go on", tags=["assets"], responses=faults)
    async def where(request: Asked, upload: Id) -> Response[None]:
        """The same in headers: `Upload-Offset`, `Upload-Length`."""
        _check_version(request)
        row = await desk().uploads.get(tenant_asked(caller_of(request), None), upload)
        return _told(row, 200)

    return [create, one, where]


def _going_on(desk: Desk, faults: Faults) -> list[HTTPRouteHandler]:
    @patch(
        UPLOADS + "/{upload:str}", summary="Send a piece of a file", tags=["assets"], responses=faults, status_code=204
    )
    async def append(request: Asked, upload: Id) -> Response[None]:
        """The body goes on at `Upload-Offset`; with the last byte `X-Genmux-Asset` tells what it became."""
        _check_version(request)
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != PIECE_TYPE:
            raise RequestError(
                f"a piece of an upload has the content type {PIECE_TYPE}", status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE
            )
        offset = _number(request, "upload-offset")
        tenant = tenant_asked(caller_of(request), None)
        try:
            pieces = pieces_of(request.receive, whole=False)
            row = await desk().uploads.append(tenant, upload, offset=offset, pieces=pieces)
        except OffsetError as error:
            headers = (("tus-resumable", TUS), ("upload-offset", str(error.received)))
            raise RequestError(error.message, status=HTTPStatus.CONFLICT, headers=headers) from error
        return _told(row, 204)

    @delete(UPLOADS + "/{upload:str}", summary="Give an upload up", tags=["assets"], responses=faults)
    async def cancel(request: Asked, upload: Id) -> Response[None]:
        """What came of it is forgotten; an asset that it became stays."""
        _check_version(request)
        await desk().uploads.cancel(tenant_asked(caller_of(request), None), upload)
        return Response(None, status_code=204, headers={"tus-resumable": TUS})

    return [append, cancel]


def _told(row: UploadRow, status: int, *more: tuple[str, str]) -> Response[None]:
    headers = {
        "tus-resumable": TUS,
        "upload-offset": str(row.received),
        "upload-length": str(row.size),
        "upload-expires": email.utils.format_datetime(row.expires_at, usegmt=True),
        "cache-control": "no-store",
        **dict(more),
    }
    if row.asset is not None:
        headers["x-genmux-asset"] = row.asset
    return Response(None, status_code=status, headers=headers)


def _check_version(request: Asked) -> None:
    """Another edition of the protocol is not understood; who says nothing means this one."""
    told = request.headers.get("tus-resumable", TUS)
    if told != TUS:
        headers = (("tus-resumable", TUS), ("tus-version", TUS))
        message = f"`Tus-Resumable` is {told[:20]!r}; this gateway speaks {TUS}"
        raise RequestError(message, status=HTTPStatus.PRECONDITION_FAILED, headers=headers)


def _number(request: Asked, name: str) -> int:
    told = request.headers.get(name, "")
    if not told.isascii() or not told.isdecimal() or len(told) > 18:
        raise InvalidRequestError(f"the header `{name}` is {told[:40]!r}; it must be a number of bytes", param=name)
    return int(told)


def _announced(header: str) -> Announced:
    """What `Upload-Metadata` says: names, each with a value in base64, with commas between them."""
    told: dict[str, str] = {}
    for pair in filter(None, (one.strip() for one in header.split(","))):
        name, _, value = pair.partition(" ")
        try:
            told[name.lower()] = base64.b64decode(value.strip(), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError, ValueError) as error:
            message = f"`Upload-Metadata` has {pair[:60]!r}; the value must be text in base64"
            raise InvalidRequestError(message, param="upload-metadata") from error
    try:
        metadata: Mapping[str, Any] = msgspec.json.decode(told.get("metadata") or "{}", type=dict[str, Any])
    except msgspec.MsgspecError as error:
        raise InvalidRequestError(f"`metadata` is no JSON object: {error}", param="metadata") from error
    return Announced(
        name=told.get("filename") or told.get("name"),
        media_type=told.get("filetype") or told.get("content-type"),
        sha256=told.get("sha256"),
        metadata=metadata,
    )
