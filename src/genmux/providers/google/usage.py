"""What Google says that was used up, in its two spellings."""

from collections.abc import Iterable

import msgspec

from genmux.types.usage import (
    TOKENS_INPUT,
    TOKENS_INPUT_AUDIO,
    TOKENS_INPUT_CACHED,
    TOKENS_INPUT_IMAGE,
    TOKENS_OUTPUT,
    TOKENS_OUTPUT_AUDIO,
    TOKENS_OUTPUT_IMAGE,
    TOKENS_OUTPUT_REASONING,
    Usage,
)

TOKENS_INPUT_VIDEO = "tokens.input.video"
TOKENS_OUTPUT_VIDEO = "tokens.output.video"


class Share(msgspec.Struct, rename="camel"):
    """So many tokens of one kind: `TEXT`, `IMAGE` …"""

    modality: str = ""
    token_count: int = 0


class ContentUsage(msgspec.Struct, rename="camel"):
    """The `usageMetadata` of `:generateContent`. Thoughts are not among the candidates' tokens."""

    prompt_token_count: int | None = None
    candidates_token_count: int | None = None
    thoughts_token_count: int | None = None
    cached_content_token_count: int | None = None
    tool_use_prompt_token_count: int | None = None
    prompt_tokens_details: list[Share] = msgspec.field(default_factory=list)
    candidates_tokens_details: list[Share] = msgspec.field(default_factory=list)


class Portion(msgspec.Struct):
    """So many tokens of one kind: `text`, `video` …"""

    modality: str = ""
    tokens: int = 0


class InteractionUsage(msgspec.Struct):
    """The `usage` of an interaction. Thoughts are not among the output tokens (`total_tokens` is the sum of all)."""

    total_input_tokens: int | None = None
    total_output_tokens: int | None = None
    total_thought_tokens: int | None = None
    total_cached_tokens: int | None = None
    total_tool_use_tokens: int | None = None
    input_tokens_by_modality: list[Portion] = msgspec.field(default_factory=list)
    output_tokens_by_modality: list[Portion] = msgspec.field(default_factory=list)


def content_usage(told: ContentUsage | None) -> Usage:
    """The meters of a `:generateContent`."""
    if told is None:
        return Usage()
    entering = {one.modality.lower(): one.token_count for one in told.prompt_tokens_details}
    leaving = {one.modality.lower(): one.token_count for one in told.candidates_tokens_details}
    return _usage(
        asked=_sum((told.prompt_token_count, told.tool_use_prompt_token_count)),
        answered=_sum((told.candidates_token_count, told.thoughts_token_count)),
        thought=told.thoughts_token_count,
        cached=told.cached_content_token_count,
        kinds={
            TOKENS_INPUT_AUDIO: entering.get("audio"),
            TOKENS_INPUT_IMAGE: entering.get("image"),
            TOKENS_OUTPUT_AUDIO: leaving.get("audio"),
            TOKENS_OUTPUT_IMAGE: leaving.get("image"),
        },
    )


def interaction_usage(told: InteractionUsage | None) -> Usage:
    """The meters of an interaction."""
    if told is None:
        return Usage()
    entering = {one.modality: one.tokens for one in told.input_tokens_by_modality}
    leaving = {one.modality: one.tokens for one in told.output_tokens_by_modality}
    return _usage(
        asked=_sum((told.total_input_tokens, told.total_tool_use_tokens)),
        answered=_sum((told.total_output_tokens, told.total_thought_tokens)),
        thought=told.total_thought_tokens,
        cached=told.total_cached_tokens,
        kinds={
            TOKENS_INPUT_IMAGE: entering.get("image"),
            TOKENS_INPUT_VIDEO: entering.get("video"),
            TOKENS_OUTPUT_VIDEO: leaving.get("video"),
        },
    )


def _usage(
    *, asked: int | None, answered: int | None, thought: int | None, cached: int | None, kinds: dict[str, int | None]
) -> Usage:
    counts = {
        TOKENS_INPUT: asked,
        TOKENS_INPUT_CACHED: cached or None,
        TOKENS_OUTPUT: answered,
        TOKENS_OUTPUT_REASONING: thought,
        **kinds,
    }
    return Usage(meters={meter: count for meter, count in counts.items() if count is not None})


def _sum(counts: Iterable[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None
