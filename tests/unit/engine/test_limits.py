"""Sizes and gates."""

import asyncio

import pytest

from genmux.engine.limits import Gates, too_large
from genmux.types.errors import ConfigurationError, ErrorKind, Retry
from tests.engine_doubles import provider


async def test_without_a_limit_there_is_no_gate() -> None:
    assert Gates().gate(provider()) is None


async def test_the_manifest_limits_and_the_setting_comes_first() -> None:
    limited = provider(max_concurrency=2)
    by_manifest = Gates().gate(limited)
    by_setting = Gates({"lumen": 1}).gate(limited)
    assert by_manifest is not None
    assert by_setting is not None
    await by_manifest.acquire()
    await by_setting.acquire()
    assert (by_manifest.locked(), by_setting.locked()) == (False, True)


async def test_a_provider_has_one_gate() -> None:
    gates = Gates({"lumen": 1})
    assert gates.gate(provider()) is gates.gate(provider())
    assert gates.gate(provider()) is not None


def test_each_event_loop_has_gates_of_its_own() -> None:
    gates = Gates({"lumen": 1})

    async def gate() -> asyncio.Semaphore | None:
        return gates.gate(provider())

    assert asyncio.run(gate()) is not asyncio.run(gate())
    assert len(gates) == 1


def test_a_limit_below_one_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="'lumen' is 0"):
        Gates({"lumen": 0})


def test_what_is_too_large_is_not_asked_for_again() -> None:
    error = too_large("the reply", 1_000)
    assert (error.kind, error.retry) == (ErrorKind.MALFORMED_REPLY, Retry.NEVER)
    assert "1,000 bytes" in error.message
