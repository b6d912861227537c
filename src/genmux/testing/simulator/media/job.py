"""One simulated job: its states follow from its script and the clock, so that nothing has to happen for it to go on."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from genmux.testing.simulator.media.script import UNKNOWN, Script, StateWord

ENDED = frozenset({"completed", "filtered", "failed", "cancelled", "expired"})
EXTENSIONS = {
    "image/png": "png", "image/jpeg": "jpg", "image/webp": "webp", "video/mp4": "mp4", "audio/wav": "wav", "audio/mpeg": "mp3",
}  # fmt: skip


class SimulatedJob(msgspec.Struct, kw_only=True):
    """One accepted job. Times are the simulator's clock.

    `key` is what the caller named it by (an idempotency key, an id of its own), `account` whose credential it came with,
    `callback` where webhooks go. `starts` and `ends` are when it leaves the queue and when it is done. `extra` is the
    personality's own, and JSON. `asked` counts polls, `fetched` downloads. `told` is the state that the last webhook told.
    """

    id: str
    personality: str
    model: str
    operation: str
    prompt: str
    params: Mapping[str, Any]
    key: str | None
    account: str
    callback: str | None
    script: Script
    amount: Decimal
    media_type: str
    outputs: int
    accepted: float
    starts: float
    ends: float
    extra: dict[str, Any] = msgspec.field(default_factory=dict)
    cancelled_at: float = float("inf")
    deleted: bool = False
    asked: int = 0
    fetched: int = 0
    told: StateWord | None = None

    def state(self, now: float) -> StateWord:
        """Where it stands."""
        if now >= self.cancelled_at:
            return "cancelled"
        if now < self.starts:
            return "pending"
        if now < self.ends:
            return "processing"
        if self.script.late is not None:
            return "completed" if now < self.ends + self.script.late else "filtered"
        return self.script.ending

    def ended(self, now: float) -> bool:
        """Whether it is over for the provider: nothing is worked on, no slot is taken."""
        return now >= self.ends or now >= self.cancelled_at

    def progress(self, now: float) -> float:
        """How much is done, as a part of 1."""
        if now < self.starts:
            return 0.0
        span = self.ends - self.starts
        return 1.0 if now >= self.ends else round((now - self.starts) / span, 3) if span < float("inf") else 0.5

    def queue_position(self, now: float) -> int:
        """How many are before it; from its own wait, three at the start."""
        return 0 if now >= self.starts else int(3 * (self.starts - now) / (self.starts - self.accepted))

    def word(self, now: float, spelling: "Mapping[StateWord, str] | Callable[[StateWord], str]") -> str:
        """The provider's word for where it stands: how the personality spells it, or what the script wants polls to say."""
        state, word = self.state(now), self.script.word
        if word is not None and (word == UNKNOWN or self.asked or state in ENDED):
            return word
        return spelling[state] if isinstance(spelling, Mapping) else spelling(state)

    def file_name(self, index: int) -> str:
        """The last piece of the path of an output."""
        return f"{index}.{EXTENSIONS.get(self.media_type, 'bin')}"
