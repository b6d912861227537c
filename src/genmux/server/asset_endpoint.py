"""Signed links to files, on bare ASGI: `/assets/{id}?expires=…&signature=…`. No key is needed; the signature is one."""

from http import HTTPStatus
from urllib.parse import parse_qs

from genmux.app import App
from genmux.server.asset_answer import send_asset
from genmux.server.http import Request, RequestError
from genmux.types.errors import NotFoundError

PREFIX = "/assets/"

_YES = frozenset({"1", "true", "yes"})


class AssetEndpoint:
    """Serves files to whoever has a link."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def handle(self, request: Request) -> None:
        """Answer with a file, or a part of it. Raises ProviderError."""
        if request.method not in ("GET", "HEAD"):
            message = f"{PREFIX}… is served with GET or HEAD, not {request.method}"
            allow = (("allow", "GET, HEAD, OPTIONS"),)
            raise RequestError(message, status=HTTPStatus.METHOD_NOT_ALLOWED, headers=allow)
        asset = request.path.removeprefix(PREFIX)
        query = parse_qs(request.query.decode("latin-1"))
        expires, signature = _first(query, "expires"), _first(query, "signature")
        if not asset or not signature:
            raise NotFoundError("there is no such file; a link has an id, `expires` and a `signature`", status=404)
        desk = self._app.kept().assets
        left = await desk.links.check(asset, expires=expires, signature=signature)
        found = await desk.shelf.find(None, asset)
        download = _first(query, "download").lower() in _YES
        await send_asset(request, desk.shelf, found, fresh=left, download=download)


def _first(query: dict[str, list[str]], name: str) -> str:
    return query.get(name, [""])[0]
