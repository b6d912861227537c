"""Sessions that are made of calls, and sessions that are played in this process: both without a socket."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from genmux.contract.model import Model
from genmux.contract.sessions import Capabilities, Resume
from genmux.types.audio import AudioFormat
from genmux.types.realtime import Command, SessionConfig
from genmux.types.realtime_events import RealtimeEvent


class Cascade(msgspec.Struct, frozen=True, kw_only=True):
    """In place of a wire: a session of this model listens, lets a text model answer, and speaks.

    Each is a model by its reference; None for whatever is usual.
    """

    chat: str | None = None
    transcribe: str | None = None
    speak: str | None = None


class Timed(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happens after so many milliseconds. With `withdraws`, what is still to come of that answer does not."""

    after_ms: float = 0.0
    event: RealtimeEvent | None = None
    withdraws: str | None = None
    ends: bool = False


class Peer(Protocol):
    """The other side of a played session: pure, it has no clock. `now_ms` is told with each command."""

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

    def begin(self) -> Sequence[Timed]:
        """What it says first."""
        ...

    def hear(self, command: Command, now_ms: float) -> Sequence[Timed]:
        """What comes of a command. Raises ProviderError."""
        ...


class Plays(Protocol):
    """In place of a wire: sessions are played in this process. `options` are the provider's, as its credential has them."""

    def play(
        self,
        config: SessionConfig,
        model: Model,
        resume: Resume | None = None,
        *,
        options: Mapping[str, str] | None = None,
    ) -> Peer:
        """The other side of one session. Raises ConfigurationError for an option that is wrong."""
        ...
