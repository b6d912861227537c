"""Deadlines: how long a request may take, and one timer per event loop that watches over all of them.

Nearly every request ends long before its deadline. A deadline is therefore an entry in a set, and the loop's one timer
looks through the set when the nearest entry may be due; a timer of its own for each phase of each request would cost
several times as much.
"""

import asyncio
import math
from types import TracebackType
from typing import Protocol, Self

import msgspec

from genmux.types.errors import ConfigurationError

GRAIN = 0.01
"""Seconds between two looks through the set: a burst of deadlines costs a bounded number of looks."""

SLACK = 0.002
"""Event loops may wake a little early; what is due within so many seconds counts as due."""


class Timeouts(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """How long each phase of a request may take, in seconds; None is for ever.

    - `connect`: until the connection stands (name, TCP, TLS).
    - `first_byte`: from the written request to the head of a *streamed* reply. The head of a whole reply comes only when
      the answer is complete, so there it is `total` that counts.
    - `idle`: the longest silence inside a reply's body, or while a large request is being taken.
    - `total`: a whole reply, with everything that came before it: queueing, retries, waits between them.
    - `stream`: the same for a streamed reply, to its last byte.

    The defaults are long, because a request that is given up may still be billed, and models think for minutes.
    """

    connect: float | None = 10.0
    first_byte: float | None = 300.0
    idle: float | None = 300.0
    total: float | None = 600.0
    stream: float | None = 3600.0

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            seconds = getattr(self, name)
            if seconds is not None and not seconds > 0:
                message = f"the timeout `{name}` is {seconds!r}; it must be more than 0 seconds, or None for no limit"
                raise ConfigurationError(message)

    @classmethod
    def within(cls, seconds: float) -> "Timeouts":
        """Everything, streamed or not, done within so many seconds."""
        usual = cls()

        def least(limit: float | None) -> float:
            return seconds if limit is None else min(limit, seconds)

        return cls(
            connect=least(usual.connect),
            first_byte=least(usual.first_byte),
            idle=least(usual.idle),
            total=seconds,
            stream=seconds,
        )


class Alarm(Protocol):
    """Something that acts at a time of the event loop's clock; `when` may be moved later freely."""

    when: float

    def ring(self) -> None:
        """The time has come."""
        ...


class AlarmClock:
    """All the alarms of one event loop, on one timer."""

    __slots__ = ("_alarms", "_armed", "_handle", "loop")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._alarms: set[Alarm] = set()
        self._armed = math.inf
        self._handle: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        """How many alarms are set."""
        return len(self._alarms)

    def set(self, alarm: Alarm) -> None:
        """Ring `alarm` at its time; also after that time was moved nearer."""
        self._alarms.add(alarm)
        if alarm.when < self._armed:
            self._arm(alarm.when)

    def drop(self, alarm: Alarm) -> None:
        """Forget an alarm, whether it is set or not."""
        self._alarms.discard(alarm)

    def _arm(self, when: float) -> None:
        if self._handle is not None:
            self._handle.cancel()
        self._armed = when
        self._handle = self.loop.call_at(when, self._look)

    def _look(self) -> None:
        self._handle = None
        self._armed = math.inf
        now = self.loop.time()
        for alarm in [alarm for alarm in self._alarms if alarm.when <= now + SLACK]:
            self._alarms.discard(alarm)
            alarm.ring()
        nearest = min((alarm.when for alarm in self._alarms), default=math.inf)
        if nearest < self._armed:
            self._arm(max(nearest, now + GRAIN))


class AlarmClocks:
    """The alarm clock of each running event loop."""

    __slots__ = ("_clocks",)

    def __init__(self) -> None:
        self._clocks: dict[asyncio.AbstractEventLoop, AlarmClock] = {}

    def __len__(self) -> int:
        """How many event loops have one."""
        return len(self._clocks)

    def here(self) -> AlarmClock:
        """The clock of the running event loop."""
        loop = asyncio.get_running_loop()
        clock = self._clocks.get(loop)
        if clock is None:
            for other in [other for other in self._clocks if other.is_closed()]:
                self._clocks.pop(other, None)
            clock = self._clocks[loop] = AlarmClock(loop)
        return clock


class Deadline:
    """Ends what the current task does inside `with` after so many seconds, by raising TimeoutError at the end of it.

    Means the same as `asyncio.timeout` and costs a quarter of it.
    """

    __slots__ = ("_cancelling", "_clock", "_task", "passed", "when")

    def __init__(self, clock: AlarmClock, seconds: float | None) -> None:
        self.when = math.inf if seconds is None else clock.loop.time() + seconds
        self.passed = False
        self._clock = clock
        self._task: asyncio.Task[object] | None = None
        self._cancelling = 0

    @property
    def remaining(self) -> float:
        """Seconds that are left."""
        return self.when - self._clock.loop.time()

    def move(self, seconds: float | None) -> None:
        """Count anew: so many seconds from now."""
        if self._task is None or self.passed:
            return
        self.when = math.inf if seconds is None else self._clock.loop.time() + seconds
        self._clock.set(self)

    def ring(self) -> None:
        """End it."""
        if self._task is not None:
            self.passed = True
            self._task.cancel()

    def __enter__(self) -> Self:
        task = asyncio.current_task()
        if task is None:
            message = "a deadline needs a task to end"
            raise RuntimeError(message)
        self._task = task
        self._cancelling = task.cancelling()
        self._clock.set(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._clock.drop(self)
        task, self._task = self._task, None
        if self.passed and task is not None and task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError from error
