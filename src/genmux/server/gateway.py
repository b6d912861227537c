"""The ASGI application: one small router."""

from collections.abc import Callable, Iterable, MutableMapping
from http import HTTPStatus
from importlib import resources
from typing import Any

from genmux.app import App, StoreRole
from genmux.contract.dialect import Answer
from genmux.dialects import load_dialect
from genmux.dialects.openai_videos import server as videos_server
from genmux.engine.deadlines import AlarmClocks
from genmux.flows.call.passage import PassageFlow
from genmux.flows.call.watching import HealthWatch
from genmux.server.access import Access
from genmux.server.asset_endpoint import AssetEndpoint
from genmux.server.callers import ADDRESS, PRINCIPAL
from genmux.server.count_endpoint import CountEndpoint
from genmux.server.dialect_endpoint import DialectEndpoint
from genmux.server.embed_endpoint import EmbedEndpoint
from genmux.server.faults import as_error, refuse_natively
from genmux.server.hooks_endpoint import HOOKS, HooksEndpoint
from genmux.server.http import CallerGoneError, Receive, Request, RequestError, Scope, Send
from genmux.server.incoming import is_streamed, patient
from genmux.server.media.desk import MediaDesk
from genmux.server.media.images import ImagesEndpoint
from genmux.server.media.videos import VideosEndpoint
from genmux.server.models_endpoint import ModelsEndpoint
from genmux.server.pages import Pages
from genmux.server.realtime.endpoint import PATH as REALTIME
from genmux.server.realtime.endpoint import RealtimeEndpoint
from genmux.server.realtime.secrets_endpoint import SecretsEndpoint
from genmux.server.routes import Handle, Refuse, Routes, Ways
from genmux.server.terms import Terms
from genmux.server.tus import UPLOADS, tus_headers
from genmux.server.voice.by_job import JobTranscripts
from genmux.server.voice.speech import SpeechEndpoint
from genmux.server.voice.transcription import TranscriptionEndpoint
from genmux.server.voice.voices import VoicesEndpoint
from genmux.types.errors import NotFoundError, ProviderError

_NATIVE = "/api/"
_USUAL = ("GET", "HEAD", "POST", "PATCH", "DELETE")
_POLICY = "default-src 'none'; connect-src 'self'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
"""The pages talk to this gateway only, and to nobody else."""

_SOUND = f"{_POLICY} blob:; worker-src blob:"
"""The one that is spoken with has a part that sees every sample; it is in the page, too."""


