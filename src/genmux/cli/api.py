"""How commands manage a gateway: through its native API, over HTTP or inside this process."""

import contextlib
import os
from collections.abc import AsyncIterator, Callable, Coroutine, Generator
from contextlib import AsyncExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from urllib.parse import urlencode

import msgspec

from genmux.cli.options import Common
from genmux.cli.serving import EVERYWHERE
from genmux.cli.session import configured, reached, reported
from genmux.types.errors import ErrorKind, NetworkError, ProviderError, Retry

if TYPE_CHECKING:
    import asyncio

    from genmux.contract.http import FileBody, HttpReply

T = TypeVar("T")

PATH = "/api/v1"


class Line(Protocol):
    """A way to the gateway."""

    async def ask(
        self, method: str, path: str, *, query: str, headers: tuple[tuple[str, str], ...], body: bytes
    ) -> "HttpReply":
        """One request with its whole answer, whatever its status."""
        ...

    async def upload(self, path: str, body: "FileBody") -> "HttpReply":
        """Send a file, read as it is sent; `path` may have a query."""
        ...

    def download(self, path: str) -> AsyncIterator[bytes]:
        """The content at a path, as it comes. Raises ProviderError for a refusal."""
        ...


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """An error of the native API."""

    kind: str
    message: str
    param: str | None = None
    provider: str | None = None
    model: str | None = None
    retry: Retry = Retry.NEVER


