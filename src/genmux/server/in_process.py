"""A gateway inside this process: its requests go through no socket."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, MutableMapping
from types import TracebackType
from typing import Any, Self

from genmux.app import App
from genmux.contract.error_map import classify
from genmux.contract.http import FileBody, HttpReply
from genmux.engine.bodies import Body
from genmux.server.callers import PRINCIPAL
from genmux.server.gateway import Gateway
from genmux.types.errors import ConfigurationError, NetworkError, Retry
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
        scope = self._scope(method, path, query, [*headers, ("content-length", str(len(body)))])
        return await self._whole(scope, _pieces_of(body))

    async def upload(self, path: str, body: FileBody) -> HttpReply:
        """Send a file, read as it is sent; `path` may have a query."""
        place, _, query = path.partition("?")
        headers = [("content-type", body.media_type), ("content-length", str(body.size))]
        return await self._whole(self._scope("POST", place, query, headers), Body((body,)).pieces())

    async def download(self, path: str) -> AsyncGenerator[bytes]:
        """The content at a path, as it comes. Raises ProviderError for an answer that is a refusal."""
        place, _, query = path.partition("?")
        messages: asyncio.Queue[Message | None] = asyncio.Queue(1)  # what nobody has taken yet is not made
        serving = asyncio.create_task(self._serve(self._scope("GET", place, query, ()), messages))
        said, more = bytearray(), True
        try:
            head = await messages.get()
            refused = head is not None and head["status"] >= 300
            while (message := await messages.get()) is not None:
                piece, more = bytes(message.get("body", b"")), bool(message.get("more_body", False))
                if refused:
                    said += piece
                elif piece:
                    yield piece
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)
        if refused and head is not None:
            raise classify(HttpReply(status=head["status"], headers={}, body=bytes(said)))
        if more:
            raise NetworkError("the file broke off; the log of the gateway says why", retry=Retry.SAFE)

    async def _serve(self, scope: Message, messages: "asyncio.Queue[Message | None]") -> None:
        """Let the gateway answer into a queue, and end that."""
        await self._gateway(scope, _receive(_pieces_of(b"")), messages.put)
        await messages.put(None)

    async def _whole(self, scope: Message, pieces: AsyncIterator[bytes | memoryview]) -> HttpReply:
        said: list[Message] = []

        async def send(message: Message) -> None:
            """What goes out."""
            said.append(message)

        await self._gateway(scope, _receive(pieces), send)
        head = said[0]
        told = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in head["headers"]}
        return HttpReply(status=head["status"], headers=told, body=b"".join(one.get("body", b"") for one in said[1:]))

    def _scope(self, method: str, path: str, query: str, headers: Iterable[tuple[str, str]]) -> Message:
        raw = [(name.lower().encode(), value.encode()) for name, value in headers]
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "scheme": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": query.encode(),
            "headers": [(b"host", b"localhost"), *raw],
            "client": ("127.0.0.1", 0),
            "server": ("localhost", 80),
            PRINCIPAL: self._caller,
        }

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


async def _pieces_of(body: bytes) -> AsyncGenerator[bytes]:
    if body:
        yield body


def _receive(pieces: AsyncIterator[bytes | memoryview]) -> Callable[[], Awaitable[Message]]:
    """What comes in: a body, then nothing more; nobody goes away here."""
    ended = False

    async def receive() -> Message:
        nonlocal ended
        if ended:
            await asyncio.Event().wait()
        piece = await anext(pieces, None)
        ended = piece is None
        return {"type": "http.request", "body": b"" if piece is None else bytes(piece), "more_body": not ended}

    return receive
