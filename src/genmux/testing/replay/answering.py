"""A whole reply: read as a client, written as a server, read again."""

from collections.abc import Iterator

import msgspec

from genmux.contract.dialect import Answer
from genmux.contract.error_map import classify
from genmux.contract.http import HttpReply
from genmux.testing.replay.asking import Asked, decoded
from genmux.testing.replay.audio_claims import AudioClaim
from genmux.testing.replay.claiming import Claim
from genmux.testing.replay.differences import differing, lost
from genmux.testing.replay.outcome import ResultSeen, Status, count_seen, result_seen
from genmux.types.chat import ChatResult
from genmux.types.errors import ErrorKind, ProviderError

READ_WRONGLY = frozenset({ErrorKind.MALFORMED_REPLY, ErrorKind.UNKNOWN})
"""Kinds by which the replay of a reply counts as failed: it could not be understood."""


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """What a reply turned out to be, and how its round trip went."""

    status: Status = "ok"
    result: ResultSeen | None = None
    error: ProviderError | None = None
    round_trip: bool | None = None
    differences: tuple[str, ...] = ()


def replay_whole(reply: HttpReply, claimed: Claim, asked: Asked) -> Answered:
    """Replay a reply that is no stream."""
    if reply.status >= 400:
        return replay_error(classify(reply), claimed)
    wire = claimed.client
    try:
        result = wire.decode(reply, asked.sent)
    except ProviderError as error:
        return replay_error(error, claimed)
    written = reply_of(claimed.dialect.server.respond(result, asked.accepted))
    found = [*lost(decoded(reply.body), decoded(written.body), "reply")]
    try:
        again = wire.decode(written, asked.sent)
    except ProviderError as error:
        found.append(f"reply: what was written cannot be read again: {error}")
    else:
        found += differing_results(result, again, asked, "reply")
    return Answered(result=result_seen(result), round_trip=not found, differences=tuple(found))


def replay_count(reply: HttpReply, claimed: Claim) -> Answered:
    """Replay a reply that only counts tokens."""
    if reply.status >= 400:
        return replay_error(classify(reply), claimed)
    wire = claimed.counter
    try:
        count = wire.decode_count(reply)
    except ProviderError as error:
        return replay_error(error, claimed)
    written = reply_of(claimed.counting_server.respond_count(count))
    found = [*lost(decoded(reply.body), decoded(written.body), "reply")]
    found += differing(msgspec.to_builtins(count), msgspec.to_builtins(wire.decode_count(written)), "count read again")
    return Answered(result=count_seen(count), round_trip=not found, differences=tuple(found))


def replay_error(error: ProviderError, claimed: Claim | AudioClaim) -> Answered:
    """Replay an error: the caller of our server must understand it as we did."""
    again = classify(reply_of(claimed.dialect.server.refuse(error)))
    found = [
        f"error.{name}: read {before!r}, after the round trip {after!r}"
        for name in ("kind", "message")
        if (before := getattr(error, name)) != (after := getattr(again, name))
    ]
    answered = error_answered(error)
    return msgspec.structs.replace(answered, round_trip=not found, differences=tuple(found))


def error_answered(error: ProviderError) -> Answered:
    """What an error is: rightly read, unless nobody knows its kind."""
    return Answered(status="failed" if error.kind in READ_WRONGLY else "ok", error=error)


def differing_results(result: ChatResult, again: ChatResult, asked: Asked, place: str) -> Iterator[str]:
    """Where two readings differ.

    The id that came in a header is not part of the answer; the model that was asked for is named where the reply named none.
    """
    one, other = (_bare(each, asked) for each in (result, again))
    if one != other:
        yield from differing(msgspec.to_builtins(one), msgspec.to_builtins(other), f"{place} read again")


def _bare(result: ChatResult, asked: Asked) -> ChatResult:
    return msgspec.structs.replace(result, request_id=None, model=result.model or asked.sent.request.model)


def reply_of(answer: Answer) -> HttpReply:
    """An answer of ours as a reply that a client reads."""
    headers = {name.lower(): text for name, text in answer.headers}
    return HttpReply(status=answer.status, headers=headers, body=answer.body)
