"""The jobs that a worker has in hand, each in a task of its own."""

import asyncio
from collections.abc import Iterable

from genmux.flows.call.ports import Lease
from genmux.flows.job.bench import Hand
from genmux.flows.job.runner import Runner
from genmux.store.jobs.leases import Signal
from genmux.types.jobs import Ended, JobState, JobStatus
from genmux.types.jobs_stored import JobRow

SENDS_END = 10.0
"""Seconds that submissions under way have to end when a worker stops."""


class Hands:
    """Starts and stops the work on jobs."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._held: dict[str, tuple[Hand, asyncio.Task[None]]] = {}

    def __len__(self) -> int:
        """How many there are."""
        return len(self._held)

    def held(self) -> frozenset[str]:
        """Which ones."""
        return frozenset(self._held)

    def take(self, row: JobRow, lease: Lease | None = None) -> None:
        """Begin, or go on, with a job; what these hands did with it in an earlier life ends."""
        before = self._held.get(row.id)
        if before is not None and before[0].row.fence >= row.fence:  # it was taken later than this was said
            return
        self._held.pop(row.id, None)
        if before is not None:
            before[1].cancel()
        hand = Hand(row, lease)
        task = asyncio.create_task(self._runner.advance(hand), name=f"genmux-{row.id}")
        self._held[row.id] = (hand, task)
        task.add_done_callback(lambda ended: self._let_go(row.id, hand, ended))

    def tell(self, signals: Iterable[Signal]) -> None:
        """Let the jobs know what they are to know, and have not heard yet."""
        for one in signals:
            self.signal(one.job, cancel_at=one.cancel_at, hint=one.hint)

    def signal(self, job: str, *, cancel_at: int | None = None, hint: JobState | None = None) -> bool:
        """Let a job know something; False when it is in other hands."""
        found = self._held.get(job)
        if found is None:
            return False
        hand = found[0]
        if cancel_at is not None and hand.cancel_at != cancel_at:
            hand.cancel_at = cancel_at
            hand.ring()
        if hint is not None and hint != hand.hint and not isinstance(hand.hint, Ended):
            hand.hint = hint
            hand.ring()
        return True

    def drop(self) -> None:
        """Stop everything at once, and touch nothing."""
        held, self._held = self._held, {}
        for _, task in held.values():
            task.cancel()

    async def stop(self) -> None:
        """Let submissions under way end, then stop everything. The rows stay as they are."""
        sending = [task for hand, task in self._held.values() if hand.row.status is JobStatus.SUBMITTING]
        waits = asyncio.get_running_loop().time() + SENDS_END
        while sending and asyncio.get_running_loop().time() < waits:
            await asyncio.wait(sending, timeout=0.05)
            sending = [
                task
                for hand, task in self._held.values()
                if hand.row.status is JobStatus.SUBMITTING and hand.row.intent_at is not None and not task.done()
            ]
        tasks = [task for _, task in self._held.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _let_go(self, job: str, hand: Hand, ended: "asyncio.Task[None]") -> None:
        if not ended.cancelled():
            ended.exception()
        found = self._held.get(job)
        if found is not None and found[0] is hand:
            del self._held[job]
        if hand.lease is not None:
            hand.lease.done(None, {})
