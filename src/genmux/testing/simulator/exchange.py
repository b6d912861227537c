"""One request that was understood, with the means to answer it well or badly."""

from collections.abc import Callable, Iterator
from email.utils import formatdate
from typing import Any

import msgspec

from genmux.contract.dialect import Answer
from genmux.contract.local import Pause
from genmux.providers.mock.script import Fault
from genmux.testing.simulator.steps import (
    CHUNKED,
    EVENT_STREAM,
    LAST_CHUNK,
    Cut,
    Headers,
    Steps,
    chunk,
    head,
    whole_answer,
)
from genmux.types.errors import ProviderError

Events = Iterator[bytes | Pause]


class Exchange(msgspec.Struct, frozen=True, kw_only=True):
    """What a reply is made from.

    `whole` gives the answer in one piece, `events` as the bytes of events: with a fault that breaks off the answer, or only as
    far as so many tokens. Both raise ProviderError where the answer is an error, which `refuse` writes in the caller's dialect.
    `events` is None where no stream was asked for; `stream_headers` tell what its bytes are, and `bare` that they are no events
    but the thing itself, in which there are no words for an error. `duration` is how long a whole answer takes and `pace` the
    time between two tokens, in seconds.
    """

    whole: Callable[[Fault | None], Answer]
    refuse: Callable[[ProviderError], Answer]
    events: Callable[[Fault | None, int | None], Events] | None = None
    stream_headers: Headers = EVENT_STREAM
    bare: bool = False
    fault: Fault | None = None
    duration: float = 0.0
    pace: float = 0.0
    headers: Headers = ()
    now: float = 0.0

    @property
    def streams(self) -> bool:
        """Whether a stream was asked for."""
        return self.events is not None

    def good(self) -> Answer:
        """The whole answer, as if nothing went wrong."""
        return self.whole(None)

    def pieces(self, tokens: int | None = None) -> Events:
        """The bytes of the stream (or of the whole answer) as if nothing went wrong, as far as so many tokens."""
        if self.events is None:
            return iter((self.good().body,))
        return self.events(None, tokens)

    def stream_head(self, headers: Headers | None = None) -> bytes:
        """The head of a streamed reply."""
        return head(200, (*(headers or self.stream_headers), *self.headers, *CHUNKED))

    def refusal(self, error: ProviderError, fault: Fault | None = None) -> Answer:
        """An error as a reply, with how long to wait in the form that was wished for."""
        answer = self.refuse(error)
        status = fault.status if fault is not None and fault.status is not None else answer.status
        kept = tuple(pair for pair in answer.headers if not pair[0].startswith("retry-after"))
        wait = wait_header(error.retry_after, fault, self.now)
        return Answer(status=status, body=answer.body, headers=(*kept, *wait, *self.headers))


def wait_header(seconds: float | None, fault: Fault | None, now: float) -> Headers:
    """`retry-after` in seconds or as a date (RFC 9110 §10.2.3), or `retry-after-ms` as Azure sends it."""
    if seconds is None:
        return ()
    match fault.form if fault else "seconds":
        case "ms":
            return (("retry-after-ms", f"{seconds * 1000:.0f}"),)
        case "date":
            return (("retry-after", formatdate(now + seconds, usegmt=True)),)
        case _:
            return (("retry-after", f"{seconds:g}"),)


def play(exchange: Exchange) -> Steps:
    """Answer as asked; an error that strikes amid a stream ends it in the dialect's own way."""
    if exchange.events is not None:
        return _streamed(exchange, exchange.events(exchange.fault, None))
    return _at_once(exchange)


def _at_once(exchange: Exchange) -> Steps:
    if exchange.duration:
        yield Pause(exchange.duration)
    try:
        answer = exchange.whole(exchange.fault)
    except ProviderError as error:
        answer = exchange.refusal(error, exchange.fault)
    else:
        answer = Answer(status=answer.status, body=answer.body, headers=(*answer.headers, *exchange.headers))
    yield whole_answer(answer)


def _streamed(exchange: Exchange, events: Events) -> Steps:
    opening = exchange.stream_head()
    try:
        for event in events:
            if isinstance(event, Pause):
                yield event
            else:
                yield opening + chunk(event)
                opening = b""
    except ProviderError as error:
        # After the first event only what is bare raises: it can do no more than break off.
        yield whole_answer(exchange.refusal(error, exchange.fault)) if opening else Cut.FIN
        return
    yield opening + LAST_CHUNK


def edited(data: bytes, change: Callable[[dict[str, Any]], Any]) -> bytes:
    """A JSON body with `change` done to every object in it."""
    return msgspec.json.encode(_walked(msgspec.json.decode(data), change))


UNTOUCHED = frozenset({"input", "arguments", "schema", "parameters"})
"""What the caller or the model wrote: no field is added or removed inside."""


def _walked(value: Any, change: Callable[[dict[str, Any]], Any]) -> Any:
    if isinstance(value, list):
        return [_walked(one, change) for one in value]
    if isinstance(value, dict):
        return change({key: one if key in UNTOUCHED else _walked(one, change) for key, one in value.items()})
    return value
