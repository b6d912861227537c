"""What a protocol of live sessions has to know, so that a scripted peer can speak it."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from genmux.contract.sessions import Frame, Resume
from genmux.providers.mock.live import Manner
from genmux.types.errors import ProviderError
from genmux.types.realtime import Command, SessionConfig
from genmux.types.realtime_events import RealtimeEvent


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """A session was asked for."""

    config: SessionConfig
    model: str
    resume: Resume | None = None


class Hangup(Exception):  # noqa: N818 — the protocol's way to say that it is over
    """The connection is closed with this code, for this reason, after the last frames."""

    def __init__(self, code: int, reason: str, *, last: Sequence[Frame] = ()) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason
        self.last = last


class Speech(Protocol):
    """One connection in one protocol."""

    manner: Manner

    def open(self, query: Mapping[str, str]) -> Opened | None:
        """The session that begins with the connection; None where its first message tells."""
        ...

    def setup(self, frame: Frame) -> Opened:
        """The session that the first message asks for. Raises Hangup."""
        ...

    def greet(self, session: str) -> Sequence[Frame]:
        """What is said first."""
        ...

    def accept(self, frame: Frame) -> Sequence[Command]:
        """What a message wants. Raises ProviderError for what goes on, Hangup for what does not."""
        ...

    def write(self, event: RealtimeEvent) -> Sequence[Frame]:
        """An event. Raises Hangup."""
        ...

    def refuse(self, error: ProviderError) -> Sequence[Frame]:
        """An error. Raises Hangup where the protocol has no word for errors."""
        ...
