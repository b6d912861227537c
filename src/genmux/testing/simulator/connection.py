"""One client's connection: reads requests, plays replies step by step, notices when the client leaves."""

import asyncio
import socket
import struct
from collections import deque
from collections.abc import Sequence
from typing import Protocol, cast

from genmux.contract.local import Pause
from genmux.testing.simulator.http import BadRequestError, Head, Request, RequestParser
from genmux.testing.simulator.records import Seen
from genmux.testing.simulator.steps import JSON, Cut, Steps, whole

SECONDS_TO_LEAVE = 5.0
"""How long a client has to hang up after we did."""
BATCH = 64 * 1024
"""Bytes written at once, before others have their turn."""
WAITING_REQUESTS = 16
"""How many requests a client may send ahead."""
RESET_AT_ONCE = struct.pack("ii", 1, 0)


class House(Protocol):
    """What a connection needs of its server."""

    def arrived(self, connection: "Connection") -> Steps | None:
        """A client has connected; steps are played before anything is read."""
        ...

    def left(self, connection: "Connection", unfinished: Sequence[Seen]) -> None:
        """A connection is gone; `unfinished` are the requests whose replies the client did not wait for."""
        ...

    def begun(self, connection: "Connection", head: Head) -> tuple[Seen, Steps | None]:
        """The head of a request was read; steps are played at once, without reading its body."""
        ...

    def reply(self, request: Request, seen: Seen) -> Steps:
        """How a request is answered."""
        ...

    def finished(self, seen: Seen, *, cut: bool) -> None:
        """A reply was played to its end."""
        ...


class Connection(asyncio.Protocol):
    """Plays one reply after the other."""

    def __init__(self, house: House, number: int) -> None:
        self.number = number
        self._house = house
        self._loop = asyncio.get_running_loop()
        self._parser = RequestParser()
        self._transport: asyncio.Transport | None = None
        self._heads: deque[Seen] = deque()
        self._waiting: deque[tuple[Seen | None, Steps, bool]] = deque()
        self._steps: Steps | None = None
        self._seen: Seen | None = None
        self._keeps_alive = True
        self._timer: asyncio.Handle | None = None
        self._clogged = False
        self._over = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has connected."""
        self._transport = cast("asyncio.Transport", transport)
        steps = self._house.arrived(self)
        if steps is not None:
            self._begin(None, steps, keeps_alive=False)

    def data_received(self, data: bytes) -> None:
        """The client has sent something."""
        if self._over or self._transport is None:
            return
        try:
            for found in self._parser.feed(data):
                if isinstance(found, Head):
                    seen, steps = self._house.begun(self, found)
                    if steps is not None:
                        self._begin(seen, steps, keeps_alive=False)
                        return
                    self._heads.append(seen)
                    if found.headers.get("expect", "").lower() == "100-continue":
                        self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                else:
                    seen = self._heads.popleft()
                    seen.body = found.body
                    self._begin(seen, self._house.reply(found, seen), keeps_alive=found.head.keeps_alive)
        except BadRequestError as error:
            body = b'{"error":{"message":"%b"}}' % str(error).replace("\\", "/").replace('"', "'").encode()
            refusal = whole(error.status, (*JSON, ("connection", "close")), body)
            self._begin(None, iter((refusal,)), keeps_alive=False)

    def _begin(self, seen: Seen | None, steps: Steps, *, keeps_alive: bool) -> None:
        if self._steps is not None:
            self._waiting.append((seen, steps, keeps_alive))
            if len(self._waiting) == WAITING_REQUESTS and self._transport is not None:
                self._transport.pause_reading()
            return
        self._seen, self._steps, self._keeps_alive = seen, steps, keeps_alive
        self._drive()

    def _drive(self) -> None:
        self._timer = None
        try:
            self._play()
        except BaseException:  # a fault of our own must not leave the client waiting; the loop reports it
            self.close()
            raise

    def _play(self) -> None:
        """Play steps until the reply ends, has to wait, or others should have their turn."""
        transport = self._transport
        while self._steps is not None and not self._clogged and not self._over:
            if transport is None or transport.is_closing():
                return
            written, step = _batch(self._steps)
            if written:
                transport.write(written)
            if isinstance(step, Pause):
                self._timer = self._loop.call_later(step.seconds, self._drive)
                return
            if step is None:
                self._finish()
            else:
                self._cut(step)

    def _finish(self) -> None:
        if self._seen is not None:
            self._house.finished(self._seen, cut=False)
        self._seen = self._steps = None
        if not self._keeps_alive:
            self._hang_up()
        elif self._waiting:
            self._seen, self._steps, self._keeps_alive = self._waiting.popleft()
            if self._transport is not None and len(self._waiting) < WAITING_REQUESTS:
                self._transport.resume_reading()

    def _cut(self, cut: Cut) -> None:
        self._steps = None
        if cut is Cut.STALL:
            self._over = True  # the request stays open until the client leaves
            return
        if self._seen is not None:
            self._house.finished(self._seen, cut=True)
            self._seen = None
        if cut is Cut.FIN:
            self._hang_up()
        else:
            self.reset()

    def _hang_up(self) -> None:
        """Close our side; what the client still sends is read and thrown away, for unread bytes would turn FIN into RST."""
        self._over = True
        transport = self._transport
        if transport is not None and not transport.is_closing():
            transport.write_eof()
            self._timer = self._loop.call_later(SECONDS_TO_LEAVE, transport.close)

    def reset(self) -> None:
        """Tear the connection down (RST)."""
        self._over = True
        if self._transport is not None:
            own: socket.socket | None = self._transport.get_extra_info("socket")
            if own is not None:
                own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_AT_ONCE)
            self._transport.abort()

    def close(self) -> None:
        """The server goes home."""
        if self._transport is not None:
            self._transport.abort()

    def pause_writing(self) -> None:
        """The client does not keep up."""
        self._clogged = True

    def resume_writing(self) -> None:
        """The client has kept up."""
        self._clogged = False
        if self._timer is None:
            self._drive()

    def eof_received(self) -> bool | None:
        """The client has closed its side; None lets the transport close ours."""

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone; what was still to be said is given up."""
        if self._timer is not None:
            self._timer.cancel()
        del exc
        close = getattr(self._steps, "close", None)
        if close is not None:
            close()
        begun = (self._seen, *(seen for seen, _, _ in self._waiting), *self._heads)
        self._house.left(self, [seen for seen in begun if seen is not None])
        self._transport = self._steps = self._seen = None
        self._waiting.clear()
        self._heads.clear()
        self._over = True


def _batch(steps: Steps) -> tuple[bytes, Pause | Cut | None]:
    """All bytes that can be written at once, and what comes after them; a pause of nothing when others should have their turn."""
    written: list[bytes] = []
    size = 0
    for step in steps:
        if not isinstance(step, bytes):
            return b"".join(written), step
        written.append(step)
        size += len(step)
        if size >= BATCH:
            return b"".join(written), Pause(0)
    return b"".join(written), None
