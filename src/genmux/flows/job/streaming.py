"""Sends a submission whose answer comes with unfinished pictures, and shows them to whoever looks."""

from collections.abc import Iterable

from genmux.contract.http import HttpRequest
from genmux.contract.jobs import PartialOutput, Prepared, StreamsMedia
from genmux.engine.deadlines import Timeouts
from genmux.engine.retry import ONCE
from genmux.engine.stream import OpenStream
from genmux.flows.call.target import Target
from genmux.flows.job.bench import Bench, Hand
from genmux.flows.job.permit import JobPermit
from genmux.types.errors import NetworkError, ProviderError, Retry
from genmux.types.jobs import Accepted, Ended

ASKED = "partial_images"
"""The parameter that says how many unfinished pictures are wanted."""


def streams(hand: Hand, target: Target) -> bool:
    """Whether somebody wants unfinished pictures of a job, and its provider has them."""
    return bool(hand.row.request.params.get(ASKED)) and isinstance(target.wire, StreamsMedia)


async def send_streamed(  # noqa: PLR0913, PLR0917 — each names one fact of the call
    bench: Bench,
    hand: Hand,
    target: Target,
    prepared: Prepared,
    http: HttpRequest,
    timeouts: Timeouts,
    permit: JobPermit,
) -> Accepted | Ended:
    """Send what was intended and read its answer to the end. Raises ProviderError."""
    stream = await bench.engine.open(
        target.provider,
        target.credential,
        http,
        base_url=target.base_url,
        model=target.model.id,
        timeouts=timeouts,
        policy=ONCE,
        permit=permit,
    )
    async with stream:
        try:
            return await _read(bench, hand, target, prepared, stream)
        except ProviderError as error:
            raise stream.explain(error) from error


async def _read(bench: Bench, hand: Hand, target: Target, prepared: Prepared, stream: OpenStream) -> Accepted | Ended:
    reader = target.wire.media_reader(prepared)
    async for events in stream:
        for event in events:
            if (ended := _shown(bench, hand, reader.feed(event))) is not None:
                return ended
    if stream.whole is not None:
        taken: Accepted | Ended = target.wire.submitted(stream.whole, prepared)
        return taken
    if (ended := _shown(bench, hand, reader.close())) is not None:
        return ended
    message = "the stream ended and said nothing of what became of the job"
    raise NetworkError(message, retry=Retry.UNSURE)


def _shown(bench: Bench, hand: Hand, found: Iterable[PartialOutput | Ended]) -> Ended | None:
    """Show what is unfinished; gives what became of the job, where that is told."""
    for one in found:
        if not isinstance(one, PartialOutput):
            return one
        bench.show(hand.row.id, one)
    return None
