"""One check: a sentence that must be true of every provider that it applies to."""

from collections.abc import Awaitable, Callable

import msgspec

from genmux.testing.conformance.bench import Bench
from genmux.testing.conformance.subject import Subject, job_wires

Run = Callable[[Bench], Awaitable[None]]
Applies = Callable[[Subject], bool]

CHECKS: "dict[str, Check]" = {}
"""All checks, by name."""


class Check(msgspec.Struct, frozen=True):
    """`run` raises AssertionError (or lets an error of the wire through) where the sentence `meaning` is not true."""

    name: str
    meaning: str
    run: Run
    applies: Applies


def polls(subject: Subject) -> bool:
    """Whether jobs can be asked for."""
    return subject.polls


def first(subject: Subject) -> bool:
    """Whether it is the first wire of its provider: what takes time and is the engine's work is checked with one of them."""
    return subject.wire_name == next(iter(job_wires(subject.provider)))


def check(applies: Applies = lambda _subject: True) -> Callable[[Run], Run]:
    """Make a check of a function: its name and its docstring are the check's."""

    def add(run: Run) -> Run:
        name = run.__name__.replace("_", "-")
        CHECKS[name] = Check(name, (run.__doc__ or "").strip().partition("\n")[0], run, applies)
        return run

    return add
