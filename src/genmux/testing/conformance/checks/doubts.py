"""Submissions of which nobody knows whether they arrived: never sent again by itself, never called harmless."""

from genmux.testing.conformance.bench import IMPATIENCE, PATIENCE, Bench
from genmux.testing.conformance.check import CHECKS, Check, check, first
from genmux.testing.conformance.subject import Subject
from genmux.types.errors import ErrorKind, Retry
from genmux.types.jobs import Accepted

DOUBTS = {
    "lost-reply": "the connection was cut after it was accepted",
    "no-answer": "it was accepted and never answered",
    "garbled": "it was accepted and the answer cannot be read",
    "error-after": "it was accepted and then something broke",
    "lost-request": "the connection was cut, and nothing was accepted",
}


def _doubt(directive: str, what: str) -> Check:
    async def run(bench: Bench) -> None:
        timeouts = IMPATIENCE if directive == "no-answer" else PATIENCE
        error = await bench.fails(lambda: bench.submit(directive, timeouts=timeouts))
        if directive == "error-after":
            assert error.retry is not Retry.SAFE or error.kind is ErrorKind.SERVER, f"nobody knows: {error!r}"
        else:
            assert error.retry is Retry.UNSURE, f"nobody knows, so `retry` is `unsure`; it is {error!r}"
        assert len(bench.bills) == (0 if directive == "lost-request" else 1)

    applies = first if directive == "no-answer" else _always
    return Check(f"a-submission-in-doubt-{directive}", f"A submission in doubt ({what}) says so.", run, applies)


def _always(_subject: Subject) -> bool:
    return True


for _directive, _what in DOUBTS.items():
    _check = _doubt(_directive, _what)
    CHECKS[_check.name] = _check


@check(lambda subject: not subject.blocks)
async def a_slow_acceptance_is_one(bench: Bench) -> None:
    """A submission that is answered some time after it was accepted is accepted."""
    assert isinstance(await bench.submit("slow 0.1"), Accepted)
    assert len(bench.bills) == 1