class Api:
    """The native API. Paths begin after `/api/v1`; answers are decoded JSON. Raises the ProviderError that it answers with."""

    def __init__(self, runner: "asyncio.Runner", line: Line) -> None:
        self._runner = runner
        self._line = line

    def get(self, path: str, **query: Any) -> Any:
        """Read something; a query of None is left out, a list is repeated."""
        return self._decoded(self._ask("GET", path, None, query))

    def post(self, path: str, body: Any = None, **query: Any) -> Any:
        """Make something, or have something done."""
        return self._decoded(self._ask("POST", path, body, query))

    def patch(self, path: str, body: Any, **query: Any) -> Any:
        """Change something."""
        return self._decoded(self._ask("PATCH", path, body, query))

    def delete(self, path: str, body: Any = None, **query: Any) -> Any:
        """Take something away."""
        return self._decoded(self._ask("DELETE", path, body, query))

    def text(self, path: str, **query: Any) -> str:
        """Read something that is no JSON, such as CSV."""
        return self._ask("GET", path, None, query).body.decode()

    def upload(self, path: str, file: "FileBody", **query: Any) -> Any:
        """Send a file of this machine."""
        told = urlencode({name: _plain(value) for name, value in query.items() if value is not None}, doseq=True)
        reply = self._runner.run(_answered(self._line.upload(f"{PATH}{path}" + (f"?{told}" if told else ""), file)))
        if reply.status >= 300:
            raise _refused(reply, path)
        return self._decoded(reply)

    def send(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> "HttpReply":
        """One request as it is told, with its answer when it is no refusal."""
        asked = self._line.ask(method, PATH + path, query="", headers=tuple(headers.items()), body=body)
        reply = self._runner.run(_answered(asked))
        if reply.status >= 300:
            raise _refused(reply, path)
        return reply

    def download(self, path: str, write: Callable[[bytes], object]) -> int:
        """Read something large, piece by piece; gives how many bytes there were."""

        async def read() -> int:
            """All of it."""
            count = 0
            async for piece in self._line.download(PATH + path):
                write(piece)
                count += len(piece)
            return count

        return self._runner.run(read())

    def pages(self, path: str, **query: Any) -> Generator[Any]:
        """All items of a list that comes in pages (`data`, `next`)."""
        cursor: str | None = None
        while True:
            page = self.get(path, cursor=cursor, **query)
            yield from page["data"]
            cursor = page.get("next")
            if not cursor:
                return

    def _ask(self, method: str, path: str, body: Any, query: dict[str, Any]) -> "HttpReply":
        told = {name: _plain(value) for name, value in query.items() if value is not None}
        asked = self._line.ask(
            method,
            PATH + path,
            query=urlencode(told, doseq=True),
            headers=() if body is None else (("content-type", "application/json"),),
            body=b"" if body is None else msgspec.json.encode(body),
        )
        reply = self._runner.run(_answered(asked))
        if reply.status >= 300:
            raise _refused(reply, path)
        return reply

    @staticmethod
    def _decoded(reply: "HttpReply") -> Any:
        if not reply.body:
            return None
        try:
            return msgspec.json.decode(reply.body)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            message = "the answer is no JSON; is this address a genmux gateway?"
            raise ProviderError(message, kind=ErrorKind.MALFORMED_REPLY, status=reply.status) from error


@contextmanager
def admin(common: Common) -> Generator[Api]:
    """The native API for one command, as root of this machine or with a gateway's key.

    It is that of `--gateway` (or GENMUX_GATEWAY) with `--key` (or GENMUX_KEY); else that of the gateway which holds this
    machine's store at the moment; else one inside this process. What goes wrong is told in a line.
    """
    import asyncio

    with reported(common), asyncio.Runner() as runner, contextlib.ExitStack() as farewell:
        stack = AsyncExitStack()
        farewell.callback(lambda: runner.run(stack.aclose()))
        yield Api(runner, runner.run(_line(common, stack)))


async def _line(common: Common, stack: AsyncExitStack) -> Line:
    url, key = reached(common)
    if url:
        return await _remote(url, key, stack)
    found = local_gateway(common)
    if found is not None:
        return await _remote(found.url, found.token, stack)
    app = configured(common)
    from genmux.server.in_process import InProcess

    return await stack.enter_async_context(InProcess(app))


class LocalGateway(msgspec.Struct, frozen=True):
    """The gateway that runs on this machine with this user's store, and what lets its owner in."""

    url: str
    token: str

    def __repr__(self) -> str:
        """Without the token."""
        return f"LocalGateway({self.url!r})"


def local_gateway(common: Common) -> LocalGateway | None:
    """The gateway that holds the store of this user, None when none runs. Raises ConfigurationError for wrong settings."""
    from pathlib import Path

    from genmux.app import NO_STORE
    from genmux.services.settings import read_settings

    settings = read_settings(os.environ, path=common.config)
    if settings.store.url == NO_STORE:
        return None
    from genmux.store.lock import read_lock
    from genmux.store.places import place

    where = place(settings.store.url, os.environ)
    holder = read_lock(where) if isinstance(where, Path) else None
    if holder is None or holder.url is None or holder.token is None:
        return None
    url = holder.url
    for everywhere, here in EVERYWHERE.items():
        url = url.replace(f"//{everywhere}:", f"//{here}:")
    return LocalGateway(url, holder.token)


async def _remote(url: str, key: str | None, stack: AsyncExitStack) -> Line:
    from genmux.engine.gateway_line import GatewayLine

    line = GatewayLine(url, key)
    stack.push_async_callback(line.aclose)
    return line


async def _answered(asked: Coroutine[Any, Any, T]) -> T:
    return await asked


def _refused(reply: "HttpReply", path: str) -> ProviderError:
    """The error that the gateway answered with."""
    try:
        told = msgspec.json.decode(reply.body, type=Refusal)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        message = f"{PATH}{path} was answered with HTTP {reply.status}; is this address a genmux gateway?"
        return NetworkError(message, status=reply.status)
    return ProviderError(
        told.message,
        kind=told.kind,
        status=reply.status,
        param=told.param,
        provider=told.provider,
        model=told.model,
        retry=told.retry,
    )


def _plain(value: Any) -> Any:
    """A value as it stands in a query."""
    match value:
        case bool():
            return "true" if value else "false"
        case list() | tuple():
            return [_plain(one) for one in value]
        case _:
            return str(value)
