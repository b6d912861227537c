"""A job that goes well."""

from genmux.contract.jobs import StreamsMedia
from genmux.contract.params import Carriage
from genmux.engine.permit import Permit
from genmux.testing.conformance.bench import ENDED, WORK, Bench
from genmux.testing.conformance.check import check, polls
from genmux.testing.conformance.subject import Subject, streams
from genmux.types.jobs import Completed, Pending, Processing

_BEGINNINGS = {
    "image": (b"\x89PNG", b"\xff\xd8\xff", b"RIFF"),
    "audio": (b"RIFF", b"ID3", b"\xff\xfb", b"\xff\xf3"),
    "text": (b"{",),
}


def looks_like(kind: str, data: bytes) -> bool:
    """Whether bytes begin as files of a kind do."""
    return data[4:8] == b"ftyp" if kind == "video" else data.startswith(_BEGINNINGS[kind])


@check(polls)
async def a_job_goes_from_the_queue_to_its_end(bench: Bench) -> None:
    """A job waits, is worked on and ends with an output that can be downloaded; it is billed once."""
    ticket = await bench.taken("queue 5")
    waits = await bench.poll(ticket)
    assert isinstance(waits, Pending | Processing), f"a job in the queue is {waits!r}"
    bench.simulator.advance(5 + WORK / 2)
    works = await bench.poll(ticket)
    assert isinstance(works, Pending | Processing), f"a job that is worked on is {works!r}"
    if isinstance(works, Processing) and works.progress is not None:
        assert 0 <= works.progress <= 1, f"progress is a part of 1; it is {works.progress}"
    bench.simulator.advance(WORK)
    await _check_outputs(bench, await bench.poll(ticket))
    assert len(bench.bills) == 1


@check()
async def a_job_ends_with_an_output(bench: Bench) -> None:
    """A job that is not looked at before it has ended has an output that can be downloaded."""
    await _check_outputs(bench, await bench.ends())
    assert len(bench.bills) == 1


@check(polls)
async def a_job_may_be_done_at_once(bench: Bench) -> None:
    """A job that is done when the submission is answered is not lost, whatever the answer says of it."""
    told = await bench.submit("work 0")
    await _check_outputs(bench, told if isinstance(told, ENDED) else await bench.poll(told.ticket))


@check(polls)
async def a_ticket_survives_json(bench: Bench) -> None:
    """A ticket is JSON, and the same after a way through a database; polling it twice gives the same."""
    ticket = await bench.taken()
    bench.simulator.advance(2 * WORK)
    first, second = await bench.poll(ticket), await bench.poll(ticket)
    assert isinstance(first, Completed)
    assert isinstance(second, Completed)
    assert len(first.outputs) == len(second.outputs)


@check()
async def a_submission_is_made_the_same_each_time(bench: Bench) -> None:
    """The paid request depends on nothing but what it is made from: no clock, no chance."""
    prepared = await bench.prepare()
    requests = [bench.wire.submit(prepared, "key-1", bench.callback) for _ in range(2)]
    assert requests[0] == requests[1]


def _has_inputs(subject: Subject) -> bool:
    return bool(subject.inputs)


@check(_has_inputs)
async def inputs_are_carried_as_the_manifest_says(bench: Bench) -> None:
    """Each input is taken in each of the ways that the manifest names; what is uploaded costs nothing."""
    ways: set[Carriage] = {way for one in bench.subject.inputs.values() for way in one.carriage}
    for number, way in enumerate(sorted(ways), start=1):
        await bench.submit(key=f"key-{way}", carriage=way)
        assert len(bench.bills) == number, f"with inputs as {way}, there are {len(bench.bills)} bills"


@check(streams)
async def a_streamed_submission_ends_like_another(bench: Bench) -> None:
    """Unfinished pictures come first, and then the same end that an ordinary submission has."""
    wire = bench.wire
    assert isinstance(wire, StreamsMedia)
    prepared = await bench.prepare()
    bench.simulator.upcoming("work 0")
    found = await bench.stream(wire.submit_stream(prepared, "key-1"), wire.media_reader(prepared), Permit())
    ends = [one for one in found if isinstance(one, ENDED)]
    assert len(ends) == 1
    assert found[-1] is ends[0]
    await _check_outputs(bench, ends[0])


async def _check_outputs(bench: Bench, state: object) -> None:
    assert isinstance(state, Completed), f"a job that went well is {state!r}"
    outputs = [one for one in state.outputs if one.role == "output"]
    assert outputs, "a job that went well has no output"
    for output in outputs:
        data = await bench.download(output)
        assert looks_like(bench.subject.makes, data), f"{output!r} is no {bench.subject.makes}: {data[:16]!r}"
