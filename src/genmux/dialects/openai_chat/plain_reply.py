"""The commonplace reply, read without looking for what hardly any reply has: one choice, of text and calls of functions.

It costs 10 µs of a call at 64 at once, where `decode_any` costs 25. Its structs refuse every field that they do not name, so a reply with
anything special in it is left to `decode`; what it does read must be what `decode` reads, which the tests compare.
"""

from typing import Any, Literal

import msgspec

from genmux.dialects.openai_chat.schema import FINISH_WORDS, NAME
from genmux.dialects.openai_chat.usage import read_usage
from genmux.types.chat import ChatResult, FinishReason, Message
from genmux.types.content import Content, Fields, Text, ToolCall
from genmux.types.usage import Usage


class _Function(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    name: str
    arguments: str


class _Call(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    id: str
    function: _Function
    type: Literal["function"] = "function"


class _Said(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    role: Literal["assistant"] = "assistant"
    content: str | None = None
    tool_calls: tuple[_Call, ...] | None = None
    annotations: list[Any] | None = None
    audio: None = None
    function_call: None = None
    reasoning: None = None
    reasoning_content: None = None
    refusal: None = None


class _Choice(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    message: _Said
    finish_reason: str | None = None
    index: int | None = None
    content_filter_results: Any = None
    logprobs: Any = None
    native_finish_reason: Any = None
    stop_reason: Any = None


class _Reply(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    choices: tuple[_Choice]
    id: str | None = None
    created: int | None = None
    error: None = None
    model: str | None = None
    object: str | None = None
    prompt_filter_results: Any = None
    provider: Any = None
    service_tier: str | None = None
    system_fingerprint: Any = None
    timings: Any = None
    usage: Fields | None = None
    x_groq: Any = None


_DECODER = msgspec.json.Decoder(_Reply)
_BESIDE = ("prompt_filter_results", "provider", "timings", "x_groq")
_BESIDE_CHOICE = ("content_filter_results", "logprobs", "native_finish_reason", "stop_reason")
_FINISHES = {raw: FinishReason(unified, raw) for raw, unified in FINISH_WORDS.items()}


def read_plain(body: bytes) -> ChatResult | None:
    """The result, None when there may be more in the reply than this reads."""
    try:
        reply = _DECODER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    choice = reply.choices[0]
    raw = choice.finish_reason
    extra: Fields = {} if reply.system_fingerprint is None else {"system_fingerprint": reply.system_fingerprint}
    return ChatResult(
        message=_message(choice.message),
        finish=_FINISHES.get(raw or "") or FinishReason("other", raw),
        usage=Usage() if reply.usage is None else read_usage(reply.usage),
        id=reply.id or None,
        model=reply.model or None,
        created=reply.created,
        service_tier=reply.service_tier,
        dialect=NAME,
        extra=_carried(reply, _BESIDE, extra),
        choice_extra=_carried(choice, _BESIDE_CHOICE, {}),
    )


def _message(said: _Said) -> Message:
    content: tuple[Content, ...] = (Text(said.content),) if said.content else ()
    if said.tool_calls:
        calls = [ToolCall(call.id, call.function.name, call.function.arguments) for call in said.tool_calls]
        content = (*content, *calls)
    extra = None if said.annotations is None else {"annotations": said.annotations}
    return Message(role="assistant", content=content, dialect=NAME, extra=extra)


def _carried(read: _Reply | _Choice, names: tuple[str, ...], extra: Fields) -> Fields | None:
    for name in names:
        if (value := getattr(read, name)) is not None:
            extra[name] = value
    return extra or None
