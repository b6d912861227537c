"""Jobs of embedded engines: what runs on this machine is done here, and done again when this process dies."""

import tempfile
from contextlib import aclosing

from genmux.contract.local import Progress
from genmux.flows.call.target import Target
from genmux.flows.job.bench import Bench, Hand
from genmux.flows.job.collecting import Collector
from genmux.flows.job.ending import end_with, error_of
from genmux.flows.job.permit import JobPermit
from genmux.flows.job.reaching import reach
from genmux.flows.job.saving import NOW, save
from genmux.flows.job.submitting import media_request
from genmux.flows.job.telling import tell, tell_progress
from genmux.types.errors import ErrorKind, ProviderError, StoreError
from genmux.types.jobs import Cancelled, Ended, Failed, JobStatus

PROGRESS_EVERY = 0.5
"""Seconds between two times at which progress is written down and told."""


async def run_here(bench: Bench, hand: Hand) -> None:
    """Do a job on this machine, from the beginning, and end it. Raises LostError, and ProviderError when it cannot begin."""
    target = reach(bench, hand)
    row = hand.row
    values = {"status": JobStatus.RUNNING, "started_at": row.started_at or NOW, "submitted_at": row.submitted_at or NOW}
    values |= {"attempts": row.attempts + 1, "progress": 0.0, "fence": row.fence + 1}
    if not await save(bench, hand, values, also=lambda tx, moved: tell(bench.outbox, tx, moved), unless_cancelled=True):
        await end_with(bench, hand, Cancelled())
        return
    bench.outbox.nudge()
    with tempfile.TemporaryDirectory(prefix="genmux-job-") as folder:
        outcome = await _outcome(bench, hand, target, folder)
        await Collector(bench).finish(hand, outcome)


async def _outcome(bench: Bench, hand: Hand, target: Target, folder: str) -> Ended:
    """What became of it; a failure of the engine is one of the job."""
    permit = JobPermit(bench.clock)
    try:
        media = await media_request(bench, hand.row, target, folder)
        permit.begin()
        outputs = bench.hosts.here().run(
            target.provider, target.engine, target.model, media, options=target.credential, permit=permit
        )
        async with aclosing(outputs):
            told = bench.clock()
            async for one in outputs:
                if isinstance(one, Ended):
                    return one
                if hand.is_cancelled(bench.rows.moment()):
                    return Cancelled()
                if isinstance(one, Progress) and bench.clock() - told >= PROGRESS_EVERY:
                    told = bench.clock()
                    await _tell(bench, hand, one.part)
    except StoreError:  # it is ours that fails, and says nothing of the job
        raise
    except ProviderError as error:
        known = error_of(error)
        return Failed(message=known.message, kind=known.kind, code=known.code)
    return Failed(message="the embedded engine ended without a result", kind=ErrorKind.MALFORMED_REPLY)


async def _tell(bench: Bench, hand: Hand, part: float) -> None:
    await save(bench, hand, {"progress": part}, also=lambda tx, moved: tell_progress(bench.outbox, tx, moved))
    bench.outbox.nudge()
