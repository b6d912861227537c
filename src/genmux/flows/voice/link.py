"""One connection of a session: commands go in, events come out. Over a socket, in this process, or made of calls."""

from collections.abc import Sequence
from typing import Protocol

from genmux.contract.saying import OpensAtOnce
from genmux.contract.sessions import Capabilities, Codec, Frame, Goodbye, PassingCodec, WarningCodec
from genmux.engine.socket import Socket
from genmux.types.audio import AudioFormat
from genmux.types.realtime import Command
from genmux.types.realtime_events import RealtimeEvent
from genmux.types.warning import Warning  # noqa: A004 — see genmux.types.warning


class Link(Protocol):
    """One connection. `input` and `output` are how sound goes in and comes out."""

    @property
    def capabilities(self) -> Capabilities:
        """What it can do."""
        ...

    @property
    def input(self) -> AudioFormat:
        """How sound must go in."""
        ...

    @property
    def output(self) -> AudioFormat:
        """How sound comes out."""
        ...

    @property
    def warnings(self) -> tuple[Warning, ...]:
        """What of its settings was left out."""
        ...

    async def begin(self) -> None:
        """Say what is said first. The session is there when `SessionCreated` comes."""
        ...

    async def send(self, command: Command) -> None:
        """Say something. Raises ProviderError."""
        ...

    async def receive(self) -> Sequence[RealtimeEvent] | None:
        """What was said next; None when the connection has ended."""
        ...

    @property
    def goodbye(self) -> Goodbye:
        """What the end of the connection means."""
        ...

    async def close(self, reason: str = "") -> None:
        """End it. May be called again."""
        ...


class SocketLink:
    """A connection over a WebSocket, translated by a codec."""

    def __init__(self, codec: Codec, socket: Socket) -> None:
        self._codec = codec
        self._socket = socket
        self.input = codec.input
        self.output = codec.output
        self.passing = False
        self._opened: Sequence[RealtimeEvent] = ()

    @property
    def capabilities(self) -> Capabilities:
        """What it can do, as far as that is known by now."""
        return self._codec.capabilities

    @property
    def warnings(self) -> tuple[Warning, ...]:
        """What of its settings was left out."""
        return self._codec.warnings if isinstance(self._codec, WarningCodec) else ()

    async def begin(self) -> None:
        """Send what comes first. Where the provider says nothing then, the codec does."""
        for frame in self._codec.opening():
            await self._socket.send(frame)
        if isinstance(self._codec, OpensAtOnce):
            self._opened = [*self._codec.opened()]

    async def send(self, command: Command) -> None:
        """Send a command."""
        for frame in self._codec.send(command):
            await self._socket.send(frame)

    async def receive(self) -> Sequence[RealtimeEvent] | None:
        """The events of the next frame."""
        if self._opened:
            opened, self._opened = self._opened, ()
            return opened
        frame = await self._socket.receive()
        if frame is None:
            return None
        if self.passing and (passed := self._codec.passed(frame)) is not None:  # pyright: ignore[reportAttributeAccessIssue] — it can, then
            return (passed,)
        return [*self._codec.receive(frame)]

    def pass_sound(self, spoken: str) -> None:
        """Let frames of sound go on as they are from now on, to a caller who speaks so; nothing where the provider speaks otherwise."""
        self.passing = isinstance(self._codec, PassingCodec) and self._codec.spoken == spoken

    async def pass_on(self, frame: Frame) -> None:
        """Send a frame of sound as it is."""
        await self._socket.send(frame)

    @property
    def goodbye(self) -> Goodbye:
        """What the end of the socket means."""
        return self._codec.closed(self._socket.code, self._socket.reason)

    async def close(self, reason: str = "") -> None:
        """Close the socket."""
        await self._socket.close(1000, reason)
