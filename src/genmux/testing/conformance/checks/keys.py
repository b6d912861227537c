"""Jobs by our key: sent twice, found again, listed."""

from genmux.contract.jobs import Finds, Lists
from genmux.testing.conformance.bench import WORK, Bench
from genmux.testing.conformance.check import check
from genmux.testing.conformance.subject import Subject
from genmux.types.jobs import Accepted, Completed


def _idempotent(subject: Subject) -> bool:
    return subject.provider.manifest.jobs.submit_safety == "idempotent" and not subject.blocks


def _finds(subject: Subject) -> bool:
    return isinstance(subject.wire, Finds)


def _lists(subject: Subject) -> bool:
    return isinstance(subject.wire, Lists)


@check(_idempotent)
async def the_same_key_is_the_same_job(bench: Bench) -> None:
    """Where the manifest says `idempotent`, a submission that is sent again gives the same job and no second bill."""
    await bench.fails(lambda: bench.submit("lost-reply", key="key-1"))
    again = await bench.submit(key="key-1")
    assert isinstance(again, Accepted)
    assert len(bench.bills) == 1
    other = await bench.submit(key="key-2")
    assert isinstance(other, Accepted)
    assert other.ticket != again.ticket
    assert len(bench.bills) == 2


@check()
async def the_manifest_says_whether_jobs_can_be_found(bench: Bench) -> None:
    """Where `submit_safety` is `lookup`, the wire can find a job by its key."""
    if bench.traits.submit_safety == "lookup":
        assert isinstance(bench.wire, Finds), "jobs.submit_safety is `lookup`, and the wire has no `find`"


@check(_finds)
async def a_job_whose_reply_was_lost_is_found(bench: Bench) -> None:
    """A job is found by the key that it was submitted with, also when the reply was lost; another key finds nothing."""
    await bench.taken(key="key-0")
    await bench.fails(lambda: bench.submit("lost-reply", key="key-1"))
    assert await bench.find("key-2") is None
    ticket = await bench.find("key-1")
    assert ticket is not None
    assert len(bench.bills) == 2
    bench.simulator.advance(2 * WORK)
    if bench.subject.polls:
        assert isinstance(await bench.poll(ticket), Completed)
    else:
        assert ticket


@check(_lists)
async def an_account_has_a_list(bench: Bench) -> None:
    """The jobs of an account are listed, the newest first, each with a ticket that can be polled."""
    wire = bench.wire
    assert isinstance(wire, Lists)
    first = await bench.taken(key="key-1")
    bench.simulator.advance(1)
    second = await bench.taken(key="key-2")
    bench.simulator.advance(2 * WORK)
    listed = await bench.walk(wire.list(None))
    assert len(listed) == 2, f"two jobs were submitted, {len(listed)} are listed"
    assert all(isinstance(one.state, Completed) for one in listed)
    if bench.subject.polls:
        polled = [await bench.poll(one.ticket) for one in listed]
        assert all(isinstance(one, Completed) for one in polled)
    assert first != second
