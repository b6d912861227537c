"""The simulator for live sessions as a real server of WebSockets: the protocols of several providers, before the same peer."""

import asyncio
import itertools
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Self

import msgspec
from aiohttp import web

from genmux.providers.mock.live import MockRealtime
from genmux.providers.mock.live.wishes import split_wishes
from genmux.testing.simulator.voice.realtime_assemblyai import AssemblyAISpeech
from genmux.testing.simulator.voice.realtime_cartesia import CartesiaSpeech
from genmux.testing.simulator.voice.realtime_connection import RealtimeConnection
from genmux.testing.simulator.voice.realtime_elevenlabs import ElevenLabsSpeech
from genmux.testing.simulator.voice.realtime_flux import FluxSpeech
from genmux.testing.simulator.voice.realtime_gemini import GeminiSpeech
from genmux.testing.simulator.voice.realtime_openai import OpenAISpeech
from genmux.testing.simulator.voice.realtime_seen import RealtimeSeen
from genmux.testing.simulator.voice.realtime_speech import Speech
from genmux.types.errors import ConfigurationError

OPENAI_PATHS = ("/v1/realtime", "/openai/v1/realtime")
GEMINI_PATH = "/ws/google.ai.generativelanguage.{version}.GenerativeService.BidiGenerateContent"
LIVE: dict[str, tuple[str, Callable[[], Speech]]] = {
    "elevenlabs": ("/v1/text-to-speech/{voice}/multi-stream-input", ElevenLabsSpeech),
    "cartesia": ("/tts/websocket", CartesiaSpeech),
    "deepgram": ("/v2/listen", FluxSpeech),
    "assemblyai": ("/v3/ws", AssemblyAISpeech),
}
"""Protocols that only speak or only listen: where they are, and how they go."""

PATHS = {"openai": "/v1", "gemini": "/v1beta"}
"""What comes behind the address in the base URL of a provider."""


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """How the next handshakes are answered instead."""

    status: int
    message: str = "no"
    headers: Mapping[str, str] = msgspec.field(default_factory=dict)


class RealtimeSimulator:
    """`async with RealtimeSimulator() as simulator:` listens on a free port of the loopback until the end of the block.

    `script` are directives (`[mock pace=0.02]`) for all sessions, behind those of their instructions. `pong_after` seconds pass
    before a ping is answered. `seen` are the last connections, `houses` the peers by protocol.
    """

    def __init__(
        self,
        script: str = "",
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        pong_after: float = 0.0,
        clock: Callable[[], float] | None = None,
        keep: int = 100,
    ) -> None:
        wishes = split_wishes(script)[1]
        speeches: dict[str, Callable[[], Speech]] = {"openai": OpenAISpeech, "gemini": GeminiSpeech}
        speeches |= {name: speech for name, (_, speech) in LIVE.items()}
        self.houses = {
            name: MockRealtime(speech().manner, wishes=wishes, limit=keep) for name, speech in speeches.items()
        }
        self.seen: deque[RealtimeSeen] = deque(maxlen=keep)
        self.pong_after = pong_after
        self._host = host
        self._port = port
        self._clock = clock
        self._numbers = itertools.count(1)
        self._refusals: list[Refusal] = []
        self._open: dict[int, RealtimeConnection] = {}
        self._runner: web.AppRunner | None = None
        self._changed = asyncio.Event()

    async def __aenter__(self) -> Self:
        """Listen."""
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Hang up."""
        await self.aclose()

    async def start(self) -> None:
        """Listen. Raises ConfigurationError when the port cannot be had."""
        app = web.Application()
        for path in OPENAI_PATHS:
            app.router.add_get(path, self._openai)
        app.router.add_get(GEMINI_PATH, self._gemini)
        for name, (path, speech) in LIVE.items():
            app.router.add_get(path, self._live(name, speech))
        runner = self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        site = web.TCPSite(runner, self._host, self._port, backlog=2048)
        try:
            await site.start()
        except OSError as error:
            await runner.cleanup()
            raise ConfigurationError(f"cannot listen on {self._host}:{self._port}: {error}", param="port") from error
        self._port = runner.addresses[0][1]

    async def aclose(self) -> None:
        """Hang up, and stop listening. May be called again."""
        for connection in [*self._open.values()]:
            connection.vanish()
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    # ---------------------------------------------------------------- for tests
    @property
    def base_url(self) -> str:
        """Where it listens."""
        return f"http://{self._host}:{self._port}"

    def url(self, protocol: str) -> str:
        """What the base URL of a provider is set to: `openai`, `gemini`, or one that only speaks or listens."""
        return f"{self.base_url}{PATHS.get(protocol, '')}"

    @property
    def open(self) -> list[RealtimeConnection]:
        """The connections that are open now, oldest first."""
        return [*self._open.values()]

    def refuse(self, status: int, message: str = "no", *, times: int = 1, **headers: str) -> None:
        """Answer the next handshakes with a status instead."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self._refusals += [Refusal(status=status, message=message, headers=named)] * times

    async def until(self, condition: Callable[[], Any], *, timeout: float = 5.0) -> None:
        """Wait until something holds; it is looked at whenever something happens here. Raises TimeoutError."""
        async with asyncio.timeout(timeout):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    # ---------------------------------------------------------------- for clients
    async def _openai(self, request: web.Request) -> web.StreamResponse:
        beta = "realtime=v1" in request.headers.get("openai-beta", "")
        return await self._serve(request, "openai", OpenAISpeech(beta=beta))

    async def _gemini(self, request: web.Request) -> web.StreamResponse:
        return await self._serve(request, "gemini", GeminiSpeech())

    def _live(self, name: str, speech: Callable[[], Speech]) -> Callable[[web.Request], Any]:
        async def serve(request: web.Request) -> web.StreamResponse:
            """Serve one."""
            return await self._serve(request, name, speech())

        return serve

    async def _serve(self, request: web.Request, protocol: str, speech: Speech) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        seen = RealtimeSeen(next(self._numbers), protocol, request.path_qs, headers, self.now())
        self.seen.append(seen)
        self.changed()
        if self._refusals:
            refusal = self._refusals.pop(0)
            seen.status, seen.open = refusal.status, False
            body = {"error": {"message": refusal.message, "code": refusal.status}}
            return web.json_response(body, status=refusal.status, headers=refusal.headers)
        connection = self._open[seen.number] = RealtimeConnection(request, speech, seen, self.houses[protocol], self)
        try:
            return await connection.serve(request.query)
        finally:
            del self._open[seen.number]
            self.changed()

    def now(self) -> float:
        """Seconds of the clock."""
        return (self._clock or asyncio.get_running_loop().time)()

    def changed(self) -> None:
        """Something happened: look again."""
        self._changed.set()
