"""A transport that plays a script: no socket, no waiting, every request remembered."""

import asyncio
from collections.abc import Iterable, Mapping

from genmux.contract.http import HttpReply, HttpRequest
from genmux.engine.deadlines import Timeouts
from genmux.engine.limits import SizeLimits
from genmux.engine.transport import read_whole
from genmux.types.errors import ErrorKind, ProviderError

Piece = bytes | ProviderError | asyncio.Event


class Played:
    """One scripted reply: its body comes in these pieces; an error is raised, an event is waited for."""

    def __init__(
        self,
        *pieces: Piece,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        error: Exception | None = None,
    ) -> None:
        self.pieces = pieces
        self.status = status
        self.headers = dict(headers or {})
        self.error = error


class PlayedReply:
    """An open reply that reads a script."""

    def __init__(self, played: Played) -> None:
        self.status: int = played.status
        self.headers: Mapping[str, str] = played.headers
        self.closed = 0
        self._pieces = list(played.pieces)
        self._fault: ProviderError | None = None
        self._ended = False
        self._wake = asyncio.Event()

    async def read(self) -> bytes:
        while self._pieces and self._fault is None:
            match self._pieces.pop(0):
                case bytes() as piece:
                    return piece
                case asyncio.Event() as event:
                    waiting = [asyncio.ensure_future(each.wait()) for each in (event, self._wake)]
                    try:
                        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                    finally:
                        for each in waiting:
                            each.cancel()
                case ProviderError() as error:
                    raise error
        if self._fault is not None:
            raise self._fault
        self._ended = True
        return b""

    def close(self, fault: ProviderError | None = None) -> None:
        self.closed += 1
        if not self._ended and self._fault is None:
            self._fault = fault or ProviderError("closed", kind=ErrorKind.CANCELLED)
        self._wake.set()


class FakeTransport:
    """Answers each request with the next of the script, the last one for ever."""

    def __init__(self, script: Iterable[Played] = ()) -> None:
        self.script = list(script) or [Played(b"{}")]
        self.requests: list[HttpRequest] = []
        self.timeouts: list[Timeouts] = []
        self.replies: list[PlayedReply] = []
        self.closed = 0
        self.left = 0

    async def send(self, request: HttpRequest, *, timeouts: Timeouts, limits: SizeLimits) -> HttpReply:
        return await read_whole(await self.open(request, timeouts=timeouts), limits=limits)

    async def open(self, request: HttpRequest, *, timeouts: Timeouts) -> PlayedReply:
        self.requests.append(request)
        self.timeouts.append(timeouts)
        played = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if played.error is not None:
            raise played.error
        self.replies.append(PlayedReply(played))
        return self.replies[-1]

    async def leave(self) -> None:
        self.left += 1

    async def aclose(self) -> None:
        self.closed += 1
