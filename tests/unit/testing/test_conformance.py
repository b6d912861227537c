"""Every provider of jobs keeps the contract: one shared set of checks, against the simulator."""

import pytest

from genmux.contract.provider import Provider
from genmux.services.registry import Registry
from genmux.testing import conformance
from genmux.testing.simulator.media.personalities import personalities, personality_named
from genmux.testing.simulator.media.providers import SIMULATED, simulated_provider

REGISTRY = Registry()
SPEAKERS = {
    provider_id: name
    for name in personalities()
    for provider_id in personality_named(name).simulates
    if provider_id in SIMULATED or REGISTRY.is_registered(provider_id)
}
"""Every provider that a personality simulates, with that."""


def load(provider_id: str) -> Provider:
    return simulated_provider(provider_id) if provider_id in SIMULATED else REGISTRY.load(provider_id)


WAIVED: dict[str, dict[str, str]] = {}
"""By provider, checks that it cannot pass, and why."""

CASES = [
    case
    for provider_id, personality in SPEAKERS.items()
    for case in conformance.cases(load(provider_id), personality=personality, waived=WAIVED.get(provider_id, ()))
]


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_a_provider_keeps_the_contract_of_jobs(case: conformance.Case):
    await case.run()
    assert case.check.meaning
