"""A whole reply: read as a client, written as a server, read again."""

from collections.abc import Iterator

import msgspec

from genmux.contract.dialect import Answer
from genmux.contract.error_map import classify
from genmux.contract.http import HttpReply
from genmux.testing.replay.asking import Asked, decoded
from genmux.testing.replay.claim import Claim
from genmux.testing.replay.differences import differing, lost
from genmux.testing.replay.outcome import Status
from genmux.types.chat import ChatResult
from genmux.types.errors import ErrorKind, ProviderError

READ_WRONGLY = frozenset({ErrorKind.MALFORMED_REPLY, ErrorKind.UNKNOWN})
"""Kinds by which the replay of a reply counts as failed: it could not be understood."""


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """What a reply turned out to be, and how its round trip went."""

    status: Status = "ok"
    result: ChatResult | None = None
    error: ProviderError | None = None
    round_trip: bool | None = None
    differences: tuple[str, ...] = ()


def replay_whole(reply: HttpReply, claimed: Claim, asked: Asked) -> Answered:
    """Replay a reply that is no stream."""
    if reply.status >= 400:
        return replay_error(classify(reply), claimed)
    wire = claimed.dialect.client(claimed.options)
    try:
        result = wire.decode(reply, asked.sent)
    except ProviderError as error:
        return replay_error(error, claimed)
    written = _reply(claimed.dialect.server.respond(result, asked.accepted))
    found = [*lost(decoded(reply.body), decoded(written.body), "reply")]
    try:
        again = wire.decode(written, asked.sent)
    except ProviderError as error:
        found.append(f"reply: what was written cannot be read again: {error}")
    else:
        found += differing_results(result, again, "reply")
    return Answered(result=result, round_trip=not found, differences=tuple(found))


def replay_error(error: ProviderError, claimed: Claim) -> Answered:
    """Replay an error: the caller of our server must understand it as we did."""
    again = classify(_reply(claimed.dialect.server.refuse(error)))
    found = [
        f"error.{name}: read {before!r}, after the round trip {after!r}"
        for name in ("kind", "message", "retry")
        if (before := getattr(error, name)) != (after := getattr(again, name))
    ]
    return Answered(
        status="failed" if error.kind in READ_WRONGLY else "ok",
        error=error,
        round_trip=not found,
        differences=tuple(found),
    )


def differing_results(result: ChatResult, again: ChatResult, place: str) -> Iterator[str]:
    """Where two readings differ. The id that came in a header is not part of the answer."""
    one, other = (msgspec.to_builtins(_bare(each)) for each in (result, again))
    yield from differing(one, other, f"{place} read again")


def _bare(result: ChatResult) -> ChatResult:
    return msgspec.structs.replace(result, request_id=None)


def _reply(answer: Answer) -> HttpReply:
    headers = {name.lower(): text for name, text in answer.headers}
    return HttpReply(status=answer.status, headers=headers, body=answer.body)
