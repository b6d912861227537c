"""A gateway inside this process: its requests go through no socket."""

import asyncio
from collections.abc import Iterable, MutableMapping
from types import TracebackType
from typing import Any, Self

from genmux.app import App
from genmux.contract.http import HttpReply
from genmux.server.callers import PRINCIPAL
from genmux.server.gateway import Gateway
from genmux.types.errors import ConfigurationError
from genmux.types.principal import NOBODY, Principal

Message = MutableMapping[str, Any]


class InProcess:
    """Asks the gateway of an App as if by HTTP, for `caller`; use it as `async with`, which starts and stops the gateway."""

    def __init__(self, app: App, caller: Principal = NOBODY) -> None:
        self._gateway = Gateway(app, role="command", about="a genmux command", usual_store=True)
        self._caller = caller
        self._life: asyncio.Task[None] | None = None
        self._stop = asyncio.Event()

    async def ask(
        self, method: str, path: str, *, query: str = "", headers: Iterable[tuple[str, str]] = (), body: bytes = b""
    ) -> HttpReply:
        """One request with its whole answer, whatever its status."""
        pieces: list[bytes] = []
        head: Message = {}
        asked = False
        raw = [(name.lower().encode(), value.encode()) for name, value in headers]

        async def receive() -> Message:
            """What comes in."""
            nonlocal asked
            if asked:
                await asyncio.Event().wait()  # nobody goes away here
            asked = True
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            """What goes out."""
            if message["type"] == "http.response.start":
                head.update(message)
            else:
                pieces.append(message.get("body", b""))

        scope: Message = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "scheme": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": query.encode(),
            "headers": [(b"host", b"localhost"), (b"content-length", b"%d" % len(body)), *raw],
            "client": ("127.0.0.1", 0),
            "server": ("localhost", 80),
            PRINCIPAL: self._caller,
        }
        await self._gateway(scope, receive, send)
        told = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in head["headers"]}
        return HttpReply(status=head["status"], headers=told, body=b"".join(pieces))

    async def __aenter__(self) -> Self:
        """Start the gateway. Raises what keeps it from starting."""
        started: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._life = asyncio.create_task(self._live(started), name="gateway in this process")
        await asyncio.wait({self._life, started}, return_when=asyncio.FIRST_COMPLETED)
        if not started.done():
            started.cancel()
            await self._life
        started.result()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it."""
        self._stop.set()
        if self._life is not None:
            await self._life

    async def _live(self, started: asyncio.Future[None]) -> None:
        asked = False

        async def receive() -> Message:
            """What comes in."""
            nonlocal asked
            if not asked:
                asked = True
                return {"type": "lifespan.startup"}
            await self._stop.wait()
            return {"type": "lifespan.shutdown"}

        async def send(message: Message) -> None:
            """What goes out."""
            if started.done():
                return
            if message["type"] == "lifespan.startup.failed":
                started.set_exception(self._gateway.fault or ConfigurationError("the gateway does not start"))
            else:
                started.set_result(None)

        await self._gateway({"type": "lifespan", "asgi": {"version": "3.0"}}, receive, send)
