"""Checks that every provider of jobs must pass, run against the simulator: real sockets, no waiting, nothing leaves the machine.

For a provider of your own: write a personality of the simulator that speaks its protocol (see
`genmux.testing.simulator.media`), and let pytest run every check that applies to it:

    import pytest
    from genmux.testing import conformance
    from acme import provider

    @pytest.mark.parametrize("case", conformance.cases(provider, personality="acme.simulated"), ids=str)
    async def test_acme_keeps_the_contract_of_jobs(case):
        await case.run()

(pytest-asyncio in its mode `auto`; elsewhere `asyncio.run(case.run())`.) `personality` is the name of one that comes with
genmux, or the dotted name of a module in which `personality` is the class.

A provider with several wires of jobs is checked once for each. Which request is sent follows from the manifest: the first model and
operation that use the wire, the defaults of its params, what is required of its inputs. Checks apply by what a wire can do (`Cancels`,
`Finds`, `Lists`, `Hooks`, `StreamsMedia`) and by what the manifest says (`jobs`, `statuses`); `CHECKS` lists them all with the
sentence that each makes sure of. `waived` leaves one out: say why beside it.
"""

from collections.abc import Collection

import msgspec

from genmux.contract.provider import Provider
from genmux.services.registry.building import complete
from genmux.testing.conformance import checks as _checks
from genmux.testing.conformance.bench import Bench, bench_for
from genmux.testing.conformance.check import CHECKS, Check
from genmux.testing.conformance.loopback import Loopback
from genmux.testing.conformance.subject import Subject, subjects_of
from genmux.testing.simulator.media.personalities import personalities, personality_named

__all__ = [
    "CHECKS",
    "Bench",
    "Case",
    "Check",
    "Loopback",
    "Subject",
    "bench_for",
    "cases",
    "personality_for",
    "subjects_of",
]

assert _checks.__all__


class Case(msgspec.Struct, frozen=True):
    """One check of one wire."""

    subject: Subject
    check: Check

    def __str__(self) -> str:
        return f"{self.subject.id}-{self.check.name}"

    async def run(self) -> None:
        """Check it. Raises AssertionError."""
        async with bench_for(self.subject) as bench:
            await self.check.run(bench)


def cases(provider: Provider, *, personality: str | None = None, waived: Collection[str] = ()) -> list[Case]:
    """Every check that applies to a provider's wires of jobs, but those that are waived: by name, or as `str(case)`.

    Without `personality`, it is one that comes with genmux and names the provider. Raises KeyError where there is none, and
    for something waived that there is not.
    """
    speaks = personality or personality_for(provider.id)
    every = [
        Case(subject, check)
        for subject in subjects_of(complete(provider), speaks)
        for check in CHECKS.values()
        if check.applies(subject)
    ]
    if unknown := set(waived) - {name for case in every for name in (case.check.name, str(case))}:
        message = f"there is nothing to waive for {provider.id}: {', '.join(sorted(unknown))}"
        raise KeyError(message)
    return [case for case in every if not {case.check.name, str(case)}.intersection(waived)]


def personality_for(provider_id: str) -> str:
    """The personality that simulates a provider. Raises KeyError."""
    for name in personalities():
        if provider_id in personality_named(name).simulates:
            return name
    message = f"no personality simulates {provider_id!r}"
    raise KeyError(message)
