"""Cancelling, where there is such a thing."""

from genmux.contract.jobs import Cancels
from genmux.testing.conformance.bench import WORK, Bench
from genmux.testing.conformance.check import check
from genmux.testing.conformance.subject import Subject, job_wires
from genmux.types.errors import NotFoundError
from genmux.types.jobs import Cancelled


def _cancels(subject: Subject) -> bool:
    return subject.polls and isinstance(subject.wire, Cancels)


@check(lambda subject: subject.polls)
async def the_manifest_says_whether_jobs_can_be_cancelled(bench: Bench) -> None:
    """`jobs.cancel` is `no` exactly where no wire has `cancel`."""
    cancelling = [name for name, wire in job_wires(bench.subject.provider).items() if isinstance(wire, Cancels)]
    assert bool(cancelling) is (bench.traits.cancel != "no"), (
        f"jobs.cancel is {bench.traits.cancel!r}; the wires that can cancel: {', '.join(cancelling) or 'none'}"
    )


@check(_cancels)
async def a_job_can_be_cancelled(bench: Bench) -> None:
    """A job that was cancelled in the queue is Cancelled, or not there any more."""
    assert isinstance(bench.wire, Cancels)
    ticket = await bench.taken("queue 60")
    await bench.walk(bench.wire.cancel(ticket))
    try:
        state = await bench.poll(ticket)
    except NotFoundError:
        assert bench.traits.cancel == "deletes"
        return
    assert isinstance(state, Cancelled), f"a job that was cancelled is {state!r}"


@check(_cancels)
async def a_cancellation_may_be_refused(bench: Bench) -> None:
    """A cancellation that is refused raises, and the job goes on."""
    wire = bench.wire
    assert isinstance(wire, Cancels)
    ticket = await bench.taken("cancel-refused")
    await bench.fails(lambda: bench.walk(wire.cancel(ticket)))
    bench.simulator.advance(2 * WORK)
    assert not isinstance(await bench.poll(ticket), Cancelled)
