"""`GET /v1/realtime`: live sessions with any model, in the dialect of OpenAI."""

import asyncio
import contextlib
from http import HTTPStatus

import msgspec

from genmux.app import App
from genmux.contract.openai_errors import refuse
from genmux.dialects.openai_realtime import OpenAIRealtimeServer, wants_beta
from genmux.engine.deadlines import AlarmClocks
from genmux.flows.voice.limits import SessionLimits
from genmux.flows.voice.session import Session
from genmux.server.access import Access
from genmux.server.faults import as_error
from genmux.server.http import Receive, Request, RequestError, Scope, Send
from genmux.server.realtime.admission import Admissions, Admitted
from genmux.server.realtime.caller import Caller
from genmux.server.realtime.talk import Talk
from genmux.server.terms import Terms
from genmux.types.errors import NotFoundError, ProviderError
from genmux.types.realtime import SessionConfig
from genmux.types.realtime_events import SessionUpdated

PATH = "/v1/realtime"

FAREWELL = 2.0
"""So many seconds callers have to take the news that the gateway stops."""


class RealtimeEndpoint:
    """Serves live sessions."""

    def __init__(self, app: App, terms: Terms, access: Access, clocks: AlarmClocks) -> None:
        self._app = app
        self._clocks = clocks
        settings = app.settings.gateway.realtime
        self._idle = settings.idle
        self._limits = SessionLimits(idle=settings.idle, longest=settings.longest, opening=settings.opening)
        self.admissions = Admissions(app, terms, access)
        self._talks: set[Talk] = set()

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one WebSocket, to its end."""
        caller = Caller(scope, receive, send)
        try:
            request = Request({"method": "GET", **scope}, receive, send, self._clocks.here())
            admitted = await self._admit(request, scope)
            with self.admissions.counted(admitted.options.principal):
                await self._serve(caller, admitted)
        except ProviderError as error:
            answer = refuse(error)
            await caller.refuse(msgspec.structs.replace(answer, status=error.status or answer.status))
        except Exception as error:  # noqa: BLE001 — the last boundary: a caller never sees a traceback
            await caller.refuse(refuse(as_error(error)))

    async def plain(self, request: Request) -> None:
        """A request that is no WebSocket. Raises RequestError."""
        message = f"{request.path} is a WebSocket: connect with wss://"
        headers = (("upgrade", "websocket"),)
        raise RequestError(message, status=HTTPStatus.UPGRADE_REQUIRED, headers=headers)

    async def hang_up(self) -> None:
        """The gateway stops: all callers are told."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FAREWELL):
                await asyncio.gather(*(talk.leave() for talk in self._talks), return_exceptions=True)

    async def _admit(self, request: Request, scope: Scope) -> Admitted:
        if request.path != PATH:
            raise NotFoundError(f"there is no WebSocket at {request.path}; there is {PATH}", status=404)
        return await self.admissions.admit(request, scope, beta=wants_beta(request.headers))

    async def _serve(self, caller: Caller, admitted: Admitted) -> None:
        """Greet the caller and hold the session. Raises ProviderError before the caller is accepted only."""
        codec = OpenAIRealtimeServer(beta=admitted.beta)
        if admitted.session:
            codec.accept(msgspec.json.encode({"type": "session.update", "session": admitted.session}))
            codec.write(SessionUpdated())  # the caller did not ask for it, and is greeted with it
        id_ = f"sess_{self._app.new_id()}"

        async def prepare(config: SessionConfig) -> Session:
            """The session for what the caller has set up."""
            options = msgspec.structs.replace(admitted.options, budget_limit=None)  # the purse keeps it, over all turns
            return await self._app.sessions.prepare(admitted.model, config, options, limits=self._limits)

        talk = Talk(caller, codec, prepare, admitted.purse, idle=self._idle)
        await caller.accept(admitted.subprotocol)
        self._talks.add(talk)
        try:
            await caller.say(codec.greet(id_, admitted.model or self._app.sessions.model(None)[0].reference))
            await talk.run()
        except Exception as error:  # noqa: BLE001 — the caller is there already, and hears it as an event
            await talk.fail(as_error(error))
        finally:
            self._talks.discard(talk)
