"""From a whole reply to our result."""

from typing import Any

import msgspec

from genmux.contract.error_map import classify
from genmux.contract.http import HttpReply, malformed
from genmux.dialects.openai_chat.fields import take
from genmux.dialects.openai_chat.messages_read import read_answer
from genmux.dialects.openai_chat.plain_reply import read_plain
from genmux.dialects.openai_chat.schema import FINISH_WORDS, NAME, OBJECT
from genmux.dialects.openai_chat.usage import read_usage
from genmux.types.chat import ChatResult, Choice, FinishReason, Message
from genmux.types.content import Fields
from genmux.types.usage import Usage


def decode(reply: HttpReply, origin: str | None = None) -> ChatResult:
    """Read a successful reply. Raises ProviderError when it is an error in disguise or malformed.

    `origin` is whose opaque reasoning state is in it.
    """
    plain = read_plain(reply.body)
    return decode_any(reply, origin) if plain is None else plain


def decode_any(reply: HttpReply, origin: str | None = None) -> ChatResult:
    """The same for a reply with whatever in it."""
    fields = read_reply(reply)
    choices = take(fields, "choices", list)
    if not choices:
        raise malformed("the reply has no choices", status=reply.status)
    first, *others = _in_order([_choice(choice, origin) for choice in choices])
    usage = take(fields, "usage", dict)
    fields.pop("object", None)
    return ChatResult(
        message=first.message,
        finish=first.finish,
        usage=Usage() if usage is None else read_usage(usage, fields),
        id=take(fields, "id", str) or None,
        model=take(fields, "model", str) or None,
        created=take(fields, "created", int),
        alternatives=tuple(others),
        service_tier=take(fields, "service_tier", str),
        dialect=NAME,
        extra=known(fields),
        choice_extra=first.extra,
    )


def read_reply(reply: HttpReply) -> Fields:
    """The decoded body. Raises ProviderError when it is none, or tells an error."""
    try:
        fields = OBJECT.decode(reply.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise malformed(f"the reply is not a JSON object: {error}", status=reply.status) from error
    if is_error(fields):
        raise classify(reply)
    return fields


def is_error(fields: Fields) -> bool:
    """Whether a reply or a chunk is an error in disguise."""
    return bool(fields.get("error")) or (fields.get("object") == "error" and "choices" not in fields)


def finish_of(raw: str | None) -> FinishReason:
    """Our word for a finish reason, and the host's own."""
    return FinishReason("other" if raw is None else FINISH_WORDS.get(raw, "other"), raw)


def known(fields: Fields) -> Fields | None:
    """What is left over, without nulls; None when that is nothing."""
    return {key: value for key, value in fields.items() if value is not None} or None


def _in_order(choices: list[tuple[int | None, Choice]]) -> list[Choice]:
    """By index, where every choice has one."""
    if len(choices) > 1 and all(index is not None for index, _ in choices):
        choices.sort(key=lambda numbered: numbered[0] or 0)
    return [choice for _, choice in choices]


def _choice(choice: Any, origin: str | None) -> tuple[int | None, Choice]:
    if not isinstance(choice, dict):
        raise malformed(f"a choice of the reply is {choice!r:.60} and no object")
    index = take(choice, "index", int)
    fields = take(choice, "message", dict) or {}
    finish = finish_of(take(choice, "finish_reason", str))
    content = tuple(read_answer(fields, origin=origin))
    if fields.get("role") in ("assistant", ""):
        del fields["role"]
    message = Message(role="assistant", content=content, dialect=NAME, extra=known(fields))
    return index, Choice(message=message, finish=finish, extra=known(choice))
