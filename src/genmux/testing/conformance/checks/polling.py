"""Polls that fail say nothing of the job."""

from collections.abc import Callable

from genmux.testing.conformance.bench import IMPATIENCE, PATIENCE, WORK, Bench
from genmux.testing.conformance.check import CHECKS, Check, check, first, polls
from genmux.testing.conformance.subject import Subject
from genmux.types.errors import ErrorKind, NotFoundError, ProviderError
from genmux.types.jobs import Completed

BAD_POLLS: dict[str, Callable[[ProviderError], bool]] = {
    "poll-error": lambda error: error.kind in {ErrorKind.SERVER, ErrorKind.OVERLOADED},
    "poll-error-200": lambda error: error.kind is not ErrorKind.NOT_FOUND,
    "poll-garbled": lambda error: error.kind is ErrorKind.MALFORMED_REPLY,
    "poll-cut": lambda error: error.kind is ErrorKind.NETWORK,
    "poll-stall": lambda error: error.kind is ErrorKind.TIMEOUT,
    "poll-rate-limit": lambda error: error.kind is ErrorKind.RATE_LIMIT,
}


def _bad_poll(directive: str, fits: Callable[[ProviderError], bool]) -> Check:
    async def run(bench: Bench) -> None:
        ticket = await bench.taken(directive)
        bench.simulator.advance(2 * WORK)
        timeouts = IMPATIENCE if directive == "poll-stall" else PATIENCE
        error = await bench.fails(lambda: bench.poll(ticket, timeouts=timeouts))
        assert fits(error), f"{directive}: {error!r}"
        state = await bench.poll(ticket)
        assert isinstance(state, Completed), f"after a poll that failed, a job that has ended well is {state!r}"

    def applies(subject: Subject) -> bool:
        return subject.polls and (directive != "poll-stall" or first(subject))

    meaning = f"A poll that fails ({directive}) raises what it was, and the next one tells how the job ended."
    return Check(f"a-bad-poll-says-nothing-{directive}", meaning, run, applies)


for _directive, _fits in BAD_POLLS.items():
    _check = _bad_poll(_directive, _fits)
    CHECKS[_check.name] = _check


@check(polls)
async def a_job_may_not_be_known_yet(bench: Bench) -> None:
    """A job that the provider does not know yet is not found, and later it is."""
    ticket = await bench.taken("missing 5")
    error = await bench.fails(lambda: bench.poll(ticket))
    assert isinstance(error, NotFoundError), f"raise NotFoundError for a job that is not known; it was {error!r}"
    bench.simulator.advance(2 * WORK)
    assert isinstance(await bench.poll(ticket), Completed)


@check(polls)
async def a_job_may_be_forgotten(bench: Bench) -> None:
    """A job whose record is gone is not found."""
    ticket = await bench.taken("forgotten 20")
    bench.simulator.advance(30)
    error = await bench.fails(lambda: bench.poll(ticket))
    assert isinstance(error, NotFoundError), f"raise NotFoundError for a job that is not known; it was {error!r}"
