"""Replays recorded traffic through the dialects, in both directions, and says what comes out.

A recorded request is accepted as our server would and encoded again as our client would; a recorded reply is read as
our client would, written as our server would, and read again. What differs is said with its place.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from genmux.testing.replay.answering import Answered, replay_whole
from genmux.testing.replay.asking import replay_request
from genmux.testing.replay.claim import claim
from genmux.testing.replay.outcome import ErrorSeen, Outcome, ResultSeen, ToolCallSeen, error_seen, result_seen
from genmux.testing.replay.recording import Exchange, RecordedReply, read_exchanges
from genmux.testing.replay.streaming import events_of, is_stream, replay_stream

__all__ = ["ErrorSeen", "Outcome", "ResultSeen", "ToolCallSeen", "replay", "replay_exchange"]


def replay(paths: Iterable[str | Path]) -> Iterator[Outcome]:
    """Replay all recorded exchanges in these files and folders.

    Raises ConfigurationError for a path that does not exist or a file that is no recording.
    """
    for exchange in read_exchanges(map(Path, paths)):
        yield replay_exchange(exchange)


def replay_exchange(exchange: Exchange) -> Outcome:
    """Replay one exchange."""
    claimed = claim(exchange)
    if isinstance(claimed, str) or exchange.reply is None:
        return _outcome(exchange, Answered(status="unsupported", differences=(str(claimed),)))
    asked = replay_request(exchange, claimed)
    reply: RecordedReply = exchange.reply
    if is_stream(reply.http, reply):
        answered = replay_stream(events_of(reply), claimed, asked)
    else:
        answered = replay_whole(reply.http, claimed, asked)
    return _outcome(exchange, answered, asked.round_trip, asked.differences)


def _outcome(
    exchange: Exchange, answered: Answered, request_round_trip: bool | None = None, differences: tuple[str, ...] = ()
) -> Outcome:
    return Outcome(
        file=exchange.file,
        index=exchange.index,
        provider=exchange.provider,
        api=exchange.api,
        status=answered.status,
        result=None if answered.result is None else result_seen(answered.result),
        error=None if answered.error is None else error_seen(answered.error),
        request_round_trip=request_round_trip,
        response_round_trip=answered.round_trip,
        differences=(*differences, *answered.differences),
    )
