"""The letter-box as the rest of the engine sees it: send a request and get a whole reply, or open a stream."""

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from genmux.contract.http import HttpReply, HttpRequest
from genmux.engine.deadlines import Timeouts
from genmux.engine.limits import SizeLimits, too_large
from genmux.engine.socket import Socket
from genmux.types.errors import ProviderError


class OpenReply(Protocol):
    """A reply whose head has arrived; header names are lower case."""

    status: int
    headers: Mapping[str, str]

    async def read(self) -> bytes:
        """What has arrived since, at least one byte; empty at the end.

        Raises ProviderError(network | timeout | malformed_reply), after all that had arrived was read.
        """
        ...

    def close(self, fault: ProviderError | None = None) -> None:
        """Close the connection, unless the reply was read to its end; a read that waits then raises `fault`. Idempotent."""
        ...


class Transport(Protocol):
    """Sends requests whose URL is absolute. It follows no redirect, keeps no cookie and repeats nothing.

    Raises ProviderError whose `retry` says what is known of the request: `safe` means that it was not sent. Cancelling
    closes the connection.
    """

    async def send(self, request: HttpRequest, *, timeouts: Timeouts, limits: SizeLimits) -> HttpReply:
        """The whole reply, whatever its status; watches over `connect` and `idle`."""
        ...

    async def open(self, request: HttpRequest, *, timeouts: Timeouts) -> OpenReply:
        """The reply as soon as its head is there; watches over `connect`, `first_byte` and `idle`."""
        ...

    async def leave(self) -> None:
        """Close the connections of the running event loop, which is about to end; those of others stay open."""
        ...

    async def aclose(self) -> None:
        """Close all connections. Idempotent; a later request opens new ones."""
        ...


@runtime_checkable
class Dialer(Protocol):
    """Optional part of a transport: it opens WebSockets, too."""

    async def dial(self, request: HttpRequest, *, connect: float) -> Socket:
        """A WebSocket; raises `genmux.engine.socket.Refused` when something else is answered. Watches over `connect`, in seconds."""
        ...


async def read_whole(reply: OpenReply, *, limits: SizeLimits, begun: bytes = b"") -> HttpReply:
    """Read an open reply to its end; `begun` is what was read of it already.

    Of a refusal no more than `limits.error` is read, and a connection that breaks in it does not hide what it said.
    """
    refused = reply.status >= 400
    limit = limits.error if refused else limits.reply
    pieces = [begun]
    size = len(begun)
    try:
        while size <= limit and (piece := await reply.read()):
            pieces.append(piece)
            size += len(piece)
    except ProviderError:
        if not refused:
            raise
    finally:
        reply.close()
    return whole_reply(reply.status, reply.headers, b"".join(pieces), limits=limits)


def whole_reply(status: int, headers: Mapping[str, str], body: bytes, *, limits: SizeLimits) -> HttpReply:
    """A reply within its limits: a refusal is cut, anything else that is too large is an error."""
    if status >= 400:
        body = body[: limits.error]
    elif len(body) > limits.reply:
        raise too_large("the reply", limits.reply)
    return HttpReply(status=status, headers=headers, body=body)
