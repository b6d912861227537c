"""Posts to addresses that our users gave: through the URL guard, once, and without following anything."""

import time
from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from genmux.contract.http import HttpRequest
from genmux.engine.aiohttp_transport import AiohttpReply
from genmux.engine.deadlines import AlarmClocks, Deadline, Timeouts
from genmux.engine.guarded_transport import GuardedTransport
from genmux.engine.retry_after import told_wait
from genmux.engine.url_guard import Checked
from genmux.types.errors import ErrorKind, InvalidRequestError, ProviderError, Retry

HEARD = 2_048
"""So many bytes of an answer are read: only its status counts, the rest is for people."""


class Posted(msgspec.Struct, frozen=True, kw_only=True):
    """What a receiver answered; `said` is the beginning of it, `retry_after` is in seconds."""

    status: int
    said: str = ""
    retry_after: float | None = None


class Guard(Protocol):
    """Says where a URL leads."""

    async def check(self, url: str) -> Checked:
        """The URL with its addresses. Raises InvalidRequestError, NetworkError."""
        ...


class OutwardPoster:
    """Posts JSON. One may be shared by all tasks of an event loop."""

    def __init__(
        self, guard: Guard, *, transport: GuardedTransport | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        self._guard = guard
        self._transport = transport or GuardedTransport()
        self._clock = clock
        self._alarms = AlarmClocks()

    async def post(self, url: str, *, headers: Sequence[tuple[str, str]], body: bytes, timeout: float) -> Posted:
        """Send once, follow nothing; all of it takes `timeout` seconds at most.

        Raises ProviderError when there is no answer, InvalidRequestError when the address leads into a private network.
        """
        deadline = Deadline(self._alarms.here(), timeout)
        try:
            with deadline:
                return await self._post(url, headers, body, timeout)
        except TimeoutError as error:
            message = f"the receiver did not answer within {timeout:g} s"
            raise ProviderError(message, kind=ErrorKind.TIMEOUT, retry=Retry.UNSURE) from error

    async def _post(self, url: str, headers: Sequence[tuple[str, str]], body: bytes, timeout: float) -> Posted:
        try:
            checked = await self._guard.check(url)
        except InvalidRequestError as error:
            error.message = error.message.replace("of [assets]", "of [webhooks]").replace("fetched", "sent to")
            error.args = (error.message,)
            raise
        request = HttpRequest(method="POST", url=checked.url, headers=tuple(headers), body=body)
        timeouts = Timeouts(connect=timeout, first_byte=timeout, idle=timeout, total=timeout, stream=timeout)
        reply = await self._transport.fetch(request, checked, timeouts=timeouts)
        try:
            said = await _beginning(reply)
        finally:
            reply.close()
        wait = told_wait(reply.headers, now=self._clock())
        return Posted(status=reply.status, said=said, retry_after=wait)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._transport.aclose()


async def _beginning(reply: AiohttpReply) -> str:
    """What the answer says, as far as it is worth reading. The status has come: what breaks after it changes nothing."""
    pieces = bytearray()
    try:
        while len(pieces) < HEARD and (piece := await reply.read()):
            pieces += piece
    except ProviderError:
        pass
    return pieces[:HEARD].decode("utf-8", "replace").replace("\0", "")
