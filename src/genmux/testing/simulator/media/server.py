"""The simulator for media as a real HTTP server."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Self
from urllib.parse import parse_qsl

import msgspec

from genmux.contract.dialect import Answer
from genmux.testing.simulator.connection import Connection
from genmux.testing.simulator.http import Head, Request
from genmux.testing.simulator.media.ask import Ask
from genmux.testing.simulator.media.controls import Controls
from genmux.testing.simulator.media.desk import Desk
from genmux.testing.simulator.media.faults import Broken, poll_fault, submit_fault
from genmux.testing.simulator.media.files import download
from genmux.testing.simulator.media.job import SimulatedJob
from genmux.testing.simulator.media.pages import PREFIX, control_page
from genmux.testing.simulator.media.personalities import personality_named
from genmux.testing.simulator.media.personality import Personality, reply
from genmux.testing.simulator.media.quick import QuickConnection
from genmux.testing.simulator.media.refusal import Refusal
from genmux.testing.simulator.media.script import Script
from genmux.testing.simulator.records import Seen
from genmux.testing.simulator.steps import Step, Steps, whole_answer
from genmux.types.errors import ConfigurationError

FILES = "/_files/"
NEVER = Seen(number=0, connection=0, at=0.0, method="", target="", headers={})


class MediaSimulator(Controls):
    """A server that speaks the protocols of media providers and counts what they bill.

    `async with MediaSimulator("generic") as simulator:` listens on a free port of the loopback until the end of the block;
    `simulator.url("generic")` is what a provider's `base_url` is set to. `script` are directives for every job that does not
    say otherwise. `recording` is how many requests are kept; 0 keeps none, which is quicker.
    """

    def __init__(
        self,
        *personalities: str | Personality,
        script: str = "",
        host: str = "127.0.0.1",
        port: int = 0,
        recording: int = 1_000,
    ) -> None:
        super().__init__(recording=recording)
        self._host = host
        self._port = port
        self._recording = recording
        self._server: asyncio.Server | None = None
        self._connections: set[Connection] = set()
        self._routes: dict[str, list[tuple[str, Any, Any]]] = {}
        self._quick: dict[bytes, Personality] = {}
        self._changed = asyncio.Event()
        for one in personalities or ("generic",):
            self._add(personality_named(one) if isinstance(one, str) else one, script)

    def _add(self, personality: Personality, script: str) -> None:
        name = personality.name
        personality.server = self
        personality.desk = Desk(
            name,
            clock=self.clock,
            ledger=self.ledger,
            refunds=frozenset(personality.refunds),
            new_id=personality.new_id,
            key_ttl=personality.key_ttl,
        )
        personality.desk.script = Script().told(script)
        self.people[name] = personality
        self._routes[name] = [(route.method, route.pattern(), route.handler) for route in personality.routes()]
        if type(personality).quick is not Personality.quick:
            self._quick[name.encode()] = personality

    # ------------------------------------------------------------ as a server
    async def __aenter__(self) -> Self:
        """Listen."""
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop listening, and hang up."""
        await self.aclose()

    async def start(self) -> None:
        """Listen. Raises ConfigurationError when the port cannot be had."""
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(self._connect, self._host, self._port, backlog=2048)
        except OSError as error:
            raise ConfigurationError(f"cannot listen on {self._host}:{self._port}: {error}", param="port") from error
        self._port = self._server.sockets[0].getsockname()[1]

    async def aclose(self) -> None:
        """Stop listening, send nothing more, hang up. May be called again."""
        self.clock.stop()
        await self.postman.aclose()
        if self._server is not None:
            self._server.close()
            for connection in [*self._connections]:
                connection.close()
            await self._server.wait_closed()
            await self.until(lambda: not self._connections)
            self._server = None

    def _connect(self) -> Connection:
        return QuickConnection(self, 0)

    # ------------------------------------------------------------ for tests
    @property
    def base_url(self) -> str:
        """Where it listens."""
        return f"http://{self._host}:{self._port}"

    def url(self, personality: str) -> str:
        """What the `base_url` of a provider is set to, so that it speaks to a personality."""
        return f"{self.base_url}/{personality}"

    @property
    def urls(self) -> dict[str, str]:
        """The same for all, by personality."""
        return {name: self.url(name) for name in self.people}

    async def until(self, condition: Callable[[], bool], *, timeout: float = 5.0) -> None:
        """Wait until `condition` holds. Raises TimeoutError after `timeout` seconds."""
        async with asyncio.timeout(timeout):
            while not condition():
                self._changed.clear()
                try:
                    await asyncio.wait_for(self._changed.wait(), 0.02)
                except TimeoutError:
                    continue

    # ------------------------------------------------------------ for personalities
    def accepted(self, job: SimulatedJob) -> None:
        """A job was accepted."""
        self.postman.watch(self.people[job.personality], job)
        self._changed.set()

    def changed(self, job: SimulatedJob) -> None:
        """A job was cancelled, perhaps."""
        self.postman.watch(self.people[job.personality], job)
        self._changed.set()

    def file_url(self, job: SimulatedJob, index: int) -> str:
        """The address of an output."""
        personality = self.people[job.personality]
        life = personality.link_lifetime if job.script.link is None else job.script.link
        expires = self.clock.now() + life
        return f"{self.url(job.personality)}{FILES}{job.id}/{job.file_name(index)}?expires={expires:.3f}"

    # ------------------------------------------------------------ for connections
    def arrived(self, connection: Connection) -> Steps | None:
        """A client has connected."""
        self._connections.add(connection)

    def left(self, connection: Connection, unfinished: Sequence[Seen]) -> None:
        """A connection is gone."""
        self._connections.discard(connection)
        for seen in unfinished:
            seen.outcome = "disconnected"
        self._changed.set()

    def begun(self, connection: Connection, head: Head) -> tuple[Seen, Steps | None]:
        """The head of a request was read."""
        if not self._recording:
            return NEVER, None
        return self._records.note(
            connection=connection.number,
            at=self.clock.now(),
            method=head.method,
            target=head.target,
            headers=head.headers,
        ), None

    def finished(self, seen: Seen, *, cut: bool) -> None:
        """A reply was played to its end."""
        seen.outcome = "faulted" if cut else "answered"

    def quick(self, target: bytes) -> bytes | None:
        """The reply to a GET where its personality has a quick one."""
        _, name, rest = target.split(b"/", 2) if target.count(b"/") > 1 else (b"", b"", b"")
        personality = self._quick.get(name)
        return None if personality is None else personality.quick(b"/" + rest, self.clock.now())

    def reply(self, request: Request, seen: Seen) -> Steps:
        """How a request is answered."""
        del seen
        path, _, query = request.head.target.partition("?")
        if path == PREFIX or path.startswith(f"{PREFIX}/"):
            return iter((whole_answer(self._control(request, query)),))
        name, _, rest = path[1:].partition("/")
        personality = self.people.get(name)
        if personality is None:
            there = ", ".join(self.people)
            return iter((whole_answer(reply(404, {"error": f"there is nothing at {path}; there are {there}"})),))
        ask = Ask(personality.desk, self, request, f"/{rest}", query)
        try:
            answer = self._answer(personality, ask)
        except Refusal as refusal:
            answer = personality.refuse(refusal)
        except Broken as broken:
            return broken.steps
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            answer = personality.refuse(Refusal("invalid_request", f"{type(error).__name__}: {error}"))
        return _played(personality, ask, answer)

    def _answer(self, personality: Personality, ask: Ask) -> Answer | Iterator[Step]:
        if ask.path.startswith(FILES):
            return self._file(personality, ask)
        for method, pattern, handler in self._routes[personality.name]:
            if method == ask.method and (found := pattern.fullmatch(ask.path)):
                ask.args = found.groupdict()
                ask.account = personality.account_of(ask)
                return handler(ask)
        raise Refusal("not_found", f"there is nothing at {ask.method} {ask.path}")

    def _file(self, personality: Personality, ask: Ask) -> Answer | Iterator[Step]:
        job_id, _, name = ask.path.removeprefix(FILES).partition("/")
        job = ask.desk.jobs.get(job_id)
        dead = personality.dead_link()
        number = name.partition(".")[0]
        if job is None or job.deleted or not number.isdecimal():
            return reply(404, {"error": "no such file"})
        if float(ask.query.get("expires", "0")) <= ask.now or job.state(ask.now) != "completed":
            return dead
        return download(job, int(number), dead=dead, wants=ask.headers.get("range"))

    def _control(self, request: Request, query: str) -> Answer:
        try:
            said = msgspec.json.decode(request.body or b"{}")
            return control_page(self, request, dict(parse_qsl(query)), said)
        except Refusal as refusal:
            return reply(refusal.status, {"error": refusal.message})
        except (KeyError, TypeError, ValueError) as error:
            return reply(400, {"error": f"{type(error).__name__}: {error}"})


def _played(personality: Personality, ask: Ask, answer: Answer | Iterator[Step]) -> Steps:
    steps = iter((whole_answer(answer),)) if isinstance(answer, Answer) else answer
    job = ask.job
    if job is None:
        return steps
    match ask.stage:
        case "submit":
            return submit_fault(ask, personality.refuse, job.script, steps)
        case "poll":
            return poll_fault(job, personality.refuse, steps)
        case _:
            return steps
