"""The formats in which OpenAI, Anthropic and OpenRouter tell what was used and what it cost.

Names of columns and fields were read on 2026-11-27, where nothing else is said, from
developers.openai.com/api/docs/api-reference/usage (costs and usage), platform.claude.com/docs/en/api/admin (usage_report
and cost_report), openrouter.ai/docs/api/api-reference/analytics (activity), and from public programs that read the files
which the consoles export. Days are days in UTC with all three.
"""

import datetime
from collections.abc import Iterator
from decimal import Decimal

import msgspec

from genmux.services.usage.reconcile.figures import Theirs
from genmux.services.usage.reconcile.sheets import Layout, as_day, read_sheet
from genmux.types.errors import InvalidRequestError

LAYOUTS: dict[str, Layout] = {
    "openai": Layout(
        provider="openai",
        day=("start_time_iso", "start_time", "date", "usage_date", "usage_date_utc", "timestamp"),
        model=("model", "snapshot_id", "snapshot", "line_item"),
        cost=("amount_value", "amount", "cost_usd", "amount_usd", "cost"),
        currency=("amount_currency", "currency"),
        input=(
            ("input_tokens", "n_context_tokens_total", "prompt_tokens", "context_tokens"),
            ("input_audio_tokens",),
        ),
        output=(
            ("output_tokens", "n_generated_tokens_total", "completion_tokens", "generated_tokens"),
            ("output_audio_tokens",),
        ),
        requests=("num_model_requests", "n_requests", "num_requests", "requests"),
        request_id=("request_id",),
    ),
    "anthropic": Layout(
        provider="anthropic",
        day=("usage_date_utc", "usage_date", "date", "starting_at"),
        model=("model_version", "model"),
        cost=("cost_usd", "amount_usd", "cost"),
        currency=("currency",),
        input=(
            ("usage_input_tokens_no_cache", "uncached_input_tokens", "input_tokens"),
            (
                *("usage_input_tokens_cache_write_5m", "usage_input_tokens_cache_write"),
                *("cache_creation_5m_input_tokens", "cache_creation_input_tokens"),
            ),
            ("usage_input_tokens_cache_write_1h", "cache_creation_1h_input_tokens"),
            ("usage_input_tokens_cache_read", "cache_read_input_tokens"),
        ),
        output=(("usage_output_tokens", "output_tokens"),),
    ),
    "openrouter": Layout(
        provider="openrouter",
        day=("created_at", "date"),
        model=("model_permaslug", "model"),
        cost=("cost_total", "usage", "total_cost", "cost"),
        input=(("tokens_prompt", "prompt_tokens"),),
        output=(("tokens_completion", "completion_tokens"),),
        requests=("requests",),
        request_id=("generation_id",),
    ),
}
"""The sheets of the consoles: OpenAI's costs and usage, Anthropic's usage and cost, OpenRouter's activity."""


class Amount(msgspec.Struct, frozen=True):
    """OpenAI's amounts of money."""

    value: Decimal
    currency: str = "usd"


class OpenAIResult(msgspec.Struct, frozen=True, kw_only=True):
    """One result in a bucket of OpenAI's costs or usage. Text and audio tokens are told apart; both include cached ones."""

    amount: Amount | None = None
    line_item: str | None = None
    model: str | None = None
    input_tokens: int | None = None
    input_audio_tokens: int | None = None
    output_tokens: int | None = None
    output_audio_tokens: int | None = None
    num_model_requests: int | None = None


