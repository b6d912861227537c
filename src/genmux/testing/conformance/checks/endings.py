"""Every way in which a job can end, and every word for where it stands."""

from genmux.contract.statuses import RawStatus, UnknownStatusError
from genmux.testing.conformance.bench import WORK, Bench
from genmux.testing.conformance.check import check, polls
from genmux.testing.conformance.subject import Subject
from genmux.testing.simulator.media.script import UNKNOWN
from genmux.types.errors import ErrorKind, NotFoundError, ProviderError
from genmux.types.jobs import Cancelled, Completed, Failed, Filtered, Pending, Processing

STATES: dict[str, type] = {
    "pending": Pending,
    "processing": Processing,
    "completed": Completed,
    "filtered": Filtered,
    "failed": Failed,
    "cancelled": Cancelled,
}
SCRIPTS = {
    "pending": "queue 60",
    "processing": "work 60",
    "completed": "work 5",
    "failed": "failed",
    "filtered": "filtered",
}


def _rows(subject: Subject) -> tuple[RawStatus, ...]:
    return subject.provider.manifest.statuses


def _has_words(subject: Subject) -> bool:
    return subject.polls and bool(_rows(subject))


def _has_state(subject: Subject, state: str) -> bool:
    return any(row.state == state for row in _rows(subject))


@check(_has_words)
async def every_word_of_the_table_has_its_meaning(bench: Bench) -> None:
    """Each row of the manifest's table of statuses is what a poll that says this word means."""
    personality = bench.personality
    for row in _rows(bench.subject):
        if not personality.says(bench.subject.wire_name, row.raw):
            continue
        script = SCRIPTS.get(row.state, row.state)
        ticket = await bench.taken(f"{script}; status {row.raw}", key=f"key-{row.raw}")
        bench.simulator.advance(2 * WORK)
        state = await bench.poll(ticket)
        fits = isinstance(state, STATES[row.state]) or (row.state == "failed" and isinstance(state, Filtered))
        assert fits, f"{row.raw!r} means {row.state}; the poll says {state!r}"


@check(_has_words)
async def an_unknown_word_is_no_end(bench: Bench) -> None:
    """A word that is in no table is told as such: it neither loses a job that was just taken, nor ends it."""
    if not bench.personality.says(bench.subject.wire_name, UNKNOWN):
        return  # it has no words, only yes and no
    ticket = await bench.taken("unknown-status")
    error = await bench.fails(lambda: bench.poll(ticket))
    assert isinstance(error, UnknownStatusError), f"raise UnknownStatusError (see StatusTable); it was {error!r}"


@check()
async def what_the_policy_keeps_back_is_filtered(bench: Bench) -> None:
    """A job whose outputs were all kept back is Filtered; failed only where the provider has no way to tell."""
    state = await bench.tried(lambda: bench.ends("filtered the content policy"))
    if isinstance(state, ProviderError):
        assert bench.subject.blocks, f"a poll raised {state!r}; the job has ended, and the state must say so"
        assert state.kind is ErrorKind.CONTENT_FILTERED
        return
    told = isinstance(state, Filtered) or (
        isinstance(state, Failed) and not _has_state(bench.subject, "filtered") and state.kind != ErrorKind.UNKNOWN
    )
    assert told, f"a job that was kept back is {state!r}"


@check(lambda subject: not subject.blocks)
async def a_job_may_fail(bench: Bench) -> None:
    """A job that failed is Failed, with what the provider said."""
    state = await bench.ends("failed something broke")
    assert isinstance(state, Failed), f"a job that failed is {state!r}"
    assert state.message, "say why it failed, in the provider's words"


@check(lambda subject: not subject.blocks)
async def a_job_may_be_given_up(bench: Bench) -> None:
    """A job that the provider gave up because of its age is Failed."""
    state = await bench.ends("expired")
    assert isinstance(state, Failed | Cancelled), f"a job that was given up is {state!r}"


@check(polls)
async def a_success_may_be_moderated_late(bench: Bench) -> None:
    """A job that had succeeded and was moderated afterwards is not Completed any more, and its file is gone."""
    ticket = await bench.taken("late 5")
    bench.simulator.advance(WORK + 1)
    good = await bench.poll(ticket)
    assert isinstance(good, Completed)
    bench.simulator.advance(10)
    try:
        state = await bench.poll(ticket)
    except NotFoundError:
        return
    assert isinstance(state, Filtered | Failed), f"a job that was moderated late is {state!r}"
    if good.outputs[0].data is not None:
        return  # it came along, and is here
    gone = await bench.fails(lambda: bench.download(good.outputs[0]))
    assert gone.status is not None


@check()
async def a_success_without_outputs_is_none(bench: Bench) -> None:
    """A success without outputs shows no outputs, whether it is called one, a failure, or a reply that makes no sense."""
    state = await bench.tried(lambda: bench.ends("empty"))
    if isinstance(state, ProviderError):
        assert state.kind is ErrorKind.MALFORMED_REPLY, f"raise MalformedReplyError; it was {state!r}"
    elif isinstance(state, Completed):
        assert [one for one in state.outputs if one.role == "output"] == []
    else:
        assert isinstance(state, Failed | Filtered), f"a success without outputs is {state!r}"


@check(polls)
async def a_link_dies(bench: Bench) -> None:
    """A link that has expired is not there any more, and a poll gives a new one or the same."""
    ticket = await bench.taken("link 5")
    bench.simulator.advance(WORK + 1)
    state = await bench.poll(ticket)
    assert isinstance(state, Completed)
    output = state.outputs[0]
    if output.url is None or output.signed or output.url.startswith("data:"):
        return  # no link that could die
    bench.simulator.advance(10)
    gone = await bench.fails(lambda: bench.download(output))
    assert gone.status is not None
    assert isinstance(await bench.poll(ticket), Completed)
