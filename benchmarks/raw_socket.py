"""The least that a WebSocket can be (RFC 6455), so that whoever measures with it takes little of the machine: text frames alone."""

import asyncio
import base64
import hashlib
import os

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
NO_MASK = bytes(4)
"""A mask that changes nothing: frames of clients must have one."""


def framed(payload: bytes, *, masked: bool, opcode: int = TEXT) -> bytes:
    """A frame that is complete in itself."""
    bit, size = 0x80 if masked else 0, len(payload)
    if size < 126:
        head = bytes((0x80 | opcode, bit | size))
    elif size < 65_536:
        head = bytes((0x80 | opcode, bit | 126)) + size.to_bytes(2, "big")
    else:
        head = bytes((0x80 | opcode, bit | 127)) + size.to_bytes(8, "big")
    return head + (NO_MASK if masked else b"") + payload


class RawSocket(asyncio.Protocol):
    """One end of a connection. `heard` gets the bytes of each message; a client says `opening` first, a server answers it."""

    def __init__(self, opening: bytes | None = None) -> None:
        self.opening = opening
        self.client = opening is not None
        self.opened = asyncio.get_running_loop().create_future()
        self.closed = False
        self._rest = b""

    def heard(self, message: bytes) -> None:
        """A message came."""

    def began(self) -> None:
        """It is open."""

    def say(self, message: bytes) -> None:
        """Send one."""
        self.transport.write(framed(message, masked=self.client))

    def connection_made(self, transport) -> None:
        """The other end is there."""
        self.transport = transport
        if self.opening is not None:
            transport.write(self.opening)

    def connection_lost(self, error) -> None:
        """The other end is gone."""
        self.closed = True
        if not self.opened.done():
            self.opened.set_exception(error or ConnectionError("it was closed before it was open"))

    def data_received(self, data: bytes) -> None:
        """Some bytes came."""
        data = self._rest + data if self._rest else data
        if not self.opened.done():
            head, end, data = data.partition(b"\r\n\r\n")
            if not end:
                self._rest = head
                return
            self._open(head)
        self._rest = data[self._frames(data) :]

    def _open(self, head: bytes) -> None:
        if self.client:
            assert b" 101 " in head.split(b"\r\n")[0], head
        else:
            self.transport.write(accepted(head))
        self.opened.set_result(None)
        self.began()

    def _frames(self, data: bytes) -> int:
        """Hear all frames that are complete; gives where the first one begins that is not."""
        at, whole = 0, len(data)
        while whole - at >= 2:
            first, second = data[at], data[at + 1]
            size, start = second & 0x7F, at + 2
            if size > 125:
                wide = 2 if size == 126 else 8
                size, start = int.from_bytes(data[start : start + wide], "big"), start + wide
            if second & 0x80:
                mask, start = data[start : start + 4], start + 4
            else:
                mask = NO_MASK
            if whole < start + size:
                break
            at = start + size
            self._one(first & 0x0F, unmasked(data[start:at], mask))
        return at

    def _one(self, opcode: int, payload: bytes) -> None:
        if opcode == TEXT:
            self.heard(payload)
        elif opcode == PING:
            self.transport.write(framed(payload, masked=self.client, opcode=PONG))
        elif opcode == CLOSE:
            self.transport.close()


def unmasked(payload: bytes, mask: bytes) -> bytes:
    """What was meant."""
    if mask in (NO_MASK, b"") or not payload:
        return payload
    size = len(payload)
    key = int.from_bytes((mask * (size // 4 + 1))[:size], "big")
    return (int.from_bytes(payload, "big") ^ key).to_bytes(size, "big")


def asked(host: str, path: str, **headers: str) -> bytes:
    """How a client opens a connection."""
    lines = [
        f"GET {path} HTTP/1.1",
        f"host: {host}",
        "connection: Upgrade",
        "upgrade: websocket",
        "sec-websocket-version: 13",
        f"sec-websocket-key: {base64.b64encode(os.urandom(16)).decode()}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def accepted(head: bytes) -> bytes:
    """How a server answers."""
    lines = (line.partition(b":") for line in head.split(b"\r\n")[1:])
    key = next(value.strip() for name, _, value in lines if name.lower() == b"sec-websocket-key")
    told = hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11", usedforsecurity=False).digest()
    lines = ("HTTP/1.1 101 Switching Protocols", "upgrade: websocket", "connection: Upgrade")
    return "\r\n".join((*lines, f"sec-websocket-accept: {base64.b64encode(told).decode()}\r\n\r\n")).encode()
