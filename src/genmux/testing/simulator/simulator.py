"""The simulator as a real HTTP server on a port of its own."""

import asyncio
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

from genmux.providers.mock.engine import MockEngine
from genmux.providers.mock.loaded import Options
from genmux.providers.mock.recorder import Recorded, Recorder
from genmux.providers.mock.script import Player, Script, read_script
from genmux.testing.simulator.connection import Connection
from genmux.testing.simulator.faults.table import WIRE_FAULTS
from genmux.testing.simulator.http import Head, Request
from genmux.testing.simulator.records import Records, Seen
from genmux.testing.simulator.service import Service, blank
from genmux.testing.simulator.steps import Steps
from genmux.types.errors import ConfigurationError


class Simulator:
    """A server that speaks OpenAI's and Anthropic's dialects and answers with the simulator's models.

    `async with Simulator() as simulator:` listens on a free port of the loopback until the end of the block. `script` is a
    Script or the path of one; `key` is demanded as API key; `latency` and `pace` are in seconds; `limit` is how many
    requests are kept.
    """

    def __init__(  # noqa: PLR0913 — one option each, all optional
        self,
        *,
        script: Script | str | Path | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        key: str | None = None,
        latency: float | None = None,
        pace: float | None = None,
        tokens: int | None = None,
        error_rate: float | None = None,
        seed: int | None = None,
        limit: int = 1000,
    ) -> None:
        self._host = host
        self._port = port
        self._records = Records(limit=limit)
        self._recorder = Recorder(limit=limit, clock=time.time)
        self._service = Service(
            engine=MockEngine(recorder=self._recorder),
            records=self._records,
            options=Options(latency=latency, pace=pace, tokens=tokens, error_rate=error_rate, seed=seed),
            player=Player(read_script(script)) if script is not None else None,
            key=key,
            now=time.time,
        )
        self._server: asyncio.Server | None = None
        self._connections: set[Connection] = set()
        self._accepted = 0
        self._armed: list[str] = []
        self._disconnects = 0
        self._changed = asyncio.Event()

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
        self._changed.set()

    async def serve_forever(self) -> None:
        """Serve until cancelled."""
        if self._server is None:
            await self.start()
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            await self.aclose()

    async def aclose(self) -> None:
        """Stop listening, and hang up. May be called again."""
        if self._server is not None:
            self._server.close()
            for connection in [*self._connections]:
                connection.close()
            await self._server.wait_closed()
            await self.until(lambda: not self._connections)
            self._server = None

    @property
    def base_url(self) -> str:
        """Where it listens; OpenAI clients add `/v1`, Anthropic clients nothing."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}"

    def fault_url(self, fault: str) -> str:
        """The same, for clients that shall always meet a fault: `fault_url("rate_limit,after=3")`."""
        return f"{self.base_url}/fault/{fault}"

    @property
    def requests(self) -> tuple[Seen, ...]:
        """The requests that came over the wire, oldest first."""
        return tuple(self._records.kept)

    @property
    def asked(self) -> tuple[Recorded, ...]:
        """The same as the models understood them; those that were refused are not among them."""
        return self._recorder.requests

    @property
    def open_connections(self) -> int:
        """How many connections are open now."""
        return len(self._connections)

    @property
    def accepted_connections(self) -> int:
        """How many connections there have been."""
        return self._accepted

    @property
    def disconnects(self) -> int:
        """How often a client left before its reply had ended."""
        return self._disconnects

    def arm(self, fault: str, *, connections: int = 1) -> None:
        """Let a fault strike the next connections as soon as they are accepted. Raises ConfigurationError for others than `head` faults."""
        known = [name for name, one in WIRE_FAULTS.items() if one.head]
        if fault not in known:
            raise ConfigurationError(f"{fault!r} cannot strike a connection; {', '.join(known)} can", param="fault")
        self._armed += [fault] * connections

    async def until(self, condition: Callable[[], bool], *, timeout: float = 5.0) -> None:
        """Wait until `condition` holds; it is looked at whenever something happens here. Raises TimeoutError after `timeout` seconds."""
        async with asyncio.timeout(timeout):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    def _connect(self) -> Connection:
        self._accepted += 1
        return Connection(self, self._accepted)

    def arrived(self, connection: Connection) -> Steps | None:
        """A client has connected; an armed fault is played before anything is read."""
        self._connections.add(connection)
        self._changed.set()
        return WIRE_FAULTS[self._armed.pop(0)].play(blank()) if self._armed else None

    def left(self, connection: Connection, unfinished: Sequence[Seen]) -> None:
        """A connection is gone."""
        self._connections.discard(connection)
        if unfinished and self._server is not None and self._server.is_serving():
            for seen in unfinished:
                seen.outcome = "disconnected"
            self._disconnects += 1
        self._changed.set()

    def begun(self, connection: Connection, head: Head) -> tuple[Seen, Steps | None]:
        """The head of a request was read; some faults strike now."""
        seen = self._records.note(
            connection=connection.number,
            at=time.monotonic(),
            method=head.method,
            target=head.target,
            headers=head.headers,
        )
        self._changed.set()
        return seen, self._service.early(head, seen)

    def reply(self, request: Request, seen: Seen) -> Steps:
        """How a request is answered."""
        return self._service.reply(request, seen)

    def finished(self, seen: Seen, *, cut: bool) -> None:
        """A reply was played to its end."""
        seen.outcome = "faulted" if cut else "answered"
        self._changed.set()


def run(  # noqa: PLR0913 — one option each
    *,
    host: str = "127.0.0.1",
    port: int = 8485,
    script: Script | str | Path | None = None,
    key: str | None = None,
    latency: float = 0.0,
    pace: float = 0.0,
    error_rate: float = 0.0,
    seed: int = 0,
    started: Callable[[str], object] = print,
) -> None:
    """Serve until interrupted; `started` is told the URL. What is 0 is left to the script. Raises ConfigurationError."""
    simulator = Simulator(
        script=script,
        host=host,
        port=port,
        key=key,
        latency=latency or None,
        pace=pace or None,
        error_rate=error_rate or None,
        seed=seed or None,
    )
    try:
        asyncio.run(_serve(simulator, started))
    except KeyboardInterrupt:
        return


async def _serve(simulator: Simulator, started: Callable[[str], object]) -> None:
    async with simulator:
        started(simulator.base_url)
        await simulator.serve_forever()
