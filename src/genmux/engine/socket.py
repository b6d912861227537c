"""WebSockets: one open connection, frames in and out."""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from genmux.contract.sessions import Frame
from genmux.types.errors import ErrorKind, ProviderError, Retry

if TYPE_CHECKING:
    import aiohttp

LARGEST = 16 * 1024 * 1024
"""Bytes of one frame that is taken in."""

SILENCE = 30.0
"""Seconds after a ping in which nothing may come before the connection counts as lost: pongs of 30 s were measured."""

GOODBYE = 2.0
"""Seconds that a farewell may take."""


class Socket(Protocol):
    """An open WebSocket."""

    async def send(self, frame: Frame) -> None:
        """Send one frame; waits while the other side does not read. Raises ProviderError(network) when it is closed."""
        ...

    async def receive(self) -> Frame | None:
        """The next frame; None when the connection has ended (see `code` and `reason`)."""
        ...

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Say goodbye and close. May be called again."""
        ...

    @property
    def code(self) -> int | None:
        """With which code it was closed (RFC 6455); None where it broke, or is open."""
        ...

    @property
    def reason(self) -> str:
        """What was said when it was closed."""
        ...


class AiohttpSocket:
    """A WebSocket of aiohttp."""

    __slots__ = ("_code", "_reason", "_socket")

    def __init__(self, socket: "aiohttp.ClientWebSocketResponse") -> None:
        self._socket = socket
        self._code: int | None = None
        self._reason = ""

    @property
    def code(self) -> int | None:
        """With which code it was closed."""
        return self._code

    @property
    def reason(self) -> str:
        """What was said when it was closed."""
        return self._reason

    async def send(self, frame: Frame) -> None:
        """Send one frame."""
        try:
            if isinstance(frame, str):
                await self._socket.send_str(frame)
            else:
                await self._socket.send_bytes(frame)
        except (OSError, RuntimeError) as error:  # aiohttp's own are OSErrors
            raise ProviderError(
                f"the connection of the session is lost: {error or type(error).__name__}",
                kind=ErrorKind.NETWORK,
                retry=Retry.UNSURE,
            ) from error

    async def receive(self) -> Frame | None:
        """The next frame; None when the connection has ended."""
        from aiohttp import WSMsgType

        while True:
            message = await self._socket.receive()
            if message.type is WSMsgType.TEXT or message.type is WSMsgType.BINARY:
                data: Frame = message.data
                return data
            if message.type is WSMsgType.CLOSE:
                self._code, self._reason = message.data, str(message.extra or "")
                return None
            if message.type in (WSMsgType.CLOSED, WSMsgType.CLOSING, WSMsgType.ERROR):
                if self._code is None:
                    self._code = self._socket.close_code if message.type is not WSMsgType.ERROR else None
                    self._reason = self._reason or (str(message.data) if message.type is WSMsgType.ERROR else "")
                return None

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Say goodbye and close."""
        try:
            async with asyncio.timeout(GOODBYE):
                await self._socket.close(code=code, message=reason.encode()[:120])
        except (TimeoutError, OSError, RuntimeError):
            return


async def dial(
    session: "aiohttp.ClientSession",
    url: str,
    headers: Mapping[str, str],
    *,
    proxy: object = None,
    ssl: object = True,
    connect: float = 15.0,
) -> AiohttpSocket:
    """Open a WebSocket. Raises ProviderError; for a refusal with its HTTP status."""
    import aiohttp

    from genmux.engine.aiohttp_faults import explain, faults

    protocols = tuple(one.strip() for one in headers.get("sec-websocket-protocol", "").split(",") if one.strip())
    plain = {name: value for name, value in headers.items() if name != "sec-websocket-protocol"}
    try:
        async with asyncio.timeout(connect):
            connect_to: Any = session.ws_connect  # its overloads know no proxy of ours
            socket = await connect_to(
                url,
                headers=plain,
                protocols=protocols,
                heartbeat=SILENCE,
                max_msg_size=LARGEST,
                autoping=True,
                proxy=proxy,
                ssl=ssl,
                compress=0,
            )
    except TimeoutError as error:
        message = f"the session was not opened within {connect:g} s"
        raise ProviderError(message, kind=ErrorKind.TIMEOUT, retry=Retry.SAFE) from error
    except aiohttp.WSServerHandshakeError as error:
        raise Refused(error.status, {name.lower(): value for name, value in (error.headers or {}).items()}) from error
    except faults() as error:
        told = explain(error)
        told.retry = Retry.SAFE if told.retry is Retry.UNSURE else told.retry  # nothing was asked for yet
        raise told from error
    return AiohttpSocket(socket)


class Refused(Exception):  # noqa: N818 — no error of ours yet: the provider's table says what it means
    """The other side answered with something else than a WebSocket."""

    def __init__(self, status: int, headers: Mapping[str, str]) -> None:
        super().__init__(status)
        self.status = status
        self.headers = headers
