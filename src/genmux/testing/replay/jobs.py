"""The exchanges of a job, replayed through its wire: what it would have sent, and what it makes of the reply."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import msgspec

from genmux.contract.error_map import classify
from genmux.contract.http import HttpReply, HttpRequest
from genmux.contract.jobs import Prepared, Steps
from genmux.engine.urls import absolute_url
from genmux.testing.replay.answering import Answered, error_answered
from genmux.testing.replay.asking import decoded
from genmux.testing.replay.differences import differing
from genmux.testing.replay.job_apis import Call, JobClaim
from genmux.testing.replay.outcome import JobSeen, job_seen
from genmux.testing.replay.recording import Exchange, RecordedReply
from genmux.testing.replay.streaming import events_of, is_stream
from genmux.types.errors import ProviderError
from genmux.types.jobs import Ended

KEY = "replayed"
"""What a replayed submission is named by; recordings have nothing in its place."""


class JobReplayed(msgspec.Struct, frozen=True, kw_only=True):
    """What the wire made of an exchange, and whether it would have sent the same request."""

    answered: Answered
    job: JobSeen
    request_round_trip: bool | None = None
    differences: tuple[str, ...] = ()


def replay_job(exchange: Exchange, reply: RecordedReply, claimed: JobClaim) -> JobReplayed:
    """Replay one exchange."""
    seen, answered = JobSeen(call=claimed.call), Answered()
    try:
        prepared = _prepared(exchange, claimed)
        sent = _first(exchange, claimed, prepared)
    except ProviderError as error:
        return JobReplayed(answered=error_answered(error), job=seen)
    found = tuple(_differences(exchange, claimed, sent))
    try:
        seen = _read(exchange, reply, claimed, prepared)
    except ProviderError as error:
        answered = error_answered(error)
    went_round = None if exchange.request is None else not found
    return JobReplayed(answered=answered, job=seen, request_round_trip=went_round, differences=found)


def _prepared(exchange: Exchange, claimed: JobClaim) -> Prepared | None:
    if claimed.call != "submit":
        return None
    request, model = claimed.api.asked(exchange)
    steps = claimed.wire.prepare(request, model)
    try:
        step = next(steps)
    except StopIteration as end:
        return end.value
    message = f"what is prepared takes a step of its own, {step.method} {step.url}, which the exchange does not hold"
    raise ProviderError(message)


def _steps(exchange: Exchange, claimed: JobClaim) -> Steps[Any]:
    if claimed.call == "list":
        return claimed.wire.list(None)
    call = claimed.wire.poll if claimed.call == "poll" else claimed.wire.cancel
    return call(claimed.api.ticket(exchange))


def _first(exchange: Exchange, claimed: JobClaim, prepared: Prepared | None) -> HttpRequest:
    """The request that the wire sends first."""
    if prepared is None:
        return next(_steps(exchange, claimed))
    return claimed.wire.submit(prepared, KEY, None)


def _differences(exchange: Exchange, claimed: JobClaim, sent: HttpRequest) -> Iterator[str]:
    """Where method, path and JSON body are not those that were recorded, as far as they were."""
    if exchange.request is None:
        return
    manifest = claimed.provider.manifest
    path = urlsplit(absolute_url(manifest.base_url, sent.url, api_hosts=manifest.api_hosts)).path
    yield from differing(f"{exchange.request.method} {exchange.path}", f"{sent.method} {path}", "request")
    recorded = decoded(exchange.request.body)
    if isinstance(recorded, dict):
        kept = {name: value for name, value in recorded.items() if name not in claimed.api.left_out}
        written = decoded(sent.document or b"")
        yield from differing(claimed.api.compared(kept), claimed.api.compared(written), "request")


def _read(exchange: Exchange, reply: RecordedReply, claimed: JobClaim, prepared: Prepared | None) -> JobSeen:
    """What the wire makes of the reply. Raises ProviderError."""
    http = reply.http
    if prepared is None:
        return _walked(claimed.call, _steps(exchange, claimed), http, claimed)
    if http.status >= 400:
        raise classify(http, claimed.provider.errors)
    if is_stream(http, reply) and hasattr(claimed.wire, "media_reader"):
        return job_seen("submit", _streamed(claimed, reply, prepared))
    return job_seen("submit", claimed.wire.submitted(http, prepared))


def _walked(call: Call, steps: Steps[Any], http: HttpReply, claimed: JobClaim) -> JobSeen:
    """Give the one recorded reply to steps; where they go on asking, that is told."""
    next(steps)
    try:
        further = steps.send(http) if http.status < 400 else steps.throw(classify(http, claimed.provider.errors))
    except StopIteration as end:
        return job_seen(call, end.value)
    return JobSeen(call=call, asks=f"{further.method} {further.url}")


def _streamed(claimed: JobClaim, reply: RecordedReply, prepared: Prepared) -> Ended | None:
    """What became of a job whose submission was answered by a stream."""
    reader = claimed.wire.media_reader(prepared)
    parts = [part for event in events_of(reply) for part in reader.feed(event)]
    parts += reader.close()
    return next((part for part in parts if isinstance(part, Ended)), None)
