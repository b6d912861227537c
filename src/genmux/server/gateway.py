"""The ASGI application: one small router."""

from collections.abc import Awaitable, Callable
from importlib import resources
from typing import Any

from genmux.app import App
from genmux.contract.dialect import Answer
from genmux.dialects import load_dialect
from genmux.flows.call.options import CallOptions
from genmux.flows.call.passage import PassageFlow
from genmux.server.access import Access
from genmux.server.count_endpoint import CountEndpoint
from genmux.server.dialect_endpoint import DialectEndpoint
from genmux.server.embed_endpoint import EmbedEndpoint
from genmux.server.faults import as_error
from genmux.server.http import CallerGoneError, Receive, Request, Scope, Send
from genmux.server.models_endpoint import ModelsEndpoint
from genmux.types.errors import NotFoundError, ProviderError

Handle = Callable[[Request], Awaitable[None]]
Refuse = Callable[[Request, ProviderError], Awaitable[None]]


class Gateway:
    """Serves the dialects on bare ASGI; the native API is imported when it is first asked for."""

    def __init__(self, app: App) -> None:
        self._app = app
        settings = app.settings.gateway
        self._access = Access(settings.keys)
        self._native: Any = None
        defaults = app.settings.defaults
        options = CallOptions(
            timeout=defaults.timeout, retries=defaults.retries, budget_limit=defaults.budget_limit, strict=False
        )
        passages = PassageFlow(app.calls)
        openai, anthropic = load_dialect("openai_chat"), load_dialect("anthropic_messages")
        limit = settings.body_limit
        chat = DialectEndpoint(openai, app.calls, passages, options, limit)
        messages = DialectEndpoint(anthropic, app.calls, passages, options, limit)
        count = CountEndpoint(anthropic.server, app.calls, options, limit)
        embed = EmbedEndpoint(load_dialect("openai_embeddings").server, app.calls, options, limit)
        models = ModelsEndpoint(app)
        self._routes: dict[tuple[str, str], tuple[Handle, Refuse]] = {
            ("POST", "/v1/chat/completions"): (chat.handle, chat.refuse),
            ("POST", "/v1/messages"): (messages.handle, messages.refuse),
            ("POST", "/v1/messages/count_tokens"): (count.handle, messages.refuse),
            ("POST", "/v1/embeddings"): (embed.handle, chat.refuse),
            ("GET", "/v1/models"): (models.handle, chat.refuse),
        }
        self._refuse_otherwise = chat.refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection of the ASGI server."""
        match scope["type"]:
            case "http":
                await self._http(scope, receive, send)
            case "lifespan":
                await self._lifespan(receive, send)
            case _:
                await send({"type": "websocket.close", "code": 1008})

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive, send)
        route = self._routes.get((request.method, request.path))
        refuse = route[1] if route else self._refuse_otherwise
        try:
            if route is not None:
                self._access.check(request)
                await route[0](request)
            else:
                await self._others(request, scope, receive, send)
        except CallerGoneError:
            return
        except Exception as error:  # noqa: BLE001 — the last boundary: a caller never sees a traceback
            await refuse(request, as_error(error))

    async def _others(self, request: Request, scope: Scope, receive: Receive, send: Send) -> None:
        match request.method, request.path:
            case "GET" | "HEAD", "/healthz":
                await request.answer(Answer(status=200, body=b'{"status":"ok"}'))
            case "GET" | "HEAD", "/":
                await request.answer(_start_page())
            case _, path if path.startswith("/api/"):
                self._access.check(request)
                await self._native_app()(scope, receive, send)
            case method, path:
                raise NotFoundError(self._no_such_route(method, path), status=404)

    def _no_such_route(self, method: str, path: str) -> str:
        ways = [f"{known} {where}" for known, where in self._routes if where == path]
        if ways:
            return f"{path} is served with {ways[0].split()[0]}, not {method}"
        return f"there is nothing at {path}; there is {', '.join(where for _, where in self._routes)}, /api/v1/… and /healthz"

    def _native_app(self) -> Any:
        if self._native is None:
            from genmux.server.native import native_app

            self._native = native_app(self._app)
        return self._native

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await send({"type": "lifespan.startup.complete"})
            else:
                await self._app.aclose()
                await send({"type": "lifespan.shutdown.complete"})
                return


def _start_page() -> Answer:
    page = resources.files("genmux.server").joinpath("static/start.html").read_bytes()
    return Answer(status=200, body=page, headers=(("content-type", "text/html; charset=utf-8"),))
