"""From a result to the caller: whole replies and errors."""

import math

import msgspec

from genmux.contract.dialect import Accepted, Answer
from genmux.dialects.anthropic_messages.blocks_write import write_cache, write_input
from genmux.dialects.anthropic_messages.envelope import seal
from genmux.dialects.anthropic_messages.schema import NAME, REFUSALS, STOP_WORDS
from genmux.dialects.anthropic_messages.usage import write_usage
from genmux.types.chat import ChatResult, FinishReason
from genmux.types.content import Audio, Content, Fields, Opaque, Reasoning, Refusal, Text, ToolCall
from genmux.types.errors import ProviderError
from genmux.types.money import TokenCount

UNNAMED = "msg_genmux"
"""The id of a reply to which nobody gave one."""


def respond(result: ChatResult, accepted: Accepted) -> Answer:
    """Write a result. Further choices, and content that the dialect has no word for, stay behind."""
    own = result.dialect == NAME
    origin = result.provider or "elsewhere"
    blocks = (write_answer(block, own=own, origin=origin) for block in result.message.content)
    extra = (result.extra or {}) if own else {}
    refused = any(isinstance(block, Refusal) for block in result.message.content)
    fields: Fields = {
        "id": result.id or UNNAMED,
        "type": "message",
        "role": "assistant",
        "model": result.model or accepted.request.model,
        "content": [block for block in blocks if block is not None],
        "stop_reason": stop_word(result.finish, own=own, refused=refused),
        "stop_sequence": None,
        "usage": write_usage(result.usage, own=own, service_tier=result.service_tier),
        **extra,
    }
    return Answer(status=200, body=msgspec.json.encode(fields))


def write_answer(block: Content, *, own: bool, origin: str) -> Fields | None:
    """One block of an answer. `own` says that it is of this dialect, `origin` whose it is if it does not say itself."""
    match block:
        case Text(text=text) | Refusal(text=text):
            fields: Fields = {"type": "text", "text": text}
        case ToolCall(id=call_id, name=name, arguments=arguments):
            fields = {"type": "tool_use", "id": call_id, "name": name, "input": write_input(arguments)}
        case Reasoning():
            return _reasoning(block, own=own, origin=origin)
        case Opaque(dialect=dialect, data=data):
            return data if dialect == NAME else None
        case Audio(transcript=str(transcript)):
            return {"type": "text", "text": transcript}
        case _:
            return None
    if own and isinstance(block, Text | ToolCall) and block.cache is not None:
        fields["cache_control"] = write_cache(block.cache)
    return {**fields, **block.extra} if own and block.extra else fields


def _reasoning(block: Reasoning, *, own: bool, origin: str) -> Fields | None:
    hidden = block.encrypted is not None and block.signature is None and not block.text
    if not own:
        if not (block.text or block.signature or block.encrypted):
            return None
        state = seal(block, origin)
        return {"type": "redacted_thinking", "data": state} if hidden else thinking(block.text, state)
    extra = block.extra or {}
    if hidden:
        return {"type": "redacted_thinking", "data": block.encrypted, **extra}
    return {**thinking(block.text, block.signature), **extra}


def thinking(text: str, signature: str | None) -> Fields:
    """A thinking block; the official clients insist on a signature, be it empty."""
    return {"type": "thinking", "thinking": text, "signature": signature or ""}


def stop_word(finish: FinishReason, *, own: bool, refused: bool = False) -> str:
    """The reason to stop, in the provider's own word where it is of this dialect."""
    if own and finish.raw is not None:
        return finish.raw
    return "refusal" if refused and finish.unified == "stop" else STOP_WORDS[finish.unified]


def refuse(error: ProviderError) -> Answer:
    """Write an error. `x-should-retry` keeps the official clients from repeating what may have been billed."""
    status, _ = REFUSALS[error.kind]
    headers = [("content-type", "application/json"), ("x-should-retry", "true" if error.retryable else "false")]
    if error.retry_after is not None and math.isfinite(error.retry_after):
        headers.append(("retry-after", str(max(math.ceil(error.retry_after), 0))))
    if error.request_id is not None:
        headers.append(("request-id", error.request_id))
    return Answer(status=status, body=msgspec.json.encode(write_error(error)), headers=tuple(headers))


def write_error(error: ProviderError) -> Fields:
    """The body of an error, alone or as the last event of a stream."""
    _, word = REFUSALS[error.kind]
    return {
        "type": "error",
        "error": {"type": word, "message": error.message},
        "request_id": error.request_id,
    }


def respond_count(count: TokenCount) -> Answer:
    """Write a number of tokens."""
    return Answer(status=200, body=msgspec.json.encode({"input_tokens": count.tokens}))
