"""Webhooks: the same as a poll, and worth nothing when forged."""

from typing import Any

import msgspec

from genmux.contract.jobs import Delivery, Hooks
from genmux.testing.conformance.bench import WORK, Bench
from genmux.testing.conformance.check import CHECKS, Check, check
from genmux.testing.conformance.subject import Subject, job_wires
from genmux.types.jobs import Accepted, Cancelled, Completed, Failed, Filtered, JobState, Pending, Processing


def _hooks(subject: Subject) -> bool:
    return isinstance(subject.wire, Hooks) and not subject.blocks


@check(lambda subject: not subject.blocks)
async def the_manifest_says_whether_there_are_webhooks(bench: Bench) -> None:
    """`jobs.webhook` is `none` exactly where no wire has hooks; what cannot be polled has them."""
    hooked = [name for name, wire in job_wires(bench.subject.provider).items() if isinstance(wire, Hooks)]
    assert bool(hooked) is (bench.traits.webhook != "none"), (
        f"jobs.webhook is {bench.traits.webhook!r}; the wires that take webhooks: {', '.join(hooked) or 'none'}"
    )
    assert bench.traits.pollable or bench.subject.wire_name in hooked


def _same(ending: str) -> Check:
    async def run(bench: Bench) -> None:
        accepted = await bench.submit("" if ending == "completed" else f"{ending} a reason")
        assert isinstance(accepted, Accepted)
        bench.simulator.advance(2 * WORK)
        ticket, hooked = await bench.read(await bench.hook())
        known = accepted.ticket
        assert all(known.get(name, value) == value for name, value in (ticket or {}).items()), (
            f"{ticket!r} is not {known!r}"
        )
        if bench.subject.polls:
            polled = await bench.poll(known)
            hint = isinstance(hooked, Pending | Processing)
            assert hint or _shape(hooked) == _shape(polled), f"the webhook says {hooked!r}, the poll {polled!r}"
        else:
            assert isinstance(hooked, Completed | Filtered | Failed | Cancelled)

    meaning = (
        f"The webhook of a job that is {ending} says the same as a poll (or no more than that something happened)."
    )
    return Check(f"a-webhook-says-the-same-as-a-poll-{ending}", meaning, run, _hooks)


for _ending in ("completed", "filtered", "failed"):
    _check = _same(_ending)
    CHECKS[_check.name] = _check


def _shape(state: JobState) -> object:
    """What must be the same in both; addresses may be signed anew, and one of both may know more of the cost."""
    return type(state), len(state.outputs) if isinstance(state, Completed) else None


@check(_hooks)
async def a_forged_webhook_is_refused(bench: Bench) -> None:
    """What somebody else signed is refused; where nothing is signed, the wire says that it is not to be trusted."""
    await bench.submit("hook-forged")
    bench.simulator.advance(2 * WORK)
    verified = await bench.verify(await bench.hook())
    forged = await bench.hook("forged")
    if verified.trusted:
        assert await bench.refused(forged), "a webhook that was signed with another secret is believed"


@check(_hooks)
async def a_changed_webhook_is_refused(bench: Bench) -> None:
    """What was changed on its way is refused, and so is what lost its signature."""
    await bench.submit("filtered a reason")
    bench.simulator.advance(2 * WORK)
    genuine = await bench.hook()
    if not (await bench.verify(genuine)).trusted:
        return
    assert await bench.refused(msgspec.structs.replace(genuine, headers={}))
    if bench.personality.secret not in genuine.headers.values():  # else the secret is only repeated, nothing is signed
        assert await bench.refused(msgspec.structs.replace(genuine, body=_changed(genuine.body)))


def _changed(body: bytes) -> bytes:
    """Other words in a JSON document."""
    return msgspec.json.encode(_other(msgspec.json.decode(body)))


def _other(value: Any) -> Any:
    match value:
        case dict():
            return {name: _other(one) for name, one in value.items()}
        case list():
            return [_other(one) for one in value]
        case str():
            return f"{value}x"
        case _:
            return value


@check(_hooks)
async def a_replayed_webhook_is_refused_or_known(bench: Bench) -> None:
    """An old one is refused where its signature has a date, and one that comes twice has the same id twice."""
    await bench.submit("hook-duplicate; hook-replayed")
    bench.simulator.advance(2 * WORK)
    genuine, duplicate, replayed = [await bench.hook(kind) for kind in ("genuine", "duplicate", "replayed")]
    first, second = await bench.verify(genuine), await bench.verify(duplicate)
    assert first.id == second.id
    if first.trusted and _signature(replayed) != _signature(genuine):
        assert await bench.refused(replayed), "a webhook that is an hour old is believed"


def _signature(delivery: Delivery) -> object:
    """What was sent, without what the simulator says beside it."""
    return delivery.body, {
        name: value for name, value in delivery.headers.items() if not name.startswith("x-simulator")
    }
