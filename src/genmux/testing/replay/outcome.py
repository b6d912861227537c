"""What the replay of one exchange found: one line of JSON each."""

from typing import Literal

import msgspec

from genmux.contract.jobs import Listed
from genmux.testing.replay.voice_seen import VoiceSeen
from genmux.types.chat import ChatResult
from genmux.types.embed import EmbedResult
from genmux.types.errors import ErrorKind, ProviderError, Retry
from genmux.types.jobs import Accepted, Completed, Failed, Filtered, JobState
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

ADDRESS = 120
"""How many characters of an address are shown."""

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


class JobSeen(msgspec.Struct, frozen=True, kw_only=True):
    """What a job's wire read.

    `call` is `submit`, `poll`, `cancel` or `list`. `state` is where the job stands, `accepted` for one that was only taken, and
    `raw` the provider's own word. `outputs` are the addresses of what was made, shortened, or its media types where it came
    along. `jobs` is how many a list has. `asks` is what would be asked next, where one reply is not enough.
    """

    call: str
    state: str | None = None
    raw: str | None = None
    outputs: tuple[str, ...] = ()
    filtered: int = 0
    message: str | None = None
    text: str | None = None
    usage: dict[str, int | float | str | None] = msgspec.field(default_factory=dict)
    jobs: int | None = None
    asks: str | None = None


class SessionSeen(msgspec.Struct, frozen=True, kw_only=True):
    """What went through a session: how many of each event came, and of each command the recording client sent."""

    dialect: str
    events: dict[str, int] = msgspec.field(default_factory=dict)
    commands: dict[str, int] = msgspec.field(default_factory=dict)


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """One exchange, replayed. The round trips are None where there is nothing to go round."""

    file: str
    index: int
    provider: str
    api: str
    status: Status
    result: ResultSeen | None = None
    error: ErrorSeen | None = None
    job: JobSeen | None = None
    voice: VoiceSeen | None = None
    session: SessionSeen | None = None
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


def job_seen(call: str, read: Accepted | JobState | list[Listed] | None) -> JobSeen:
    """The common view of what a job's wire made of a reply; None is a cancellation, which tells nothing."""
    match read:
        case None:
            return JobSeen(call=call)
        case list():
            return JobSeen(call=call, jobs=len(read))
        case Accepted():
            return JobSeen(call=call, state="accepted", raw=read.state.raw)
        case Completed():
            shown = tuple((one.url or one.media_type or "")[:ADDRESS] for one in read.outputs)
            return JobSeen(
                call=call,
                state="completed",
                raw=read.raw,
                outputs=shown,
                filtered=read.filtered,
                text=read.text,
                usage=dict(read.usage.meters),
            )
        case Filtered():
            return JobSeen(call=call, state="filtered", raw=read.raw, message=read.reason)
        case Failed():
            return JobSeen(call=call, state="failed", raw=read.raw, message=read.message)
        case _:
            return JobSeen(call=call, state=type(read).__name__.lower(), raw=read.raw)


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