class OpenAIBucket(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of time in OpenAI's costs or usage; `start_time` is in seconds since 1970."""

    start_time: int
    results: tuple[OpenAIResult, ...]


class CacheCreation(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens written into Anthropic's cache."""

    ephemeral_5m_input_tokens: int = 0
    ephemeral_1h_input_tokens: int = 0


class AnthropicResult(msgspec.Struct, frozen=True, kw_only=True):
    """One result in a bucket of Anthropic's usage or cost report. `amount` is in cents, as a decimal text."""

    amount: Decimal | None = None
    currency: str | None = None
    model: str | None = None
    description: str | None = None
    uncached_input_tokens: int | None = None
    cache_creation: CacheCreation | None = None
    cache_read_input_tokens: int = 0
    output_tokens: int | None = None


class AnthropicBucket(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of time in Anthropic's usage or cost report."""

    starting_at: str
    results: tuple[AnthropicResult, ...]


class Activity(msgspec.Struct, frozen=True, kw_only=True):
    """One row of OpenRouter's activity: a day, a model and an endpoint. `usage` are US dollars."""

    date: str
    model: str
    usage: Decimal
    model_permaslug: str | None = None
    requests: int | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class OpenAIPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of OpenAI's costs or usage."""

    data: tuple[OpenAIBucket, ...]


class AnthropicPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of one of Anthropic's reports."""

    data: tuple[AnthropicBucket, ...]


class ActivityPage(msgspec.Struct, frozen=True, kw_only=True):
    """OpenRouter's activity."""

    data: tuple[Activity, ...]


Page = OpenAIPage | AnthropicPage | ActivityPage
_PAGES: dict[str, type[Page]] = {"openai": OpenAIPage, "anthropic": AnthropicPage, "openrouter": ActivityPage}
_EXPECTED = {
    "openai": "pages of GET /v1/organization/costs or /v1/organization/usage/…, or a CSV file of the dashboard",
    "anthropic": "pages of GET /v1/organizations/usage_report/messages or /cost_report, or a CSV file of the console",
    "openrouter": "the answer of GET /api/v1/activity, or a CSV file of the activity page",
}
READABLE = tuple(_PAGES)


def read_file(file: str, content: bytes, *, provider: str) -> list[Theirs]:
    """What a provider's file says. Raises InvalidRequestError that names the file, the place and what is expected."""
    if provider not in _PAGES:
        message = f"files of {provider!r} cannot be read; those of {', '.join(READABLE)} can"
        raise InvalidRequestError(message, param="provider")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        message = f"{file}, line {line}: this is no text in UTF-8; expected are {_EXPECTED[provider]}"
        raise InvalidRequestError(message, param="file") from error
    begin = text.lstrip()[:1]
    if not begin:
        message = f"{file} is empty; expected are {_EXPECTED[provider]}"
        raise InvalidRequestError(message, param="file")
    if begin not in "{[":
        return [_without_kind(entry) for entry in read_sheet(file, text, LAYOUTS[provider])]
    return [entry for page in _pages(file, text, provider) for entry in _entries(page, file)]


def _pages(file: str, text: str, provider: str) -> tuple[Page, ...]:
    """One page, or a list of pages."""
    kind = _PAGES[provider]
    try:
        if text.lstrip().startswith("["):
            return msgspec.json.decode(text, type=tuple[kind, ...])
        return (msgspec.json.decode(text, type=kind),)
    except (msgspec.MsgspecError, RecursionError) as error:
        message = f"{file}: {error}; expected are {_EXPECTED[provider]}"
        raise InvalidRequestError(message, param="file") from error


def _entries(page: Page, file: str) -> Iterator[Theirs]:
    match page:
        case OpenAIPage(data=buckets):
            for bucket in buckets:
                yield from (_openai(result, as_day(str(bucket.start_time), file)) for result in bucket.results)
        case AnthropicPage(data=spans):
            for span in spans:
                yield from (_anthropic(result, as_day(span.starting_at, file)) for result in span.results)
        case ActivityPage(data=rows):
            for row in rows:
                yield Theirs(
                    day=as_day(row.date, file),
                    model=row.model_permaslug or row.model,
                    cost=row.usage,
                    input=row.prompt_tokens,
                    output=row.completion_tokens,
                    requests=row.requests,
                )


def _openai(result: OpenAIResult, day: datetime.date) -> Theirs:
    return _without_kind(
        Theirs(
            day=day,
            model=result.model or result.line_item,
            cost=result.amount and result.amount.value,
            currency=result.amount.currency.upper() if result.amount else "USD",
            input=_sum(result.input_tokens, result.input_audio_tokens),
            output=_sum(result.output_tokens, result.output_audio_tokens),
            requests=result.num_model_requests,
        )
    )


def _without_kind(entry: Theirs) -> Theirs:
    """OpenAI's line items are `gpt-4o-2024-08-06, input`: a model, and what of it."""
    if entry.model is None or ", " not in entry.model:
        return entry
    return msgspec.structs.replace(entry, model=entry.model.partition(", ")[0])


def _anthropic(result: AnthropicResult, day: datetime.date) -> Theirs:
    written = result.cache_creation or CacheCreation()
    cached = result.cache_read_input_tokens + written.ephemeral_5m_input_tokens + written.ephemeral_1h_input_tokens
    uncached = result.uncached_input_tokens
    return Theirs(
        day=day,
        model=result.model or result.description,
        cost=None if result.amount is None else result.amount / 100,
        currency=(result.currency or "USD").upper(),
        input=None if uncached is None else uncached + cached,
        output=result.output_tokens,
    )


def _sum(*counts: int | None) -> int | None:
    told = [count for count in counts if count is not None]
    return sum(told) if told else None
