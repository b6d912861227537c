"""The shared checks find what is wrong with a wire: each of these is broken in one way, and the check for it says so."""

import itertools
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from genmux.contract.jobs import Verified
from genmux.contract.provider import Provider
from genmux.contract.statuses import UnknownStatusError
from genmux.testing import conformance
from genmux.testing.simulator.media.providers import simulated_provider
from genmux.types.errors import ProviderError
from genmux.types.jobs import Accepted, Completed, Failed, Pending

NUMBERS = itertools.count()


def broken(provider_id: str, **methods: Callable[..., Any]) -> Provider:
    """A simulated provider whose wire has other methods; each is given what it replaces."""
    provider = simulated_provider(provider_id)
    wire = provider.wires["job"]
    replaced = {name: _bound(getattr(wire, name), method) for name, method in methods.items()}
    kind = type("Broken", (type(wire),), replaced)
    return msgspec.structs.replace(provider, wires={"job": kind(provider.manifest)})


def _bound(usual: Callable[..., Any], method: Callable[..., Any]) -> Callable[..., Any]:
    return lambda _self, *arguments: method(usual, *arguments)


def unknown_is_pending(usual: Any, job: Any) -> Any:
    try:
        return usual(job)
    except UnknownStatusError:
        return Pending()


def error_is_failed(usual: Any, ticket: Any) -> Any:
    try:
        return (yield from usual(ticket))
    except ProviderError as error:
        return Failed(message=str(error))


def tickets_are_objects(usual: Any, reply: Any, prepared: Any) -> Any:
    state = usual(reply, prepared)
    return Accepted(ticket={"id": object()}) if isinstance(state, Accepted) else state


def nothing_is_filtered(usual: Any, job: Any) -> Any:
    state = usual(job)
    return state if job.get("status") != "blocked" else Completed()


def key_is_new_each_time(usual: Any, prepared: Any, key: str, callback: Any) -> Any:
    return usual(prepared, f"{key}-{next(NUMBERS)}", callback)


def everybody_is_believed(_usual: Any, delivery: Any, _secrets: Any, _now: float) -> Any:
    return Verified(id=delivery.headers.get("webhook-id", ""), delivery=delivery)


def nothing_is_found(_usual: Any, _key: str, _since: Any) -> Any:
    yield from ()


def nothing_is_cancelled(_usual: Any, _ticket: Any) -> Any:
    yield from ()


WRONG = {
    "an-unknown-word-is-no-end": broken("sim-none", told=unknown_is_pending),
    "a-bad-poll-says-nothing-poll-cut": broken("sim-none", poll=error_is_failed),
    "a-job-may-not-be-known-yet": broken("sim-none", poll=error_is_failed),
    "a-ticket-survives-json": broken("sim-none", submitted=tickets_are_objects),
    "what-the-policy-keeps-back-is-filtered": broken("sim-none", told=nothing_is_filtered),
    "every-word-of-the-table-has-its-meaning": broken("sim-none", told=nothing_is_filtered),
    "a-submission-is-made-the-same-each-time": broken("sim-idempotent", submit=key_is_new_each_time),
    "the-same-key-is-the-same-job": broken("sim-idempotent", submit=key_is_new_each_time),
    "a-job-whose-reply-was-lost-is-found": broken("sim-lookup", find=nothing_is_found),
    "a-job-can-be-cancelled": broken("sim-none", cancel=nothing_is_cancelled),
    "a-forged-webhook-is-refused": broken("sim-both", verify=everybody_is_believed),
    "a-replayed-webhook-is-refused-or-known": broken("sim-webhook-only", verify=everybody_is_believed),
}


@pytest.mark.parametrize("name", WRONG)
async def test_a_wire_that_is_broken_is_found_by_the_check_for_it(name: str):
    case = next(one for one in conformance.cases(WRONG[name], personality="generic") if one.check.name == name)
    with pytest.raises((AssertionError, TypeError, ProviderError)):
        await case.run()


@pytest.mark.parametrize(
    ("traits", "name"),
    [
        ({"cancel": "no"}, "the-manifest-says-whether-jobs-can-be-cancelled"),
        ({"webhook": "job"}, "the-manifest-says-whether-there-are-webhooks"),
        ({"submit_safety": "lookup"}, "the-manifest-says-whether-jobs-can-be-found"),
    ],
)
async def test_a_manifest_that_says_other_than_the_wire_is_found(traits: dict[str, Any], name: str):
    provider = simulated_provider("sim-none", **traits)
    case = next(one for one in conformance.cases(provider, personality="generic") if one.check.name == name)
    with pytest.raises(AssertionError, match="jobs"):
        await case.run()


def test_a_check_can_be_waived_by_name_and_only_by_name():
    provider = simulated_provider("sim-none")
    every = conformance.cases(provider)
    assert len(conformance.cases(provider, waived={"a-link-dies"})) == len(every) - 1
    with pytest.raises(KeyError, match="a-link-lives"):
        conformance.cases(provider, waived={"a-link-lives"})


def test_a_provider_that_nobody_simulates_is_told_so():
    with pytest.raises(KeyError, match="no personality simulates 'nobody'"):
        conformance.personality_for("nobody")


def test_every_check_is_a_sentence():
    assert all(check.meaning.endswith(".") for check in conformance.CHECKS.values())
