"""The providers that exist only in the simulator."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from genmux.contract.jobs import Cancels, Finds, Hooks, Lists
from genmux.services.registry import Registry
from genmux.testing.simulator.media.providers import SIMULATED, announce, simulated_provider


def test_between_them_they_are_of_every_kind():
    kinds = {
        provider_id: (traits.submit_safety, traits.webhook, traits.pollable)
        for provider_id in SIMULATED
        for traits in (simulated_provider(provider_id).manifest.jobs,)
    }
    assert kinds == {
        "sim-idempotent": ("idempotent", "none", True),
        "sim-lookup": ("lookup", "none", True),
        "sim-none": ("none", "none", True),
        "sim-webhook-only": ("idempotent", "job", False),
        "sim-both": ("lookup", "job", True),
    }


@pytest.mark.parametrize("provider_id", SIMULATED)
def test_a_wire_can_do_what_its_manifest_says(provider_id: str):
    provider = simulated_provider(provider_id)
    wire, traits = provider.wires["job"], provider.manifest.jobs
    assert isinstance(wire, Cancels)
    assert isinstance(wire, Lists)
    assert isinstance(wire, Finds) is (traits.submit_safety == "lookup")
    assert isinstance(wire, Hooks) is (traits.webhook == "job")


def test_traits_can_be_others():
    assert simulated_provider("sim-both", poll_every=2.0, cancel="no").manifest.jobs.poll_every == 2.0


def test_a_registry_takes_them():
    registry = Registry()
    for provider_id in SIMULATED:
        registry.register(simulated_provider(provider_id))
    assert registry.load("sim-lookup").wires["job"]


def test_a_process_that_has_the_folder_in_its_path_knows_them(tmp_path: Path):
    folder = announce(tmp_path, "sim-none", "sim-both", max_concurrency=30)
    code = (
        "from genmux.services.registry import Registry; registry = Registry();"
        "print([(one.id, one.reason) for one in registry.providers() if one.id.startswith('sim-')]);"
        "print(registry.load('sim-both').manifest.jobs.max_concurrency)"
    )
    environ = {**os.environ, "PYTHONPATH": str(folder)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stdout.splitlines() == ["[('sim-both', None), ('sim-none', None)]", "30"], done.stderr
