"""A task as Black Forest Labs tell it, after a submission, to a poll and by a webhook alike."""

from typing import Any

import msgspec

from genmux.types.assets import Output
from genmux.types.usage import Usage, credits_used

CREDITS = "credits"
"""The type of their credits, as the manifest calls it."""


class Made(msgspec.Struct, frozen=True):
    """What was made: its address, good for some ten minutes."""

    sample: str | None = None
    seed: int | None = None


class Task(msgspec.Struct, frozen=True):
    """A task. `cost` is in credits."""

    id: str
    status: str = ""
    polling_url: str | None = None
    cost: float | None = None
    progress: float | None = None
    result: Made | None = None
    details: dict[str, Any] | None = None
    error: str | None = None
    message: str | None = None

    @property
    def outputs(self) -> tuple[Output, ...]:
        """What was made, with the seed that makes it again."""
        made = self.result or Made()
        told = {} if made.seed is None else {"seed": made.seed}
        return (Output(url=made.sample, metadata=told),) if made.sample else ()

    @property
    def words(self) -> str:
        """What it says of why: in words, or the names of what moderation objected to."""
        details = self.details or {}
        reasons = next((value for value in details.values() if isinstance(value, list)), [])
        told = self.message or self.error or details.get("message") or details.get("error")
        return str(told or ", ".join(map(str, reasons)))


TASK = msgspec.json.Decoder(Task)


def used(credits_told: float | None) -> Usage | None:
    """What it took, where that is told."""
    return None if credits_told is None else credits_used(CREDITS, credits_told)