class Gateway:
    """Serves the dialects on bare ASGI; the native API is imported when it is first asked for.

    It opens the App's store when it starts, with `usual_store` also one that nobody named; `ready` is called then, and may
    raise what keeps it from starting. `loaded` is called after the native API was loaded. `fault` is what did keep it from
    starting.
    """

    def __init__(
        self,
        app: App,
        *,
        role: StoreRole = "gateway",
        about: str = "a gateway",
        usual_store: bool = False,
        loaded: Callable[[], None] = lambda: None,
        ready: Callable[[], None] = lambda: None,
    ) -> None:
        self._app = app
        self._role: StoreRole = role
        self._about = about
        self._usual_store = usual_store
        self._loaded = loaded
        self._ready = ready
        self.fault: ProviderError | None = None
        settings = app.settings.gateway
        self._pages = Pages(settings.origins, local=not settings.keys)
        self.access = Access(app.ring, self._pages, trusted_proxies=settings.trusted_proxies)
        self._clocks = AlarmClocks()
        self._terms = Terms(app)
        self._native: Any = None
        self._watch = HealthWatch(app.standing, app.health)
        passages = PassageFlow(app.calls)
        openai, anthropic = load_dialect("openai_chat"), load_dialect("anthropic_messages")
        chat = DialectEndpoint(openai, app.calls, passages, self._terms)
        messages = DialectEndpoint(anthropic, app.calls, passages, self._terms)
        counting: Any = anthropic.server  # of the two it is the one that counts
        count = CountEndpoint(counting, app.calls, self._terms)
        embed = EmbedEndpoint(load_dialect("openai_embeddings").server, app.calls, self._terms)
        models = ModelsEndpoint(app)
        files = AssetEndpoint(app)
        self._realtime = RealtimeEndpoint(app, self._terms, self.access, self._clocks)
        self._secrets = SecretsEndpoint(app, self._terms, self._realtime.admissions)
        self._routes = Routes(
            {
                "/v1/chat/completions": {"POST": (chat.handle, chat.refuse)},
                "/v1/messages": {"POST": (messages.handle, messages.refuse)},
                "/v1/messages/count_tokens": {"POST": (count.handle, messages.refuse)},
                "/v1/embeddings": {"POST": (embed.handle, chat.refuse)},
                "/v1/models": _reading(models.handle, chat.refuse),
                f"{REALTIME}/client_secrets": {"POST": (self._secrets.create, chat.refuse)},
                REALTIME: _reading(self._realtime.plain, chat.refuse),
                **_media(app, self._terms),
                **_voice(app, self._terms),
            }
        )
        self._open = Routes(
            {
                "/": _reading(_page("start.html", _POLICY), chat.refuse),
                "/talk": _reading(_page("talk.html", _SOUND), chat.refuse),
                "/healthz": _reading(_health, chat.refuse),
                "/assets/{id}": _reading(files.handle, refuse_natively),
            }
        )
        self._hooks = HooksEndpoint(app)
        self._refuse_otherwise = chat.refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection of the ASGI server."""
        match scope["type"]:
            case "http":
                await self._http(scope, receive, send)
            case "lifespan":
                await self._lifespan(receive, send)
            case _:
                await self._realtime.handle(scope, receive, send)

    def farewell(self) -> None:
        """The gateway is about to end: whoever follows a stream of events is let go at once."""
        if self._app.keeping is not None:
            self._app.keeping.events.stories.close()

    async def hang_up(self) -> None:
        """The gateway is about to end: whoever talks is told."""
        await self._realtime.hang_up()

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive, send, self._clocks.here())
        if b"origin" in request.headers:
            origin = request.headers[b"origin"].decode("latin-1")
            if self._pages.may_call(origin):
                send = self._pages.told(send, origin)
                request = Request(scope, receive, send, self._clocks.here())
        ways = self._routes.find(request.path)
        way = None if ways is None else ways.get(request.method)
        refuse = self._refusal(request, ways) if way is None else way[1]
        try:
            if way is not None:
                self._admit(request, scope)
                await way[0](request)
            else:
                await self._others(request, scope, receive, send)
        except CallerGoneError:
            return
        except Exception as error:  # noqa: BLE001 — the last boundary: a caller never sees a traceback
            await refuse(request, as_error(error))

    def _admit(self, request: Request, scope: Scope) -> None:
        """Let everybody behind the door know who calls. Whoever is inside this process has said so already."""
        known = scope.get(PRINCIPAL)
        request.principal = scope[PRINCIPAL] = self.access.check(request) if known is None else known

    def _refusal(self, request: Request, ways: Ways | None) -> Refuse:
        """In whose words a request is refused that nobody serves."""
        if request.path.startswith(_NATIVE):
            return refuse_natively
        ways = ways or self._open.find(request.path)
        return next(iter(ways.values()))[1] if ways else self._refuse_otherwise

    async def _others(self, request: Request, scope: Scope, receive: Receive, send: Send) -> None:
        """Everything but the dialects: what is open to all, the native API, and what is not there."""
        ways = self._routes.find(request.path) or self._open.find(request.path)
        if request.method == "OPTIONS":
            more = tus_headers(self._app.settings.assets.max_bytes) if request.path.startswith(UPLOADS) else ()
            await request.answer(self._pages.preflight(request), (*_allow(ways or _USUAL), *more))
        elif ways is None and request.path.startswith(_NATIVE):
            self._admit(request, scope)
            scope[ADDRESS] = self.access.address(request)
            if is_streamed(request.method, request.path):
                receive = patient(receive, request.clock, self._terms.idle)
            else:
                receive = _again(await self._terms.body(request), receive)
            await self._native_app()(scope, receive, send)
        elif ways is None and request.path.startswith(HOOKS):
            await self._hooks.handle(request)
        elif ways is None:
            known = ", ".join(self._routes)
            message = f"there is nothing at {request.path}; there is {known}, /api/v1/… and /healthz"
            raise NotFoundError(message, status=404)
        elif request.method in ways:
            await ways[request.method][0](request)
        else:
            message = f"{request.path} is served with {' or '.join(ways)}, not {request.method}"
            raise RequestError(message, status=HTTPStatus.METHOD_NOT_ALLOWED, headers=_allow(ways))

    def _native_app(self) -> Any:
        if self._native is None:
            from genmux.server.native.application import native_app

            self._native = native_app(self._app, self._terms)
            self._loaded()
        return self._native

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                try:
                    await self._app.open(role=self._role, about=self._about, usual=self._usual_store)
                    self._ready()
                except ProviderError as error:
                    self.fault = error
                    await self._app.aclose()
                    await send({"type": "lifespan.startup.failed", "message": ""})  # who runs it tells why
                    return
                self._watch.start()
                await send({"type": "lifespan.startup.complete"})
            else:
                await self._watch.stop()
                await self._app.aclose()
                await send({"type": "lifespan.shutdown.complete"})
                return


def _media(app: App, terms: Terms) -> dict[str, Ways]:
    """Pictures and videos."""
    desk = MediaDesk(app, terms)
    images = ImagesEndpoint(load_dialect("openai_images").server, desk)
    videos = VideosEndpoint(videos_server, desk)
    refuse = videos.refuse
    return {
        "/v1/images/generations": {"POST": (images.generate, images.refuse)},
        "/v1/images/edits": {"POST": (images.edit, images.refuse)},
        "/v1/videos": {"POST": (videos.create, refuse), **_reading(videos.list, refuse)},
        "/v1/videos/{id}": {**_reading(videos.retrieve, refuse), "DELETE": (videos.delete, refuse)},
        "/v1/videos/{id}/content": _reading(videos.content, refuse),
        "/v1/videos/{id}/remix": {"POST": (videos.remix, refuse)},
    }


def _voice(app: App, terms: Terms) -> dict[str, Ways]:
    """Speech and transcription."""
    server = load_dialect("openai_audio").server
    speech = SpeechEndpoint(app, terms, server)
    written = TranscriptionEndpoint(app, terms, server, JobTranscripts(MediaDesk(app, terms)))
    voices = VoicesEndpoint(app, terms)
    return {
        "/v1/audio/speech": {"POST": (speech.handle, speech.refuse)},
        "/v1/audio/voices": _reading(voices.handle, speech.refuse),
        "/v1/audio/transcriptions": {"POST": (written.handle, written.refuse)},
        "/v1/audio/translations": {"POST": (written.handle, written.refuse)},
    }


def _reading(handle: Handle, refuse: Refuse) -> Ways:
    """Something that is only read; the ASGI server leaves the body out of an answer to HEAD."""
    return {"GET": (handle, refuse), "HEAD": (handle, refuse)}


def _allow(ways: Iterable[str]) -> tuple[tuple[str, str], ...]:
    return (("allow", ", ".join([*ways, "OPTIONS"])),)


def _again(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives a body which was read already."""
    given = False

    async def again() -> MutableMapping[str, Any]:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


async def _health(request: Request) -> None:
    await request.answer(Answer(status=200, body=b'{"status":"ok"}'))


def _page(name: str, policy: str) -> Handle:
    """A page that is in the package."""

    async def answer(request: Request) -> None:
        page = resources.files("genmux.server").joinpath(f"static/{name}").read_bytes()
        headers = (
            ("content-type", "text/html; charset=utf-8"),
            ("content-security-policy", policy),
            ("x-content-type-options", "nosniff"),
        )
        await request.answer(Answer(status=200, body=page, headers=headers))

    return answer
