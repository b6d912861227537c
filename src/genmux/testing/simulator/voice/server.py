"""The simulator for voice as a real HTTP server."""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Any, Self

from genmux.testing.simulator.connection import Connection
from genmux.testing.simulator.http import Head, Request
from genmux.testing.simulator.media.refusal import Refusal
from genmux.testing.simulator.records import Seen
from genmux.testing.simulator.steps import Steps
from genmux.testing.simulator.voice.call import VoiceCall
from genmux.testing.simulator.voice.faults import parsed, played, refusal_of
from genmux.testing.simulator.voice.personalities import voice_personality_named
from genmux.testing.simulator.voice.personality import VoicePersonality, told_json

_NEVER = Seen(number=0, connection=0, at=0.0, method="", target="", headers={})


class VoiceSimulator:
    """A server that speaks the protocols of providers of voice. `calls` are those that came, in their order."""

    def __init__(self, *personalities: str | VoicePersonality, host: str = "127.0.0.1") -> None:
        self._host = host
        self._port = 0
        self._server: asyncio.Server | None = None
        self._connections: set[Connection] = set()
        self._faults: deque[tuple[str, str]] = deque()
        self._names: dict[int, str] = {}
        self.calls: list[VoiceCall] = []
        made = (one if isinstance(one, VoicePersonality) else voice_personality_named(one) for one in personalities)
        self.people: dict[str, VoicePersonality] = {one.name: one for one in made}
        self._routes: dict[str, list[tuple[str, Any, Any]]] = {
            name: [(route.method, route.pattern(), route) for route in one.routes()]
            for name, one in self.people.items()
        }

    # ------------------------------------------------------------ for tests
    def url(self, personality: str) -> str:
        """What the `base_url` of a provider is set to."""
        return f"http://{self._host}:{self._port}/{personality}"

    def upcoming(self, directives: str) -> None:
        """How the next calls go, one after the other: faults, separated by semicolons. Raises KeyError."""
        self._faults.extend(parsed(directives))

    def billed(self, personality: str) -> int:
        """How many calls were worked on."""
        return sum(one.billed for one in self.calls if self._names[id(one)] == personality)

    # ------------------------------------------------------------ as a server
    async def __aenter__(self) -> Self:
        """Listen on a free port."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Connection(self, 0), self._host, 0)
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop listening, and hang up."""
        if self._server is not None:
            self._server.close()
            for connection in [*self._connections]:
                connection.close()
            await self._server.wait_closed()

    # ------------------------------------------------------------ for connections
    def arrived(self, connection: Connection) -> Steps | None:
        """A client has connected."""
        self._connections.add(connection)

    def left(self, connection: Connection, unfinished: Sequence[Seen]) -> None:
        """A connection is gone."""
        del unfinished
        self._connections.discard(connection)

    def begun(self, connection: Connection, head: Head) -> tuple[Seen, Steps | None]:
        """The head of a request was read."""
        del connection, head
        return _NEVER, None

    def finished(self, seen: Seen, *, cut: bool) -> None:
        """A reply was played to its end."""
        del seen, cut

    def reply(self, request: Request, seen: Seen) -> Steps:
        """How a request is answered."""
        del seen
        name, _, rest = request.head.target.lstrip("/").partition("/")
        personality = self.people.get(name)
        if personality is None:
            return played(told_json({"error": f"there is nobody at /{name}"}, status=404), "", "")
        call = VoiceCall(request, f"/{rest}")
        self.calls.append(call)
        self._names[id(call)] = name
        call.fault, value = self._faults.popleft() if self._faults else ("ok", "")
        try:
            told = self._answered(personality, call, value)
        except Refusal as refusal:
            told = personality.refuse(refusal)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            told = personality.refuse(Refusal("invalid_request", f"{type(error).__name__}: {error}"))
        call.outcome = told.status
        return played(told, call.fault, value)

    def _answered(self, personality: VoicePersonality, call: VoiceCall, value: str) -> Any:
        key = call.headers.get(personality.key_header, "")
        if not key:
            raise Refusal("authentication", "the API key is missing")
        refusal = refusal_of(call.fault, value, key=key.rpartition(" ")[2])
        if refusal is not None:
            raise refusal
        for method, pattern, route in self._routes[personality.name]:
            if method == call.method and (found := pattern.fullmatch(call.path)):
                call.args = found.groupdict()
                told = route.handler(call)
                call.billed = route.paid
                return told
        raise Refusal("not_found", f"there is nothing at {call.method} {call.path}")
