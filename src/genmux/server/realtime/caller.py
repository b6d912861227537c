"""The caller of a live session: a WebSocket, as ASGI has it."""

from collections.abc import Iterable
from typing import Any

from genmux.contract.dialect import Answer
from genmux.contract.refused_sockets import REFUSED, spelt
from genmux.contract.sessions import Frame
from genmux.server.http import Receive, Scope, Send

LONGEST_REASON = 123
"""Bytes that a WebSocket has for the reason of its end (RFC 6455, 5.5)."""

_REFUSAL = "websocket.http.response"
_POLICY = 1008


class Caller:
    """One caller. `gone` is set when it has hung up; nothing can be said to it then."""

    __slots__ = ("_receive", "_scope", "_send", "gone")

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self.gone = False

    async def accept(self, subprotocol: str | None) -> None:
        """Take the connection."""
        if (await self._receive())["type"] != "websocket.connect":
            self.gone = True
            return
        await self._told({"type": "websocket.accept", "subprotocol": subprotocol})

    async def refuse(self, answer: Answer) -> None:
        """Do not take the connection, and say why, where the server can."""
        if _REFUSAL not in (self._scope.get("extensions") or {}):
            await self._told({"type": "websocket.close", "code": _POLICY})
            return
        told = (*answer.headers, (REFUSED, spelt(answer.body)))
        headers = [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in told]
        await self._told({"type": f"{_REFUSAL}.start", "status": answer.status, "headers": headers})
        await self._told({"type": f"{_REFUSAL}.body", "body": answer.body})

    async def hear(self) -> Frame | None:
        """What it says next; None when it has hung up."""
        message = await self._receive()
        if message["type"] != "websocket.receive":
            self.gone = True
            return None
        text: str | None = message.get("text")
        return message["bytes"] if text is None else text

    async def say(self, frames: Iterable[Frame]) -> None:
        """Say something; waits while it does not read."""
        for frame in frames:
            if self.gone:
                return
            if isinstance(frame, str):
                await self._told({"type": "websocket.send", "text": frame})
            else:
                await self._told({"type": "websocket.send", "bytes": frame})

    async def close(self, code: int, reason: str) -> None:
        """Hang up. May be called again."""
        if not self.gone:
            await self._told({"type": "websocket.close", "code": code, "reason": shortened(reason)})
            self.gone = True

    async def _told(self, message: dict[str, Any]) -> None:
        try:
            await self._send(message)
        except (OSError, RuntimeError):  # it has gone meanwhile; servers say so in either way
            self.gone = True


def shortened(reason: str) -> str:
    """A reason that a WebSocket has room for."""
    return reason.encode()[:LONGEST_REASON].decode(errors="ignore")
