"""Takes one job as far as it goes, from wherever it stands: never from the top."""

import logging

from genmux.flows.job.bench import Bench, Hand, LostError
from genmux.flows.job.cadence import backoff
from genmux.flows.job.collecting import Collector, end_gone
from genmux.flows.job.embedded import run_here
from genmux.flows.job.ending import end_unmade, error_of
from genmux.flows.job.polling import Gone, Poller
from genmux.flows.job.reaching import reach
from genmux.flows.job.recovering import Recoverer
from genmux.flows.job.submitting import Submitter
from genmux.types.errors import ErrorKind, ProviderError, StoreError
from genmux.types.jobs import Completed, Ended, JobError, JobStatus

_log = logging.getLogger("genmux.jobs")


class Runner:
    """Takes jobs on."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._submitter = Submitter(bench)
        self._recoverer = Recoverer(bench, self._submitter)
        self._poller = Poller(bench)
        self._collector = Collector(bench)

    async def advance(self, hand: Hand) -> None:
        """Take a job on until it has ended, waits for somebody, or is somebody else's. A fault of ours ends it as failed.

        While the database is away, it is taken on again from where it stands.
        """
        failures = 0
        while True:
            try:
                await self._tried(hand)
            except StoreError as error:
                if error.reason == "closed":
                    return
                failures += 1
                _log.warning("job %s cannot go on at the moment: %s", hand.row.id, error.message)
                await hand.wait(backoff(failures, self._bench.random()))
            else:
                return

    async def _tried(self, hand: Hand) -> None:
        """Take a job on. Raises StoreError."""
        try:
            await self._advance(hand)
        except LostError:
            _log.info("job %s is somebody else's now", hand.row.id)
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 — whatever it is, the job must not be stuck with it
            _log.exception("job %s failed by a fault of genmux or of a provider's code", hand.row.id)
            await self._broken(hand, error)

    async def _advance(self, hand: Hand) -> None:
        while True:
            row = hand.row
            match row.status:
                case JobStatus.SUBMITTING:
                    ended = await self._submitting(hand)
                case JobStatus.RUNNING:
                    ended = await self._running(hand)
                case JobStatus.DOWNLOADING if isinstance(row.outcome, Completed):
                    await self._collector.collect(hand, row.outcome)
                    return
                case _:
                    return
            if ended is not None:
                await self._collector.finish(hand, ended)
                return
            if hand.row.owner != row.owner:
                return

    async def _submitting(self, hand: Hand) -> Ended | None:
        if self._is_local(hand):
            await run_here(self._bench, hand)
            return None
        if hand.row.intent_at is not None:
            return await self._recoverer.recover(hand)
        if hand.cancel_at is not None or hand.row.cancel_at is not None:
            await end_unmade(self._bench, hand, JobStatus.CANCELLED, None)
            return None
        return await self._submitter.submit(hand)

    async def _running(self, hand: Hand) -> Ended | None:
        if self._is_local(hand):
            await run_here(self._bench, hand)
            return None
        found = await self._poller.follow(hand)
        if isinstance(found, Gone):
            await end_gone(self._bench, hand, found)
            return None
        return found

    def _is_local(self, hand: Hand) -> bool:
        try:
            return reach(self._bench, hand).local
        except ProviderError:
            return False

    async def _broken(self, hand: Hand, error: Exception) -> None:
        """A fault that nobody foresaw: it ends the job, which may have been billed if it was sent."""
        told = f"{type(error).__name__}: {error}"
        known = error_of(error) if isinstance(error, ProviderError) else JobError(kind=ErrorKind.UNKNOWN, message=told)
        sent = hand.row.intent_at is not None
        status = JobStatus.FAILED if sent else JobStatus.REJECTED
        try:
            await end_unmade(self._bench, hand, status, known, billed=sent)
        except LostError:
            return
