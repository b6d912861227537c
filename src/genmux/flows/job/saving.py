"""Writes a step of a job down, however long the database is away, and finds out whose the job is."""

import logging
from collections.abc import Callable
from typing import Any

from genmux.flows.job.bench import Bench, Hand, LostError
from genmux.flows.job.cadence import backoff
from genmux.store.jobs.moves import NOW
from genmux.types.errors import Retry, StoreError
from genmux.types.jobs_stored import JobRow
from genmux.types.periods import SECOND

__all__ = ["NOW", "moment", "save", "since"]

Also = Callable[[Any, JobRow], object]

_log = logging.getLogger("genmux.jobs")


async def save(
    bench: Bench, hand: Hand, values: dict[str, Any], *, also: Also | None = None, unless_cancelled: bool = False
) -> bool:
    """Change the row of a job in hand, with what belongs to it, and keep trying while the database is away.

    False when it was to be left as it is, because somebody wants the job cancelled. Raises LostError when the job is not
    this worker's any more, StoreError when the store was closed, and what the rest of the transaction raises.
    """
    failures, doubtful = 0, False
    while True:
        try:
            moved = await bench.rows.move(hand.row, values, also=also, unless_cancelled=unless_cancelled)
            if moved is None:
                moved = await _as_it_is(bench, hand, values, doubtful=doubtful)
        except StoreError as error:
            if error.reason == "closed":  # by this process, which ends
                raise
            doubtful = doubtful or error.retry is Retry.UNSURE
            failures += 1
            _log.warning("job %s cannot be written at the moment: %s", hand.row.id, error.message)
            await hand.wait(backoff(failures, bench.random()))
            continue
        if moved is None:
            return False
        hand.row = moved
        if "status" in values:
            bench.told(moved.id)
        return True


async def moment(bench: Bench, hand: Hand) -> int:
    """The database's clock, in microseconds since 1970, however long the database is away."""
    failures = 0
    while True:
        try:
            return await bench.rows.clock()
        except StoreError as error:
            if error.reason == "closed":
                raise
            failures += 1
            _log.warning("job %s has to wait for the database's clock: %s", hand.row.id, error.message)
            await hand.wait(backoff(failures, bench.random()))


async def since(bench: Bench, hand: Hand, then: int) -> float:
    """When a moment of a row was, in the seconds of `bench.clock`, which goes on evenly whatever is done to the machine's clock."""
    return bench.clock() - max(0, await moment(bench, hand) - then) / SECOND


async def _as_it_is(bench: Bench, hand: Hand, values: dict[str, Any], *, doubtful: bool) -> JobRow | None:
    """Why nothing was changed: it was changed before the connection was lost, it is to be cancelled, or it is lost."""
    row, found = hand.row, await bench.rows.find(hand.row.id)
    if found is None:
        raise LostError
    fence = values.get("fence", row.fence)
    status = values.get("status", row.status)
    if doubtful and found.fence == fence and found.status == status and found.owner == values.get("owner", row.owner):
        return found
    if found.fence != row.fence or found.owner != row.owner:
        raise LostError
    hand.cancel_at = found.cancel_at
    return None
