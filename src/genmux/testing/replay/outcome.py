"""What the replay of one exchange found: one line of JSON each."""

from typing import Literal

import msgspec

from genmux.types.chat import ChatResult
from genmux.types.embed import EmbedResult
from genmux.types.errors import ErrorKind, ProviderError, Retry
from genmux.types.money import TokenCount
from genmux.types.usage import (
    TOKENS_INPUT,
    TOKENS_INPUT_CACHE_WRITE,
    TOKENS_INPUT_CACHED,
    TOKENS_OUTPUT,
    TOKENS_OUTPUT_REASONING,
    Usage,
)

Status = Literal["ok", "unsupported", "failed"]

USAGE_NAMES = {
    TOKENS_INPUT: "input",
    TOKENS_OUTPUT: "output",
    TOKENS_INPUT_CACHED: "cached",
    TOKENS_OUTPUT_REASONING: "reasoning",
    TOKENS_INPUT_CACHE_WRITE: "cache_write",
}
"""The short names of the common meters; the first four are always there. Other meters keep their own names."""

ALWAYS = ("input", "output", "cached", "reasoning")


class ToolCallSeen(msgspec.Struct, frozen=True, gc=False):
    """One tool that the model asks for; `arguments` is its text as the model wrote it."""

    id: str
    name: str
    arguments: str


class ResultSeen(msgspec.Struct, frozen=True, kw_only=True):
    """The answer that was read. Of embeddings, and where only tokens were counted, there is nothing but `usage`."""

    text: str
    reasoning: str
    tool_calls: tuple[ToolCallSeen, ...]
    finish: str | None
    finish_raw: str | None
    usage: dict[str, int | float | str | None]


class ErrorSeen(msgspec.Struct, frozen=True, kw_only=True):
    """The error that was read."""

    kind: ErrorKind
    message: str
    retry: Retry


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """One exchange, replayed. The round trips are None where there is nothing to go round."""

    file: str
    index: int
    provider: str
    api: str
    status: Status
    result: ResultSeen | None = None
    error: ErrorSeen | None = None
    request_round_trip: bool | None = None
    response_round_trip: bool | None = None
    differences: tuple[str, ...] = ()


def result_seen(result: ChatResult) -> ResultSeen:
    """The common view of an answer."""
    return ResultSeen(
        text=result.text,
        reasoning=result.reasoning,
        tool_calls=tuple(ToolCallSeen(call.id, call.name, call.arguments) for call in result.tool_calls),
        finish=result.finish.unified,
        finish_raw=result.finish.raw,
        usage=usage_seen(result.usage),
    )


def count_seen(count: TokenCount) -> ResultSeen:
    """The common view of a count of tokens."""
    usage: dict[str, int | float | str | None] = dict.fromkeys(ALWAYS)
    usage["input"] = count.tokens
    return ResultSeen(text="", reasoning="", tool_calls=(), finish=None, finish_raw=None, usage=usage)


def embeddings_seen(result: EmbedResult) -> ResultSeen:
    """The common view of embeddings: what they took. The vectors are not shown."""
    usage = usage_seen(result.usage)
    return ResultSeen(text="", reasoning="", tool_calls=(), finish=None, finish_raw=None, usage=usage)


def usage_seen(usage: Usage) -> dict[str, int | float | str | None]:
    """The counts by short name, with the price that the provider stated, if it did."""
    counts: dict[str, int | float | str | None] = dict.fromkeys(ALWAYS)
    counts |= {USAGE_NAMES.get(meter, meter): quantity for meter, quantity in usage.meters.items()}
    if usage.reported_cost is not None:
        counts["cost"] = str(usage.reported_cost)
    return counts


def error_seen(error: ProviderError) -> ErrorSeen:
    """The common view of an error."""
    return ErrorSeen(kind=error.kind, message=error.message, retry=error.retry)
