"""From a whole reply to a result."""

from typing import Any

import msgspec

from genmux.contract.error_map import classify, request_id_of
from genmux.contract.http import HttpReply, malformed
from genmux.contract.wires import Sent
from genmux.dialects.anthropic_messages.blocks_read import read_blocks
from genmux.dialects.anthropic_messages.emulation import emulation_of, undo
from genmux.dialects.anthropic_messages.fields import drop_null, take
from genmux.dialects.anthropic_messages.schema import NAME, OBJECT, STOP_REASONS
from genmux.dialects.anthropic_messages.usage import read_usage, service_tier_of
from genmux.types.chat import ChatRequest, ChatResult, FinishReason, Message
from genmux.types.content import Fields
from genmux.types.money import TokenCount
from genmux.types.usage import Usage

OPTIONAL = ("stop_sequence", "stop_details", "container", "context_management", "diagnostics")
"""Fields of a reply that are null when there is nothing to say."""


def decode(reply: HttpReply, sent: Sent[ChatRequest]) -> ChatResult:
    """The result in a reply. Raises ProviderError when it is an error after all, or no message."""
    fields = read_message(reply)
    result = read_result(fields, sent.model.origin, request_id=request_id_of(reply.headers))
    emulation = emulation_of(sent.request, sent.model)
    return result if emulation is None else undo(result, emulation)


def read_message(reply: HttpReply) -> Fields:
    """The decoded message. Raises ProviderError when the reply is an error after all, or no message."""
    fields = reply.read(OBJECT)
    if is_error(fields):
        raise classify(reply)
    if fields.get("type") != "message" and type(fields.get("content")) not in (list, str):
        raise malformed("the reply is no message: it has neither the type `message` nor content", status=reply.status)
    return fields


def is_error(fields: Fields) -> bool:
    """Whether this is an error, whatever its HTTP status says."""
    return fields.get("type") == "error" or (bool(fields.get("error")) and "content" not in fields)


def read_result(fields: Fields, origin: str, *, request_id: str | None = None) -> ChatResult:
    """The result in a message. What is not known of it is carried in `extra`."""
    take(fields, "type", str)
    take(fields, "role", str)
    content: Any = fields.pop("content", None)
    usage = take(fields, "usage", dict)
    finish = read_finish(fields)
    drop_null(fields, *OPTIONAL)
    return ChatResult(
        message=Message(
            role="assistant",
            content=read_blocks(content if type(content) is list else [content], origin),
            dialect=NAME,
        ),
        finish=finish,
        usage=Usage() if usage is None else read_usage(usage),
        id=take(fields, "id", str),
        model=take(fields, "model", str),
        request_id=request_id,
        service_tier=None if usage is None else service_tier_of(usage),
        dialect=NAME,
        extra=fields or None,
    )


def read_finish(fields: Fields) -> FinishReason:
    """Take the reason to stop."""
    raw = take(fields, "stop_reason", str)
    return FinishReason("other") if raw is None else FinishReason(STOP_REASONS.get(raw, "other"), raw)


def decode_count(reply: HttpReply) -> TokenCount:
    """The number of tokens. The provider calls it an estimate (platform.claude.com/docs/en/build-with-claude/token-counting)."""
    fields = reply.read(OBJECT)
    if is_error(fields):
        raise classify(reply)
    tokens = take(fields, "input_tokens", int)
    if tokens is None:
        raise malformed("the reply has no `input_tokens`", status=reply.status)
    return TokenCount(tokens, exact=False, method="provider")


def read_table(data: bytes) -> Fields | None:
    """A JSON object, None when it is none."""
    try:
        return OBJECT.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
