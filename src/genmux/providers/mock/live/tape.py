"""Keeps what was said in a session, for tests."""

from collections import deque
from collections.abc import Callable, Sequence

from genmux.contract.sessions import Resume
from genmux.types.realtime import Command, SessionConfig
from genmux.types.realtime_events import RealtimeEvent

MOST = 10_000
"""So many commands, and as many events, are kept of one session."""


class Tape:
    """One session: what came in, and what was answered, each with its time in milliseconds."""

    def __init__(self, session: str, model: str, config: SessionConfig, resume: Resume | None) -> None:
        self.session = session
        self.model = model
        self.config = config
        self.resume = resume
        self.heard: deque[tuple[float, Command]] = deque(maxlen=MOST)
        self.told: deque[tuple[float, RealtimeEvent]] = deque(maxlen=MOST)

    @property
    def commands(self) -> Sequence[Command]:
        """What came in, without times."""
        return [command for _, command in self.heard]

    @property
    def events(self) -> Sequence[RealtimeEvent]:
        """What was answered, in the order of its times."""
        return [event for _, event in sorted(self.told, key=lambda pair: pair[0])]

    def keep(self, wanted: Callable[[float, RealtimeEvent], bool]) -> None:
        """Forget events that were withdrawn."""
        self.told = deque((pair for pair in self.told if wanted(*pair)), maxlen=MOST)
