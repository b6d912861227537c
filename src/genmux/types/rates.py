"""What is asked of rate limits in a database, and what is told."""

import msgspec

from genmux.types.keys import RateLimit


class Ask(msgspec.Struct, frozen=True):
    """One limit that a request has to pass: `cost` of it are wanted. `span` is in microseconds, 0 for places."""

    tenant: str
    scope: str
    limit: RateLimit
    span: int
    cost: int


class Mark(msgspec.Struct, frozen=True):
    """Where in a bucket something was taken, and how much was left then; `empty` and `shifted` as in `Bucket`."""

    empty: int
    shifted: int
    now: int


class Entered(msgspec.Struct, frozen=True):
    """What became of a request: the number of the limit that refused it, with the microseconds to wait (None: never), or a mark for each."""

    refused: int | None
    wait: int | None
    marks: tuple[Mark, ...]


class Return(msgspec.Struct, frozen=True):
    """What one limit gets back, or is owed besides."""

    ask: Ask
    mark: Mark
    used: int
