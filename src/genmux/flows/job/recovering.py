"""A job with an intent and no ticket: nobody knows whether the provider took it. What is done is what its manifest allows."""

import datetime
from typing import Any

import msgspec

from genmux.contract.jobs import Finds
from genmux.flows.call.target import Target
from genmux.flows.job.bench import Bench, Hand
from genmux.flows.job.cadence import backoff
from genmux.flows.job.ending import end_unmade
from genmux.flows.job.permit import SEND_WINDOW, JobPermit
from genmux.flows.job.reaching import reach
from genmux.flows.job.saving import NOW, moment, save, since
from genmux.flows.job.submitting import Submitter, adopt, unsure_error
from genmux.flows.job.telling import tell
from genmux.types.errors import ProviderError, StoreError, UnsupportedError
from genmux.types.jobs import Accepted, Ended, JobStatus
from genmux.types.jobs_stored import JobRow
from genmux.types.periods import SECOND, from_moment

LOOKS = 20
"""So often a listing is asked that does not answer, before somebody must decide."""

CLOCK_SKEW = 120.0
"""Seconds by which the provider's clock may differ from ours."""


class Recoverer:
    """Finds out what became of submissions."""

    def __init__(self, bench: Bench, submitter: Submitter) -> None:
        self._bench = bench
        self._submitter = submitter

    async def recover(self, hand: Hand) -> Ended | None:
        """Resolve a submission as far as that can be done. Gives what became of it where it is done already. Raises LostError."""
        noted = await self._bench.rows.find(hand.row.id)
        if noted is not None and noted.ticket is not None:  # a webhook was quicker than the answer
            await adopt(self._bench, hand, Accepted(ticket=noted.ticket))
            return None
        try:
            target = reach(self._bench, hand)
        except ProviderError:  # whoever could tell is gone
            return await self._unknown(hand)
        if target.local:
            return await self._again(hand, target)
        traits = target.provider.manifest.jobs
        match traits.submit_safety:
            case "idempotent":
                return await self._resend(hand, target, key_ttl=traits.key_ttl)
            case "lookup":
                return await self._look(hand, target, settles=traits.lookup_after)
            case "none":
                return await self._unknown(hand)

    async def _resend(self, hand: Hand, target: Target, *, key_ttl: float) -> Ended | None:
        """The same key means the same job, for as long as the provider keeps it."""
        bench, row = self._bench, hand.row
        age = (await moment(bench, hand) - (row.submitted_at or row.created_at)) / SECOND
        if hand.first_sent is not None:
            age = bench.clock() - hand.first_sent
        if not -CLOCK_SKEW <= age <= key_ttl:  # a clock that was put back tells nothing
            return await self._unknown(hand)
        await hand.wait(backoff(row.attempts, bench.random()) / 4)
        return await self._again(hand, target, doubtful=True)

    async def _again(self, hand: Hand, target: Target, *, doubtful: bool = False) -> Ended | None:
        """Send it once more, with an intent of its own; the moment of the first one stays.

        `doubtful` says that the first one may have arrived: then it stays with its account, whatever becomes of this one.
        """
        bench, row = self._bench, hand.row
        permit = JobPermit(bench.clock)
        try:
            async with self._submitter.prepared(hand, target) as prepared, self._submitter.turn():
                permit.begin()
                hand.last_sent = bench.clock()
                values: dict[str, Any] = {"intent_at": NOW, "fence": row.fence + 1, "attempts": row.attempts + 1}
                await save(bench, hand, values)
                return await self._submitter.send(hand, target, prepared, permit, doubtful=doubtful)
        except StoreError:
            raise
        except ProviderError as error:
            hand.row.details = msgspec.structs.replace(hand.row.details, waiting=error.message)
            await hand.wait(backoff(min(row.attempts, 6), bench.random()))
            return None

    async def _look(self, hand: Hand, target: Target, *, settles: float) -> Ended | None:
        """Look for it under our key, once whatever was on its way has arrived and is listed."""
        bench, row = self._bench, hand.row
        wire: Any = target.wire
        if not isinstance(wire, Finds):
            return await self._unknown(hand)
        intent = row.intent_at or row.updated_at
        settled = SEND_WINDOW + bench.settings.submit_seconds + settles
        if hand.last_sent is not None:
            settled_at = hand.last_sent + settled
        else:  # at least so long by our own clock, whatever the one says that the intent was stamped with
            settled_at = max(bench.clock() + settles, await since(bench, hand, intent) + settled)
        while (left := settled_at - bench.clock()) > 0:
            await hand.wait(left)
        asked_since = from_moment(row.submitted_at or intent) - datetime.timedelta(seconds=CLOCK_SKEW)
        for look in range(1, LOOKS + 1):
            try:
                ticket = await bench.engine.walk(
                    target.provider, target.credential, wire.find(row.key_sent, asked_since), base_url=target.base_url
                )
            except UnsupportedError:
                return await self._unknown(hand)
            except ProviderError:
                await hand.wait(backoff(look, bench.random()))
                continue
            if ticket is not None:
                await adopt(bench, hand, Accepted(ticket=ticket))
                return None
            if row.details.looked:
                return await self._unknown(hand)
            if hand.cancel_at is not None:  # it was never taken, and is not wanted any more
                await end_unmade(bench, hand, JobStatus.CANCELLED, None)
                return None
            hand.row.details = details = msgspec.structs.replace(row.details, looked=1)
            await save(bench, hand, {"details": details})
            return await self._again(hand, target)
        return await self._unknown(hand)

    async def _unknown(self, hand: Hand) -> None:
        """Somebody must decide, unless the settings did already. What is held stays held, and so does the account's slot."""
        bench, row = self._bench, hand.row
        policy = bench.settings.of(row.provider).unknown or bench.settings.unknown
        error = unsure_error(row)
        details = msgspec.structs.replace(row.details, error=error, policy=policy)
        match policy:
            case "assume_billed":
                hand.row.details = details
                await end_unmade(bench, hand, JobStatus.FAILED, error, billed=True)
            case "resubmit":
                values: dict[str, Any] = requeued(bench, hand.row) | {"owner": None, "details": details}
                if not await save(bench, hand, values, unless_cancelled=True):  # nobody wants it sent again
                    hand.row.details = details
                    await end_unmade(bench, hand, JobStatus.CANCELLED, error, billed=True)
            case _:
                values = {"status": JobStatus.OUTCOME_UNKNOWN, "owner": None, "details": details}
                await save(bench, hand, values, also=lambda tx, moved: tell(bench.outbox, tx, moved))
                bench.outbox.nudge()


def requeued(bench: Bench, row: JobRow) -> dict[str, Any]:
    """What changes when a job is to be submitted anew: it has as long to begin as a new one."""
    return {
        "status": JobStatus.QUEUED,
        "intent_at": None,
        "submitted_at": None,
        "account": None,
        "ticket": None,
        "fence": row.fence + 1,
        "next_at": 0,
        "expires_at": bench.rows.moment() + int(bench.settings.queue_seconds * SECOND),
    }
