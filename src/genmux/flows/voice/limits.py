"""How long sessions may be, and how hard a lost connection is tried again."""

import math

import msgspec

TOO_QUIET = "nobody said anything for long"
TOO_LONG = "it lasted as long as it may"
"""Why a session is ended that reached one of its limits."""


class SessionLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Spans in seconds; None for without an end. A connection that breaks is tried `per_drop` times, `per_life` times in all."""

    opening: float = 15.0
    idle: float | None = None
    longest: float | None = None
    per_drop: int = 3
    per_life: int = 20
    first_pause: float = 0.5
    longest_pause: float = 8.0

    def until(self, *, begun: float, quiet: float) -> tuple[float, str]:
        """When a session ends in which nothing was said since `quiet`, and why."""
        ends = [] if self.longest is None else [(begun + self.longest, TOO_LONG)]
        return min([*ends, (math.inf if self.idle is None else quiet + self.idle, TOO_QUIET)])

    def pause(self, attempt: int, chance: float) -> float:
        """Seconds to wait before an attempt, the first one being 0; `chance` is from 0 to 1."""
        if attempt == 0:
            return 0.0
        return min(self.longest_pause, self.first_pause * 2.0 ** (attempt - 1)) * (0.5 + chance / 2)
