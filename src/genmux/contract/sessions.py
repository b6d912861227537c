"""Wires of sessions: a duplex conversation over a socket. Pure translation, like all wires.

A codec belongs to one connection. It has no socket and no clock: frames go in, events come out, and the other way round.
"""

from collections.abc import Iterable, Sequence
from typing import Literal, Protocol, runtime_checkable

import msgspec

from genmux.contract.http import HttpRequest
from genmux.contract.model import Model
from genmux.types.audio import AudioFormat
from genmux.types.errors import ErrorKind, MessageError, ProviderError
from genmux.types.realtime import Command, SessionConfig
from genmux.types.realtime_events import PassedAudio, RealtimeEvent
from genmux.types.warning import Warning  # noqa: A004 — see genmux.types.warning

Frame = str | bytes
"""One message of a WebSocket: text or bytes."""

TurnOwner = Literal["client", "server", "model"]


class Capabilities(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the sessions of a model can do. Rates are in Hz, spans in seconds.

    `turn_owner` says who ends turns: the client, the server (as the client wishes), or the model alone. `answers_tools` says
    that the model goes on by itself after the result of a tool.
    """

    turn_owner: TurnOwner = "server"
    input_formats: tuple[AudioFormat, ...] = (AudioFormat(),)
    output_formats: tuple[AudioFormat, ...] = (AudioFormat(),)
    truncates: bool = False
    cancels: bool = False
    commits: bool = False
    clears: bool = False
    deletes_items: bool = False
    creates_responses: bool = False
    tools: bool = True
    answers_tools: bool = False
    mutable: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset({"user"})
    images: bool = False
    text_input: bool = True
    reports_speech: bool = False
    transcribes_input: bool = False
    interim_transcripts: bool = False
    resumable: bool = False
    longest_connection: float | None = None
    longest_session: float | None = None
    billing: Literal["tokens", "seconds"] = "tokens"


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was said before, for a connection that knows nothing of it."""

    role: str
    text: str


class Resume(msgspec.Struct, frozen=True, kw_only=True):
    """How to go on: with the provider's `handle`, or by telling it what was said."""

    handle: str | None = None
    history: tuple[Turn, ...] = ()


class Goodbye(msgspec.Struct, frozen=True, kw_only=True):
    """What the end of a connection means: whether to connect anew, and what to tell people: an error, or a mere reason."""

    reconnect: bool
    error: ProviderError | None = None
    reason: str | None = None


class Codec(Protocol):
    """Translates one connection."""

    @property
    def capabilities(self) -> Capabilities:
        """What this session can do."""
        ...

    @property
    def input(self) -> AudioFormat:
        """How sound must go in."""
        ...

    @property
    def output(self) -> AudioFormat:
        """How sound comes out."""
        ...

    def connect(self) -> HttpRequest:
        """The request that opens the socket: a path below the base URL, or absolute."""
        ...

    def opening(self) -> Sequence[Frame]:
        """What is sent at once. The session is there when `SessionCreated` comes; commands wait for that."""
        ...

    def send(self, command: Command) -> Sequence[Frame]:
        """A command as frames; none where there is nothing to send. Raises MessageError, AudioError or UnsupportedError."""
        ...

    def receive(self, frame: Frame) -> Iterable[RealtimeEvent]:
        """What a frame says. What is not understood is `Unknown`, never an exception."""
        ...

    def closed(self, code: int | None, reason: str) -> Goodbye:
        """What the end of the connection means; `code` is that of the WebSocket (RFC 6455), None where it broke."""
        ...


@runtime_checkable
class PassingCodec(Protocol):
    """A codec whose frames of sound a caller of the same dialect takes as they are, and the other way round."""

    @property
    def spoken(self) -> str:
        """The dialect and its form. Frames go on where both sides have the same."""
        ...

    def passed(self, frame: Frame) -> PassedAudio | None:
        """A frame of sound that can go on as it is; None for any other."""
        ...


@runtime_checkable
class WarningCodec(Protocol):
    """A codec that left out something of what was set up."""

    @property
    def warnings(self) -> tuple[Warning, ...]:
        """What, and why."""
        ...


class SessionWire(Protocol):
    """Opens sessions."""

    def capabilities(self, model: Model) -> Capabilities:
        """What the sessions of a model can do."""
        ...

    def open(self, config: SessionConfig, model: Model, resume: Resume | None = None) -> Codec:
        """A codec for one connection. Raises MessageError for what the model cannot be set up with."""
        ...


class ServerCodec(Protocol):
    """The half of a dialect that faces a caller of ours: its frames are our commands, our events its frames."""

    @property
    def config(self) -> SessionConfig:
        """What the caller has set up so far."""
        ...

    def greet(self, session: str, model: str) -> Sequence[Frame]:
        """What the caller hears first."""
        ...

    def accept(self, frame: Frame) -> Sequence[Command]:
        """What the caller wants. Raises MessageError for what cannot be understood; the session goes on."""
        ...

    def restore(self, config: SessionConfig) -> None:
        """A change that the caller wanted could not be made: the session is as it was."""
        ...

    def write(self, event: RealtimeEvent) -> Sequence[Frame]:
        """An event for the caller; none where the dialect has no word for it."""
        ...

    def refuse(self, error: ProviderError, *, command: str | None = None) -> Sequence[Frame]:
        """An error for the caller, who may go on."""
        ...


def pick(wanted: AudioFormat, offered: Sequence[AudioFormat]) -> AudioFormat:
    """The offered format that is nearest to what is wanted: the same, else of the same encoding, else the first with the next rate."""
    same = [one for one in offered if one.encoding == wanted.encoding and one.channels == wanted.channels]
    exact = [one for one in same if one.sample_rate == wanted.sample_rate]
    pcm = [one for one in offered if one.encoding == "pcm"]
    among = exact or same or pcm or list(offered)
    return min(among, key=lambda one: abs(one.sample_rate - wanted.sample_rate))


def lacks(what: str, capabilities: Capabilities, *, instead: str) -> MessageError:
    """The error for a command that a provider has no word for."""
    message = f"this model's sessions cannot {what} (turns belong to the {capabilities.turn_owner}); {instead}"
    return MessageError(message, kind=ErrorKind.UNSUPPORTED)


def foreign(config: SessionConfig, *spoken: str) -> tuple[Warning, ...]:
    """The warnings for settings of another dialect than these, which are left out."""
    if config.dialect in spoken or not config.extra:
        return ()
    told = f"it is a setting of {config.dialect or 'another dialect'}, which this model's provider does not speak"
    return tuple(Warning("unsupported", f"session.{name}", told) for name in config.extra)
